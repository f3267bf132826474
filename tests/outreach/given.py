"""Mailings to begin with."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

from engagement.invitations.service import invite, mark_distributed
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.clock import now
from engagement.outreach.models import Mailing
from engagement.outreach.rules import Rules, change_rules
from engagement.outreach.service import EVENT, Offer, draft_mailing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.accounts.models import User
    from engagement.consultations.models import Consultation
    from engagement.events.models import Event
    from engagement.invitations.models import Invitation
    from engagement.questionnaires.models import Questionnaire
    from engagement.roster.models import Person


def a_draft(event: Event, people: Sequence[Person], by: User) -> Mailing:
    """Choose people for an invitation to an event; nothing is sent."""
    offer = Offer(EVENT, event.id, event.title, event.restricted)
    return draft_mailing(
        consultation_id=event.consultation_id, offer=offer, people=[each.id for each in people], chosen_by={}, actor=staff(by.id)
    )


def a_silent_guest(event: Event, person: Person, *, days_ago: int = 10) -> Invitation:
    """Invite a person whose invitation went out some days ago and who has not replied."""
    invitation = invite(consultation_id=event.consultation_id, person_id=person.id, event_id=event.id, actor=SYSTEM)
    mark_distributed(invitation_id=invitation.id, at=now() - timedelta(days=days_ago))
    return invitation


def a_silent_respondent(questionnaire: Questionnaire, person: Person) -> Invitation:
    """Ask a person to answer, some time ago; they have not."""
    invitation = invite(consultation_id=person.consultation_id, person_id=person.id, questionnaire_id=questionnaire.id, actor=SYSTEM)
    mark_distributed(invitation_id=invitation.id, at=now() - timedelta(days=10))
    return invitation


def never_quiet(consultation: Consultation, **more: int) -> None:
    """Let mail of this consultation leave at any hour, so that a test does not depend on the time at which it runs."""
    rules = Rules(quiet_from=time(0), quiet_until=time(0), **more)
    change_rules(consultation_id=consultation.id, rules=rules, actor=SYSTEM)
