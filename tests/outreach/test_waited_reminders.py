"""Reminders that waited: for the server, or for the end of the quiet hours. They go in the hours and at the distance that were promised."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from engagement.kernel.audit import staff
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.mailing.contacting import make_task, record_outcome
from engagement.mailing.models import Message, State, TaskChannel, TaskOutcome
from engagement.mailing.worker import send_due
from engagement.outreach.reminding import draft_reminder, thing_about
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_silent_guest, a_team, an_announcement, sent_on_its_way

pytestmark = pytest.mark.slow

ZONE = "America/Toronto"


@pytest.fixture
def evening():
    with time_machine.travel(datetime(2026, 10, 14, 0, 55, tzinfo=UTC)) as clock:
        yield clock


def reminded(client):
    consultation, organizer = a_team(client)
    event, person = an_event(consultation), a_person(consultation, "ada@example.org")
    a_silent_guest(event, person)
    sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
    return consultation, organizer, person


def the_reminder():
    db.session.rollback()
    return db.session.scalars(select(Message).where(Message.purpose == "event_reminder")).one()


def test_a_reminder_that_the_server_put_off_into_the_quiet_hours_goes_in_the_morning(evening, client, post):
    post.at_rcpt["ada@example.org"] = "450 4.2.1 later"
    reminded(client)
    assert send_due()["deferred"] == 1
    post.at_rcpt.clear()
    evening.move_to(datetime(2026, 10, 14, 2, 30, tzinfo=UTC))
    send_due()
    waits = the_reminder()
    assert (waits.state, on_the_wall(waits.due_at, ZONE).hour) == (State.DEFERRED, 7)
    evening.move_to(datetime(2026, 10, 14, 11, 1, tzinfo=UTC))
    assert send_due()["sent"] == 1


def test_who_was_written_to_while_a_reminder_waited_for_the_morning_is_not_reminded(evening, client, post):
    evening.move_to(datetime(2026, 10, 14, 2, 0, tzinfo=UTC))
    consultation, organizer, person = reminded(client)
    assert send_due()["sent"] == 0
    sent_on_its_way(an_announcement(consultation, [person], organizer), organizer)
    assert send_due()["sent"] == 1
    evening.move_to(datetime(2026, 10, 14, 11, 30, tzinfo=UTC))
    assert send_due()["sent"] == 0
    left = the_reminder()
    assert (left.state, left.outcome) == (State.CANCELLED, "written to meanwhile")


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (TaskOutcome.REACHED, (State.CANCELLED, "written to meanwhile")),
        (TaskOutcome.NOT_NEEDED, (State.SENT, "250 2.0.0 taken")),
    ],
)
def test_a_call_that_was_made_while_a_reminder_waited_counts_as_the_mail_that_it_stands_for(evening, client, post, outcome, stands):
    evening.move_to(datetime(2026, 10, 14, 2, 0, tzinfo=UTC))
    consultation, organizer, person = reminded(client)
    assert send_due()["sent"] == 0
    post.at_rcpt["ada@example.org"] = "450 4.2.1 later"
    sent_on_its_way(an_announcement(consultation, [person], organizer), organizer)
    assert send_due()["deferred"] == 1
    post.at_rcpt.clear()
    waits = db.session.scalars(select(Message.id).where(Message.state == State.DEFERRED, Message.purpose == "announcement")).one()
    call = make_task(message_id=waits, channel=TaskChannel.CALL, actor=staff(organizer.id))
    record_outcome(task_id=call.id, outcome=outcome, actor=staff(organizer.id))
    evening.move_to(datetime(2026, 10, 14, 11, 30, tzinfo=UTC))
    send_due()
    left = the_reminder()
    assert (left.state, left.outcome) == stands
