"""Quiet hours and safe hours: the rule over all moments, and what the worker does with a mail that is due in them."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Kind
from engagement.mailing.models import ContactTask, Message, State, TaskReason
from engagement.mailing.quiet import Quiet, next_moment
from engagement.mailing.worker import send_due
from engagement.outreach.rules import Rules, change_rules
from engagement.roster.safe_hours import SafeHours, change_safe_hours
from tests.mailing.given import a_notice, a_person, a_text, of_kind, state_of
from tests.support.given import a_consultation

ZONE = "America/Toronto"


@pytest.fixture
def consultation(app):
    return a_consultation()


def tasks():
    db.session.rollback()
    return list(db.session.scalars(select(ContactTask)))


def the_task():
    [task] = tasks()
    return task


def not_now(person, *, calls_only=False, hours=6):
    """Let a person be reachable only from so many hours from now on, for an hour."""
    wall = on_the_wall(now() + timedelta(hours=hours), ZONE)
    opens = wall.replace(minute=0).time().replace(second=0, microsecond=0)
    until = opens.replace(minute=59)
    change_safe_hours(person_id=person.id, hours=SafeHours(opens=opens, until=until, calls_only=calls_only), actor=SYSTEM)


def quiet_now(consultation):
    """Let it be quiet from an hour ago until in an hour; returns when it ends, to the minute."""
    ends = on_the_wall(now() + timedelta(hours=1), ZONE).replace(second=0, microsecond=0)
    since = on_the_wall(now() - timedelta(hours=1), ZONE).time().replace(second=0, microsecond=0)
    change_rules(consultation_id=consultation.id, rules=Rules(quiet_from=since, quiet_until=ends.time()), actor=SYSTEM)
    return ends.astimezone(UTC)


def test_what_leaves_by_itself_waits_for_the_end_of_the_quiet_hours(consultation, notices, post):
    a_text(consultation)
    of_kind(Kind.REMINDER)
    ends = quiet_now(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    assert state_of(message) is State.DEFERRED
    stored = db.session.get(Message, message.id)
    assert (stored.due_at, stored.outcome) == (ends, "it waits for the end of the quiet hours")
    assert post.received == []


def test_what_somebody_of_the_team_sends_now_goes_now_and_what_was_scheduled_ahead_waits(consultation, notices, post):
    a_text(consultation)
    quiet_now(consultation)
    at_once = a_notice(a_person(consultation))
    ahead = a_notice(a_person(consultation, "bea@example.org"))
    with writing() as session:
        session.get(Message, ahead.id).created_at = now() - timedelta(days=1)
    send_due()
    assert (state_of(at_once), state_of(ahead)) == (State.SENT, State.DEFERRED)


def test_a_notice_that_would_be_too_late_after_the_quiet_hours_goes_in_them(consultation, notices, post):
    a_text(consultation)
    of_kind(Kind.NOTICE)
    quiet_now(consultation)
    message = a_notice(a_person(consultation), not_after=now() + timedelta(minutes=30))
    with writing() as session:
        session.get(Message, message.id).created_at = now() - timedelta(days=1)
    send_due()
    assert len(post.received) == 1


def test_an_answer_to_somebody_who_is_on_the_page_goes_at_once(consultation, notices, post):
    person = a_person(consultation)
    a_text(consultation)
    of_kind(Kind.ANSWER)
    not_now(person)
    quiet_now(consultation)
    a_notice(person)
    send_due()
    assert len(post.received) == 1


def test_a_mail_waits_for_safe_hours_and_goes_in_them(consultation, notices, post):
    person = a_person(consultation)
    a_text(consultation)
    not_now(person)
    message = a_notice(person)
    send_due()
    assert state_of(message) is State.DEFERRED
    stored = db.session.get(Message, message.id)
    assert now() < stored.due_at <= now() + timedelta(hours=7)
    assert stored.outcome == "it waits for this person's safe hours"
    assert post.received == tasks() == []
    change_safe_hours(person_id=person.id, hours=SafeHours(), actor=SYSTEM)
    with writing() as session:
        session.get(Message, message.id).due_at = now()
    send_due()
    assert len(post.received) == 1


def test_a_mail_that_would_come_too_late_in_safe_hours_becomes_a_call(consultation, notices, post):
    person = a_person(consultation)
    a_text(consultation)
    not_now(person, hours=6)
    a_notice(person, not_after=now() + timedelta(hours=3))
    send_due()
    assert (the_task().reason, post.received) == (TaskReason.SAFE_HOURS, [])
    assert the_task().due_on in {on_the_wall(now() + timedelta(hours=ahead), ZONE).date() for ahead in (0, 3)}


def test_whoever_takes_calls_only_is_called_and_never_written_to(consultation, notices, post):
    person = a_person(consultation)
    a_text(consultation)
    change_safe_hours(person_id=person.id, hours=SafeHours(calls_only=True), actor=SYSTEM)
    a_notice(person)
    send_due()
    assert (the_task().reason, post.received) == (TaskReason.SAFE_HOURS, [])


times = st.times().map(lambda each: each.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone.
zones = st.sampled_from([ZONE, "America/Vancouver", "America/St_Johns", "UTC"])


@given(times, times, moments, zones)
def test_quiet_hours_end_within_a_day_and_are_over_then(since, until, moment, zone):
    quiet = Quiet(since, until, zone)
    ends = quiet.ends(moment)
    assert ends >= moment
    assert not quiet.holds(ends)
    assert ends - moment <= timedelta(hours=26)
    assert (ends == moment) is not quiet.holds(moment)


def test_quiet_hours_over_midnight_hold_on_both_sides_of_it():
    quiet = Quiet(time(21), time(7), ZONE)
    # 8 December 2026: Toronto is five hours behind.
    for hour, holds in ((2, True), (11, True), (12, False), (20, False)):
        assert quiet.holds(datetime(2026, 12, 8, hour, 0, tzinfo=UTC)) is holds
    assert quiet.ends(datetime(2026, 12, 8, 4, 0, tzinfo=UTC)) == datetime(2026, 12, 8, 12, 0, tzinfo=UTC)


@given(times, times, moments, st.frozensets(st.integers(0, 6), min_size=1))
def test_a_moment_that_is_neither_quiet_nor_unsafe_is_found_where_there_is_one(since, until, moment, days):
    quiet, hours = Quiet(since, until, ZONE), SafeHours(days=days)
    found = next_moment(moment, quiet, hours, ZONE)
    assert found >= moment
    assert hours.allows(found, ZONE)
    assert not quiet.holds(found)


def test_safe_hours_that_lie_in_the_quiet_ones_count_alone():
    hours = SafeHours(opens=time(22), until=time(23))
    found = next_moment(datetime(2026, 12, 8, 17, 0, tzinfo=UTC), Quiet(time(21), time(7), ZONE), hours, ZONE)
    assert found == datetime(2026, 12, 9, 3, 0, tzinfo=UTC)
