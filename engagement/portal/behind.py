"""What stands behind a link that opens: asked in one question, since every page of a guest begins with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists
from sqlalchemy.orm import lazyload

from engagement.consultations.models import Consultation
from engagement.events.models import Event
from engagement.invitations.links import REOPENED
from engagement.invitations.models import HeldForm, Invitation
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.questionnaires.models import Questionnaire
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

_BEHIND = (
    REOPENED.add_columns(
        Consultation,
        Person,
        Event,
        exists().where(HeldForm.invitation_id == Invitation.id),
        exists().where(Questionnaire.consultation_id == Invitation.consultation_id),
    )
    .join(Consultation, Consultation.id == Invitation.consultation_id)
    .join(Person, Person.id == Invitation.person_id)
    .outerjoin(Event, Event.id == Invitation.event_id)
    .options(lazyload(Person.organization))
)


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows that belong to every page of a visit; ``event`` is None for an invitation to a questionnaire.

    ``holds_forms``: something that came too late is kept for this invitation. ``has_questionnaires``:
    the consultation has one, open or not.
    """

    invitation: Invitation
    consultation: Consultation
    person: Person
    event: Event | None
    holds_forms: bool
    has_questionnaires: bool


def behind_link(link_id: UUID, invitation_id: UUID) -> Behind | None:
    """Return what stands behind a link that was opened before, if it still opens this invitation."""
    found = db.session.execute(_BEHIND, {"link_id": link_id, "invitation_id": invitation_id, "moment": now()}).one_or_none()
    return Behind(*found[1:]) if found else None
