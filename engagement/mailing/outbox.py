"""The outbox: how a message moves from state to state, and that no two workers move it at once.

The rows are the truth. A message is ``sending`` in the database before the socket is touched
and no transaction stays open over SMTP: a worker that is killed leaves a row that says how far
it came. Exactly once is impossible over SMTP; nothing lost, and every possible duplicate known
as ``doubtful``, is what these states promise.

One commit carries a message: it stores that the one before arrived and that this one is about
to go. So a worker that is killed leaves one message in ``sending`` at the most.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, select, update
from sqlalchemy.exc import OperationalError

from engagement.consultations.models import Consultation, Status
from engagement.kernel.base import UTCDateTime
from engagement.kernel.clock import now
from engagement.kernel.db import NeedsSessionError, db, writing
from engagement.kernel.errors import DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.kernel.prepared import Prepared
from engagement.mailing import domains
from engagement.mailing.at_the_door import FRESH, fresh, is_asked_again, stopped_at_the_door, turned_away
from engagement.mailing.domains import LONGEST_WAIT
from engagement.mailing.doubting import doubt
from engagement.mailing.due import domain_open, in_time, next_due, not_held, nothing_against
from engagement.mailing.guard import keep_stamp, raise_generation
from engagement.mailing.hand import Arrived, Outgoing, in_hand
from engagement.mailing.holding import WHY_HELD
from engagement.mailing.models import Message, State
from engagement.mailing.moving import EVENTS, NOBODY, SETTLED, locked, move, tell_all, told, where_it_is
from engagement.mailing.suppressions import why_suppressed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from engagement.kernel.quick import Quick, Transaction

# What others find here, wherever it is written.
__all__ = ["LONGEST_WAIT", "SETTLED", "Arrived", "Outgoing", "doubt", "in_hand", "move", "not_held"]

# Longer than the longest wait for a server's last word: a slow answer is no lost worker.
LEASE = timedelta(minutes=15)
# Where a message can stand when the server's yes comes after its worker was thought lost.
UNKNOWN_YET = frozenset({State.DOUBTFUL, State.QUEUED, State.CLAIMED})
FIRST_WAIT = domains.FIRST_WAIT
# Why a message is where it is when somebody of the team has just said that it goes again.
SENT_AGAIN = "sent again by the team"


class NotNowError(DomainError):
    """The message is not in a state in which this can be done."""


log = logging.getLogger(__name__)


def claim(worker: str, limit: int = 10) -> list[UUID]:
    """Claim up to ``limit`` due messages for ``worker``, the longest due first; nobody else gets them.

    Raises RestoredError where the database was put back to an older state meanwhile.
    """
    moment = now()
    with writing() as session:
        ids = next_due(session, moment, limit)
        if not ids:
            return []
        lease = moment + LEASE
        _CLAIM.run_each(session.connection(), [{"this_id": each, "this_worker": worker, "this_lease": lease} for each in ids])
        tell_all(session, ids, State.CLAIMED)
        stamp = raise_generation(session)
    # On the disk before any of them goes.
    keep_stamp(stamp)
    return ids


def release(worker: str) -> None:
    """Give back what ``worker`` claimed and did not begin to send."""
    requeue(and_(Message.state == State.CLAIMED, Message.claimed_by == worker), "")


def put_back(worker: str, ids: Iterable[UUID], why: str) -> None:
    """Give back some of what ``worker`` claimed."""
    requeue(and_(Message.state == State.CLAIMED, Message.claimed_by == worker, Message.id.in_(list(ids))), why)


def requeue(condition: ColumnElement[bool], why: str) -> int:
    """Put messages that meet ``condition`` back among those that wait; returns how many."""
    if db.session.scalar(select(Message.id).where(condition).limit(1)) is None:
        return 0
    with writing() as session:
        back = session.scalars(
            update(Message)
            .where(condition)
            .values(state=State.QUEUED, claimed_by=NOBODY, lease_until=Message.due_at)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        ).all()
        tell_all(session, back, State.QUEUED, why)
    return len(back)


_ROW = cast("Table", Message.__table__)
_NOW = bindparam("this_moment", type_=UTCDateTime())
_CLAIM = Prepared(
    update(_ROW)
    .where(_ROW.c.id == bindparam("this_id"))
    .values(state=State.CLAIMED, claimed_by=bindparam("this_worker"), lease_until=bindparam("this_lease"))
)
# One statement asks all there is to ask, and answers by changing the row or not.
_BEGIN = Prepared(
    update(_ROW)
    .where(
        _ROW.c.id == bindparam("this_id"),
        _ROW.c.state == State.CLAIMED,
        _ROW.c.claimed_by == bindparam("this_worker"),
        _ROW.c.held_because.is_(None),
        in_time(_NOW),
        not_held(),
        domain_open(_NOW),
        nothing_against(),
        fresh(bindparam("this_young", type_=UTCDateTime())),
    )
    .values(state=State.SENDING, attempts=_ROW.c.attempts + 1, lease_until=bindparam("this_lease"))
)
_SENT = Prepared(
    update(_ROW)
    .where(_ROW.c.id == bindparam("this_id"), _ROW.c.state == State.SENDING, _ROW.c.claimed_by == bindparam("this_worker"))
    .values(state=State.SENT, sent_at=_NOW, outcome=bindparam("this_reply"), claimed_by=bindparam("this_room"), lease_until=None)
)


def turn(worker: str, arrived: Arrived | None, following: Outgoing | None) -> State | None:
    """Store in one commit that one message arrived and that the next is about to go.

    Returns the state of ``following`` afterwards: ``sending`` where its bytes may go to the
    socket now, and where it stands instead where it must not go after all.
    """
    try:
        return _turn(worker, arrived, following)
    except OperationalError:
        # Somebody holds the lock for too long, or the database was started anew: the caller asks again.
        raise
    except Exception as error:
        if arrived is None:
            raise
        # What follows a sent mail failed. That the mail went must be known all the same.
        log.error("what follows a sent message of the kind %s failed: %s", arrived.outgoing.message.purpose, what_broke(error))  # noqa: TRY400
        _turn(worker, arrived, None, told_others=False)
        return _turn(worker, None, following)


def quick_turn(quick: Quick, worker: str, arrived: Arrived | None, following: Outgoing | None) -> State | None:
    """Do what ``turn`` does, without a session where nothing needs one."""
    if arrived is not None and (arrived.outgoing.troubled or arrived.outgoing.message.purpose in _need_a_session):
        return turn(worker, arrived, following)
    try:
        begun = _quick_turn(quick, worker, arrived, following)
    except NeedsSessionError:
        if arrived is not None:
            _need_a_session.add(arrived.outgoing.message.purpose)
        return turn(worker, arrived, following)
    except Exception as error:  # noqa: BLE001 - nothing was stored: the ordinary way says what is wrong, or does it.
        log.info("a transaction without a session failed: %s", type(error).__name__)
        return turn(worker, arrived, following)
    return State.SENDING if begun or following is None else turn(worker, None, following)


def _quick_turn(quick: Quick, worker: str, arrived: Arrived | None, following: Outgoing | None) -> bool:
    moment, events = now(), list[dict[str, Any]]()
    with quick.transaction():
        if arrived is not None:
            if not _mark_as_sent(quick, worker, arrived, moment):
                raise LookupError("it is not this worker's any more")
            events.append(told(arrived.outgoing.id, moment, State.SENT, arrived.reply))
            arrived.outgoing.message.sent_at = moment
            then = ports().sent.get(arrived.outgoing.message.purpose)
            if then is not None:
                then(arrived.outgoing.message)
        begun = following is not None and _begin_at_once(quick, worker, following, moment)
        if begun and following is not None:
            events.append(told(following.id, moment, State.SENDING))
        EVENTS.run_each(quick, events)
    return begun


# Purposes whose ``sent`` port was found to need a session.
_need_a_session: set[str] = set()


def _turn(worker: str, arrived: Arrived | None, following: Outgoing | None, *, told_others: bool = True) -> State | None:
    moment, state, events = now(), None, list[dict[str, Any]]()
    with writing() as session:
        connection = session.connection()
        if arrived is not None and _store_arrived(session, connection, worker, arrived, moment):
            events.append(told(arrived.outgoing.id, moment, State.SENT, arrived.reply))
            if told_others:
                _tell_others(session, arrived.outgoing, moment)
        if following is not None:
            state = _begin(session, connection, worker, following, moment)
            if state is State.SENDING:
                events.append(told(following.id, moment, State.SENDING))
        EVENTS.run_each(connection, events)
    return state


def _begin_at_once(transaction: Transaction, worker: str, following: Outgoing, moment: datetime) -> bool:
    """Put a message into ``sending`` where one question says that nothing is against it."""
    if is_asked_again(following.message.purpose):
        return False
    young, lease = moment - FRESH, moment + LEASE
    return bool(_BEGIN.run(transaction, this_id=following.id, this_worker=worker, this_moment=moment, this_young=young, this_lease=lease))


def _store_arrived(session: Session, connection: Connection, worker: str, arrived: Arrived, moment: datetime) -> bool:
    if _mark_as_sent(connection, worker, arrived, moment):
        return True
    # It was thought lost while it was being sent. Now its fate is known, unless another attempt has begun.
    message = locked(session, arrived.outgoing.id)
    if message is None or message.state not in UNKNOWN_YET or message.attempts != arrived.outgoing.message.attempts + 1:
        return False
    message.state, message.sent_at, message.outcome = State.SENT, moment, arrived.reply
    message.claimed_by = message.lease_until = None
    session.flush()
    return True


def _mark_as_sent(transaction: Transaction, worker: str, arrived: Arrived, moment: datetime) -> int:
    """Put the message into ``sent`` where it is still this worker's; returns how many rows that were: one or none."""
    # SQLite writes a row where it stands if it gets no longer and no shorter, and else all 13 kB of it anew.
    # The time of sending takes the place of the lease, and the reply that of the worker's name, of which so
    # much stays as there is room for ("sent" is three letters shorter than "sending").
    room = len(worker) + len(State.SENDING) - len(State.SENT) - len(arrived.reply)
    return _SENT.run(
        transaction,
        this_id=arrived.outgoing.id,
        this_worker=worker,
        this_moment=moment,
        this_reply=arrived.reply,
        this_room=worker[: max(room, 0)] or None,
    )


def _tell_others(session: Session, outgoing: Outgoing, moment: datetime) -> None:
    outgoing.message.sent_at = moment
    then = ports().sent.get(outgoing.message.purpose)
    if then is not None:
        then(outgoing.message)
    if outgoing.troubled and outgoing.message.domain_index:
        domains.let_in(session, outgoing.message.domain_index)


def _begin(session: Session, connection: Connection, worker: str, following: Outgoing, moment: datetime) -> State:
    index, share = following.message.domain_index, domains.per_minute()
    if share and index:
        domains.take_token(session, index, following.domain, per_minute=share, moment=moment)
        session.flush()
    if _begin_at_once(connection, worker, following, moment):
        return State.SENDING
    message = locked(session, following.id)
    if message is None or message.state is not State.CLAIMED or message.claimed_by != worker:
        return where_it_is(message, worker)
    state, why = _judged(session, message, moment)
    if state is State.SENDING:
        message.attempts += 1
        message.lease_until = moment + LEASE
        # The caller writes the event.
        message.state, message.outcome = state, ""
        session.flush()
    else:
        if state is State.PLANNED:
            # It is written afresh.
            message.raw = None
        move(session, message, state, why)
    return state


def _judged(session: Session, message: Message, moment: datetime) -> tuple[State, str]:
    """Return what ``_verdict`` does; a message about which it fails waits, and holds up no other."""
    try:
        with session.begin_nested():
            return _verdict(session, message, moment)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - one row must not hold up the others.
        log.error("a message of the kind %s cannot be looked at: %s", message.purpose, what_broke(error))  # noqa: TRY400
        message.due_at = moment + min(max(FIRST_WAIT, moment - message.created_at), LONGEST_WAIT)
        return State.DEFERRED, f"it cannot be looked at: {type(error).__name__}"


def _verdict(session: Session, message: Message, moment: datetime) -> tuple[State, str]:
    """Return where a claimed message goes that the one question did not let pass, and why."""
    reason = why_suppressed(message, message.to_address)
    if reason:
        return turned_away(session, message, reason)
    if message.not_after is not None and message.not_after <= moment:
        return State.CANCELLED, "its last moment has passed"
    if message.held_because is not None:
        return State.QUEUED, WHY_HELD[message.held_because]

    def holds(condition: ColumnElement[bool]) -> bool:
        return session.scalar(select(Message.id).where(Message.id == message.id, condition)) is not None

    if not holds(not_held()):
        status = session.scalar(select(Consultation.status).where(Consultation.id == message.consultation_id))
        return State.QUEUED, "the consultation is paused" if status is Status.PAUSED else "waits for the team"
    if not holds(domain_open(moment)):
        return State.QUEUED, "its domain takes no more mail for now"
    return stopped_at_the_door(session, message, moment) or (State.SENDING, "")
