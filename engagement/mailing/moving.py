"""A message changes its state, and an event row says so. Everything else about states is in ``outbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, insert

from engagement.kernel.base import new_ordered_id
from engagement.kernel.clock import now
from engagement.kernel.prepared import Prepared
from engagement.mailing.alive import NAME_LENGTH
from engagement.mailing.models import Message, MessageEvent, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

# Nothing happens to a message in these states unless somebody of the team wants it to.
SETTLED = frozenset({State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.DOUBTFUL})
LONGEST_OUTCOME = 500
# As long as the name of any worker (``alive.new_name``).
NOBODY = "-" * NAME_LENGTH
EVENTS = Prepared(insert(cast("Table", MessageEvent.__table__)))


def move(session: Session, message: Message, state: State, why: str = "") -> None:
    """Put ``message`` into ``state`` and write down that it happened."""
    message.state = state
    message.outcome = why[:LONGEST_OUTCOME]
    if state not in {State.CLAIMED, State.SENDING}:
        message.claimed_by, message.lease_until = in_nobodys_hand(state, message.due_at)
    session.add(MessageEvent(message_id=message.id, at=now(), state=state, why=message.outcome))


def in_nobodys_hand(state: State, due_at: datetime) -> tuple[str | None, datetime | None]:
    """Return what stands for the worker and the lease of a message that nobody has in hand.

    One that waits to go keeps their place: SQLite then writes its row where it stands when it
    is claimed, and not all 13 kB of it anew.
    """
    return (NOBODY, due_at) if state is State.QUEUED else (None, None)


def told(message_id: UUID, moment: datetime, state: State, why: str = "") -> dict[str, Any]:
    """Return the event row that says so, for ``EVENTS``."""
    return {"id": new_ordered_id(), "message_id": message_id, "at": moment, "state": state, "why": why}


def tell_all(session: Session, ids: Sequence[UUID], state: State, why: str = "") -> None:
    """Write down that all of these are in ``state`` now."""
    moment = now()
    EVENTS.run_each(session.connection(), [told(each, moment, state, why) for each in ids])


def locked(session: Session, message_id: UUID) -> Message | None:
    """Return a message, read anew and kept from others until the transaction ends."""
    return session.get(Message, message_id, with_for_update=True, populate_existing=True)


def where_it_is(message: Message | None, worker: str) -> State:
    """Return where a message stands that ``worker`` has not claimed any more: ``sending`` only where it is this worker who sends it."""
    if message is None:
        return State.CANCELLED
    # Somebody else took it over when its lease ran out, and is about to send it: it is in their hand.
    elsewhere = message.state is State.SENDING and message.claimed_by != worker
    return State.CLAIMED if elsewhere else message.state
