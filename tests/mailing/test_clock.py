"""Leases and the clock: a clock that jumps neither doubles a message, nor doubts one that is being sent, nor keeps one for days."""

from bisect import bisect_left
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.kernel.clock import UTC
from engagement.kernel.clock import now as true_now
from engagement.kernel.db import db, writing
from engagement.mailing import alive, domains, due, guard, hand, holding, moving, outbox, rounds, service, sweeping
from engagement.mailing.hand import Arrived
from engagement.mailing.models import MailDomain, Message, MessageEvent, State
from engagement.mailing.preparing import prepare
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_text, begin_sending, settings_with, state_of
from tests.mailing.test_sending import change, stored
from tests.support.given import a_consultation


@pytest.fixture
def clock(monkeypatch):
    """Return what moves the clock of the outbox by so much."""

    def jump(by):
        for module in (domains, guard, hand, holding, moving, outbox, rounds, service, sweeping):
            if hasattr(module, "now"):
                monkeypatch.setattr(module, "now", lambda: true_now() + by)

    return jump


def one_written():
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    prepare(message.id)
    return message


@pytest.mark.parametrize("days", [-30, -1, 1, 30])
def test_whatever_the_clock_does_a_message_that_a_living_worker_is_sending_stays_its_own(app, notices, clock, days):
    message = one_written()
    with alive.at_work() as worker:
        outbox.claim(worker)
        begin_sending(message.id, worker)
        clock(timedelta(days=days))
        sweeping.sweep()
        assert state_of(message) is State.SENDING
        assert outbox.claim("another") == []


def test_a_worker_that_ended_without_a_word_is_known_at_once_whatever_its_lease_says(app, notices):
    message, name = one_written(), alive.new_name()
    (alive._folder() / name).touch()
    outbox.claim(name)
    begin_sending(message.id, name)
    assert sweeping.sweep()["doubtful"] == 1
    assert state_of(message) is State.DOUBTFUL
    assert not (alive._folder() / name).exists()


def test_a_lease_from_before_the_clock_was_put_back_gets_its_length_anew(app, notices, clock):
    message = one_written()
    clock(timedelta(days=3))
    outbox.claim("on another machine")
    begin_sending(message.id, "on another machine")
    clock(timedelta(0))
    assert sweeping.sweep()["doubtful"] == 0
    assert state_of(message) is State.SENDING
    assert stored(message).lease_until <= true_now() + outbox.LEASE
    clock(outbox.LEASE + timedelta(seconds=1))
    assert sweeping.sweep()["doubtful"] == 1


def test_the_servers_yes_that_comes_after_a_worker_was_thought_lost_settles_the_doubt(app, notices):
    with settings_with(app, mail_resend_doubtful=True):
        message = one_written()
        outbox.claim("slow")
        sending = begin_sending(message.id, "slow")
        change(message, lease_until=true_now() - timedelta(seconds=1))
        sweeping.sweep()
        assert state_of(message) is State.QUEUED
        outbox.turn("slow", Arrived(sending, "250 taken"), None)
    assert state_of(message) is State.SENT
    assert notices.heard == [message.dedup_key]
    assert send_due()["sent"] == 0
    told = db.session.scalars(select(MessageEvent.state).where(MessageEvent.message_id == message.id)).all()
    assert State.DOUBTFUL in told


def test_the_servers_late_yes_is_no_word_on_an_attempt_that_has_begun_since(app, notices):
    with settings_with(app, mail_resend_doubtful=True):
        message = one_written()
        outbox.claim("slow")
        sending = begin_sending(message.id, "slow")
        change(message, lease_until=true_now() - timedelta(seconds=1))
        sweeping.sweep()
        outbox.claim("quick")
        begin_sending(message.id, "quick")
        outbox.turn("slow", Arrived(sending, "250 taken"), None)
    assert state_of(message) is State.SENDING
    assert stored(message).claimed_by == "quick"


def test_a_message_whose_last_moment_came_while_it_waited_in_hand_does_not_go(app, notices):
    message = one_written()
    outbox.claim("w")
    change(message, not_after=true_now() - timedelta(seconds=1))
    assert begin_sending(message.id, "w") is State.CANCELLED


def test_what_is_held_while_it_waits_in_hand_goes_back(app, notices):
    message = one_written()
    outbox.claim("w")
    change(message, held_because="mailing")
    assert begin_sending(message.id, "w") is State.QUEUED
    assert outbox.claim("w") == []


def test_a_fault_in_what_follows_a_sent_mail_leaves_it_sent_and_the_next_one_goes(post, notices, caplog):
    from engagement.kernel.ports import ports

    consultation = a_consultation()
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(3)]
    heard = ports().sent["notice"]
    who = "Ada Example"
    ports().sent["notice"] = lambda row: heard(row) if row.dedup_key != messages[0].dedup_key else {}[who]
    assert send_due()["sent"] == 3
    assert {state_of(each) for each in messages} == {State.SENT}
    assert len(notices.heard) == 2
    assert "Ada" not in caplog.text


def test_what_cannot_be_opened_is_put_off_and_holds_up_nobody(post, notices):
    message = one_written()
    consultation = a_consultation("other")
    a_text(consultation)
    a_notice(a_person(consultation, "bea@example.org"))
    with writing() as session:
        session.get(Message, message.id).raw_sealed = b"\x04nokey" + b"x" * 40
    assert send_due()["sent"] == 1
    assert state_of(message) is State.DEFERRED
    assert stored(message).due_at > true_now() + timedelta(hours=3)


def test_a_domain_shut_by_a_clock_that_was_put_back_is_open(app, notices, clock):
    message = one_written()
    index = stored(message).domain_index
    clock(timedelta(days=5))
    with writing() as session:
        domains.shut_out(session, index, "example.org", "421 no")
    assert domains.is_shut(index)
    clock(timedelta(0))
    assert not domains.is_shut(index)
    assert outbox.claim("w") == [message.id]


def test_a_domain_gets_no_more_than_its_share_of_a_minute_from_all_workers_together(post, notices, app, monkeypatch):
    monkeypatch.setattr(rounds, "PATIENCE", 0.0)
    consultation, other = a_consultation(), a_consultation("other")
    for each in (consultation, other):
        a_text(each)
    for number in range(9):
        a_notice(a_person(consultation, f"p{number}@busy.example"))
    for number in range(3):
        a_notice(a_person(other, f"q{number}@example.org"))
    with settings_with(app, mail_per_domain_per_minute=12):
        assert send_due()["sent"] == 4
        assert send_due()["sent"] == 0
    gone = [to.partition("@")[2] for _, to in post.envelopes]
    assert (gone.count("busy.example"), gone.count("example.org")) == (2, 2)


@pytest.mark.slow
def test_a_round_waits_for_the_next_share_where_it_is_not_far(post, notices, app):
    consultation = a_consultation()
    a_text(consultation)
    for number in range(3):
        a_notice(a_person(consultation, f"p{number}@busy.example"))
    with settings_with(app, mail_per_domain_per_minute=120):
        with writing() as session:
            row = domains._row_of(session, _index("p@busy.example"), "busy.example")
            row.tokens, row.filled_at = 0.0, true_now()
        assert send_due()["sent"] == 3


def _index(address):
    from engagement.kernel.crypto import domain_index

    return domain_index(address)


START = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)


@settings(deadline=None)
@given(rate=st.integers(2, 120), gaps=st.lists(st.floats(0, 30), min_size=1, max_size=40))
def test_in_no_minute_does_a_domain_get_more_than_its_share(rate, gaps):
    tokens, since, moment, gone = None, None, START, []
    for gap in gaps:
        moment += timedelta(seconds=gap)
        tokens, since = domains.filled(tokens, since, moment, rate), moment
        while tokens >= 1:
            tokens -= 1
            gone.append(moment)
    for at, first in enumerate(gone):
        assert bisect_left(gone, first + timedelta(minutes=1)) - at <= rate


@given(tokens=st.floats(0, 5), back=st.integers(0, 10**7))
def test_a_clock_that_is_put_back_fills_no_bucket(tokens, back):
    assert domains.filled(tokens, START, START - timedelta(seconds=back), 30) == tokens


def test_a_domain_of_which_nothing_happens_is_forgotten(app):
    with writing() as session:
        for name, at in (("old.example", true_now() - timedelta(days=3)), ("new.example", true_now())):
            domains.shut_out(session, name.encode().ljust(32), name, "421 no")
            session.flush()
            row = session.scalars(select(MailDomain).where(MailDomain.domain_index == name.encode().ljust(32))).one()
            row.shut_at = row.shut_until = at
    sweeping.sweep()
    assert [row.name for row in db.session.scalars(select(MailDomain))] == ["new.example"]


def test_the_claim_follows_the_index_and_does_not_look_through_what_waits(app):
    if db.engine.dialect.name != "sqlite":
        return
    for asked in due.FIRST_DUE.values():
        text = str(asked.params(this_moment=true_now(), this_many=10).compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        assert "ix_message_due (state=? AND due_at<?)" in plan
        assert "TEMP B-TREE" not in plan
