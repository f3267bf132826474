"""The list of whom not to write to, the mail part of a person's page, and what staff write down of wishes."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing.models import Message, Suppression
from engagement.mailing.suppressions import suppress, suppression_of
from engagement.mailing.worker import send_due
from engagement.outreach.planning import plan_rest
from engagement.outreach.service import approve
from engagement.outreach.suppressed import not_written_to
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft
from tests.roster.given import a_batch, cleared_for
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, access_of, signed_in_as, stored

pytestmark = pytest.mark.slow


def a_team(client, role=Role.ORGANIZER):
    consultation = a_consultation()
    member = a_member(consultation, role)
    signed_in_as(client, member)
    return consultation, member


def off(address, reason="bounced"):
    with writing() as session:
        return suppress(session, address, reason)


def a_hidden_person(consultation, email="hidden@example.org"):
    """Store somebody of a restricted batch and return them with their batch."""
    from engagement.roster.service import put_in_batch

    batch = a_batch(consultation, "Sheltered", restricted=True)
    person = a_person(consultation, email, given_name="Hadley", open_to_team=False)
    put_in_batch(batch_id=batch.id, person_ids=[person.id], actor=SYSTEM)
    return person, batch


def rows():
    db.session.rollback()
    return list(db.session.scalars(select(Suppression)))


def words_of(page):
    return " ".join(BeautifulSoup(page.text, "html.parser").find("main").get_text(" ").split())


def test_an_empty_list_says_how_it_fills(client):
    a_team(client)
    for language, said in (("en", "Nobody: everybody on the roster"), ("fr", "on peut écrire à toutes les personnes")):
        assert said in client.get(f"/c/fisheries/mail/suppressed?lang={language}").text
    assert "Nobody of that name" in client.get("/c/fisheries/mail/suppressed?search=nobody&lang=en").text
    assert "/c/fisheries/mail/suppressed" in client.get("/c/fisheries/mail").text


def test_the_list_names_everybody_with_the_reason_and_since_when(client):
    consultation, _ = a_team(client)
    bounced = a_person(consultation, "one@example.org", given_name="Bounced")
    for number, (name, wishes) in enumerate(
        (("Nothing", Wishes(do_not_contact=True)), ("Nomail", Wishes(wants_mailings=False)), ("Noreminder", Wishes(wants_reminders=False)))
    ):
        person = a_person(consultation, f"p{number}@example.org", given_name=name)
        change_wishes(person_id=person.id, wishes=wishes, actor=SYSTEM)
    a_person(consultation, "fine@example.org", given_name="Gladly")
    a_person(consultation, None, given_name="Imported", do_not_contact=True)
    off("ONE@example.org")
    page = words_of(client.get("/c/fisheries/mail/suppressed"))
    assert "5 people" in page
    for name, why in (
        ("Bounced", "A mail to this address came back"), ("Nothing", "Has asked not to be contacted"),
        ("Nomail", "Wants no invitations, news or reminders"), ("Noreminder", "Wants no reminders"), ("Imported", "From the start"),
    ):  # fmt: skip
        assert name in page
        assert why in page
    assert "Gladly" not in page
    assert "Bounced" in words_of(client.get("/c/fisheries/mail/suppressed?search=bounced"))
    assert "Nomail" not in words_of(client.get("/c/fisheries/mail/suppressed?search=bounced"))
    client.post(f"/c/fisheries/mail/suppressed/{suppression_of(bounced.email).id}/allow")
    assert "Bounced" not in words_of(client.get("/c/fisheries/mail/suppressed"))
    assert db.session.scalar(select(AuditEntry.verb).where(AuditEntry.verb == "allow_again"))


def test_many_are_shown_by_pages(client):
    consultation, member = a_team(client)
    for number in range(52):
        a_person(consultation, f"p{number}@example.org", given_name=f"N{number:02}", do_not_contact=True)
    found = not_written_to(access_of(member, consultation), "", 2)
    assert (found.total, found.page, len(found.rows)) == (52, 2, 2)
    for page in ("2", "-1", "99999999", "x", "\x00"):
        assert client.get("/c/fisheries/mail/suppressed", query_string={"page": page}).status_code in {200, 400}


def test_an_address_of_the_roster_is_taken_off_and_its_person_named(client):
    consultation, member = a_team(client)
    a_person(consultation, "zoe@example.org", given_name="Zoe")
    client.post("/c/fisheries/mail/suppressed/add", data={"address": " ZOE@example.org ", "why": "Her office reads it"})
    page = client.get("/c/fisheries/mail/suppressed").text
    assert "Zoe" in page
    assert "Her office reads it" in page
    assert "zoe@example.org" not in page
    assert [(row.reason, row.recorded_by, row.typed) for row in rows()] == [("staff", member.id, False)]


def test_an_unknown_address_is_taken_off_beforehand_and_whoever_comes_with_it_later_is_named(client):
    consultation, _ = a_team(client)
    client.post("/c/fisheries/mail/suppressed/add", data={"address": "later@example.org", "why": "Not hers"})
    page = client.get("/c/fisheries/mail/suppressed").text
    assert "took off beforehand" in page
    assert "Not hers" in page
    assert "later@example.org" not in page
    a_person(consultation, "later@example.org", given_name="Latecomer")
    page = client.get("/c/fisheries/mail/suppressed").text
    assert "Latecomer" in page
    assert "took off beforehand" not in page


def test_a_mistyped_address_or_a_missing_reason_is_said_in_its_place(client):
    a_team(client)
    for address, why, said in (
        ("zoe", "x", "is not a mail address"), ("", "x", "Enter an address."), ("zoé@example.org", "x", "accents before the @"),
        ("zoe@example.org", "", "Say why"), ("zoe@example.org", "x" * 501, "Say why"),
        ("a@b.example\r\nBcc: c@d.example", "x", "There is a problem"),
    ):  # fmt: skip
        answer = client.post("/c/fisheries/mail/suppressed/add", data={"address": address, "why": why})
        assert answer.status_code == 200
        assert said in answer.text, (address, why)
    assert rows() == []


def test_nobody_learns_here_that_somebody_hidden_has_an_address(client, app):
    consultation, _ = a_team(client, Role.STAFF)
    hidden, batch = a_hidden_person(consultation)
    off(hidden.email)
    assert "Hadley" not in client.get("/c/fisheries/mail/suppressed").text
    assert client.post(f"/c/fisheries/mail/suppressed/{rows()[0].id}/allow").status_code == 404
    answers = []
    for address in (hidden.email, "nobody@example.org"):
        client.post("/c/fisheries/mail/suppressed/add", data={"address": address, "why": "Same words"})
        answers.append(words_of(client.get("/c/fisheries/mail/suppressed")))
    assert "You know of nobody on the roster who has it" in answers[0]
    assert "You know of nobody on the roster who has it" in answers[1]
    assert answers[1].count("Same words") == 2
    assert "Hadley" not in "".join(answers)
    cleared = a_member(consultation, Role.ORGANIZER, email="cleared@example.org")
    cleared_for(cleared, batch)
    other = signed_in_as(app.test_client(), cleared)
    page = words_of(other.get("/c/fisheries/mail/suppressed"))
    assert "Hadley" in page
    assert page.count("Same words") == 2


def test_another_consultation_sees_neither_the_row_nor_the_note(client, app):
    consultation, _ = a_team(client)
    elsewhere = a_consultation("elsewhere")
    a_person(consultation, "zoe@example.org", given_name="Zoe")
    theirs = a_person(elsewhere, "zoe@example.org", given_name="Zoe")
    client.post("/c/fisheries/mail/suppressed/add", data={"address": "zoe@example.org", "why": "Her office reads it"})
    client.post("/c/fisheries/mail/suppressed/add", data={"address": "unknown@example.org", "why": "Not hers"})
    other = signed_in_as(app.test_client(), a_member(elsewhere))
    page = words_of(other.get("/c/elsewhere/mail/suppressed"))
    assert "The team decided not to write to this address" in page
    assert "office" not in page
    assert "Not hers" not in page
    assert "office" not in other.get(f"/c/elsewhere/people/{theirs.id}").text
    unknown = suppression_of("unknown@example.org")
    assert other.post(f"/c/elsewhere/mail/suppressed/{unknown.id}/allow").status_code == 404


def test_the_page_of_a_person_shows_their_address_their_wishes_and_the_way_back(client):
    consultation, _ = a_team(client)
    person = a_person(consultation)
    off(person.email, "complained")
    change_wishes(person_id=person.id, wishes=Wishes(wants_calendar=False, discreet=True), actor=SYSTEM)
    page = client.get(f"/c/fisheries/people/{person.id}")
    assert "This address is not written to." in page.text
    assert "Complained about our mail." in page.text
    assert "Calendar entries No" in words_of(page)
    assert "Discreet mails Yes" in words_of(page)
    assert "Changed which mails they get (by the program)" in page.text
    for language in ("fr", "en"):
        assert client.get(f"/c/fisheries/people/{person.id}?lang={language}").status_code == 200
    client.post(f"/c/fisheries/mail/wishes/{person.id}/allow")
    assert "This address is not written to." not in client.get(f"/c/fisheries/people/{person.id}").text


def test_the_page_of_a_person_shows_every_message_with_its_history(client, post):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    mailing = a_draft(an_event(consultation), [person], organizer)
    assert "Nothing has been planned" in client.get(f"/c/fisheries/people/{person.id}").text
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    send_due()
    message = db.session.scalars(select(Message)).one()
    page = client.get(f"/c/fisheries/people/{person.id}")
    assert f"/c/fisheries/mail/messages/{message.id}" in page.text
    assert "5 steps" in page.text
    with writing() as session:
        session.get(Message, message.id).bounced_at = now()
    assert "Came back on" in client.get(f"/c/fisheries/people/{person.id}").text


def test_of_a_restricted_event_the_page_of_a_person_says_nothing_to_others(client, app, post):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    event = an_event(consultation, restricted=True)
    from engagement.consultations.models import ClearedFor
    from engagement.consultations.service import clear

    clear(consultation_id=consultation.id, user_id=organizer.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=SYSTEM)
    mailing = a_draft(event, [person], organizer)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    assert "/mail/messages/" in client.get(f"/c/fisheries/people/{person.id}").text
    other = signed_in_as(app.test_client(), a_member(consultation, Role.STAFF))
    assert "/mail/messages/" not in other.get(f"/c/fisheries/people/{person.id}").text


def test_staff_write_down_what_somebody_told_them_by_telephone(client):
    consultation, member = a_team(client, Role.STAFF)
    person = a_person(consultation)
    address = f"/c/fisheries/mail/wishes/{person.id}"
    assert "checked" in str(BeautifulSoup(client.get(address).text, "html.parser").find(id="wants_mailings"))
    client.post(address, data={"wants_mailings": "y", "discreet": "y"})
    row = stored(person)
    assert (row.wants_mailings, row.wants_reminders, row.wants_calendar, row.discreet, row.do_not_contact) == (
        True,
        False,
        False,
        True,
        False,
    )
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "change_wishes")).one()
    assert entry.actor_id == member.id
    assert "written down by the team" in client.get(f"/c/fisheries/people/{person.id}").text


def test_staff_take_the_address_of_a_person_off_with_a_reason(client):
    consultation, _ = a_team(client)
    person = a_person(consultation)
    address = f"/c/fisheries/mail/wishes/{person.id}"
    assert "Say why" in client.post(f"{address}/suppress", data={"why": ""}).text
    client.post(f"{address}/suppress", data={"why": "Her brother reads it"})
    assert "Her brother reads it" in client.get(f"/c/fisheries/people/{person.id}").text
    assert "Take the address off" not in client.get(address).text
    assert rows()[0].typed is False


def test_nobodys_wishes_are_changed_by_who_may_not_know_of_them(client):
    consultation, _ = a_team(client, Role.STAFF)
    hidden, _ = a_hidden_person(consultation)
    elsewhere = a_person(a_consultation("elsewhere"))
    for person in (hidden, elsewhere):
        for path in ("", "/suppress", "/allow"):
            assert client.post(f"/c/fisheries/mail/wishes/{person.id}{path}", data={"why": "x", "do_not_contact": "y"}).status_code == 404
        assert not stored(person).do_not_contact
    assert client.post(f"/c/fisheries/mail/wishes/{a_person(consultation, None).id}/suppress", data={"why": "x"}).status_code == 404


def test_an_empty_form_says_all_that_is_missing_at_once(client):
    a_team(client)
    page = client.post("/c/fisheries/mail/suppressed/add", data={"address": "", "why": ""})
    assert links_to_what_is_wrong(page) == ["#address", "#why"]
    assert links_to_what_is_wrong(client.post("/c/fisheries/mail/suppressed/add", data={"address": "no address"})) == ["#address", "#why"]
    assert rows() == []
