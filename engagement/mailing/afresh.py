"""Many messages at once that have not begun to go: written afresh because what they say has changed, or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, insert, not_, select, update

from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.ports import ports
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Message, MessageEvent, State
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

# A claimed one has not begun: whoever has it in hand looks at its row once more before the first byte goes.
UNSENT = (State.PLANNED, State.QUEUED, State.DEFERRED, State.CLAIMED)


def write_afresh(session: Session, which: ColumnElement[bool], why: str) -> int:
    """Have messages whose bytes are stored be written again when they are due; return how many.

    One that a server refused for now has arrived nowhere, and keeps the moment at which it is tried
    again. One of which nobody knew once whether it arrived keeps its bytes: the same may have.
    """
    waiting = (State.QUEUED, State.DEFERRED, State.CLAIMED)
    unknown = select(MessageEvent.id).where(MessageEvent.message_id == Message.id, MessageEvent.state == State.DOUBTFUL).exists()
    written = and_(which, Message.state.in_(waiting), Message.raw_sealed.is_not(None), not_(unknown))
    number = _move(session, and_(written, Message.attempts > 0), State.PLANNED, why, raw_sealed=None)
    number += _move(session, and_(written, Message.attempts == 0), State.PLANNED, why, raw_sealed=None, due_at=now())
    if number:
        ring_when_stored(session)
    return number


def write_theirs_afresh(person_id: UUID) -> None:
    """Have what waits for one person say and go where they are now: their address, name, language and wishes were changed."""
    with writing() as session:
        language = session.scalar(select(Person.language).where(Person.id == person_id)) or "both"
        # A code is in the language of the page on which it was asked for.
        asked_for = [purpose for purpose, composer in ports().composers.items() if composer.asked_for]
        theirs = and_(Message.person_id == person_id, Message.purpose.not_in(asked_for))
        write_afresh(session, theirs, "the person’s particulars were changed: it is written afresh")
        planned = and_(theirs, Message.state == State.PLANNED, Message.language != language)
        session.execute(update(Message).where(planned).values(language=language).execution_options(synchronize_session="fetch"))


def write_all_afresh(consultation_id: UUID) -> None:
    """Have what waits in one consultation say what the consultation says of itself now."""
    with writing() as session:
        write_afresh(session, Message.consultation_id == consultation_id, "the consultation was edited: it is written afresh")


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
