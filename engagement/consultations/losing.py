"""What must not be lost to everybody: a consultation's last organizer, and whoever alone is cleared for something restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engagement.consultations.models import Clearance, Consultation, Membership
from engagement.kernel.clock import today

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session


def one_at_a_time(session: Session, consultation_id: UUID) -> None:
    """Let what must not happen twice at once in one consultation happen one after the other.

    Of two changes of its team each would find the other's organizer, or clearance, still there.
    """
    # The weaker lock: rows that belong to the consultation can be stored meanwhile, and nobody waits for each other in a ring.
    session.execute(select(Consultation.id).where(Consultation.id == consultation_id).with_for_update(key_share=True))


def others_cleared(session: Session, clearance: Clearance) -> bool:
    """Return whether somebody else, who is on the team today, is cleared for the same."""
    of = session.get_one(Consultation, clearance.consultation_id)
    stays = or_(Membership.until.is_(None), Membership.until >= today(of.zone))
    team = select(Membership.user_id).where(Membership.consultation_id == of.id, stays)
    others = (Clearance.subject_id == clearance.subject_id, Clearance.user_id != clearance.user_id, Clearance.user_id.in_(team))
    return session.scalar(select(Clearance.id).where(*others).limit(1)) is not None
