import re
from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import inspect, select

from engagement.accounts.models import User
from engagement.consultations.models import ClearedFor, Consultation, Status
from engagement.consultations.service import clear, clearances_of, consultations_of, dismiss, find_document, keep_document, team_of
from engagement.events.service import SittingPlan, events_of, schedule_event
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import today
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from tests.events.given import an_event, particulars
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


def test_an_organizer_sees_the_overview_of_their_consultation(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    page = client.get("/c/fisheries/")
    assert page.status_code == 200
    assert "The future of fisheries" in page.text


def test_the_overview_reads_in_french(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    assert "L’avenir" in client.get("/c/fisheries/?lang=fr").text


def test_a_stranger_gets_the_page_of_an_absent_consultation(client):
    a_consultation("other")
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    there, nowhere = client.get("/c/other/"), client.get("/c/nothing/")
    assert there.status_code == nowhere.status_code == 404
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    assert token.sub("", there.text.replace("other", "nothing")) == token.sub("", nowhere.text)


def test_the_team_page_lists_and_adds_members(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    a_member(a_consultation("second"), Role.STAFF, email="new@example.org")
    signed_in_as(client, organizer)
    assert client.get("/c/fisheries/team").status_code == 200
    client.post("/c/fisheries/team", data={"email": "new@example.org", "role": "staff", "event_id": ""})
    assert "new@example.org" in client.get("/c/fisheries/team").text
    assert client.get("/c/fisheries/edit").status_code == 200
    assert client.get("/consultations/new").status_code == 200
    assert client.get("/sign-in").status_code == 200


def removal_of(user, consultation):
    (row,) = [each.membership for each in team_of(consultation.id) if each.user.id == user.id]
    return f"/c/fisheries/team/{row.id}/dismiss"


def test_a_member_is_removed_after_a_page_that_asks(client):
    consultation = a_consultation()
    host, other = a_member(consultation), a_member(consultation, Role.STAFF)
    address = removal_of(other, consultation)
    signed_in_as(client, host)
    assert f'href="{address}"' in client.get("/c/fisheries/team").text
    for language, said in (("en", f"Remove {other.name} from the team?"), ("fr", f"Retirer {other.name} de l’équipe?")):
        assert said in client.get(f"{address}?lang={language}").text
    assert len(team_of(consultation.id)) == 2
    assert "Removed from the team." in client.post(f"{address}?lang=en", follow_redirects=True).text
    db.session.rollback()
    assert [each.user.id for each in team_of(consultation.id)] == [host.id]
    assert client.get(address).status_code == client.post(address).status_code == 404


def test_that_the_last_organizer_stays_is_said_as_an_error(client):
    consultation = a_consultation()
    host = a_member(consultation)
    signed_in_as(client, host)
    for language, said, title in (("en", "needs an organizer", "<title>Error: "), ("fr", "a besoin d’une ou d’un", "<title>Erreur")):
        page = client.post(f"{removal_of(host, consultation)}?lang={language}").text
        assert said in page
        assert title in page
        assert 'class="done"' not in page
    assert len(team_of(consultation.id)) == 1


def test_a_document_that_is_stored_is_named_beside_its_field(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    keep_document(consultation_id=consultation.id, language="en", title="", filename="paper.pdf", content=b"%PDF-1.7 words", actor=SYSTEM)
    assert "Stored: paper.pdf. Choose a file only to replace it." in client.get("/c/fisheries/edit?lang=en").text
    assert "Fichier conservé\u00a0: paper.pdf." in client.get("/c/fisheries/edit?lang=fr").text


def test_the_errors_of_a_new_consultation_stand_in_the_order_of_its_page(client):
    signed_in_as(client, a_member(a_consultation()))
    assert links_to_what_is_wrong(client.post("/consultations/new", data={}))[:3] == ["#slug", "#title_en", "#title_fr"]


def test_a_document_is_read_from_the_database_only_to_be_downloaded(client):
    consultation = a_consultation()
    keep_document(
        consultation_id=consultation.id, language="en", title="Paper", filename="paper.pdf", content=b"%PDF-1.7 words", actor=SYSTEM
    )
    consultation_id = consultation.id
    db.session.expunge_all()
    row = find_document(consultation_id, "en")
    assert (row.title, inspect(row).unloaded) == ("Paper", {"content"})
    assert client.get("/consultation/fisheries/document/en").data == b"%PDF-1.7 words"


def cleared_names(user, consultation):
    return {row.name for row in events_of(access_of(user, consultation))}


def test_a_clearance_is_revoked_on_the_team_page_but_not_the_last_one(client):
    consultation = a_consultation()
    host, other = a_member(consultation), a_member(consultation, Role.STAFF)
    event = schedule_event(
        consultation_id=consultation.id, particulars=particulars("Survivors", restricted=True), actor=access_of(host, consultation).actor
    )
    signed_in_as(client, host)
    both = [{"user_id": str(each.id), "subject_id": str(event.id)} for each in (other, host)]
    client.post("/c/fisheries/team/clear", data=both[0])
    assert cleared_names(other, consultation) == {event.name}
    assert "Revoke clearance" in client.get("/c/fisheries/team").text
    assert "Retirer l’habilitation" in client.get("/c/fisheries/team?lang=fr").text
    for each in both:
        assert client.post("/c/fisheries/team/revoke", data=each).status_code == 302
    db.session.rollback()
    assert cleared_names(other, consultation) == set()
    assert cleared_names(host, consultation) == {event.name}
    assert "habilitez d’abord quelqu’un" in client.get("/c/fisheries/team").text


def test_whoever_leaves_a_single_event_is_not_cleared_for_it_any_more(app):
    consultation = a_consultation()
    event = an_event(consultation, restricted=True)
    guest = a_member(consultation, Role.STAFF, event_id=event.id)
    (there,) = team_of(consultation.id)
    host = a_member(consultation, email="host@example.org")
    for each in (guest, host):
        clear(consultation_id=consultation.id, user_id=each.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=SYSTEM)
    dismiss(consultation_id=consultation.id, membership_id=there.membership.id, actor=SYSTEM)
    assert [user.id for user, _ in clearances_of(consultation.id)] == [host.id]


def test_a_membership_that_ended_lists_its_consultation_no_more(app):
    consultation = a_consultation()
    last_day = today(consultation.zone)
    member = a_member(consultation, Role.VIEWER, until=last_day)
    assert consultations_of(member.id) == [consultation]
    gone = a_member(consultation, Role.STAFF, until=last_day - timedelta(days=1))
    assert consultations_of(gone.id) == []


def tasks_on(page):
    table = page.find("caption", string=re.compile("to be done before it opens|à faire avant l’ouverture")).find_parent("table")
    return [(row.th.a["href"], row.td.text.strip()) for row in table.tbody.find_all("tr")]


def test_a_consultation_that_was_created_says_so_and_what_comes_next(client):
    signed_in_as(client, a_member(a_consultation()))
    made = {"slug": "new-one", "title_en": "New", "title_fr": "Nouvelle", "status": "planned", "zone": "America/Toronto"}
    first = client.post("/consultations/new?lang=fr", data=made, follow_redirects=True)
    assert "La consultation est créée." in first.text
    page = client.get("/c/new-one/?lang=en")
    assert [address for address, _ in tasks_on(BeautifulSoup(page.text, "html.parser"))] == [
        "/c/new-one/edit", "/c/new-one/team", "/c/new-one/people", "/c/new-one/events/new", "/c/new-one/questionnaires", "/c/new-one/edit",
    ]  # fmt: skip
    for address, done in tasks_on(BeautifulSoup(first.text, "html.parser")):
        assert done == "À faire"
        assert client.get(address).status_code == 200


def test_a_step_that_is_done_is_marked_and_the_list_goes_when_it_opens(client):
    consultation = a_consultation()
    host = a_member(consultation)
    with writing() as session:
        session.get_one(Consultation, consultation.id).status = Status.PLANNED
    an_event(consultation)
    signed_in_as(client, host)
    done = dict(tasks_on(BeautifulSoup(client.get("/c/fisheries/?lang=en").text, "html.parser")))
    assert done["/c/fisheries/events"] == "Done"
    assert done["/c/fisheries/people"] == "Not done yet"
    with writing() as session:
        session.get_one(Consultation, consultation.id).status = Status.OPEN
    assert "Before it opens" not in client.get("/c/fisheries/?lang=en").text


def test_a_viewer_reads_the_next_public_date_and_nothing_that_is_not_public(client):
    consultation = a_consultation()
    an_event(consultation, "Open to read")
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    page = client.get("/c/fisheries/?lang=en").text
    assert "1 scheduled, the next on" in page
    assert 'href="/consultation/fisheries"' in page
    assert "1 au calendrier, le prochain le" in client.get("/c/fisheries/?lang=fr").text
    with writing() as session:
        session.get_one(Consultation, consultation.id).is_public = False
    assert "the next on" not in client.get("/c/fisheries/?lang=en").text


NEW = {"slug": "rivers", "title_en": "Rivers", "title_fr": "Rivières", "status": "planned", "zone": "America/Toronto"}


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"title_en": " "}, "Enter the title in English."),
        ({"title_en": "\u00a0"}, "Enter the title in English."),
        ({"title_fr": "\u200b"}, "Enter the title in French."),
        ({"closes_on": "9999-12-31"}, "Enter a date from 1990 to 2100."),
        ({"opens_on": "0001-01-01"}, "Enter a date from 1990 to 2100."),
        ({"received_until": "2101-01-01"}, "Enter a date from 1990 to 2100."),
    ],
)
def test_a_consultation_without_a_title_or_with_a_date_that_nobody_can_mean_is_not_stored(client, wrong, line):
    signed_in_as(client, a_member(a_consultation()))
    page = client.post("/consultations/new?lang=en", data={**NEW, **wrong})
    assert line in page.text
    assert db.session.scalar(select(Consultation.id).where(Consultation.slug == "rivers")) is None


def test_a_role_that_would_have_ended_already_is_not_given(client):
    consultation = a_consultation()
    other = a_member(a_consultation("other"), Role.STAFF)
    signed_in_as(client, a_member(consultation))
    asked = {"email": other.email, "role": "staff", "event_id": ""}
    yesterday, this_day = today(consultation.zone) - timedelta(days=1), today(consultation.zone)
    for language, words in (("en", "This day has passed"), ("fr", "Ce jour est passé")):
        assert words in client.post(f"/c/fisheries/team?lang={language}", data={**asked, "until": str(yesterday)}).text
    assert other.id not in {each.user.id for each in team_of(consultation.id)}
    client.post("/c/fisheries/team", data={**asked, "until": str(this_day)})
    assert other.id in {each.user.id for each in team_of(consultation.id)}


INVENTED = {"en": "Demonstration: all people here are invented.", "fr": "Démonstration\u00a0: toutes les personnes"}


def test_where_everything_is_invented_pages_that_are_of_no_consultation_say_so_too(client):
    user = a_member(a_consultation("invented", is_demo=True))
    for language, words in INVENTED.items():
        assert words in client.get(f"/mailbox?lang={language}").text
    with writing() as session:
        session.get_one(User, user.id).is_demo = True
    signed_in_as(client, user)
    for language, words in INVENTED.items():
        assert words in client.get(f"/consultations/new?lang={language}").text


def test_where_real_people_may_be_shown_no_page_says_that_they_are_invented(client):
    a_consultation("invented", is_demo=True)
    user = a_member(a_consultation())
    signed_in_as(client, user)
    for page in ("/mailbox", "/consultations/new", "/c/fisheries/"):
        assert INVENTED["en"] not in client.get(f"{page}?lang=en").text


def test_of_events_that_are_over_the_overview_does_not_say_that_they_are_scheduled(client):
    consultation = a_consultation()
    plan = SittingPlan(starts_wall=datetime(2018, 9, 27, 9), ends_wall=datetime(2018, 9, 27, 16), seats_in_person=10)  # noqa: DTZ001
    schedule_event(consultation_id=consultation.id, particulars=particulars("Summit"), sittings=[plan], actor=SYSTEM)
    schedule_event(consultation_id=consultation.id, particulars=particulars("Without a date"), actor=SYSTEM)
    signed_in_as(client, a_member(consultation))
    assert "2; last date: Thursday 27 September 2018" in client.get("/c/fisheries/?lang=en").text
    assert "2; dernière date\u00a0: le\u00a0jeudi 27 septembre 2018" in client.get("/c/fisheries/?lang=fr").text
