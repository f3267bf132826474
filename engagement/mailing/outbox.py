"""The outbox: how a message moves from state to state, and that no two workers move it at once.

The rows are the truth. A message is ``sending`` in the database before the socket is touched
and no transaction stays open over SMTP: a worker that is killed leaves a row that says how far
it came. Exactly once is impossible over SMTP; nothing lost, and every possible duplicate known
as ``doubtful``, is what these states promise.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from engagement.consultations.models import Consultation, Status
from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.models import Message, MessageEvent, State, Why
from engagement.mailing.suppressions import suppress, why_suppressed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

# Longer than the longest wait for a server's last word: a slow answer is no lost worker.
LEASE = timedelta(minutes=15)
# How long after the last thing that happened to a message its text, subject and address are kept.
KEEP_BYTES = timedelta(days=60)
# Nothing happens to a message in these states unless somebody of the team wants it to.
SETTLED = frozenset({State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.DOUBTFUL})
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
MOST_ATTEMPTS = 14
LONGEST_OUTCOME = 500
# Why a message is where it is when somebody of the team has just said that it goes again.
SENT_AGAIN = "sent again by the team"


class NotNowError(DomainError):
    """The message is not in a state in which this can be done."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message whose row says ``sending``: its bytes may go to the socket now."""

    id: UUID
    bounce_token: str
    to_address: str
    raw: bytes


def not_held() -> ColumnElement[bool]:
    """Return the condition on Message that its consultation is not paused."""
    paused = select(Consultation.id).where(Consultation.status == Status.PAUSED)
    return or_(Message.consultation_id.is_(None), Message.consultation_id.not_in(paused))


def due(moment: datetime) -> ColumnElement[bool]:
    """Return the condition on Message that bytes are stored and may go at ``moment``."""
    return and_(
        Message.state.in_([State.QUEUED, State.DEFERRED]),
        Message.raw_sealed.is_not(None),
        Message.held_because.is_(None),
        Message.due_at <= moment,
        or_(Message.not_after.is_(None), Message.not_after > moment),
        not_held(),
    )


def move(session: Session, message: Message, state: State, why: str = "") -> None:
    """Put ``message`` into ``state`` and write down that it happened."""
    message.state = state
    message.outcome = why[:LONGEST_OUTCOME]
    if state not in {State.CLAIMED, State.SENDING}:
        message.claimed_by = message.lease_until = None
    session.add(MessageEvent(message_id=message.id, at=now(), state=state, why=message.outcome))


def _tell(session: Session, ids: Sequence[UUID], state: State, why: str = "") -> None:
    if ids:
        moment = now()
        session.execute(
            insert(MessageEvent), [{"id": new_id(), "message_id": each, "at": moment, "state": state, "why": why} for each in ids]
        )


def claim(worker: str, limit: int = 10) -> list[UUID]:
    """Claim up to ``limit`` due messages for ``worker``, the longest due first; nobody else gets them."""
    moment = now()
    with writing() as session:
        # SQLite writes one at a time; PostgreSQL skips the rows that another worker holds.
        chosen = select(Message.id).where(due(moment)).order_by(Message.due_at, Message.id).limit(limit).with_for_update(skip_locked=True)
        claimed = session.scalars(
            update(Message)
            .where(Message.id.in_(chosen))
            .values(state=State.CLAIMED, claimed_by=worker, lease_until=moment + LEASE)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        ).all()
        _tell(session, claimed, State.CLAIMED)
    return list(claimed)


def release(worker: str) -> None:
    """Give back what ``worker`` claimed and did not begin to send."""
    _requeue(and_(Message.state == State.CLAIMED, Message.claimed_by == worker), "")


def _requeue(condition: ColumnElement[bool], why: str) -> int:
    with writing() as session:
        back = session.scalars(
            update(Message)
            .where(condition)
            .values(state=State.QUEUED, claimed_by=None, lease_until=None)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        ).all()
        _tell(session, back, State.QUEUED, why)
    return len(back)


def begin_sending(message_id: UUID, worker: str) -> Outgoing | State:
    """Store that the socket is about to be touched, and return what to send.

    Returns the state instead where it must not go after all: suppressed meanwhile, held by a
    pause, or no longer this worker's.
    """
    moment = now()
    with writing() as session:
        message = _locked(session, message_id)
        if message is None or message.state is not State.CLAIMED or message.claimed_by != worker:
            return message.state if message else State.CANCELLED
        reason = why_suppressed(message, message.to_address)
        if reason:
            move(session, message, State.SUPPRESSED, reason)
        elif session.scalar(select(Message.id).where(Message.id == message_id, not_held())) is None:
            move(session, message, State.QUEUED, "the consultation is paused")
        else:
            message.attempts += 1
            message.lease_until = moment + LEASE
            move(session, message, State.SENDING)
            return Outgoing(message.id, message.bounce_token, message.to_address, message.raw or b"")
        return message.state


def _locked(session: Session, message_id: UUID) -> Message | None:
    return session.get(Message, message_id, with_for_update=True, populate_existing=True)


def record_sent(message_id: UUID, reply: str) -> None:
    """Store that the server took the message, with what its purpose must know of that."""
    with writing() as session:
        message = _locked(session, message_id)
        if message is None or message.state is not State.SENDING:
            return
        mark_sent(session, message, reply)


def mark_sent(session: Session, message: Message, why: str) -> None:
    """Put ``message`` into ``sent`` and run its purpose's ``sent`` port in this transaction."""
    message.sent_at = now()
    move(session, message, State.SENT, why)
    session.flush()
    then = ports().sent.get(message.purpose)
    if then is not None:
        then(message)


def record_refused(message_id: UUID, reply: str, *, permanent: bool, no_such_address: bool = False) -> State:
    """Store that the server refused: tried again later, or failed for good.

    An address that does not exist is suppressed, so that nobody writes to it again.
    """
    with writing() as session:
        message = _locked(session, message_id)
        if message is None or message.state is not State.SENDING:
            return State.CANCELLED if message is None else message.state
        if not permanent and message.attempts < MOST_ATTEMPTS:
            message.due_at = now() + wait_after(message.attempts)
            move(session, message, State.DEFERRED, reply)
            return State.DEFERRED
        move(session, message, State.FAILED, reply)
        if no_such_address:
            suppress(session, message.to_address, Why.BOUNCED, message=message)
            for tell in ports().bounced:
                tell(message)
        return State.FAILED


def record_not_from_us(message_id: UUID, reply: str) -> None:
    """Store that the server took nothing from us: it is tried again and counts as no attempt, however often."""
    with writing() as session:
        message = _locked(session, message_id)
        if message is not None and message.state is State.SENDING:
            message.attempts -= 1
            message.due_at = now() + FIRST_WAIT
            move(session, message, State.DEFERRED, reply)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: doubling, up to four hours, half to one and a half of it."""
    base: timedelta = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    return base * (0.5 + secrets.randbelow(1000) / 1000)


def record_unknown(message_id: UUID, why: str) -> None:
    """Store that nobody knows whether the server took the message."""
    with writing() as session:
        message = _locked(session, message_id)
        if message is not None and message.state is State.SENDING:
            doubt(session, message, why)


def doubt(session: Session, message: Message, why: str) -> None:
    """Put ``message`` into ``doubtful``; by the setting it goes once more with the same bytes."""
    earlier = session.scalar(
        select(func.count()).select_from(MessageEvent).where(MessageEvent.message_id == message.id, MessageEvent.state == State.DOUBTFUL)
    )
    move(session, message, State.DOUBTFUL, why)
    if settings().mail_resend_doubtful and not earlier:
        message.due_at = now()
        move(session, message, State.QUEUED, "the same bytes once more, by the setting MAIL_RESEND_DOUBTFUL")


def sweep() -> dict[str, int]:
    """Settle what time has settled; returns how many became doubtful and cancelled."""
    moment = now()
    _requeue(and_(Message.state == State.CLAIMED, Message.lease_until < moment), "its worker was lost before sending")
    doubtful = _each(and_(Message.state == State.SENDING, Message.lease_until < moment), _lost_while_sending)
    late = and_(Message.state.in_([State.PLANNED, State.QUEUED, State.DEFERRED]), Message.not_after <= moment, not_held())
    cancelled = _each(late, _too_late)
    _drop_old_bytes(moment)
    return {"doubtful": doubtful, "cancelled": cancelled}


def _each(condition: ColumnElement[bool], settle: Any) -> int:
    ids = db.session.scalars(select(Message.id).where(condition).limit(100)).all()
    settled = 0
    for message_id in ids:
        with writing() as session:
            message = session.scalar(
                select(Message).where(Message.id == message_id, condition).with_for_update().execution_options(populate_existing=True)
            )
            if message is not None:
                settle(session, message)
                settled += 1
    return settled


def _lost_while_sending(session: Session, message: Message) -> None:
    doubt(session, message, "its worker was lost while sending")


def _too_late(session: Session, message: Message) -> None:
    move(session, message, State.CANCELLED, "its last moment has passed")


def _drop_old_bytes(moment: datetime) -> None:
    last = select(func.max(MessageEvent.at)).where(MessageEvent.message_id == Message.id).scalar_subquery()
    kept = or_(Message.raw_sealed.is_not(None), Message.subject_sealed.is_not(None), Message.to_address_sealed.is_not(None))
    old = and_(kept, Message.state.in_(SETTLED), Message.created_at < moment - KEEP_BYTES, last < moment - KEEP_BYTES)
    ids = db.session.scalars(select(Message.id).where(old).limit(200)).all()
    if not ids:
        return
    with writing() as session:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), old)
            .values(raw_sealed=None, subject_sealed=None, to_address_sealed=None, address_index=None, domain_index=None)
            .execution_options(synchronize_session=False)
        )
