"""What waits for the team: holding it in steps, letting it go, cancelling it.

Many messages may have to be held at once. What says so is one row, stored with what caused it;
while it stands, nothing that it covers goes. It is carried out in short transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, insert, select, update

from engagement.kernel.audit import note_each
from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Hold, MailHold, Message, MessageEvent, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

UNSENT = (State.PLANNED, State.QUEUED, State.DEFERRED, State.CLAIMED)
# So many rows are changed in one transaction: well under 200 ms of write lock.
AT_ONCE = 200
# What a person's click carries out itself; the worker does the rest.
STEPS_AT_ONCE = 5
WHY_HELD = {
    Hold.RESTORED: "waits for the team: the database was put back to an older state",
    Hold.RESUMED: "waits for the team: it was due while the consultation was paused",
    Hold.TOO_OLD: "waits for the team: nobody was there to send it for too long",
    Hold.MAILING: "waits for the team: its mailing was paused",
}
LOST_IN_RESTORE = "the database was put back to a state in which it was being sent"


def hold_backlog(consultation_id: UUID) -> None:
    """Hold what became due while a consultation was paused, in the transaction that ends the pause."""
    with writing() as session:
        order = MailHold(consultation_id=consultation_id, because=Hold.RESUMED, until=now())
        session.add(order)
        session.flush()
        if _steps(session, order, STEPS_AT_ONCE):
            session.delete(order)
        else:
            ring_when_stored(session)


def carry_out() -> None:
    """Carry out every order to hold messages that still stands."""
    for order_id in db.session.scalars(select(MailHold.id)).all():
        done = False
        while not done:
            with writing() as session:
                order = session.get(MailHold, order_id, with_for_update=True, populate_existing=True)
                done = order is None or _steps(session, order, 1)
                if done and order is not None:
                    session.delete(order)


def _steps(session: Session, order: MailHold, steps: int) -> bool:
    """Hold up to so many times AT_ONCE messages; return whether none is left."""
    for _ in range(steps):
        ids = session.scalars(select(Message.id).where(_covered_by(order), Message.state.in_(UNSENT)).limit(AT_ONCE)).all()
        _hold(session, ids, order.because)
        if len(ids) < AT_ONCE:
            if order.because is Hold.RESTORED:
                _doubt_all(session, order)
            return True
    return False


def _covered_by(order: MailHold) -> ColumnElement[bool]:
    whose = [Message.consultation_id == order.consultation_id] if order.consultation_id else []
    until = Message.created_at if order.because is Hold.RESTORED else Message.due_at
    return and_(Message.held_because.is_(None), until <= order.until, *whose)


def _hold(session: Session, ids: Sequence[UUID], because: Hold) -> None:
    # A worker that has one of them in hand looks again before it begins, and puts it back.
    _change(session, Message.id.in_(ids), held_because=because)
    if because is Hold.RESTORED:
        # Whoever had these in hand is of another time.
        there = and_(Message.id.in_(ids), Message.state == State.CLAIMED)
        _change(session, there, state=State.QUEUED, claimed_by=None, lease_until=None)
    _tell(session, ids, WHY_HELD[because])


def _doubt_all(session: Session, order: MailHold) -> None:
    ids = session.scalars(select(Message.id).where(_covered_by(order), Message.state == State.SENDING)).all()
    _change(session, Message.id.in_(ids), state=State.DOUBTFUL, claimed_by=None, lease_until=None, outcome=LOST_IN_RESTORE)
    _tell(session, ids, LOST_IN_RESTORE)


def _change(session: Session, condition: ColumnElement[bool], **values: object) -> None:
    session.execute(update(Message).where(condition).values(**values).execution_options(synchronize_session=False))


def _tell(session: Session, ids: Sequence[UUID], why: str) -> None:
    """Write down for each message that this happened to it, in the state that it is in."""
    moment = now()
    states = session.execute(select(Message.id, Message.state).where(Message.id.in_(ids))).all()
    if states:
        session.execute(
            insert(MessageEvent), [{"id": new_id(), "message_id": id_, "at": moment, "state": state, "why": why} for id_, state in states]
        )


def let_go(condition: ColumnElement[bool], *, limit: int = AT_ONCE, actor: Actor) -> int:
    """Let up to ``limit`` held messages that meet ``condition`` go as soon as they are due; returns how many."""
    with writing() as session:
        ids = _held(session, condition, limit)
        _change(session, Message.id.in_(ids), held_because=None)
        _tell(session, ids, "let go by the team")
        note_each(session, "let_go", Message, ids, actor)
        ring_when_stored(session)
    return len(ids)


def cancel_held(condition: ColumnElement[bool], *, limit: int = AT_ONCE, actor: Actor) -> int:
    """Cancel up to ``limit`` held messages that meet ``condition``; returns how many."""
    with writing() as session:
        ids = _held(session, and_(condition, Message.state != State.CLAIMED), limit)
        _change(session, Message.id.in_(ids), held_because=None, state=State.CANCELLED, outcome="cancelled by the team")
        _tell(session, ids, "cancelled by the team")
        note_each(session, "cancel_message", Message, ids, actor)
    return len(ids)


def _held(session: Session, condition: ColumnElement[bool], limit: int) -> Sequence[UUID]:
    # A paused mailing is resumed on its own page, as a whole.
    waiting = and_(Message.held_because.is_not(None), Message.held_because != Hold.MAILING, Message.state.in_(UNSENT))
    return session.scalars(
        select(Message.id).where(waiting, condition).order_by(Message.due_at, Message.id).limit(limit).with_for_update()
    ).all()


def held_counts(condition: ColumnElement[bool]) -> dict[Hold, int]:
    """Return how many unsent messages that meet ``condition`` are held for each reason."""
    chosen = select(Message.held_because, func.count()).where(Message.held_because.is_not(None), Message.state.in_(UNSENT), condition)
    return {because: number for because, number in db.session.execute(chosen.group_by(Message.held_because)) if because is not None}
