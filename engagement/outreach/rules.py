"""How decently people are chased in one consultation, and in which hours nothing of ours leaves by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer, Kind
from engagement.mailing.outbox import SENT_AGAIN
from engagement.mailing.quiet import Quiet
from engagement.outreach.models import Mailing, ReminderRules
from engagement.outreach.reminders import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from engagement.mailing.models import Message

MOST, FARTHEST = 10, 60
# A mail that is due so long after it was planned was not sent by somebody at that moment.
AHEAD = timedelta(minutes=10)


class BadRulesError(DomainError):
    """The rules cannot be as they were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """So many reminders about one thing, so many days from anything else, and the quiet hours (equal times: none)."""

    most_per_person: int = 2
    days_apart: int = 3
    quiet_from: time = time(21, 0)
    quiet_until: time = time(7, 0)

    @property
    def limits(self) -> Limits:
        """Return what the rule of reminders needs of them."""
        return Limits(self.most_per_person, self.days_apart)

    def quiet(self, zone: str) -> Quiet:
        """Return the quiet hours on the clocks of ``zone``."""
        return Quiet(self.quiet_from, self.quiet_until, zone)


def rules_of(consultation_id: UUID) -> Rules:
    """Return the rules of a consultation; those we ship where it has none of its own."""
    row = db.session.scalar(select(ReminderRules).where(ReminderRules.consultation_id == consultation_id))
    if row is None:
        return Rules()
    return Rules(most_per_person=row.most_per_person, days_apart=row.days_apart, quiet_from=row.quiet_from, quiet_until=row.quiet_until)


def change_rules(*, consultation_id: UUID, rules: Rules, actor: Actor) -> None:
    """Store the rules; they hold for whatever is planned or due from now on. Raises BadRulesError, AbsentError."""
    if not 0 <= rules.most_per_person <= MOST:
        raise BadRulesError(Text("Enter a number from 0 to 10.", "Entrez un nombre de 0 à 10."), field="most_per_person")
    if not 0 <= rules.days_apart <= FARTHEST:
        raise BadRulesError(Text("Enter a number from 0 to 60.", "Entrez un nombre de 0 à 60."), field="days_apart")
    with writing() as session:
        # The lock lets two members store them one after the other.
        if session.get(Consultation, consultation_id, with_for_update=True) is None:
            raise AbsentError
        row = session.scalar(select(ReminderRules).where(ReminderRules.consultation_id == consultation_id))
        if row is None:
            row = ReminderRules(consultation_id=consultation_id)
            session.add(row)
        row.most_per_person, row.days_apart = rules.most_per_person, rules.days_apart
        row.quiet_from, row.quiet_until = rules.quiet_from, rules.quiet_until
        session.flush()
        note(session, "change_reminder_rules", row, actor)


def quiet_among(messages: Sequence[Message]) -> Callable[[Message, str], Quiet | None]:
    """Return what gives the hours in which each of ``messages`` waits; None for one that somebody has just sent or asked for.

    What leaves by itself waits: a reminder, whatever was scheduled ahead, and what waited for something
    else. What they have in common is read once, for all of them.
    """
    mailings = {message.mailing_id for message in messages if message.mailing_id is not None}
    ahead = select(Mailing.id).where(Mailing.id.in_(mailings), Mailing.send_at.is_not(None) | Mailing.schedule_id.is_not(None))
    scheduled = frozenset(db.session.scalars(ahead)) if mailings else frozenset()
    rules = cache(rules_of)

    def quiet_for(message: Message, zone: str) -> Quiet | None:
        composer: Composer | None = ports().composers.get(message.purpose)
        if message.consultation_id is None or composer is None or not _leaves_by_itself(message, composer.kind, scheduled):
            return None
        return rules(message.consultation_id).quiet(zone)

    return quiet_for


def _leaves_by_itself(message: Message, kind: Kind, scheduled: frozenset[UUID]) -> bool:
    if kind is Kind.ANSWER or message.outcome == SENT_AGAIN:
        return False
    return kind is Kind.REMINDER or message.due_at - message.created_at > AHEAD or message.mailing_id in scheduled
