"""What an event's mails say: the invitation to a sitting, and what was recorded of a reply.

Nothing is written to the database here. Each mail is looked at again when it is due: whoever
has replied meanwhile, was withdrawn or asked not to be written to gets none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from engagement.consultations.models import Consultation, Status
from engagement.events.calendar import Entry
from engagement.events.gathering import Alike, Gathered, first_ahead, gather, sittings_in_order, standing_among
from engagement.events.knowledge import remember_told, told_details
from engagement.events.models import Event, EventStatus, Seat, SeatState, Sitting
from engagement.events.moulds import Guest, Mould
from engagement.events.posting import REPLIED, mail_domain, one_mailbox
from engagement.events.shown import NEUTRAL_ORGANIZER, shown_to, title_for
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
from engagement.mailing.composing import CalendarPart, Compose, Composed, Composer, Dropped, Kind, Said, Sketch, Values, Waits
from engagement.mailing.letters import languages_of
from engagement.mailing.preference_links import sample_preference_link
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from engagement.kernel.bulk import NewRow
    from engagement.mailing.models import Message

ValuesIn: TypeAlias = "Callable[[Language, str], dict[str, str]]"

SHARED = (
    "salutation", "consultation_title", "lead", "event_name", "event_title", "event_kind", "when", "where", "access",
    "reply_link", "contact", "support_line", "preferences",
)  # fmt: skip
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
    """Everything that one mail is about. ``sitting`` is None for an event without a date yet.

    ``gathered`` is what the mails of its batch are about, ``alike`` what those to all guests
    of this sitting have in common.
    """

    consultation: Consultation
    event: Event
    person: Person
    invitation: Invitation | None
    sitting: Sitting | None
    sittings: tuple[Sitting, ...]
    gathered: Gathered = field(default_factory=Gathered)
    alike: Alike = field(default_factory=Alike)

    @property
    def discreet(self) -> bool:
        """Return whether nothing that others may see of this mail says what it is about."""
        return self.event.discreet or self.person.discreet

    @property
    def held(self) -> tuple[UUID, UUID] | None:
        """Return by what the guest's calendar entry and seat are found; None where there is no date yet."""
        return (self.invitation.id, self.sitting.id) if self.invitation is not None and self.sitting is not None else None


def compose_invitation(message: Message) -> Said:
    """Return the invitation to one sitting, or why it does not go."""
    return invitations_among([message])(message)


def invitations_among(messages: Sequence[Message]) -> Compose:
    """Return what composes each of ``messages``; what they are about is read now, for all of them."""
    gathered = gather(messages)
    return lambda message: _invitation(message, gathered)


def _invitation(message: Message, gathered: Gathered) -> Said:
    about = subject_of(message, gathered)
    if not isinstance(about, Subject):
        return about
    if about.person.do_not_contact:
        return Dropped("asked not to be written to")
    if about.invitation is not None and about.invitation.choice is not None:
        return Dropped(REPLIED)
    reason = about.alike.once("invites", lambda: _why_nobody_is_invited(about))
    if reason:
        return Dropped(reason)
    if not about.alike.once("agrees", lambda: not (about.event.stale_texts() or about.event.missing_texts())):
        return Waits("the event's English and French do not agree yet")
    return composed(message, about, lambda language, link: _invitation_values(about, language, link))


def _why_nobody_is_invited(about: Subject) -> str:
    """Return why nobody is invited to this sitting any more; nothing where people still are."""
    event, consultation = about.event, about.consultation
    reasons = {
        "the consultation does not invite any more": consultation.status in PAST_INVITING,
        "the sitting is over": is_over([about.sitting] if about.sitting else about.sittings),
        "the last day to reply has passed": event.reply_by is not None and now() > end_of_day(event.reply_by, consultation.zone),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def is_over(sittings: Sequence[Sitting]) -> bool:
    """Return whether there is a sitting, and each that stands has ended."""
    return bool(sittings) and all(each.ends_at <= now() for each in standing_among(sittings))


def compose_confirmation(message: Message) -> Said:
    """Return the mail that says what was recorded of a reply, or why it does not go."""
    return confirmations_among([message])(message)


def confirmations_among(messages: Sequence[Message]) -> Compose:
    """Return what composes each of ``messages``; what they are about is read now, for all of them."""
    gathered = gather(messages)
    return lambda message: _confirmation(message, gathered)


def _confirmation(message: Message, gathered: Gathered) -> Said:
    about = subject_of(message, gathered)
    if not isinstance(about, Subject):
        return about
    reply = _standing(about)
    if about.person.do_not_contact and "reply_id" in message.details:
        return Dropped("asked not to be written to")
    if reply is None or message.details.get("reply_id", str(reply.id)) != str(reply.id):
        return Dropped("a later reply stands")
    seat = gathered.seats.get(about.held) if about.held else None
    made = composed(message, about, lambda language, link: _confirmation_values(about, reply, seat, language, link))
    # That a seat is theirs after all is something they did not ask for at this moment, and have to know.
    return made if "reply_id" in message.details else replace(made, must_reach=seat is not None)


def subject_of(message: Message, gathered: Gathered | None = None) -> Subject | Dropped | Waits:
    """Return what ``message`` is about, or why it does not go, whatever it says."""
    known = gathered or gather([message])
    invitation = known.invitations.get(message.invitation_id) if message.invitation_id else None
    event = known.events.get(invitation.event_id) if invitation and invitation.event_id else None
    person = known.people.get(invitation.person_id) if invitation else None
    consultation = known.consultations.get(event.consultation_id) if event else None
    if invitation is None or event is None or person is None or consultation is None:
        return Dropped("the invitation is gone")
    sittings, wanted = known.sittings[event.id], message.details.get("sitting_id")
    alike = known.alike(event.id, wanted)
    sitting = alike.once("sitting", lambda: next((row for row in sittings if str(row.id) == wanted), None))
    reason = alike.once("gone", lambda: _why_there_is_nothing_to_say(event, sitting, wanted))
    if invitation.withdrawn_at is not None or reason:
        return Dropped("withdrawn" if invitation.withdrawn_at is not None else reason)
    if consultation.status is Status.PAUSED:
        return Waits("the consultation is paused")
    return Subject(consultation, event, person, invitation, sitting, sittings, known, alike)


def _why_there_is_nothing_to_say(event: Event, sitting: Sitting | None, wanted: str | None) -> str:
    if event.status is EventStatus.CANCELLED:
        return "the event is cancelled"
    if sitting is not None and sitting.cancelled_at is not None:
        return "the sitting is cancelled"
    return "the sitting is gone" if wanted is not None and sitting is None else ""


def _standing(about: Subject) -> Reply | None:
    if about.invitation is None:
        return None
    counting = standing_by_sitting(replies_of(about.invitation.id), about.invitation)
    return counting.get(about.sitting.id if about.sitting else None)


def composed(message: Message, about: Subject, values_in: ValuesIn) -> Composed:
    """Return a mail to one guest, with a personal link of its own and the calendar entry where there is one."""
    link, row = new_link(about)
    values = {language: values_in(language, link) for language in languages_of(message.language)}
    calendar = _calendar(about, message.language, values)
    return Composed(
        to_name=about.person.addressed_as,
        to_address=about.person.email or "",
        values=values,
        calendar=calendar,
        rows=[row],
        details=_told(about, calendar),
        discreet=about.discreet,
    )


def new_link(about: Subject) -> tuple[str, NewRow]:
    """Return the address of a new personal link of this guest, and the row that recognizes it; it is not stored yet."""
    assert about.invitation is not None  # noqa: S101 - whoever calls has looked.
    token, row = draft_link(about.invitation.id, about.alike.once("expires", lambda: _expiry(about)))
    return f"{about.alike.once('address', lambda: settings().base_url)}/r/{token}", row


def _told(about: Subject, calendar: CalendarPart | None) -> dict[str, str]:
    """Return what is kept of what this mail says of time and place."""
    if about.held is None or about.sitting is None:
        return {}
    seat, sitting = about.gathered.seats.get(about.held), about.sitting
    mode = seat.mode if seat is not None and seat.state is SeatState.TAKEN else None
    shown = about.alike.once(("shown", mode, about.discreet), lambda: shown_to(about.event, sitting, mode, discreet=about.person.discreet))
    return told_details(about.gathered.entries.get(about.held), shown, calendar)


def _expiry(about: Subject) -> datetime:
    least = now() + OPENS_AT_LEAST
    return max([least, *(row.ends_at + OPENS_AFTER_THE_EVENT for row in about.sittings)])


def shared_values(about: Subject, language: Language, link: str) -> dict[str, str]:
    """Return what every mail of an event can say, in one language."""
    title = about.alike.once(("title", about.discreet), lambda: title_for(about.event, discreet=about.person.discreet)).in_(language)
    return {
        **about.alike.once(("values", language), lambda: _values_for_all(about, language)),
        "salutation": about.person.greeted().in_(language),
        # The name of a restricted event would tell what its guests have lived: not in a subject line.
        "event_name": title,
        "neutral_subject": f"{title}, {about.alike.once(('when', language), lambda: when_words(about.event, about.sitting, language))}",
        "reply_link": link,
    }


def _values_for_all(about: Subject, language: Language) -> dict[str, str]:
    """Return what every guest of this sitting reads alike."""
    event, consultation = about.event, about.consultation
    return {
        "consultation_title": consultation.text("title").in_(language),
        "lead": (consultation.text("lead") or consultation.text("title")).in_(language),
        "event_title": event.title.in_(language),
        "event_kind": KINDS[event.kind].in_(language),
        "when": when_words(event, about.sitting, language),
        "where": where_words(event).in_(language),
        "access": _access_words(event, language),
        "contact": contact_words(consultation, language),
        "support_line": consultation.text("support_line").in_(language),
        # The outbox puts the person's own link in its place.
        "preferences": sample_preference_link(),
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
    alike = about.alike.once(("invitation", language), lambda: _invitation_for_all(about, language))
    return {**shared_values(about, language, link), **alike}


def _invitation_for_all(about: Subject, language: Language) -> dict[str, str]:
    event = about.event
    said = {"en": "Please reply by {day}.", "fr": "Veuillez répondre au plus tard {day}."}[language]
    return {
        "about": event.text("about").in_(language),
        "agenda": agenda_words(about.sitting, language) if about.sitting else "",
        "part": part_words(event, about.sitting, about.sittings, language),
        "reply_by": said.format(day=date_words(event.reply_by, language)) if event.reply_by else "",
    }


def _confirmation_values(about: Subject, reply: Reply, seat: Seat | None, language: Language, link: str) -> dict[str, str]:
    online = about.event.online_link or ""
    return {
        **shared_values(about, language, link),
        "where": where_words(about.event, reply.mode).in_(language),
        "recorded": recorded_words(reply, seat, online, language),
        "questionnaire": kept_words(reply, language),
    }


def _calendar(about: Subject, language: str, values: Values) -> CalendarPart | None:
    wanted = about.event.sends_calendar and about.person.wants_calendar and about.person.email
    if about.sitting is None or about.held is None or not wanted:
        return None
    row, seat = about.gathered.entries.get(about.held), about.gathered.seats.get(about.held)
    # Whoever has said no is not written into a calendar once more: others may read it.
    if row is None or row.partstat is Choice.DECLINED:
        return None
    holds_online = seat is not None and seat.state is SeatState.TAKEN and seat.mode is Mode.ONLINE
    waits = seat is not None and seat.state is SeatState.WAITING
    kind = ("mould", language, about.discreet, holds_online)
    mould = about.alike.once(kind, lambda: Mould(_entry_for_all(about, language, values, holds_online=holds_online)))
    # Somebody who waits has said yes and has no seat: their calendar shows it as not settled.
    partstat = Choice.TENTATIVE if waits else row.partstat
    person = about.person
    # A calendar names a guest whom no mail names by their address.
    address = person.email or ""
    guest = Guest(row.uid, row.mailbox, row.sequence, now(), person.addressed_as or address, address, partstat)
    return CalendarPart("REQUEST", mould.filled(guest))


def _entry_for_all(about: Subject, language: str, values: Values, *, holds_online: bool) -> Entry:
    """Return what the calendars of all who take part in this way are told alike; nobody in particular stands in it."""
    assert about.sitting is not None  # noqa: S101 - without one there is no entry.
    event = about.event
    lead = NEUTRAL_ORGANIZER if about.discreet else about.consultation.text("lead") or about.consultation.text("title")
    return Entry(
        uid="",
        mailbox="",
        domain=mail_domain(),
        sequence=0,
        stamp=now(),
        starts_at=about.sitting.starts_at,
        ends_at=about.sitting.ends_at,
        summary=_joined(language, {each: said["event_name"] for each, said in values.items()}),
        location="" if event.format == "online" or holds_online else _joined(language, {"en": event.venue_en, "fr": event.venue_fr}),
        description="\n\n".join(_REPLY_BY_MAIL[each] for each in languages_of(language)),
        organizer_name=_joined(language, {"en": lead.en, "fr": lead.fr}),
        organizer_address=one_mailbox(),
        attendee_name="",
        attendee_address="",
        online_link=event.online_link or "" if holds_online else "",
    )


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
    sittings = sittings_in_order(event.id)
    about = Subject(consultation, event, person, None, first_ahead(sittings), sittings)
    link = f"{settings().base_url}/r/…"
    return {language: _invitation_values(about, language, link) for language in ("en", "fr")}


def link_was_sent(message: Message) -> None:
    """Write down that the guest has their link and what the mail said, in the transaction that marks it as sent.

    The mail is the invitation, or, where they replied before it went, the confirmation.
    """
    if message.invitation_id is not None:
        mark_distributed(invitation_id=message.invitation_id, at=message.sent_at or now())
        remember_told(message)


INVITATION_COMPOSER = Composer(
    "event_invitation", INVITATION_PLACES, compose_invitation, preview_invitation, gather=invitations_among, needed=("reply_link",)
)
CONFIRMATION_COMPOSER = Composer(
    "event_confirmation", CONFIRMATION_PLACES, compose_confirmation, kind=Kind.ANSWER, gather=confirmations_among, needed=("recorded",)
)
