"""Storing what was sent without a session: the same is stored as with one, and whoever needs one gets it."""

import pytest
from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM, AuditEntry, note
from engagement.kernel.db import NeedsSessionError, db, writing
from engagement.kernel.ports import ports
from engagement.kernel.quick import Quick, in_this_transaction
from engagement.mailing import alive, outbox
from engagement.mailing.hand import Arrived, in_hand
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.worker import send_due
from tests.mailing.given import state_of
from tests.mailing.test_bad_servers import some_notices


def stored_of(message):
    db.session.rollback()
    row = db.session.get(Message, message.id, populate_existing=True)
    told = db.session.scalars(select(MessageEvent.state).where(MessageEvent.message_id == row.id).order_by(MessageEvent.at)).all()
    return row.state, row.outcome, row.attempts, row.lease_until, row.sent_at is not None, told


@pytest.fixture
def two(app, notices):
    """Return two messages in the hand of a worker, and its name."""
    from engagement.mailing.preparing import prepare

    messages = some_notices(2)
    for each in messages:
        prepare(each.id)
    with alive.at_work() as worker:
        yield messages, in_hand(outbox.claim(worker)), worker


@pytest.mark.parametrize("reply", ["250 2.0.0 taken", "250 " + "x" * 290, "250"])
def test_both_ways_store_the_same(two, reply):
    (first, second), hand, worker = two
    with Quick() as quick:
        assert outbox.quick_turn(quick, worker, None, hand[0]) is State.SENDING
        assert outbox.quick_turn(quick, worker, Arrived(hand[0], reply), None) is State.SENDING
    outbox.turn(worker, None, hand[1])
    outbox.turn(worker, Arrived(hand[1], reply), None)
    assert stored_of(first) == stored_of(second)
    assert stored_of(first)[:3] == (State.SENT, reply, 1)


def test_what_follows_a_sent_mail_may_need_a_session(post, notices):
    messages = some_notices(3)

    def noted(message):
        with writing() as session:
            note(session, "heard_of", session.get(Message, message.id), SYSTEM)

    ports().sent["notice"] = noted
    outbox._need_a_session.discard("notice")
    assert send_due()["sent"] == 3
    outbox._need_a_session.discard("notice")
    assert db.session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "heard_of")) == 3
    assert {state_of(each) for each in messages} == {State.SENT}


def test_a_fault_stores_nothing_of_the_transaction(two):
    (first, _), hand, worker = two

    def fail():
        with Quick() as quick, quick.transaction():
            at = dict.fromkeys(("this_moment", "this_young", "this_lease"), first.created_at)
            outbox._BEGIN.run(quick, this_id=hand[0].id, this_worker=worker, **at)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert state_of(first) is State.CLAIMED


def test_a_verb_that_needs_a_session_is_refused_and_locks_nobody_out(app):
    with Quick() as quick, quick.transaction(), pytest.raises(NeedsSessionError), writing():
        pass
    with writing() as session, in_this_transaction() as transaction:
        assert transaction is session.connection()
    with writing():
        pass
