"""A guest's own calendar file, and what their pages say of a sitting that was moved or cancelled."""

import icalendar
import pytest
import vobject
from sqlalchemy import select

from engagement.events.cancelling import cancel_event, cancel_sitting
from engagement.events.models import CalendarEntry, Event
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, ask_to_come, edit_sitting, sittings_of
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.db import db, writing
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.letters_read import delivered
from tests.mailing.given import a_post_office
from tests.portal.given import a_guest, an_event, open_link_in
from tests.support.given import a_consultation

COMING = Answer(Choice.ACCEPTED, Mode.IN_PERSON)
ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)
LINK = "https://meet.example.org/coast"


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def event(consultation):
    made = an_event(consultation)
    with writing() as session:
        session.get(Event, made.id).online_link = LINK
    return made


def invited(event, person):
    return ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)


def replied(invitation, answer):
    reply_to_event(invitation_id=invitation.id, answers=answer, actor=by_link(invitation.id))


def address(invitation, event, number=0):
    return f"/i/{invitation.id}/calendar/{sittings_of(event.id)[number].id}.ics"


def file_of(client, invitation, event):
    open_link_in(client, invitation)
    answer = client.get(address(invitation, event))
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert len(icalendar.Calendar.from_ical(text).walk("VEVENT")) == 1
    return answer, vobject.readOne(text)


def test_the_file_carries_the_uid_of_the_mails_and_nobody_else(client, consultation, event):
    invitation, other = (invited(event, a_guest(consultation, f"{name}@example.org", given=name)) for name in ("ada", "bo"))
    replied(invitation, COMING)
    replied(other, COMING)
    answer, calendar = file_of(client, invitation, event)
    db.session.rollback()
    assert calendar.vevent.uid.value == db.session.scalar(select(CalendarEntry.uid).where(CalendarEntry.invitation_id == invitation.id))
    assert not hasattr(calendar, "method")
    assert not hasattr(calendar.vevent, "attendee")
    assert calendar.vevent.summary.value == "Roundtable on the coast"
    assert calendar.vevent.location.value == "Town hall, Gatineau"
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=meeting.ics"
    assert LINK not in answer.text
    assert "/r/" not in answer.text


def test_the_link_is_for_online_seats(client, consultation, event):
    invitation = invited(event, a_guest(consultation))
    replied(invitation, ONLINE)
    _, calendar = file_of(client, invitation, event)
    assert calendar.vevent.conference.value == LINK
    assert LINK in calendar.vevent.location.value


def test_a_discreet_guest_gets_a_file_that_tells_nothing(client, consultation, event):
    person = a_guest(consultation, language="fr")
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    invitation = invited(event, person)
    replied(invitation, COMING)
    answer, calendar = file_of(client, invitation, event)
    assert calendar.vevent.summary.value == "Réunion"
    assert "coast" not in answer.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=reunion.ics"


@pytest.mark.parametrize("answer", [None, Answer(Choice.DECLINED)])
def test_only_a_sitting_that_was_said_yes_or_maybe_to_is_given(client, consultation, event, answer):
    invitation = invited(event, a_guest(consultation))
    if answer is not None:
        replied(invitation, answer)
    open_link_in(client, invitation)
    assert client.get(address(invitation, event)).status_code == 404
    assert b".ics" not in client.get(f"/i/{invitation.id}").data
    replied(invitation, Answer(Choice.TENTATIVE))
    assert "STATUS:TENTATIVE" in client.get(address(invitation, event)).text


def test_without_an_opened_link_there_is_no_file(client, consultation, event):
    invitation = invited(event, a_guest(consultation))
    replied(invitation, COMING)
    assert client.get(address(invitation, event)).status_code == 403
    other = invited(event, a_guest(consultation, "bo@example.org", given="Bo"))
    open_link_in(client, other)
    assert client.get(address(invitation, event)).status_code == 403


def test_a_sitting_of_another_event_or_a_cancelled_one_is_not_there(client, consultation, event):
    invitation = invited(event, a_guest(consultation))
    replied(invitation, COMING)
    elsewhere = an_event(consultation, "winter")
    open_link_in(client, invitation)
    assert client.get(f"/i/{invitation.id}/calendar/{sittings_of(elsewhere.id)[0].id}.ics").status_code == 404
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert client.get(address(invitation, event)).status_code == 404


def test_an_event_that_sends_no_calendar_gives_no_file(client, consultation, event):
    with writing() as session:
        session.get(Event, event.id).sends_calendar = False
    invitation = invited(event, a_guest(consultation))
    replied(invitation, COMING)
    open_link_in(client, invitation)
    assert client.get(address(invitation, event)).status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_of_a_guest_says_what_is_cancelled_and_what_has_changed(client, app, consultation, language):
    event = an_event(consultation, days=3)
    invitation = invited(event, a_guest(consultation, language=language))
    with a_post_office(app) as post:
        delivered(post)
    replied(invitation, COMING)
    first, second, third = sittings_of(event.id)
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    plan = SittingPlan(starts_wall=third.starts_wall.replace(hour=9), ends_wall=third.ends_wall.replace(hour=11), seats_in_person=9)
    edit_sitting(sitting_id=third.id, plan=plan, actor=SYSTEM)
    open_link_in(client, invitation)
    page = client.get(f"/i/{invitation.id}").text
    assert {"en": "This sitting is cancelled.", "fr": "Cette séance est annulée."}[language] in page
    changed = {"en": "has changed since our last message", "fr": "a changé depuis notre dernier message"}[language]
    assert page.count(changed) == 1
    assert page.count(".ics") == 2
    asked = client.get(f"/i/{invitation.id}/each").text
    assert str(first.id.hex) not in asked
    assert str(second.id.hex) in asked


def test_no_title_of_a_guests_page_names_the_event(client, consultation, event):
    person = a_guest(consultation)
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    invitation = invited(event, person)
    open_link_in(client, invitation)
    pages = [client.get(f"/i/{invitation.id}")]
    replied(invitation, COMING)
    pages += [client.get(f"/i/{invitation.id}{each}") for each in ("", "/change", "/needs", "/recorded", "/privacy", "/contact")]
    for page in pages:
        title = page.text.partition("<title>")[2].partition("</title>")[0] + page.text.partition("<h1>")[2].partition("</h1>")[0]
        assert "coast" not in title
        assert "fisheries" not in title


def test_whoever_waits_for_a_seat_takes_a_tentative_entry(client, consultation, event):
    first = sittings_of(event.id)[0]
    with writing() as session:
        session.merge(first).seats_in_person = 0
    invitation = invited(event, a_guest(consultation))
    replied(invitation, {first.id: Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True)})
    _, calendar = file_of(client, invitation, event)
    assert calendar.vevent.status.value == "TENTATIVE"
