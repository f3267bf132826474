"""Edits and questions that tests of telling have in common."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from engagement.events.models import CalendarEntry, Event
from engagement.events.replies import reply_to_event
from engagement.events.service import SittingPlan, ask_to_come, edit_event, edit_sitting
from engagement.events.telling import guests_behind
from engagement.events.tellings import tell_change
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.mailing.models import Message
from tests.events.given import a_person, an_event, particulars
from tests.events.letters_read import delivered
from tests.support.given import fresh


def asked(event, person):
    return ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)


def a_told_guest(consultation, post, *, days=1):
    """Return an event and the invitation of its one guest, whose mails have gone."""
    event = an_event(consultation, days=days)
    invitation = asked(event, a_person(consultation))
    delivered(post)
    return event, invitation


def replied(invitation, answer):
    return reply_to_event(invitation_id=invitation.id, answers=answer, actor=by_link(invitation.id))


def moved(sitting, hour, **seats):
    plan = SittingPlan(
        starts_wall=sitting.starts_wall.replace(hour=hour),
        ends_wall=sitting.ends_wall.replace(hour=hour + 2),
        seats_in_person=seats.get("in_person", 40),
        seats_online=seats.get("online", 200),
    )
    return edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)


def placed(event, **changes):
    texts = {**particulars().texts, **changes.pop("texts", {})}
    return edit_event(event_id=event.id, particulars=replace(particulars(), texts=texts, **changes), actor=SYSTEM)


ELSEWHERE = {"texts": {"venue": Text("Town hall, Hull", "Hôtel de ville, Hull")}}


def tell(event, **more):
    return tell_change(event_id=event.id, actor=SYSTEM, **more)


def sequence():
    return fresh(select(CalendarEntry.sequence))


def behind(event):
    db.session.rollback()
    return guests_behind(db.session.get(Event, event.id, populate_existing=True))


def messages(purpose):
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose).order_by(Message.created_at)))
