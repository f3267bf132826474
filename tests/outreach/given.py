"""Mailings to begin with."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

from engagement.invitations.service import invite, mark_distributed
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.outreach.models import Mailing
from engagement.outreach.planning import plan_rest
from engagement.outreach.rules import Rules, change_rules
from engagement.outreach.service import EVENT, NOTHING, QUESTIONNAIRE, Offer, approve, draft_mailing
from engagement.outreach.words import change_words
from tests.support.given import a_consultation, a_member, signed_in_as, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.accounts.models import User
    from engagement.consultations.models import Consultation
    from engagement.events.models import Event
    from engagement.invitations.models import Invitation
    from engagement.questionnaires.models import Questionnaire
    from engagement.roster.models import Person

SUBJECT = Text("The report is out", "Le rapport est publié")
BODY = Text("((salutation))\n\nIt is out.\n((contact))", "((salutation))\n\nIl est publié.\n((contact))")


def a_draft(event: Event, people: Sequence[Person], by: User) -> Mailing:
    """Choose people for an invitation to an event; nothing is sent."""
    return drafted(Offer(EVENT, event.id, event.title, event.restricted), event.consultation_id, people, by)


def a_questionnaire_draft(asked: Questionnaire, people: Sequence[Person], by: User) -> Mailing:
    """Choose people for an invitation to a questionnaire; nothing is sent."""
    return drafted(Offer(QUESTIONNAIRE, asked.id, asked.text("title")), asked.consultation_id, people, by)


def drafted(offer: Offer, consultation_id, people: Sequence[Person], by: User, **chosen_by: str) -> Mailing:
    """Choose people for whatever is on offer."""
    ids = [each.id for each in people]
    return draft_mailing(consultation_id=consultation_id, offer=offer, people=ids, chosen_by=chosen_by, actor=staff(by.id))


def an_announcement(
    consultation, people: Sequence[Person], by: User, *, about: Event | None = None, subject: Text = SUBJECT, body: Text = BODY
) -> Mailing:
    """Draft an announcement with words of its own."""
    offer = Offer("", None, NOTHING, announces=True)
    if about is not None:
        offer = Offer(EVENT, about.id, about.title, about.restricted, announces=True)
    mailing = drafted(offer, consultation.id, people, by)
    change_words(mailing_id=mailing.id, subject=subject, body=body, actor=staff(by.id))
    return stored(mailing)


def a_team(client, **more):
    """Store a consultation whose organizer is signed in; return both."""
    consultation = a_consultation(**more)
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    return consultation, organizer


def sent_on_its_way(mailing: Mailing, by: User) -> Mailing:
    """Approve a mailing and plan all of it."""
    approve(mailing_id=mailing.id, actor=staff(by.id))
    plan_rest(mailing.id)
    return stored(mailing)


def page_of(mailing: Mailing, more: str = "") -> str:
    """Return the address of a mailing's page."""
    return f"/c/fisheries/mail/mailings/{mailing.id}{more}"


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


def never_quiet(consultation: Consultation, **more: int) -> Consultation:
    """Let mail of this consultation leave at any hour, so that a test does not depend on the time at which it runs; return it."""
    rules = Rules(quiet_from=time(0), quiet_until=time(0), **more)
    change_rules(consultation_id=consultation.id, rules=rules, actor=SYSTEM)
    return consultation
