"""From planned to queued: a message is written when it is due, and its bytes are stored.

Composing and building happen outside the write lock; storing the bytes, the rows that belong
to them and the change of state is one short transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import and_, or_, select

from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, domain_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.mailing.builder import BadMailError, Letter, build
from engagement.mailing.composing import Composed, Dropped, Waits
from engagement.mailing.desk import Desk
from engagement.mailing.discretion import discreetly
from engagement.mailing.due import in_time
from engagement.mailing.letters import Written, languages_of
from engagement.mailing.models import Message, State
from engagement.mailing.outbox import LONGEST_WAIT, move, not_held
from engagement.mailing.preference_links import with_preferences
from engagement.mailing.suppressions import why_suppressed
from engagement.mailing.tasks import Instead, Later, instead_of_mail, take_over

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

# So many are written, and then stored in one transaction: some tens of milliseconds of write lock.
AT_ONCE = 400
ASK_AGAIN = timedelta(minutes=5)
NO_ADDRESS = "there is no mail address"
STALE = "a text is missing in one language, or older than its translation"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that was written: what the composer gave, and what came of it."""

    composed: Composed
    subject: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Writing a mail failed in a way that nobody foresaw; it is tried again, ever more seldom."""

    reason: str


Result: TypeAlias = Draft | Dropped | Waits | Later | Instead | Broken | BadMailError


def unwritten() -> ColumnElement[bool]:
    """Return the condition on Message that its bytes are still to be made."""
    return or_(Message.state == State.PLANNED, and_(Message.state == State.DEFERRED, Message.raw_sealed.is_(None)))


def due_to_be_written(limit: int = AT_ONCE) -> list[UUID]:
    """Return the ids of messages that are due and have no bytes yet, the longest due first."""
    # One question for each state, in the order of the index: however many wait, only these are looked at.
    found = [row for state in (State.PLANNED, State.DEFERRED) for row in _due_in(state, limit)]
    return [message_id for _, message_id in sorted(found)[:limit]]


def _due_in(state: State, limit: int) -> list[tuple[datetime, UUID]]:
    moment = now()
    # What is too late is not written, nor made a call of: the next sweep cancels it.
    mine = (Message.state == state, unwritten(), Message.due_at <= moment, in_time(moment), Message.held_because.is_(None), not_held())
    rows = db.session.execute(select(Message.due_at, Message.id).where(*mine).order_by(Message.due_at).limit(limit))
    return [(row.due_at, row.id) for row in rows]


def prepare(message_id: UUID) -> State:
    """Write one message and store its bytes; returns the state that it is in afterwards."""
    message = db.session.get(Message, message_id, populate_existing=True)
    if message is None:
        return State.CANCELLED
    purpose = message.purpose
    try:
        return _stored(message_id, write(message, Desk([message])))
    except Exception as error:  # noqa: BLE001 - one row must not hold up the others.
        return _stored(message_id, _broken(purpose, error))


def _stored(message_id: UUID, result: Result) -> State:
    with writing() as session:
        row = session.get(Message, message_id, with_for_update=True, populate_existing=True)
        if row is None:
            return State.CANCELLED
        if row.state is State.PLANNED or (row.state is State.DEFERRED and row.raw_sealed is None):
            store(session, row, result)
        return row.state


def store(session: Session, row: Message, result: Result) -> None:
    """Store what came of writing ``row``, which is locked and still unwritten."""
    if isinstance(result, Dropped):
        move(session, row, State.CANCELLED, result.reason)
    elif isinstance(result, Waits | Broken):
        row.due_at = now() + (ASK_AGAIN if isinstance(result, Waits) else _longer_wait(row))
        if row.state is not State.DEFERRED or row.outcome != result.reason:
            move(session, row, State.DEFERRED, result.reason)
    elif isinstance(result, Later):
        row.due_at = result.until
        move(session, row, State.DEFERRED, result.reason)
    elif isinstance(result, Instead):
        take_over(session, row, result)
    elif isinstance(result, BadMailError):
        move(session, row, State.FAILED, str(result))
    else:
        row.to_address, row.subject, row.raw = result.composed.to_address, result.subject, result.raw
        row.address_index, row.domain_index = address_index(row.to_address), domain_index(row.to_address)
        row.details = {**row.details, **result.composed.details}
        store_all(session, result.composed.rows)
        reason = why_suppressed(row, row.to_address)
        move(session, row, State.SUPPRESSED if reason else State.QUEUED, reason)


def _longer_wait(row: Message) -> timedelta:
    """Return a wait that grows with the time that ``row`` has been failing: it is asked ever more seldom."""
    return min(max(ASK_AGAIN, now() - row.created_at), LONGEST_WAIT)


def _broken(purpose: str, error: Exception) -> Broken:
    db.session.rollback()
    log.error("a message of the kind %s cannot be written: %s", purpose, what_broke(error))
    return Broken(f"it cannot be written: {type(error).__name__}")


def write(message: Message, desk: Desk) -> Result:
    """Return the mail as it will go, or why it does not."""
    said = _ask(message, desk)
    if not isinstance(said, Composed):
        return said
    try:
        text = desk.text_for(message)
        instead = instead_of_mail(message, said, text, desk, now())
        if instead is not None:
            return instead
        if not said.to_address:
            return Dropped(NO_ADDRESS)
        text, said = discreetly(text, said, desk.person_of(message))
        said = with_preferences(message, said, text)
        written = desk.writer.write(text, said.values, message.language)
        return Draft(said, written.subject, _bytes(message, said, written, desk))
    except BadMailError as error:
        return error
    except DomainError as error:
        return Waits(str(error))


def _ask(message: Message, desk: Desk) -> Composed | Dropped | Waits:
    """Return what the composer says of ``message`` now."""
    if message.purpose in ports().composers and not desk.text_for(message).sendable:
        return Waits(STALE)
    try:
        return desk.compose(message)
    except AbsentError:
        return Dropped("what it is about does not exist any more")
    except DomainError as error:
        return Waits(str(error))


def _bytes(message: Message, said: Composed, written: Written, desk: Desk) -> bytes:
    consultation = desk.consultation_of(message)
    return build(
        Letter(
            # Whoever looks over somebody's shoulder reads an address, and nobody's name.
            from_name="" if said.discreet else said.from_name or desk.sender_of(message),
            from_address=desk.address,
            to_name=said.to_name,
            to_address=said.to_address,
            reply_to=said.reply_to or (consultation.contact_email if consultation else ""),
            subject=written.subject,
            message_id=message.rfc_message_id,
            date=now(),
            language=", ".join(languages_of(message.language)),
            plain=written.plain,
            html=written.html,
            calendar=(said.calendar.method, said.calendar.ics) if said.calendar else None,
            unsubscribe=said.unsubscribe,
            unsubscribe_mailbox=said.unsubscribe_mailbox,
        )
    )
