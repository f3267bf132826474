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

from engagement.consultations.models import Consultation
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, domain_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.builder import BadMailError, Letter, build
from engagement.mailing.composing import Composed, Composer, Dropped, Waits
from engagement.mailing.letters import Written, languages_of, write
from engagement.mailing.models import Message, State
from engagement.mailing.outbox import LONGEST_WAIT, move, not_held, why_suppressed
from engagement.mailing.tasks import Instead, Later, instead_of_mail, take_over
from engagement.mailing.texts import text_of

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

ASK_AGAIN = timedelta(minutes=5)
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


def due_to_be_written(limit: int = 20) -> list[UUID]:
    """Return the ids of messages that are due and have no bytes yet, the longest due first."""
    moment = now()
    found = select(Message.id).where(unwritten(), Message.due_at <= moment, Message.held_because.is_(None), not_held())
    return list(db.session.scalars(found.order_by(Message.due_at, Message.id).limit(limit)))


def prepare(message_id: UUID) -> State:
    """Write one message and store its bytes; returns the state that it is in afterwards."""
    message = db.session.get(Message, message_id, populate_existing=True)
    if message is None:
        return State.CANCELLED
    purpose = message.purpose
    try:
        return _stored(message_id, _write(message))
    except Exception as error:  # noqa: BLE001 - one row must not hold up the others.
        return _stored(message_id, _broken(purpose, error))


def _stored(message_id: UUID, result: Result) -> State:
    with writing() as session:
        row = session.get(Message, message_id, with_for_update=True, populate_existing=True)
        if row is None:
            return State.CANCELLED
        if row.state is State.PLANNED or (row.state is State.DEFERRED and row.raw_sealed is None):
            _store(session, row, result)
        return row.state


def _store(session: Session, row: Message, result: Result) -> None:
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
        session.add_all(result.composed.rows)
        reason = why_suppressed(row, row.to_address)
        move(session, row, State.SUPPRESSED if reason else State.QUEUED, reason)


def _longer_wait(row: Message) -> timedelta:
    """Return a wait that grows with the time that ``row`` has been failing: it is asked ever more seldom."""
    return min(max(ASK_AGAIN, now() - row.created_at), LONGEST_WAIT)


def _ask(message: Message) -> Composed | Dropped | Waits:
    """Return what the composer says of ``message`` now."""
    composer: Composer | None = ports().composers.get(message.purpose)
    if composer is None:
        return Waits(f"nobody writes mails of the kind {message.purpose}")
    if not text_of(message.consultation_id, message.purpose).sendable:
        return Waits(STALE)
    try:
        return composer.compose(message)
    except AbsentError:
        return Dropped("what it is about does not exist any more")
    except DomainError as error:
        return Waits(str(error))


def _broken(purpose: str, error: Exception) -> Broken:
    db.session.rollback()
    log.error("a message of the kind %s cannot be written: %s", purpose, what_broke(error))
    return Broken(f"it cannot be written: {type(error).__name__}")


def _write(message: Message) -> Result:
    """Return the mail as it will go, or why it does not."""
    said = _ask(message)
    if not isinstance(said, Composed):
        return said
    try:
        text = text_of(message.consultation_id, message.purpose)
        instead = instead_of_mail(message, said, text, now())
        if instead is not None:
            return instead
        written = write(text, said.values, message.language, settings().base_url)
        return Draft(said, written.subject, _bytes(message, said, written))
    except BadMailError as error:
        return error
    except DomainError as error:
        return Waits(str(error))


def _bytes(message: Message, said: Composed, written: Written) -> bytes:
    consultation = db.session.get(Consultation, message.consultation_id) if message.consultation_id else None
    return build(
        Letter(
            from_name=said.from_name or sender_name(consultation, message.language),
            from_address=settings().mail_default_sender,
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
        )
    )


def sender_name(consultation: Consultation | None, language: str) -> str:
    """Return the name that stands before our address: who leads the consultation, else its title."""
    if consultation is None:
        return ""
    lead = consultation.text("lead")
    name: Text = lead if lead.whole else consultation.text("title")
    return " / ".join(dict.fromkeys(name.in_(each) for each in languages_of(language)))
