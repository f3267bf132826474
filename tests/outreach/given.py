"""Mailings to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.audit import staff
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.outreach.models import Mailing
from engagement.outreach.planning import plan_rest
from engagement.outreach.service import EVENT, NOTHING, QUESTIONNAIRE, Offer, approve, draft_mailing
from engagement.outreach.words import change_words
from tests.support.given import a_consultation, a_member, signed_in_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.accounts.models import User
    from engagement.events.models import Event
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


def stored(row):
    """Return a row as it is stored now."""
    db.session.rollback()
    return db.session.get(type(row), row.id, populate_existing=True)


def page_of(mailing: Mailing, more: str = "") -> str:
    """Return the address of a mailing's page."""
    return f"/c/fisheries/mail/mailings/{mailing.id}{more}"
