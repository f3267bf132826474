"""Who did what: one row per verb, in the verb's own transaction; ids and verbs, never names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Index, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, new_id, new_ids, one_of, words
from engagement.kernel.bulk import insert_all
from engagement.kernel.clock import now
from engagement.kernel.db import beside_the_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session


class ActorKind(StrEnum):
    """Who can act."""

    STAFF = "staff"
    LINK = "link"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something: a staff account, a stakeholder by their link, or the program itself."""

    kind: ActorKind
    id: UUID | None = None


SYSTEM = Actor(ActorKind.SYSTEM)


def staff(user_id: UUID) -> Actor:
    """Return the actor for a signed-in account."""
    return Actor(ActorKind.STAFF, user_id)


def by_link(invitation_id: UUID) -> Actor:
    """Return the actor for somebody who uses the personal link of an invitation."""
    return Actor(ActorKind.LINK, invitation_id)


class AuditEntry(Base):
    """One thing that was done."""

    __tablename__ = "audit_entry"
    __table_args__ = (one_of("actor_kind", ActorKind), Index("ix_audit_entry_subject", "subject_table", "subject_id"))

    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(words(ActorKind))
    actor_id: Mapped[UUID | None]
    verb: Mapped[str] = mapped_column(String(60))
    subject_table: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]
    # Not a foreign key: what was done stays on record when the consultation is erased.
    consultation_id: Mapped[UUID | None] = mapped_column(index=True)


def note(session: Session, verb: str, subject: Base, actor: Actor, consultation_id: UUID | None = None) -> None:
    """Write into the current transaction that ``actor`` did ``verb`` to ``subject``."""
    session.add(
        AuditEntry(
            at=now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
            verb=verb,
            subject_table=subject.__tablename__,
            subject_id=subject.id,
            consultation_id=consultation_id or getattr(subject, "consultation_id", None),
        )
    )


def note_read(verb: str, table: str, subject_id: UUID, actor: Actor, consultation_id: UUID | None) -> None:
    """Write down that ``actor`` read or took out something sensitive, at once, though a page that is fetched writes nothing else."""
    read = {"verb": verb, "subject_table": table, "subject_id": subject_id, "consultation_id": consultation_id}
    with beside_the_request("sensitive_read") as connection:
        connection.execute(insert(AuditEntry).values(id=new_id(), at=now(), actor_kind=actor.kind, actor_id=actor.id, **read))


def note_many(session: Session, verb: str, table: str, subjects: Iterable[tuple[UUID, UUID | None]], actor: Actor) -> None:
    """Write what ``note`` writes, for many rows of one table; ``subjects`` are their ids with those of their consultations."""
    moment = now()
    same = {"at": moment, "actor_kind": actor.kind, "actor_id": actor.id, "verb": verb, "subject_table": table}
    about = list(subjects)
    rows = [
        {"id": row_id, **same, "subject_id": row, "consultation_id": consultation}
        for row_id, (row, consultation) in zip(new_ids(len(about)), about, strict=True)
    ]
    insert_all(session, AuditEntry, rows)


def note_each(session: Session, verb: str, table: type[Base], ids: Sequence[UUID], actor: Actor) -> None:
    """Write into the current transaction that ``actor`` did ``verb`` to each of these rows, of one table that has a consultation."""
    rows = table.__table__.c
    whose = session.execute(select(rows.id, rows.consultation_id).where(rows.id.in_(ids))).all()
    note_many(session, verb, table.__tablename__, [(row.id, row.consultation_id) for row in whose], actor)
