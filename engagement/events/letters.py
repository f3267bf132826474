"""What an event's mails say: the invitation to a sitting, and what was recorded of a reply.

Nothing is written to the database here. Each mail is looked at again when it is due: whoever
has replied meanwhile, was withdrawn or asked not to be written to gets none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.events.calendar import Entry, calendar_part
from engagement.events.models import CalendarEntry, Event, EventStatus, Seat, SeatState, Sitting
from engagement.events.posting import mail_domain
from engagement.events.seats import seat_of
from engagement.events.vocabulary import KINDS
from engagement.events.wording import agenda_words, kept_words, part_words, recorded_words, when_words
from engagement.invitations.links import draft_link
from engagement.invitations.models import Choice, Invitation, Mode, Reply
from engagement.invitations.service import mark_distributed, replies_of, standing_by_sitting
from engagement.kernel.bilingual import Language, Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db
from engagement.kernel.settings import settings
from engagement.kernel.wording import date_words
from engagement.mailing.composing import CalendarPart, Composed, Composer, Dropped, Kind, Sketch, Values, Waits
from engagement.mailing.letters import languages_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from engagement.mailing.models import Message

ValuesIn: TypeAlias = "Callable[[Language, str], dict[str, str]]"

SHARED = (
    "salutation",
    "consultation_title",
    "lead",
    "event_name",
    "event_title",
    "event_kind",
    "when",
    "where",
    "access",
    "reply_link",
    "contact",
    "support_line",
)
INVITATION_PLACES = (*SHARED, "about", "agenda", "part", "reply_by")
CONFIRMATION_PLACES = (*SHARED, "recorded", "questionnaire")
# A consultation that stands here invites nobody any more.
PAST_INVITING = frozenset({Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD})
# Calendars are shared with colleagues and assistants: the personal link stands in the mail only.
_REPLY_BY_MAIL: dict[Language, str] = {
    "en": "To reply or to change your reply, use the link in our message.",
    "fr": "Pour répondre ou changer votre réponse, utilisez le lien dans notre courriel.",
}
# How long after the last sitting, and at least from now, a link in a mail opens.
OPENS_AFTER_THE_EVENT = timedelta(days=30)
OPENS_AT_LEAST = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that one mail is about. ``sitting`` is None for an event without a date yet."""

    consultation: Consultation
    event: Event
    person: Person
    invitation: Invitation | None
    sitting: Sitting | None
    sittings: tuple[Sitting, ...]


def compose_invitation(message: Message) -> Composed | Dropped | Waits:
    """Return the invitation to one sitting, or why it does not go."""
    about = _subject(message)
    if not isinstance(about, Subject):
        return about
    event = about.event
    reasons = {
        "asked not to be written to": about.person.do_not_contact,
        "replied meanwhile": about.invitation is not None and about.invitation.choice is not None,
        "the consultation does not invite any more": about.consultation.status in PAST_INVITING,
        "the sitting is over": is_over([about.sitting] if about.sitting else about.sittings),
        "the last day to reply has passed": event.reply_by is not None and now() > end_of_day(event.reply_by, about.consultation.zone),
    }
    for reason, holds in reasons.items():
        if holds:
            return Dropped(reason)
    if about.event.stale_texts() or about.event.missing_texts():
        return Waits("the event's English and French do not agree yet")
    return _composed(message, about, lambda language, link: _invitation_values(about, language, link))


def is_over(sittings: Sequence[Sitting]) -> bool:
    """Return whether there is a sitting, and each has ended."""
    return bool(sittings) and all(each.ends_at <= now() for each in sittings)


def compose_confirmation(message: Message) -> Composed | Dropped | Waits:
    """Return the mail that says what was recorded of a reply, or why it does not go."""
    about = _subject(message)
    if not isinstance(about, Subject):
        return about
    reply = _standing(about)
    if about.person.do_not_contact and "reply_id" in message.details:
        return Dropped("asked not to be written to")
    if reply is None or message.details.get("reply_id", str(reply.id)) != str(reply.id):
        return Dropped("a later reply stands")
    seat = seat_of(db.session(), about.sitting.id, reply.invitation_id) if about.sitting else None
    composed = _composed(message, about, lambda language, link: _confirmation_values(about, reply, seat, language, link))
    # That a seat is theirs after all is something they did not ask for at this moment, and have to know.
    return composed if "reply_id" in message.details else replace(composed, must_reach=seat is not None)


def _subject(message: Message) -> Subject | Dropped | Waits:
    invitation = db.session.get(Invitation, message.invitation_id) if message.invitation_id else None
    event = db.session.get(Event, invitation.event_id) if invitation and invitation.event_id else None
    person = db.session.get(Person, invitation.person_id) if invitation else None
    consultation = db.session.get(Consultation, event.consultation_id) if event else None
    if invitation is None or event is None or person is None or consultation is None:
        return Dropped("the invitation is gone")
    sittings = _sittings(event)
    wanted = message.details.get("sitting_id")
    sitting = next((row for row in sittings if str(row.id) == wanted), None)
    reasons = {
        "withdrawn": invitation.withdrawn_at is not None,
        "the event is cancelled": event.status is EventStatus.CANCELLED,
        "the sitting is gone": wanted is not None and sitting is None,
    }
    for reason, holds in reasons.items():
        if holds:
            return Dropped(reason)
    if consultation.status is Status.PAUSED:
        return Waits("the consultation is paused")
    return Subject(consultation, event, person, invitation, sitting, sittings)


def _sittings(event: Event) -> tuple[Sitting, ...]:
    return tuple(db.session.scalars(select(Sitting).where(Sitting.event_id == event.id).order_by(Sitting.starts_at, Sitting.position)))


def _standing(about: Subject) -> Reply | None:
    if about.invitation is None:
        return None
    counting = standing_by_sitting(replies_of(about.invitation.id), about.invitation)
    return counting.get(about.sitting.id if about.sitting else None)


def _composed(message: Message, about: Subject, values_in: ValuesIn) -> Composed:
    assert about.invitation is not None  # noqa: S101 - whoever calls has looked.
    token, row = draft_link(about.invitation.id, _expiry(about))
    link = f"{settings().base_url}/r/{token}"
    values = {language: values_in(language, link) for language in languages_of(message.language)}
    return Composed(
        to_name=about.person.name,
        to_address=about.person.email or "",
        values=values,
        calendar=_calendar(about, message.language, values),
        rows=[row],
    )


def _expiry(about: Subject) -> datetime:
    least = now() + OPENS_AT_LEAST
    return max([least, *(row.ends_at + OPENS_AFTER_THE_EVENT for row in about.sittings)])


def _shared_values(about: Subject, language: Language, link: str) -> dict[str, str]:
    event, consultation = about.event, about.consultation
    kind = KINDS[event.kind].in_(language)
    greeting = {"en": f"Dear {about.person.name},", "fr": f"Bonjour {about.person.name},"}
    return {
        "salutation": greeting[language],
        "consultation_title": consultation.text("title").in_(language),
        "lead": (consultation.text("lead") or consultation.text("title")).in_(language),
        # The name of a restricted event would tell what its guests have lived: not in a subject line.
        "event_name": kind if event.restricted else event.title.in_(language),
        "event_title": event.title.in_(language),
        "event_kind": kind,
        "when": when_words(event, about.sitting, language),
        "where": where_words(event).in_(language),
        "access": _access_words(event, language),
        "reply_link": link,
        "contact": contact_words(consultation, language),
        "support_line": consultation.text("support_line").in_(language),
    }


def _access_words(event: Event, language: Language) -> str:
    said = event.text("access").in_(language)
    head = {"en": "Getting in: ", "fr": "Accès\u00a0: "}[language]
    return head + said if said else ""


def where_words(event: Event, mode: Mode | None = None) -> Text:
    """Return where an event takes place for somebody who comes in this way, as a mail says it; never with the link."""
    venue = event.text("venue")
    if event.format == "online" or mode is Mode.ONLINE:
        return Text("Online", "En ligne")
    if event.format == "in_person" or mode is Mode.IN_PERSON:
        return venue if venue.whole else Text("The place is not set yet", "Le lieu n’est pas encore fixé")
    if not venue.whole:
        return Text("In person or online; the place is not set yet", "En personne ou en ligne; le lieu n’est pas encore fixé")
    return Text(f"{venue.en}, or online", f"{venue.fr}, ou en ligne")


def contact_words(consultation: Consultation, language: Language) -> str:
    """Return how to reach the team, from what the consultation says of itself."""
    parts = (consultation.text("contact").in_(language), consultation.contact_email, consultation.contact_phone)
    return "\n".join(part for part in parts if part)


def _invitation_values(about: Subject, language: Language, link: str) -> dict[str, str]:
    event = about.event
    said = {"en": "Please reply by {day}.", "fr": "Veuillez répondre au plus tard {day}."}[language]
    return {
        **_shared_values(about, language, link),
        "about": event.text("about").in_(language),
        "agenda": agenda_words(about.sitting, language) if about.sitting else "",
        "part": part_words(event, about.sitting, about.sittings, language),
        "reply_by": said.format(day=date_words(event.reply_by, language)) if event.reply_by else "",
    }


def _confirmation_values(about: Subject, reply: Reply, seat: Seat | None, language: Language, link: str) -> dict[str, str]:
    online = about.event.online_link or ""
    return {
        **_shared_values(about, language, link),
        "where": where_words(about.event, reply.mode).in_(language),
        "recorded": recorded_words(reply, seat, online, language),
        "questionnaire": kept_words(reply, language),
    }


def _calendar(about: Subject, language: str, values: Values) -> CalendarPart | None:
    if about.sitting is None or about.invitation is None or not about.person.email:
        return None
    session = db.session()
    row = session.scalar(
        select(CalendarEntry).where(CalendarEntry.invitation_id == about.invitation.id, CalendarEntry.sitting_id == about.sitting.id)
    )
    # Whoever has said no is not written into a calendar once more: others may read it.
    if row is None or row.partstat is Choice.DECLINED:
        return None
    seat = seat_of(session, about.sitting.id, about.invitation.id)
    holds_online = seat is not None and seat.state is SeatState.TAKEN and seat.mode is Mode.ONLINE
    waits = seat is not None and seat.state is SeatState.WAITING
    event = about.event
    lead = about.consultation.text("lead") or about.consultation.text("title")
    entry = Entry(
        uid=row.uid,
        mailbox=row.mailbox,
        domain=mail_domain(),
        sequence=row.sequence,
        stamp=now(),
        starts_at=about.sitting.starts_at,
        ends_at=about.sitting.ends_at,
        summary=_joined(language, {each: said["event_name"] for each, said in values.items()}),
        location="" if event.format == "online" or holds_online else _joined(language, {"en": event.venue_en, "fr": event.venue_fr}),
        description="\n\n".join(_REPLY_BY_MAIL[each] for each in languages_of(language)),
        organizer_name=_joined(language, {"en": lead.en, "fr": lead.fr}),
        attendee_name=about.person.name,
        attendee_address=about.person.email or "",
        # Somebody who waits has said yes and has no seat: their calendar shows it as not settled.
        partstat=Choice.TENTATIVE if waits else row.partstat,
        online_link=event.online_link or "" if holds_online else "",
    )
    return CalendarPart("REQUEST", calendar_part(entry))


def _joined(language: str, words: dict[Language, str]) -> str:
    said = [words[each] for each in languages_of(language) if words.get(each)]
    return " / ".join(dict.fromkeys(said))


def preview_invitation(sketch: Sketch) -> Values:
    """Return what an invitation to this event would say to this person, with a link that opens nothing."""
    event = db.session.get(Event, sketch.event_id)
    person = db.session.get(Person, sketch.person_id)
    consultation = db.session.get(Consultation, sketch.consultation_id)
    if event is None or person is None or consultation is None:
        return {}
    sittings = _sittings(event)
    about = Subject(consultation, event, person, None, sittings[0] if sittings else None, sittings)
    link = f"{settings().base_url}/r/…"
    return {language: _invitation_values(about, language, link) for language in ("en", "fr")}


def invitation_was_sent(message: Message) -> None:
    """Write down that the invitation is distributed, in the transaction that marks its mail as sent."""
    if message.invitation_id is not None:
        mark_distributed(invitation_id=message.invitation_id, at=message.sent_at or now())


INVITATION_COMPOSER = Composer("event_invitation", INVITATION_PLACES, compose_invitation, preview_invitation)
CONFIRMATION_COMPOSER = Composer("event_confirmation", CONFIRMATION_PLACES, compose_confirmation, kind=Kind.ANSWER)
