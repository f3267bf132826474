"""What a person's page says of referrals: how they came, and what they passed on, as far as the member may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.ports import TimelineEntry
from engagement.referrals.joining import is_sheltered
from engagement.referrals.models import ForwardLink, Referral, ReferralKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

CAME = {
    ReferralKind.FORWARD_LINK: Text("Came through a link that was passed on", "Arrivée par un lien transmis"),
    ReferralKind.NOMINATION: Text("Was named, and asked to answer", "Proposition acceptée, invitation à répondre"),
    ReferralKind.OPEN_CALL: Text("Asked for the questionnaire on the public page", "Demande du questionnaire sur la page publique"),
}
NAMED = Text("Named somebody who should answer", "A proposé quelqu’un")
MADE_LINK = Text("Made a link to pass the questionnaire on", "A créé un lien pour transmettre le questionnaire")


def referral_history(person_id: UUID, access: Any) -> Iterator[TimelineEntry]:
    """Return what referrals say of a person; of somebody in a restricted batch, nothing about whom they referred."""
    for row in db.session.scalars(select(Referral).where(Referral.person_id == person_id)):
        if row.consultation_id == access.consultation.id:
            yield TimelineEntry(row.decided_at or row.created_at, CAME[row.kind])
    if is_sheltered(db.session(), person_id):
        return
    mine = select(Invitation.id).where(Invitation.person_id == person_id, Invitation.consultation_id == access.consultation.id)
    for row in db.session.scalars(select(Referral).where(Referral.from_invitation_id.in_(mine), Referral.kind == ReferralKind.NOMINATION)):
        yield TimelineEntry(row.created_at, NAMED)
    for link in db.session.scalars(select(ForwardLink).where(ForwardLink.invitation_id.in_(mine))):
        yield TimelineEntry(link.created_at, MADE_LINK)
