"""Many messages at once that have not begun to go: written afresh because what they say has changed, or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, insert, select, update

from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Message, MessageEvent, State

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# A claimed one has not begun: whoever has it in hand looks at its row once more before the first byte goes.
UNSENT = (State.PLANNED, State.QUEUED, State.DEFERRED, State.CLAIMED)


def write_afresh(session: Session, which: ColumnElement[bool], why: str) -> int:
    """Have messages whose bytes are stored and were never tried be written again when they are due; return how many.

    A message that was tried keeps its bytes: the same may have arrived already.
    """
    untried = (
        which & Message.state.in_([State.QUEUED, State.DEFERRED, State.CLAIMED]) & Message.raw_sealed.is_not(None) & (Message.attempts == 0)
    )
    number = _move(session, untried, State.PLANNED, why, raw_sealed=None, due_at=now())
    if number:
        ring_when_stored(session)
    return number


def stop(session: Session, which: ColumnElement[bool], why: str, at_most: int = 500) -> int:
    """Cancel up to ``at_most`` messages that have not begun to go; return how many: none only where none is left.

    What a worker has in its hand at this moment is waited for. It begins to go meanwhile, or it is cancelled.
    """
    unsent = and_(which, Message.state.in_(UNSENT))
    while True:
        moved = _move(session, unsent, State.CANCELLED, why, at_most=at_most)
        # All that were waited for may have begun; those behind them have not been looked at then.
        if moved or session.scalar(select(Message.id).where(unsent).limit(1)) is None:
            return moved


def _move(session: Session, which: ColumnElement[bool], state: State, why: str, *, at_most: int | None = None, **values: Any) -> int:
    # In the order in which everybody locks several of them: nobody waits for another in a ring.
    some = select(Message.id).where(which).order_by(Message.id).limit(at_most).with_for_update()
    moved = session.scalars(
        update(Message)
        .where(Message.id.in_(some))
        .values(state=state, outcome=why, claimed_by=None, lease_until=None, **values)
        .returning(Message.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if moved:
        moment = now()
        events = [{"id": new_id(), "message_id": each, "at": moment, "state": state, "why": why} for each in moved]
        session.execute(insert(MessageEvent), events)
    return len(moved)
