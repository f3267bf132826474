import re
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select

from engagement.accounts.models import User
from engagement.consultations.models import ClearedFor, Consultation
from engagement.consultations.service import clear, clearances_of, consultations_of, dismiss, find_document, keep_document, team_of
from engagement.events.service import events_of, schedule_event
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import today
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from tests.events.given import an_event, particulars
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
    clear(consultation_id=consultation.id, user_id=guest.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=SYSTEM)
    (there,) = team_of(consultation.id)
    dismiss(consultation_id=consultation.id, membership_id=there.membership.id, actor=SYSTEM)
    assert clearances_of(consultation.id) == []


def test_a_membership_that_ended_lists_its_consultation_no_more(app):
    consultation = a_consultation()
    last_day = today(consultation.zone)
    member = a_member(consultation, Role.VIEWER, until=last_day)
    assert consultations_of(member.id) == [consultation]
    gone = a_member(consultation, Role.STAFF, until=last_day - timedelta(days=1))
    assert consultations_of(gone.id) == []


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
