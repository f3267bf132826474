"""Two mails that remind: one to guests who have not replied yet, one to those who hold a seat, the day before.

Both are looked at again when they are due. Neither carries a calendar part: a reminder changes
nothing that a calendar was told (RFC 5546), so SEQUENCE stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.events.gathering import first_ahead, sittings_in_order
from engagement.events.letters import (
    PAST_INVITING,
    SHARED,
    Subject,
    composed,
    is_over,
    shared_values,
    subject_of,
    where_words,
)
from engagement.events.models import Event, SeatState
from engagement.events.seats import seat_of
from engagement.events.wording import LINK, agenda_words, part_words
from engagement.invitations.models import Mode
from engagement.kernel.bilingual import LANGUAGES, Language, Text
from engagement.kernel.clock import end_of_day, now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.settings import settings
from engagement.kernel.wording import date_words, time_words, zone_words_at
from engagement.mailing.composing import Composed, Composer, Dropped, Kind, Sketch, Values, Waits
from engagement.roster.models import Person

if TYPE_CHECKING:
    from engagement.events.models import Seat, Sitting
    from engagement.mailing.models import Message

REMINDER, DAY_BEFORE = "event_reminder", "event_day_before"
REMINDER_PLACES = (*SHARED, "part", "reply_by")
DAY_BEFORE_PLACES = (*SHARED, "online", "arrive", "agenda")
NOT_AGREED = "the event's English and French do not agree yet"
WANTS_NO_REMINDERS = "wants no reminders"

_REPLY_BY = Text("The last day to reply is {day}.", "Le dernier jour pour répondre est {day}.")
_BEGINS = Text("It begins at {time} ({zone}).", "Début à {time} ({zone}).")


def compose_reminder(message: Message) -> Composed | Dropped | Waits:
    """Return the reminder to somebody who has not replied, or why it does not go."""
    about = subject_of(message)
    if not isinstance(about, Subject):
        return about
    event, invitation = about.event, about.invitation
    reasons = {
        "replied meanwhile": invitation is not None and invitation.choice is not None,
        "asked not to be written to": about.person.do_not_contact,
        WANTS_NO_REMINDERS: not (about.person.wants_reminders and about.person.wants_mailings),
        "a mail to them came back": invitation is not None and invitation.bounced_at is not None and bool(about.person.email),
        "the consultation does not invite any more": about.consultation.status in PAST_INVITING,
        "the sitting is over": is_over(about.sittings),
        "the last day to reply has passed": event.reply_by is not None and now() > end_of_day(event.reply_by, about.consultation.zone),
    }
    for reason, holds in reasons.items():
        if holds:
            return Dropped(reason)
    if event.stale_texts() or event.missing_texts():
        return Waits(NOT_AGREED)
    made = composed(message, about, lambda language, link: _reminder_values(about, language, link))
    return replace(made, calendar=None, discreet=about.discreet)


def _reminder_values(about: Subject, language: Language, link: str) -> dict[str, str]:
    event, sittings = about.event, about.sittings
    first = first_ahead(sittings)
    last = _REPLY_BY.in_(language).format(day=date_words(event.reply_by, language)) if event.reply_by else ""
    return {
        **shared_values(replace(about, sitting=first), language, link),
        "part": part_words(event, first, sittings, language).rpartition("\n")[0],
        "reply_by": last,
    }


def compose_day_before(message: Message) -> Composed | Dropped | Waits:
    """Return the note to somebody who holds a seat, or why it does not go.

    It has to reach them: where no mail may go, the team calls.
    """
    about = subject_of(message)
    if not isinstance(about, Subject):
        return about
    sitting, invitation = about.sitting, about.invitation
    seat = seat_of(db.session(), sitting.id, invitation.id) if sitting and invitation else None
    refused = _why_no_note(sitting, seat, message.details.get("starts_at"))
    if refused:
        return Dropped(refused)
    if about.event.stale_texts() or about.event.missing_texts():
        return Waits(NOT_AGREED)
    made = composed(message, about, lambda language, link: _day_before_values(about, seat, language, link))
    return replace(made, calendar=None, must_reach=True, discreet=about.discreet)


def _why_no_note(sitting: Sitting | None, seat: Seat | None, planned_for: str | None) -> str:
    if sitting is None:
        return "the sitting is gone"
    if seat is None or seat.state is not SeatState.TAKEN:
        return "has no seat any more"
    if sitting.starts_at <= now():
        return "the sitting has begun"
    return "the sitting was moved" if planned_for not in {None, sitting.starts_at.isoformat()} else ""


def _day_before_values(about: Subject, seat: Seat | None, language: Language, link: str) -> dict[str, str]:
    event, sitting = about.event, about.sitting
    mode = seat.mode if seat else None
    online = event.online_link or "" if mode is Mode.ONLINE else ""
    values = shared_values(about, language, link)
    begins = ""
    if sitting is not None:
        wall = on_the_wall(sitting.starts_at, event.zone)
        begins = _BEGINS.in_(language).format(time=time_words(wall, language), zone=zone_words_at(wall, event.zone, language))
    return {
        **values,
        "where": where_words(event, mode).in_(language),
        # How to get in is for those who come to the door.
        "access": "" if mode is Mode.ONLINE else values["access"],
        "online": f"{LINK.in_(language)}\n{online}" if online else "",
        "arrive": begins,
        "agenda": agenda_words(sitting, language) if sitting else "",
    }


def preview_reminder(sketch: Sketch) -> Values:
    """Return what a reminder would say to this person, with a link that opens nothing."""
    about = _sketched(sketch)
    if about is None:
        return {}
    return {language: _reminder_values(about, language, _nowhere()) for language in LANGUAGES}


def preview_day_before(sketch: Sketch) -> Values:
    """Return what the day before would say to this person, with a link that opens nothing and no online link."""
    about = _sketched(sketch)
    if about is None:
        return {}
    return {language: _day_before_values(about, None, language, _nowhere()) for language in LANGUAGES}


def _nowhere() -> str:
    return f"{settings().base_url}/r/…"


def _sketched(sketch: Sketch) -> Subject | None:
    event = db.session.get(Event, sketch.event_id) if sketch.event_id else None
    person = db.session.get(Person, sketch.person_id)
    consultation = db.session.get(Consultation, sketch.consultation_id)
    if event is None or person is None or consultation is None:
        return None
    sittings = sittings_in_order(event.id)
    return Subject(consultation, event, person, None, first_ahead(sittings), sittings)


REMINDER_COMPOSER = Composer(REMINDER, REMINDER_PLACES, compose_reminder, preview_reminder, kind=Kind.REMINDER, needed=("reply_link",))
DAY_BEFORE_COMPOSER = Composer(DAY_BEFORE, DAY_BEFORE_PLACES, compose_day_before, preview_day_before, kind=Kind.REMINDER)
