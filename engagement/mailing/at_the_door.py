"""Whether a message still holds and may reach its person, asked once more when its bytes are about to go.

Between the writing and the going lie a server that said "later", a domain that turned us away, a
pause. Meanwhile guests reply and hours pass.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.exc import OperationalError

from engagement.consultations.models import Consultation
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composed, Composer, Dropped, Kind, Said
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.quiet import next_moment
from engagement.roster.models import Person
from engagement.roster.safe_hours import SafeHours, hours_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

OUTSIDE_SAFE_HOURS, ONLY_CALLED = "it waits for this person's safe hours", "this person is reached by telephone only"
TOO_SOON = "written to meanwhile"
QUIET = "it waits for the end of the quiet hours"
GONE, CHANGED = "what it is about does not exist any more", "what it says has changed"
# So long after somebody did something they are still there to read the answer.
STILL_THERE = timedelta(minutes=15)
# So long after it became due, what a mail says is as fresh as when it was written.
FRESH = timedelta(minutes=10)


def fresh(since: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on Message that it was never tried and became due after ``since``: nobody need ask again."""
    return and_(Message.attempts == 0, Message.due_at > since)


def is_asked_again(purpose: str) -> bool:
    """Return whether mails of this purpose are asked about each time, however fresh: whoever has just answered is not reminded."""
    composer: Composer | None = ports().composers.get(purpose)
    return composer is not None and composer.kind is Kind.REMINDER


def turned_away(session: Session, message: Message, reason: str) -> tuple[State, str]:
    """Return where a message goes whose address may not be written to.

    Who has to know what it says (a seat is held, or a notice) is reached in another way: that
    is decided where mails are written.
    """
    if has_to_know(session, message):
        return State.PLANNED, reason
    return State.SUPPRESSED, reason


def has_to_know(session: Session, message: Message) -> bool:
    """Return whether a mail has to reach its person, by telephone where it cannot by mail."""
    composer: Composer | None = ports().composers.get(message.purpose)
    if composer is None or composer.kind is not Kind.ANSWER:
        return composer is not None and composer.kind is Kind.NOTICE
    try:
        with session.begin_nested():
            said = composer.compose(message)
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - whether it can be written is another question.
        return False
    return isinstance(said, Composed) and said.must_reach


def stopped_at_the_door(session: Session, message: Message, moment: datetime) -> tuple[State, str] | None:
    """Return where a message goes, and why, that does not hold any more or must not reach its person at ``moment``.

    None where it may go. With PLANNED its bytes are to be dropped. What was never tried is written afresh for other hours, and what no mail
    can say in time too: there it is decided whether it becomes a call. Else the same bytes go at
    the next moment within the hours, which is stored as ``due_at``.
    """
    composer: Composer | None = ports().composers.get(message.purpose)
    if composer is None or composer.asked_for:
        return None
    said = said_now(composer, message)
    if isinstance(said, Dropped):
        return State.CANCELLED, said.reason
    too_soon = ports().too_soon
    if composer.kind is Kind.REMINDER and too_soon is not None and too_soon(message, moment):
        return State.CANCELLED, TOO_SOON
    if isinstance(said, Composed) and _says_something_else(session, message, said):
        return State.PLANNED, CHANGED
    answers = composer.kind is Kind.ANSWER and not (isinstance(said, Composed) and said.must_reach)
    return _outside_safe_hours(session, message, moment, answers=answers) or _in_quiet_hours(session, message, moment, said)


def said_now(composer: Composer, message: Message) -> Said | None:
    """Return what its composer says of ``message`` now; None where it cannot say."""
    try:
        return composer.compose(message)
    except AbsentError:
        return Dropped(GONE)
    except DomainError:
        return None


def _says_something_else(session: Session, message: Message, said: Composed) -> bool:
    """Return whether what the stored bytes say does not hold any more, and nobody can have read those.

    A server that refused a mail has not taken it; where its fate was unknown once, the same may have arrived.
    """
    if not says_something_else(message, said):
        return False
    unknown = select(MessageEvent.id).where(MessageEvent.message_id == message.id, MessageEvent.state == State.DOUBTFUL)
    return session.scalar(unknown.limit(1)) is None


def says_something_else(message: Message, said: Composed) -> bool:
    """Return whether time or place are not what the stored bytes say."""
    before, after = message.details.get("told"), said.details.get("told")
    return before is not None and after is not None and before != after


def _outside_safe_hours(session: Session, message: Message, moment: datetime, *, answers: bool) -> tuple[State, str] | None:
    person = session.get(Person, message.person_id, populate_existing=True) if message.person_id else None
    consultation = session.get(Consultation, message.consultation_id) if message.consultation_id else None
    if person is None or consultation is None:
        return None
    hours = hours_of(person)
    if _may_go(hours, moment, consultation.zone) or (answers and moment - message.created_at < STILL_THERE):
        return None
    at = hours.next_allowed(moment, consultation.zone)
    never = hours.calls_only or (message.not_after is not None and at >= message.not_after)
    if answers and never:
        # Written afresh, most answers would come back here: their hours are not asked about when they are written.
        return State.CANCELLED, ONLY_CALLED if hours.calls_only else "its last moment would have passed"
    if not answers and (never or not message.attempts):
        return State.PLANNED, OUTSIDE_SAFE_HOURS
    message.due_at = at
    return State.DEFERRED, OUTSIDE_SAFE_HOURS


def _in_quiet_hours(session: Session, message: Message, moment: datetime, said: Said | None) -> tuple[State, str] | None:
    """Return that a mail waits for the end of the quiet hours, which is stored as ``due_at``. What has to be known goes in time."""
    asked, consultation = ports().quiet_hours, session.get(Consultation, message.consultation_id) if message.consultation_id else None
    quiet = asked([message])(message, consultation.zone) if asked is not None and consultation is not None else None
    if quiet is None or consultation is None or not quiet.holds(moment):
        return None
    person = session.get(Person, message.person_id) if message.person_id else None
    hours = hours_of(person) if person is not None else SafeHours()
    at = next_moment(moment, quiet, hours, consultation.zone)
    must_go = has_to_know(session, message) and isinstance(said, Composed)
    if at <= moment or (must_go and message.not_after is not None and at >= message.not_after):
        return None
    message.due_at = at
    return State.DEFERRED, QUIET


def _may_go(hours: SafeHours, moment: datetime, zone: str) -> bool:
    return not hours.calls_only and hours.allows(moment, zone)
