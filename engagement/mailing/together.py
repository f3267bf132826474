"""What happens to all messages of one mailing at once: held, let go, cancelled, tried again.

Each verb does one short step, so that nobody waits for it, and returns how many messages it
moved; whoever calls goes on until it moves none. What was done stands in the rows, so that a
step that was interrupted is gone on with by the next one who asks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, insert, select, update

from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing.afresh import UNSENT
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Hold, Message, MessageEvent, State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from sqlalchemy.orm import Session

# Well under 200 ms of write lock.
AT_ONCE = 200
NOT_BEGUN = UNSENT
_CODE = re.compile(r"(?<!\d)[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_REPLY = re.compile(r"\b[45]\d\d\b")


def unsent(mailing_id: UUID) -> ColumnElement[bool]:
    """Return the condition on Message for those of a mailing that have not begun to go."""
    return and_(Message.mailing_id == mailing_id, Message.state.in_(NOT_BEGUN))


def held_by_pause(mailing_id: UUID) -> ColumnElement[bool]:
    """Return the condition on Message for those that wait because their mailing is paused."""
    return and_(Message.mailing_id == mailing_id, Message.held_because == Hold.MAILING)


def hold_some(mailing_id: UUID) -> int:
    """Have some more unsent messages of a paused mailing wait."""
    return _set(and_(unsent(mailing_id), Message.held_because.is_(None)), {"held_because": Hold.MAILING})


def let_some_go(mailing_id: UUID) -> int:
    """Let some more messages go that waited for their mailing."""
    return _set(held_by_pause(mailing_id), {"held_because": None})


def cancel_some(mailing_id: UUID, why: str) -> int:
    """Cancel some more unsent messages of a stopped mailing, each with an event row that says ``why``."""
    with writing() as session:
        ids = _some(session, unsent(mailing_id))
        _move(session, ids, State.CANCELLED, why, {"held_because": None})
    return len(ids)


def _set(condition: ColumnElement[bool], values: Mapping[str, object]) -> int:
    with writing() as session:
        ids = _some(session, condition)
        if ids:
            session.execute(update(Message).where(Message.id.in_(ids)).values(**values).execution_options(synchronize_session=False))
            ring_when_stored(session)
    return len(ids)


def _some(session: Session, condition: ColumnElement[bool]) -> list[UUID]:
    """Return the ids of some messages, locked; none only where none is left: those that a worker has in hand are waited for."""
    chosen = select(Message.id).where(condition).order_by(Message.id).limit(AT_ONCE)
    while True:
        found = list(session.scalars(chosen.with_for_update()))
        if found or session.scalar(chosen.limit(1)) is None:
            return found


def _move(session: Session, ids: list[UUID], state: State, why: str, values: Mapping[str, object]) -> None:
    if not ids:
        return
    moment = now()
    moved = {"state": state, "outcome": why, "claimed_by": None, "lease_until": None, **values}
    session.execute(update(Message).where(Message.id.in_(ids)).values(**moved).execution_options(synchronize_session=False))
    session.execute(insert(MessageEvent), [{"id": new_id(), "message_id": each, "at": moment, "state": state, "why": why} for each in ids])


def kind_of_failure(outcome: str) -> str:
    """Return what failures with such a last word have in common: the server's code, else the word itself."""
    found = _CODE.search(outcome) or _REPLY.search(outcome)
    return found.group() if found else outcome


def failures_of(mailing_id: UUID) -> dict[str, int]:
    """Return how many messages of a mailing failed for each kind of reason, the most frequent first."""
    failed = and_(Message.mailing_id == mailing_id, Message.state == State.FAILED)
    rows = db.session.execute(select(Message.outcome, func.count()).where(failed).group_by(Message.outcome)).all()
    counted: dict[str, int] = {}
    for outcome, number in rows:
        kind = kind_of_failure(outcome)
        counted[kind] = counted.get(kind, 0) + number
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def retry_some(mailing_id: UUID, reasons: Collection[str], why: str) -> int:
    """Write some more failed messages afresh, to the address that each person has now."""
    with writing() as session:
        failed = and_(Message.mailing_id == mailing_id, Message.state == State.FAILED)
        rows = session.execute(select(Message.id, Message.outcome).where(failed).order_by(Message.id).with_for_update())
        ids = [each for each, outcome in rows if kind_of_failure(outcome) in reasons][:AT_ONCE]
        write_afresh(session, ids, why)
    return len(ids)


def write_afresh(session: Session, ids: list[UUID], why: str, *, held: bool = False) -> None:
    """Have messages that no server took be written again and go now; ``held``: when their mailing is resumed."""
    waits = Hold.MAILING if held else None
    fresh = {"raw_sealed": None, "attempts": 0, "not_after": None, "due_at": now(), "held_because": waits}
    _move(session, ids, State.PLANNED, why, fresh)
    if ids:
        ring_when_stored(session)
