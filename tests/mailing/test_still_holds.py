"""What a mail says is looked at once more when it goes, not only when it is written."""

from __future__ import annotations

from datetime import timedelta

from engagement.events.cancelling import cancel_event
from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Choice
from engagement.kernel.audit import SYSTEM, by_link, staff
from engagement.kernel.clock import at_moment, now
from engagement.kernel.db import db
from engagement.mailing.models import ContactTask, State
from engagement.mailing.worker import send_due
from engagement.outreach.reminding import draft_reminder, thing_about
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import an_event
from tests.mailing.given import a_person, states
from tests.outreach.given import a_silent_guest, sent_on_its_way


def test_whoever_replies_while_a_reminder_waits_for_their_server_is_not_reminded(team, post):
    consultation, organizer = team
    event, person = an_event(consultation), a_person(consultation, "p@example.org")
    invitation = a_silent_guest(event, person)
    post.at_rcpt["p@example.org"] = "451 4.2.0 greylisted"
    sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
    send_due()
    assert states("event_reminder") == [State.DEFERRED]
    reply_to_event(invitation_id=invitation.id, answers=Answer(Choice.DECLINED), actor=by_link(invitation.id))
    post.at_rcpt.clear()
    with at_moment(now() + timedelta(hours=5)):
        send_due()
    assert states("event_reminder") == [State.CANCELLED]
    assert states("event_confirmation") == [State.SENT]


def test_a_reminder_that_waited_goes_to_whoever_is_still_silent(team, post):
    consultation, organizer = team
    event, person = an_event(consultation), a_person(consultation, "p@example.org")
    a_silent_guest(event, person)
    post.at_rcpt["p@example.org"] = "451 4.2.0 greylisted"
    sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
    send_due()
    post.at_rcpt.clear()
    with at_moment(now() + timedelta(hours=5)):
        send_due()
    assert states("event_reminder") == [State.SENT]


def test_nobody_calls_a_guest_without_a_seat_who_asked_not_to_be_contacted(team, post):
    consultation, _ = team
    event, person = an_event(consultation), a_person(consultation, "p@example.org")
    a_silent_guest(event, person)
    change_wishes(person_id=person.id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    cancel_event(event_id=event.id, actor=SYSTEM)
    send_due()
    assert db.session.query(ContactTask).count() == 0
    assert State.SENT not in states("event_cancellation")
