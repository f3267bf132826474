"""What the team does with received mail that waits: giving it to a consultation or a person, settling it, opening its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.finding import people_of
from engagement.mailing.inbound import InboxState
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.mime import attachments_of, read_mail
from engagement.mailing.receiving import MOST_FILES
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor


PAGE = 50


class SettledError(DomainError):
    """The mail does not wait any more: somebody has settled it."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Text("This mail has been settled already.", "Ce courriel est déjà réglé."))


@dataclass(frozen=True, slots=True)
class InboundFile:
    """A file of a received mail, as it is listed: its place, its name, what it says it is, and its bytes."""

    position: int
    name: str
    kind: str
    size: int


def files_listed(row: InboundMail) -> list[InboundFile]:
    """Return the files of a mail as they were found when it was received."""
    listed = json.loads(row.files or "[]")
    return [InboundFile(position, str(each["name"]), str(each["kind"]), int(each["size"])) for position, each in enumerate(listed)]


def file_content(row: InboundMail, position: int) -> bytes:
    """Return what one file of a mail holds; AbsentError where it, or the mail's bytes, are not kept."""
    raw = row.raw
    if raw is None or not 0 <= position < len(files_listed(row)):
        raise AbsentError
    mail = read_mail(raw)
    return mail.content(attachments_of(mail)[:MOST_FILES][position])


def files_with_content(row: InboundMail) -> list[tuple[InboundFile, bytes]]:
    """Return the files of a mail and what each holds; none where the mail's bytes are not kept."""
    raw, listed = row.raw, files_listed(row)
    if raw is None or not listed:
        return []
    mail = read_mail(raw)
    return [(each, mail.content(part)) for each, part in zip(listed, attachments_of(mail), strict=False)]


def held_waiting(session: Session, inbound_id: UUID) -> InboundMail:
    """Return a mail that waits, locked until the transaction ends. Raises AbsentError, SettledError."""
    row = session.get(InboundMail, inbound_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise AbsentError
    if row.state is not InboxState.WAITING:
        raise SettledError
    return row


def settle(
    *, inbound_id: UUID, state: InboxState, outcome: str, details: Mapping[str, str] | None = None, verb: str, actor: Actor
) -> InboundMail:
    """Have a mail that waits wait no longer: filed, or dismissed. Raises AbsentError, SettledError."""
    with writing() as session:
        row = held_waiting(session, inbound_id)
        row.state, row.outcome = state, outcome
        row.settled_at, row.settled_by = now(), actor.id
        row.details = {**row.details, **(details or {})}
        note(session, verb, row, actor)
    return row


def dismiss(*, inbound_id: UUID, actor: Actor) -> InboundMail:
    """Write down that a mail asks nothing of the team. Raises AbsentError, SettledError."""
    return settle(inbound_id=inbound_id, state=InboxState.DISMISSED, outcome="dismissed", verb="dismiss_mail", actor=actor)


def link_person(*, inbound_id: UUID, person_id: UUID, actor: Actor) -> InboundMail:
    """Say whose mail it is: somebody of its consultation. Raises AbsentError, SettledError."""
    with writing() as session:
        row = held_waiting(session, inbound_id)
        person = session.get(Person, person_id)
        if person is None or person.consultation_id != row.consultation_id:
            raise AbsentError
        row.person_id, row.person_sure = person.id, True
        note(session, "link_mail", row, actor)
    return row


def assign(*, inbound_id: UUID, consultation_id: UUID, actor: Actor) -> InboundMail:
    """Give a mail that belongs to no consultation to one; whose address it is from is guessed there. Raises AbsentError, SettledError."""
    with writing() as session:
        row = held_waiting(session, inbound_id)
        if row.consultation_id is not None or session.get(Consultation, consultation_id) is None:
            raise AbsentError
        row.consultation_id = consultation_id
        people = people_of(session, row.sender, consultation_id) if row.sender else []
        row.person_id, row.person_sure = people[0].id if people else None, False
        note(session, "assign_mail", row, actor)
    return row


def find_unassigned(inbound_id: UUID) -> InboundMail:
    """Return a mail that belongs to no consultation, or raise AbsentError."""
    row = db.session.scalar(select(InboundMail).where(InboundMail.id == inbound_id, InboundMail.consultation_id.is_(None)))
    if row is None:
        raise AbsentError
    return row


@dataclass(frozen=True, slots=True)
class PageOfUnassigned:
    """One page of the mail of no consultation; ``page`` counts from 1."""

    mails: Sequence[InboundMail]
    total: int
    page: int
    size: int = PAGE


def unassigned(page: int) -> PageOfUnassigned:
    """Return one page of the mails that wait and belong to no consultation, the newest first."""
    theirs = (InboundMail.consultation_id.is_(None), InboundMail.state == InboxState.WAITING)
    total = db.session.scalar(select(func.count()).select_from(InboundMail).where(*theirs)) or 0
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    found = select(InboundMail).where(*theirs).order_by(InboundMail.received_at.desc(), InboundMail.id)
    return PageOfUnassigned(db.session.scalars(found.limit(PAGE).offset((page - 1) * PAGE)).all(), total, page)
