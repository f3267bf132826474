"""Many messages from planned to queued: written outside the write lock, stored in one short transaction.

What is out of the ordinary (an address that may not be written to, a person with hours of
their own, a mail that does not go) is stored row by row, by the rule of ``preparing.store``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, not_, null, or_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import defer

from engagement.consultations.models import Consultation
from engagement.kernel.base import new_ids
from engagement.kernel.bulk import constant, insert_all, store_all, without_collecting
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, domain_index, keys, place_of
from engagement.kernel.db import db, writing
from engagement.kernel.errors import what_broke
from engagement.mailing.desk import Desk
from engagement.mailing.models import Message, MessageEvent, State, Suppression
from engagement.mailing.preparing import AT_ONCE, Draft, Result, prepare, store, unwritten, write
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

# What is filled in when a message is written or sent, and so need not be read before.
_NOT_YET = (
    Message.to_address_sealed,
    Message.subject_sealed,
    Message.raw_sealed,
    Message.address_index,
    Message.domain_index,
    Message.claimed_by,
    Message.lease_until,
    Message.sent_at,
    Message.bounced_at,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A draft that is ready to be stored: the columns that it fills."""

    person_id: UUID | None
    draft: Draft
    columns: dict[str, Any]


def prepare_many(ids: Sequence[UUID]) -> list[State]:
    """Write many messages and store their bytes; return the states that they are in afterwards.

    One that cannot be written or stored with the others is prepared alone, and holds up nobody.
    """
    states: list[State] = []
    for at in range(0, len(ids), AT_ONCE):
        states += _prepare_some(ids[at : at + AT_ONCE])
    return states


def _prepare_some(ids: Sequence[UUID]) -> list[State]:
    try:
        with without_collecting():
            written = dict(_written(ids))
            states = _stored(written)
    except (OperationalError, InterfaceError):
        # The database itself is in trouble: no row is to blame.
        raise
    except Exception as error:  # noqa: BLE001 - whichever row it was, each is tried alone.
        db.session.rollback()
        log.warning("messages are prepared one by one: %s", what_broke(error))
        written, states = {}, []
    return states + [prepare(each) for each in ids if each not in written]


def _written(ids: Sequence[UUID]) -> Iterator[tuple[UUID, Result | Sealed]]:
    """Give what came of each message that could be written with the others."""
    due = select(Message).where(Message.id.in_(ids)).options(*(defer(each) for each in _NOT_YET))
    messages = db.session.scalars(due.execution_options(populate_existing=True)).all()
    desk = Desk(messages)
    for message in messages:
        try:
            result = write(message, desk)
        except Exception:  # noqa: BLE001, S112 - it is prepared alone, and that says what broke.
            continue
        yield message.id, _sealed(message, result) if isinstance(result, Draft) else result


def _sealed(message: Message, draft: Draft) -> Sealed:
    def seal(column: str, plain: bytes) -> bytes:
        return keys.seal(plain, place_of(Message.__tablename__, column, message.id))

    address = draft.composed.to_address
    columns = {
        "to_address_sealed": seal("to_address_sealed", address.encode()),
        "subject_sealed": seal("subject_sealed", draft.subject.encode()) if draft.subject else None,
        "raw_sealed": seal("raw_sealed", draft.raw),
        "address_index": address_index(address),
        "domain_index": domain_index(address),
        "details": {**message.details, **draft.composed.details},
    }
    return Sealed(message.person_id, draft, columns)


def _stored(written: dict[UUID, Result | Sealed]) -> list[State]:
    """Store what came of the messages that are still unwritten; return the states they are in then."""
    with writing() as session:
        due = select(Message.id).where(Message.id.in_(written), unwritten()).order_by(Message.id)
        still = session.scalars(due.with_for_update()).all()
        ready = {each: found for each in still if isinstance(found := written[each], Sealed)}
        for each in _to_be_looked_at(session, ready):
            del ready[each]
        _queue(session, ready)
        for each in still:
            if each not in ready:
                row, result = session.get_one(Message, each, populate_existing=True), written[each]
                store(session, row, result.draft if isinstance(result, Sealed) else result)
        session.flush()
        others = [each for each in written if each not in ready]
        return [State.QUEUED] * len(ready) + list(session.scalars(select(Message.state).where(Message.id.in_(others))))


def _to_be_looked_at(session: Session, ready: dict[UUID, Sealed]) -> set[UUID]:
    """Return the messages to whose address or person anything is said: there each counts on its own."""
    indexes = [each.columns["address_index"] for each in ready.values()]
    named = set(session.scalars(select(Suppression.address_index).where(Suppression.address_index.in_(indexes))))
    people = [each.person_id for each in ready.values() if each.person_id is not None]
    said = or_(Person.do_not_contact, not_(Person.wants_mailings), not_(Person.wants_reminders), Person.safe_hours_sealed.is_not(None))
    wishing = set(session.scalars(select(Person.id).where(Person.id.in_(people), said)))
    # A wish holds for the address, whichever consultation heard it; with them, the index is of use.
    everywhere = (Person.consultation_id.in_(select(Consultation.id)), Person.email_index.in_(indexes))
    named.update(each for each in session.scalars(select(Person.email_index).where(*everywhere, said)) if each is not None)
    return {each for each, found in ready.items() if found.person_id in wishing or found.columns["address_index"] in named}


def _queue(session: Session, ready: dict[UUID, Sealed]) -> None:
    if not ready:
        return
    table = Message.__table__
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in next(iter(ready.values())).columns}
    # The same for all of them: part of the statement, not sent with each row.
    done = {
        "state": constant(State.QUEUED),
        "outcome": constant(""),
        "claimed_by": null(),
        "lease_until": null(),
    }
    session.execute(
        update(table).where(table.c.id == bindparam("row")).values(**values, **done),  # type: ignore[arg-type]
        [{"row": each, **{f"new_{name}": value for name, value in found.columns.items()}} for each, found in ready.items()],
    )
    store_all(session, (row for found in ready.values() for row in found.draft.composed.rows))
    told = {"at": now(), "state": State.QUEUED, "why": ""}
    insert_all(session, MessageEvent, [{"id": row, "message_id": of, **told} for row, of in zip(new_ids(len(ready)), ready, strict=True)])
