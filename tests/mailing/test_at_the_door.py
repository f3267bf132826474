"""What has happened between the writing of a mail and its going: one more look, and nobody is held up by another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from engagement.events.cancelling import cancel_event
from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM, by_link, staff
from engagement.kernel.clock import at_moment, now
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.models import ContactTask, Message, State
from engagement.mailing.suppressions import suppress, suppress_by_staff
from engagement.mailing.worker import _prepare_all, send_due
from engagement.outreach.reminding import draft_reminder, thing_about
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, behind, messages, moved, replied
from tests.mailing.given import a_notice, a_person, a_text, notices_are_composed, state_of, states
from tests.outreach.given import a_silent_guest, sent_on_its_way
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

LATER = "451 4.2.0 greylisted"


def calls():
    db.session.rollback()
    return db.session.query(ContactTask).count()


def write_what_is_due():
    _prepare_all(Counter(), lambda: False)


def reminded(event, organizer):
    return sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)


def seated(consultation, post):
    """Return an event and somebody who holds a seat in it, with no mail on its way."""
    event, person = an_event(consultation), a_person(consultation, "p@example.org")
    invitation = asked(event, person)
    delivered(post)
    replied(invitation, Answer(Choice.ACCEPTED, Mode.IN_PERSON))
    delivered(post)
    return event, person


def test_a_mail_that_cannot_be_looked_at_any_more_holds_up_no_other(team, post):
    consultation, _ = team
    a_text(consultation)
    with notices_are_composed() as notices:
        broken = a_notice(a_person(consultation, "p@example.org"))
        post.at_rcpt["p@example.org"] = LATER
        send_due()
        post.at_rcpt.clear()

        def fails(message):
            if message.id == broken.id:
                raise ValueError("a column is damaged")
            return notices.compose(message)

        well_made = ports().composers["notice"]
        ports().composers["notice"] = replace(well_made, compose=fails)
        with at_moment(now() + timedelta(hours=5)):
            well = a_notice(a_person(consultation, "q@example.net"))
            send_due()
            assert state_of(well) is State.SENT
            assert state_of(broken) is State.DEFERRED
            assert db.session.get(Message, broken.id).outcome == "it cannot be looked at: ValueError"
        ports().composers["notice"] = well_made
        with at_moment(now() + timedelta(hours=20)):
            send_due()
        assert state_of(broken) is State.SENT


def test_hours_of_one_person_that_cannot_be_read_hold_up_nobody_else(team, post):
    consultation, _ = team
    event = an_event(consultation)
    first, second = a_person(consultation, "p@example.org"), a_person(consultation, "q@example.org")
    asked(event, first)
    write_what_is_due()
    with writing() as session:
        session.get(Person, first.id).safe_hours_sealed = b"\x01" * 40
    asked(event, second)
    send_due()
    sent = {message.person_id: message.state for message in messages("event_invitation")}
    assert sent[second.id] is State.SENT
    assert sent[first.id] is not State.SENT


@pytest.mark.parametrize("heard", ["bounced", "staff", "complained", "do not contact"])
def test_whoever_holds_a_seat_is_called_when_their_notice_may_not_go_any_more(team, post, heard):
    consultation, _ = team
    event, person = seated(consultation, post)
    post.at_rcpt["p@example.org"] = LATER
    cancel_event(event_id=event.id, actor=SYSTEM)
    send_due()
    assert states("event_cancellation") == [State.DEFERRED]
    with writing() as session:
        if heard == "do not contact":
            session.get(Person, person.id).do_not_contact = True
        else:
            suppress(session, "p@example.org", heard)
    post.at_rcpt.clear()
    with at_moment(now() + timedelta(hours=5)):
        send_due()
        send_due()
    assert states("event_cancellation") == [State.CANCELLED]
    assert calls() == 1


def test_a_notice_to_an_address_that_does_not_exist_becomes_a_call(team, post):
    consultation, _ = team
    event, _ = seated(consultation, post)
    post.at_rcpt["p@example.org"] = "550 5.1.1 no such mailbox"
    cancel_event(event_id=event.id, actor=SYSTEM)
    send_due()
    with at_moment(now() + timedelta(minutes=1)):
        send_due()
    assert states("event_cancellation") == [State.CANCELLED]
    assert calls() == 1


def test_whoever_answers_while_our_server_refuses_us_is_not_reminded(team, post):
    consultation, organizer = team
    event = an_event(consultation)
    invitation = a_silent_guest(event, a_person(consultation, "p@example.org"))
    post.at_mail = "550 5.7.1 sender refused"
    reminded(event, organizer)
    begun = now()
    for minutes in range(0, 60, 5):
        with at_moment(begun + timedelta(minutes=minutes)):
            send_due()
    with at_moment(begun + timedelta(minutes=60)):
        reply_to_event(invitation_id=invitation.id, answers=Answer(Choice.DECLINED), actor=by_link(invitation.id))
        post.at_mail = "250 OK"
    for minutes in range(61, 70):
        with at_moment(begun + timedelta(minutes=minutes)):
            send_due()
    assert states("event_reminder") == [State.CANCELLED]
    assert states("event_confirmation") == [State.SENT]


def test_a_reminder_that_is_written_does_not_go_once_its_person_has_answered(team, post):
    consultation, organizer = team
    event = an_event(consultation)
    invitation = a_silent_guest(event, a_person(consultation, "p@example.org"))
    reminded(event, organizer)
    write_what_is_due()
    assert states("event_reminder") == [State.QUEUED]
    reply_to_event(invitation_id=invitation.id, answers=Answer(Choice.DECLINED), actor=by_link(invitation.id))
    send_due()
    assert states("event_reminder") == [State.CANCELLED]


def test_an_invitation_that_was_refused_for_now_goes_with_the_time_that_holds_by_then(team, post):
    consultation, _ = team
    event = an_event(consultation)
    asked(event, a_person(consultation, "p@example.org"))
    post.at_rcpt["p@example.org"] = LATER
    assert delivered(post) == []
    post.at_rcpt.clear()
    moved(the_sitting(event), 14)
    with at_moment(now() + timedelta(hours=5)):
        (mail,) = delivered(post)
    assert mail.event.dtstart.value == the_sitting(event).starts_at
    assert behind(event) == []


def test_a_mail_that_may_have_arrived_goes_again_with_the_same_bytes(team, post):
    consultation, _ = team
    event = an_event(consultation)
    before = the_sitting(event).starts_at
    asked(event, a_person(consultation, "p@example.org"))
    post.at_rcpt["p@example.org"] = LATER
    delivered(post)
    post.at_rcpt.clear()
    with writing() as session:
        (message,) = messages("event_invitation")
        from engagement.mailing.outbox import doubt

        doubt(session, session.merge(message), "the connection broke off")
        session.get(Message, message.id).state = State.DEFERRED
    moved(the_sitting(event), 14)
    with at_moment(now() + timedelta(hours=5)):
        (mail,) = delivered(post)
    assert mail.event.dtstart.value == before


@pytest.mark.parametrize("first", ["complained", "opted_out"])
def test_the_teams_word_about_an_address_makes_no_call_of_what_its_owner_asked_for(team, post, first):
    consultation, organizer = team
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation, "p@example.org"))
    with writing() as session:
        suppress(session, "p@example.org", first)
    suppress_by_staff(address="p@example.org", why="Write no more", consultation_id=consultation.id, known=True, actor=staff(organizer.id))
    cancel_event(event_id=event.id, actor=SYSTEM)
    send_due()
    assert calls() == 0


def test_whoever_asked_elsewhere_not_to_be_contacted_is_not_called_because_their_address_bounced(team, post):
    consultation, _ = team
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation, "p@example.org"))
    other = a_person(a_consultation("elsewhere"), "p@example.org", given_name="Other")
    change_wishes(person_id=other.id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    with writing() as session:
        suppress(session, "p@example.org", "bounced")
    cancel_event(event_id=event.id, actor=SYSTEM)
    send_due()
    assert calls() == 0
