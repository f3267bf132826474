"""Safe hours hold when the bytes go, not only when they are made."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from engagement.events.service import ask_to_come
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import at_moment, in_utc, now, on_the_wall
from engagement.kernel.db import db
from engagement.mailing import outbox
from engagement.mailing.batches import prepare_many
from engagement.mailing.models import ContactTask, Message, State, TaskReason
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.worker import send_due
from engagement.roster.safe_hours import SafeHours, change_safe_hours
from tests.events.given import an_event
from tests.mailing.given import a_person, begin_sending
from tests.outreach.given import a_team, never_quiet

GREYLISTED = "451 4.2.0 greylisted"
MORNING = SafeHours(opens=time(10), until=time(12))


@pytest.fixture
def guest(client):
    consultation, _ = a_team(client)
    never_quiet(consultation)
    person = a_person(consultation, "p@example.org")
    return person, an_event(consultation), consultation.zone


def at(zone, hour, minute=0, *, days=1):
    return in_utc(datetime.combine(on_the_wall(now(), zone).date() + timedelta(days=days), time(hour, minute)), zone)


def the_message():
    db.session.rollback()
    return db.session.query(Message).populate_existing().one()


def invited(person, event):
    ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)


def test_a_greylisted_mail_waits_for_the_next_safe_hours(guest, post):
    person, event, zone = guest
    change_safe_hours(person_id=person.id, hours=MORNING, actor=SYSTEM)
    post.at_rcpt["p@example.org"] = GREYLISTED
    inside, late, next_day = at(zone, 11, 59), at(zone, 14, 30), at(zone, 10, 0, days=2)
    with at_moment(inside):
        invited(person, event)
        send_due()
    post.at_rcpt.clear()
    with at_moment(late):
        send_due()
    assert not post.mails()
    assert (the_message().state, the_message().due_at) == (State.DEFERRED, next_day)
    with at_moment(next_day):
        send_due()
    assert len(post.mails()) == 1


def test_a_written_mail_waits_where_the_hours_are_narrowed_before_it_goes(guest, post):
    person, event, zone = guest
    late, next_day = at(zone, 14, 30), at(zone, 10, 0, days=2)
    with at_moment(late):
        invited(person, event)
        prepare_many(due_to_be_written())
        change_safe_hours(person_id=person.id, hours=MORNING, actor=SYSTEM)
        send_due()
        assert not post.mails()
        send_due()
    assert (the_message().state, the_message().due_at, the_message().attempts) == (State.DEFERRED, next_day, 0)


def test_a_tried_mail_to_somebody_who_is_only_called_by_now_becomes_a_task(guest, post):
    person, event, zone = guest
    post.at_rcpt["p@example.org"] = GREYLISTED
    with at_moment(at(zone, 11)):
        invited(person, event)
        send_due()
    post.at_rcpt.clear()
    change_safe_hours(person_id=person.id, hours=SafeHours(calls_only=True), actor=SYSTEM)
    with at_moment(at(zone, 15)):
        send_due()
        send_due()
    assert not post.mails()
    assert the_message().state is State.CANCELLED
    assert db.session.query(ContactTask).one().reason is TaskReason.SAFE_HOURS


def test_within_the_hours_a_mail_goes_at_once(guest, post):
    person, event, zone = guest
    change_safe_hours(person_id=person.id, hours=MORNING, actor=SYSTEM)
    with at_moment(at(zone, 11)):
        invited(person, event)
        prepare_many(due_to_be_written())
        (claimed,) = outbox.claim("w")
        assert isinstance(begin_sending(claimed, "w"), outbox.Outgoing)
