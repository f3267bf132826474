"""Whom a team does not write to, and since when: what of it a member may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from engagement.kernel.audit import AuditEntry
from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Suppression
from engagement.mailing.suppressions import suppressions_of
from engagement.roster.filters import Filter, chosen, visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

PAGE = 50
NOTHING_AT_ALL = Text("Has asked not to be contacted", "A demandé qu’on ne communique pas avec elle ou lui")
NO_MAILINGS = Text("Wants no invitations, news or reminders", "Ne veut ni invitations, ni nouvelles, ni rappels")
NO_REMINDERS = Text("Wants no reminders", "Ne veut pas de rappels")


@dataclass(frozen=True, slots=True)
class NotWrittenTo:
    """Somebody who is not written to, or not about everything: what they wished and since when, and their address's row."""

    person: Person
    wish: Text | None
    wished_at: datetime | None
    suppression: Suppression | None


@dataclass(frozen=True, slots=True)
class PageOfThem:
    """One page of the list; ``page`` counts from 1. ``unknown`` are addresses of nobody whom the member knows of."""

    rows: Sequence[NotWrittenTo]
    unknown: Sequence[Suppression]
    total: int
    page: int
    size: int = PAGE


def not_written_to(access: Access, search: str, page: int) -> PageOfThem:
    """Return one page of the people who are not written to, or not about everything, by family name."""
    asked = Filter.from_query({"search": search})
    condition = chosen(access, asked) & _something_holds()
    total = db.session.scalar(select(func.count()).select_from(Person).where(condition)) or 0
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    ordered = select(Person).where(condition).order_by(Person.name_key, Person.id).limit(PAGE).offset((page - 1) * PAGE)
    people = db.session.scalars(ordered).all()
    held, since = suppressions_of(person.email_index for person in people), wished_at([person.id for person in people])
    rows = [
        NotWrittenTo(person, wish_of(person), since.get(person.id), held.get(person.email_index) if person.email_index else None)
        for person in people
    ]
    return PageOfThem(rows, [] if asked.search or page > 1 else _typed_for_nobody_known(access), total, page)


def _something_holds() -> ColumnElement[bool]:
    suppressed = Person.email_index.in_(select(Suppression.address_index))
    return or_(Person.do_not_contact, Person.wants_mailings.is_(False), Person.wants_reminders.is_(False), suppressed)


def _typed_for_nobody_known(access: Access) -> Sequence[Suppression]:
    """Return what this team typed in for addresses of nobody whom the member knows of.

    An address of somebody who is hidden from them is among those, and looks like any other.
    """
    known = select(Person.email_index).where(visible(access), Person.email_index.is_not(None))
    typed = (Suppression.consultation_id == access.consultation.id) & Suppression.typed
    return db.session.scalars(
        select(Suppression).where(typed, Suppression.address_index.not_in(known)).order_by(Suppression.at.desc(), Suppression.id)
    ).all()


def wish_of(person: Person) -> Text | None:
    """Return in words what a person does not want, None where they want everything."""
    if person.do_not_contact:
        return NOTHING_AT_ALL
    if not person.wants_mailings:
        return NO_MAILINGS
    return None if person.wants_reminders else NO_REMINDERS


def wished_at(person_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when each of these people last changed their wishes, or somebody did for them; who never did is left out."""
    rows = db.session.execute(
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(AuditEntry.verb == "change_wishes", AuditEntry.subject_table == "person", AuditEntry.subject_id.in_(person_ids))
        .group_by(AuditEntry.subject_id)
    )
    return {row[0]: row[1] for row in rows}


def find_suppression(access: Access, suppression_id: UUID) -> Suppression:
    """Return what is on record for an address that this member may know of; AbsentError for any other."""
    found = db.session.get(Suppression, suppression_id)
    if found is None:
        raise AbsentError
    theirs = found.typed and found.consultation_id == access.consultation.id
    if not theirs and not _known_by(access, found.address_index):
        raise AbsentError
    return found


def knows_address(access: Access, address: str) -> bool:
    """Return whether somebody whom this member knows of has this address."""
    return _known_by(access, address_index(address))


def _known_by(access: Access, index: bytes) -> bool:
    return db.session.scalar(select(Person.id).where(visible(access), Person.email_index == index).limit(1)) is not None
