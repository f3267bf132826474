"""Many people asked to one thing at once, by the rule of ``invite``: asking twice is asking once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from engagement.invitations.models import Choice, Invitation
from engagement.kernel.audit import Actor, note_many
from engagement.kernel.base import new_ids
from engagement.kernel.bulk import in_chunks, insert_new
from engagement.kernel.clock import now
from engagement.kernel.db import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody's standing invitation; ``created_at`` is when it was last made, ``choice`` the reply that counts."""

    id: UUID
    person_id: UUID
    created_at: datetime
    choice: Choice | None = None


def invite_many(
    *,
    consultation_id: UUID,
    person_ids: Sequence[UUID],
    event_id: UUID | None = None,
    questionnaire_id: UUID | None = None,
    wave: int = 0,
    actor: Actor,
) -> dict[UUID, Invited]:
    """Ask many people to one event or one questionnaire; return their standing invitations by person.

    The same is stored for each as ``invite`` stores: who was asked before keeps invitation and
    wave, and one that was withdrawn is revived.
    """
    about = {"event_id": event_id, "questionnaire_id": questionnaire_id}
    with writing() as session:
        session.flush()
        # In one order everywhere: two that plan at once (PostgreSQL) do not wait for each other.
        wanted = sorted(dict.fromkeys(person_ids))
        there = _standing(session, wanted, about)
        moment = now()
        same = {"consultation_id": consultation_id, **about, "wave": wave, "created_at": moment}
        fresh = [each for each in wanted if each not in there]
        rows: list[dict[str, Any]] = [
            {"id": row_id, "person_id": each, **same} for row_id, each in zip(new_ids(len(fresh)), fresh, strict=True)
        ]
        stored = insert_new(session, Invitation, rows)
        note_many(session, "invite", "invitation", [(each, consultation_id) for each in stored], actor)
        found = {row["person_id"]: Invited(row["id"], row["person_id"], moment) for row in rows if row["id"] in stored}
        # Somebody else asked the same person in the same moment; theirs stands.
        there |= _standing(session, [row["person_id"] for row in rows if row["id"] not in stored], about)
        return found | _revived(session, there, consultation_id, actor)


def _standing(session: Session, person_ids: Sequence[UUID], about: dict[str, UUID | None]) -> dict[UUID, tuple[Invited, bool]]:
    """Return what these people were asked before, and whether it was withdrawn."""
    to = [getattr(Invitation, name) == value for name, value in about.items() if value is not None]
    wanted = select(Invitation.id, Invitation.person_id, Invitation.created_at, Invitation.choice, Invitation.withdrawn_at).where(*to)
    rows = [row for chunk in in_chunks(person_ids) for row in session.execute(wanted.where(Invitation.person_id.in_(chunk)))]
    return {row.person_id: (Invited(row.id, row.person_id, row.created_at, row.choice), row.withdrawn_at is not None) for row in rows}


def _revived(session: Session, there: dict[UUID, tuple[Invited, bool]], consultation_id: UUID, actor: Actor) -> dict[UUID, Invited]:
    back = [invited.id for invited, withdrawn in there.values() if withdrawn]
    moment = now()
    for chunk in in_chunks(back):
        anew = {"withdrawn_at": None, "choice": None, "replied_at": None, "created_at": moment}
        session.execute(update(Invitation).where(Invitation.id.in_(chunk)).values(**anew))
    note_many(session, "invite_again", "invitation", [(each, consultation_id) for each in back], actor)
    return {
        person_id: Invited(invited.id, person_id, moment) if withdrawn else invited for person_id, (invited, withdrawn) in there.items()
    }
