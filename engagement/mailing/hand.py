"""What a worker has in hand: messages that it claimed, read and opened in one go, outside every lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, bindparam, select

from engagement.kernel.clock import now
from engagement.kernel.crypto import keys, place_of
from engagement.kernel.db import db, writing
from engagement.mailing.domains import LONGEST_WAIT, troubled
from engagement.mailing.models import Message, State
from engagement.mailing.moving import locked, move

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


_ROW = cast("Table", Message.__table__)
# What sending needs, and what the purposes are told of a message that was sent.
_TOLD = (
    "id", "consultation_id", "person_id", "invitation_id", "mailing_id", "purpose", "details", "language", "dedup_key",
    "bounce_token", "state", "attempts", "domain_index",
)  # fmt: skip
_IN_HAND = select(*(_ROW.c[name] for name in (*_TOLD, "to_address_sealed", "raw_sealed"))).where(
    _ROW.c.id.in_(bindparam("these", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in a worker's hand, read and opened when it was claimed; ``message`` is in no session."""

    message: Message
    to_address: str
    raw: bytes
    # Its domain turned us away before: a success is worth writing down.
    troubled: bool = False

    @property
    def id(self) -> UUID:
        """Return the message's id."""
        return self.message.id

    @property
    def bounce_token(self) -> str:
        """Return the name by which its bounce is matched."""
        return self.message.bounce_token

    @property
    def domain(self) -> str:
        """Return the domain that it goes to."""
        return self.to_address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that the server took, and its last word."""

    outgoing: Outgoing
    reply: str


def in_hand(ids: Sequence[UUID]) -> list[Outgoing]:
    """Return these messages in this order, read in one go and opened, outside every lock.

    One that cannot be opened is put off and left out: the others go.
    """
    with db.engine.connect() as reading:
        rows = {row.id: row for row in reading.execute(_IN_HAND, {"these": list(ids)})}
    turned_us_away = troubled(row.domain_index for row in rows.values())
    opened: list[Outgoing] = []
    for row in (rows[each] for each in ids if each in rows):
        try:
            opened.append(_opened(row, troubled=row.domain_index in turned_us_away))
        except (ValueError, LookupError):
            # The key is gone, or what is stored was damaged.
            _put_off(row.id, "what is stored of it cannot be opened")
    return opened


def _opened(row: Any, *, troubled: bool) -> Outgoing:
    address = keys.open(row.to_address_sealed, place_of("message", "to_address_sealed", row.id)).decode()
    raw = keys.open(row.raw_sealed, place_of("message", "raw_sealed", row.id))
    return Outgoing(Message(**{name: getattr(row, name) for name in _TOLD}), address, raw, troubled)


def _put_off(message_id: UUID, why: str) -> None:
    with writing() as session:
        message = locked(session, message_id)
        if message is not None and message.state is State.CLAIMED:
            message.due_at = now() + LONGEST_WAIT
            if not message.attempts:
                # It never went: it is written afresh.
                message.raw = None
            move(session, message, State.DEFERRED, why)
