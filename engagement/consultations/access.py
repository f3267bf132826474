"""What one member may see and do in one consultation: the answer to every "may I?"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engagement.consultations.models import Clearance, Consultation, Membership
from engagement.kernel.audit import Actor, staff
from engagement.kernel.clock import today
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import HOLDS, Permission, Role

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True)
class Access:
    """One member's standing in one consultation.

    ``role`` is what they are in the whole of it, None for somebody who is let into single
    events only; ``event_roles`` maps those events to roles; ``cleared`` holds the ids of
    restricted events and batches that they may know of.
    """

    consultation: Consultation
    user_id: UUID
    role: Role | None
    event_roles: dict[UUID, Role] = field(default_factory=dict)
    cleared: frozenset[UUID] = frozenset()

    @property
    def actor(self) -> Actor:
        """Return this member as the one who acts."""
        return staff(self.user_id)

    def may(self, permission: Permission, event_id: UUID | None = None) -> bool:
        """Return whether this member holds ``permission``, in the whole or for ``event_id``."""
        if self.role is not None and permission in HOLDS[self.role]:
            return True
        role = self.event_roles.get(event_id) if event_id else None
        return role is not None and permission in HOLDS[role]

    def may_somewhere(self, permission: Permission) -> bool:
        """Return whether this member holds ``permission`` in the whole or for any single event."""
        return self.may(permission) or any(permission in HOLDS[role] for role in self.event_roles.values())

    def knows(self, subject_id: UUID, *, restricted: bool) -> bool:
        """Return whether this member may know of an event or batch at all."""
        return not restricted or subject_id in self.cleared or subject_id in self.event_roles

    def require(self, permission: Permission, event_id: UUID | None = None) -> None:
        """Raise AbsentError unless this member holds ``permission``."""
        if not self.may(permission, event_id):
            raise AbsentError


def access_to(slug: str, user_id: UUID) -> Access:
    """Return the standing of an account in the consultation ``slug``.

    Raises AbsentError for a stranger just as for a consultation that does not exist.
    """
    consultation = db.session.scalar(select(Consultation).where(Consultation.slug == slug))
    if consultation is None:
        raise AbsentError
    return access_in(consultation, user_id)


def access_in(consultation: Consultation, user_id: UUID) -> Access:
    """Return the standing of an account in ``consultation``; AbsentError if it has none."""
    rows = _current_memberships(consultation, user_id)
    if not rows:
        raise AbsentError
    whole = next((row.role for row in rows if row.event_id is None), None)
    cleared = db.session.scalars(
        select(Clearance.subject_id).where(Clearance.user_id == user_id, Clearance.consultation_id == consultation.id)
    )
    single = {row.event_id: row.role for row in rows if row.event_id is not None}
    return Access(consultation, user_id, whole, single, frozenset(cleared))


def _current_memberships(consultation: Consultation, user_id: UUID) -> list[Membership]:
    return list(
        db.session.scalars(
            select(Membership).where(
                Membership.consultation_id == consultation.id,
                Membership.user_id == user_id,
                or_(Membership.until.is_(None), Membership.until >= today(consultation.zone)),
            )
        )
    )
