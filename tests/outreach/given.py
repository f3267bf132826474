"""Mailings to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.audit import staff
from engagement.outreach.models import Mailing
from engagement.outreach.service import EVENT, Offer, draft_mailing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.accounts.models import User
    from engagement.events.models import Event
    from engagement.roster.models import Person


def a_draft(event: Event, people: Sequence[Person], by: User) -> Mailing:
    """Choose people for an invitation to an event; nothing is sent."""
    offer = Offer(EVENT, event.id, event.title, event.restricted)
    return draft_mailing(
        consultation_id=event.consultation_id, offer=offer, people=[each.id for each in people], chosen_by={}, actor=staff(by.id)
    )
