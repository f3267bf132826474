"""Safe hours once more, when the bytes of a message are about to go: written within them, it may come to go outside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer, Kind
from engagement.mailing.models import Message, State
from engagement.roster.models import Person
from engagement.roster.safe_hours import SafeHours, read_hours

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

OUTSIDE, ONLY_CALLED = "it waits for this person's safe hours", "this person is reached by telephone only"
# So long after somebody did something they are still there to read the answer.
STILL_THERE = timedelta(minutes=15)


def outside_safe_hours(session: Session, message: Message, moment: datetime) -> tuple[State, str] | None:
    """Return where a message goes, and why, that must not reach its person at ``moment``; None where it may.

    What was never tried is written afresh, and what no mail can say in time too: there it is
    decided whether it becomes a call. Else the same bytes go at the next moment within the
    hours, which is stored as ``due_at``.
    """
    composer: Composer | None = ports().composers.get(message.purpose)
    person = session.get(Person, message.person_id, populate_existing=True) if message.person_id else None
    consultation = session.get(Consultation, message.consultation_id) if message.consultation_id else None
    if composer is None or composer.asked_for or person is None or consultation is None:
        return None
    hours, answers = read_hours(person.safe_hours), composer.kind is Kind.ANSWER
    if _may_go(hours, moment, consultation.zone) or (answers and moment - message.created_at < STILL_THERE):
        return None
    at = hours.next_allowed(moment, consultation.zone)
    never = hours.calls_only or (message.not_after is not None and at >= message.not_after)
    if answers and never:
        # Written afresh, most answers would come back here: their hours are not asked about when they are written.
        return State.CANCELLED, ONLY_CALLED if hours.calls_only else "its last moment would have passed"
    if not answers and (never or not message.attempts):
        message.raw = None
        return State.PLANNED, OUTSIDE
    message.due_at = at
    return State.DEFERRED, OUTSIDE


def _may_go(hours: SafeHours, moment: datetime, zone: str) -> bool:
    return not hours.calls_only and hours.allows(moment, zone)
