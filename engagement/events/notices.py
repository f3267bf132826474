"""What guests are written when something changes: a change, a cancellation, an invitation taken back.

Nothing is written to the database here. Each mail is looked at again when it is due. The
texts that we ship are whole in both languages, so that none of these waits for a translator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from engagement.consultations.models import Consultation, Status
from engagement.events.calendar import Entry, calendar_part, find_entry
from engagement.events.gathering import sittings_in_order
from engagement.events.knowledge import TAKEN_OUT, known_before, told_details
from engagement.events.letters import SHARED, Subject, new_link, shared_values
from engagement.events.mirroring import mode_held
from engagement.events.models import CalendarEntry, Event, EventStatus, Telling
from engagement.events.posting import mail_domain, one_mailbox
from engagement.events.shown import NEUTRAL_ORGANIZER, Shown, difference_words, differences, shown_to
from engagement.events.telling import CANCELLATION, CHANGE, Guest, has_declined, sittings_ahead
from engagement.events.tellings import is_cancelled
from engagement.events.withdrawing import HELD_SEAT, WITHDRAWAL
from engagement.events.wording import LINK
from engagement.invitations.models import Choice, Invitation, Mode
from engagement.kernel.bilingual import LANGUAGES, Language, Text
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.kernel.wording import span_words
from engagement.mailing.composing import CalendarPart, Composed, Composer, Dropped, Kind, Values, Waits
from engagement.mailing.discretion import discreetly
from engagement.mailing.letters import Written, languages_of, write
from engagement.mailing.texts import text_to_send
from engagement.roster.models import Person

if TYPE_CHECKING:
    from engagement.kernel.bulk import NewRow
    from engagement.mailing.models import Message

_ABOUT_IT = tuple(name for name in SHARED if name not in {"access", "reply_link"})
CHANGE_PLACES = (*SHARED, "changes", "note", "link_line", "your_reply")
CANCELLATION_PLACES = (*_ABOUT_IT, "note", "other_dates")
WITHDRAWAL_PLACES = _ABOUT_IT
_BY_MAIL = Text(
    "To reply or to change your reply, use the link in our message.",
    "Pour répondre ou changer votre réponse, utilisez le lien dans notre courriel.",
)
_OTHERS_STAND = Text("These dates take place as planned:", "Les dates suivantes sont maintenues\u00a0:")
_NOT_FOR_THIS_DATE = Text(
    "You have not replied for this date yet. Please say on your page whether you are coming:",
    "Vous n’avez pas encore répondu pour cette date. Veuillez indiquer sur votre page si vous participerez\u00a0:",
)
_SUBJECTS = {
    CHANGE: Text("Changed: ", "Modification\u00a0: "),
    CANCELLATION: Text("Cancelled: ", "Annulation\u00a0: "),
    WITHDRAWAL: Text("Taken back: ", "Retrait\u00a0: "),
}
_YOUR_REPLY = {
    None: Text("You have not replied yet. Your own page is here:", "Vous n’avez pas encore répondu. Voici votre page personnelle\u00a0:"),
    Choice.ACCEPTED: Text(
        "Your reply stands: you are coming. If you cannot come any more, please tell us on your page:",
        "Votre réponse demeure\u00a0: vous participerez. Si ce n’est plus possible, veuillez l’indiquer sur votre page\u00a0:",
    ),
    Choice.TENTATIVE: Text(
        "Your reply stands: you may come. You can change it on your page:",
        "Votre réponse demeure\u00a0: vous participerez peut-être. Vous pouvez la changer sur votre page\u00a0:",
    ),
    Choice.DECLINED: Text("You can change your reply on your page:", "Vous pouvez changer votre réponse sur votre page\u00a0:"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one notice is about. ``entry`` and ``mode`` are of the sitting, None where there is none."""

    about: Subject
    invitation: Invitation
    entry: CalendarEntry | None
    mode: Mode | None

    @property
    def discreet(self) -> bool:
        """Return whether nothing outside the text may tell."""
        return self.about.event.discreet or self.about.person.discreet

    @property
    def after(self) -> Shown | None:
        """Return what the guest is to know."""
        sitting = self.about.sitting
        return shown_to(self.about.event, sitting, self.mode, discreet=self.about.person.discreet) if sitting else None

    @property
    def before(self) -> Shown | None:
        """Return what they were told last."""
        return Shown.from_facts(self.entry.told_facts) if self.entry else None


def _notice(message: Message) -> Notice | Dropped | Waits:
    invitation = db.session.get(Invitation, message.invitation_id) if message.invitation_id else None
    if invitation is None:
        return Dropped("the invitation is gone")
    found = notice_to(invitation, message.details.get("sitting_id"))
    if found is None:
        return Dropped("the sitting is gone")
    if found.about.person.do_not_contact and found.mode is None and HELD_SEAT not in message.details:
        return Dropped("asked not to be written to")
    if found.about.consultation.status is Status.PAUSED:
        return Waits("the consultation is paused")
    return found


def notice_to(invitation: Invitation, sitting_id: str | None) -> Notice | None:
    """Return what a notice to this guest about this sitting is about; None where something of it is gone."""
    event = db.session.get(Event, invitation.event_id) if invitation.event_id else None
    person = db.session.get(Person, invitation.person_id)
    consultation = db.session.get(Consultation, invitation.consultation_id)
    if event is None or person is None or consultation is None:
        return None
    sittings = sittings_in_order(event.id)
    sitting = next((row for row in sittings if str(row.id) == sitting_id), None)
    if sitting_id is not None and sitting is None:
        return None
    session = db.session()
    entry = find_entry(session, invitation.id, sitting.id) if sitting else None
    mode = mode_held(session, sitting.id, invitation.id) if sitting else None
    return Notice(Subject(consultation, event, person, invitation, sitting, sittings), invitation, entry, mode)


def compose_change(message: Message) -> Composed | Dropped | Waits:
    """Return what has changed for one guest since they were told, or why it need not be said."""
    found = _notice(message)
    if not isinstance(found, Notice):
        return found
    after, entry, event = found.after, found.entry, found.about.event
    if after is None or entry is None or found.about.sitting is None:
        return Dropped("the sitting is gone")
    reasons = {
        "withdrawn": found.invitation.withdrawn_at is not None,
        "the event is cancelled": is_cancelled(event, found.about.sitting),
        "the sitting is over": after.ends_at <= now(),
        "said no": has_declined(found.invitation, entry),
        "they know it already": entry.told == after.mark,
    }
    for reason, holds in reasons.items():
        if holds:
            return Dropped(reason)
    if {"title", "venue", "access"} & {*event.stale_texts(), *event.missing_texts()}:
        return Waits("the event's English and French do not agree yet")
    link, row = new_link(found.about)
    values = change_values(found, _note_of(message), link)
    calendar = _request(found, message.language)
    made = _composed(message, found, values, calendar=calendar, shown=after, rows=[row])
    taken_out = calendar is not None and calendar.method == "CANCEL" and "method" in made.details
    return replace(made, details={**made.details, "method": TAKEN_OUT}) if taken_out else made


def _note_of(message: Message) -> Text:
    """Return what the team added: the notes of every telling that this mail carries, the first first."""
    ids = f"{message.details.get('earlier_tellings', '')} {message.details.get('telling_id', '')}".split()
    notes = [telling.note for each in ids if (telling := db.session.get(Telling, UUID(each))) is not None and telling.note]
    return Text("\n\n".join(each.en for each in notes), "\n\n".join(each.fr for each in notes))


def change_values(found: Notice, note: Text, link: str) -> Values:
    """Return what the mail about a change says, in both languages; ``link`` is the guest's own."""
    after = found.after
    assert after is not None  # noqa: S101 - whoever calls has looked.
    changed = differences(found.before, after, one_of_several=len(found.about.sittings) > 1)
    return {
        language: {
            **shared_values(found.about, language, link),
            **_neutral(CHANGE, found, language, after.when(language)),
            "where": after.where.in_(language),
            "changes": difference_words(changed, language),
            "note": note.in_(language),
            "link_line": f"{LINK.in_(language)}\n{after.link}" if after.link else "",
            "your_reply": _your_reply(found).in_(language),
        }
        for language in LANGUAGES
    }


def _your_reply(found: Notice) -> Text:
    """Return what stands of this guest's reply to this sitting; a reply to another one, or to no date, says nothing of it."""
    replied = found.entry.partstat if found.entry else None
    if replied is None and found.invitation.choice is not None:
        return _NOT_FOR_THIS_DATE
    return _YOUR_REPLY[replied]


def _neutral(purpose: str, found: Notice, language: Language, when: str) -> dict[str, str]:
    name = shared_values(found.about, language, "")["event_name"]
    return {"neutral_subject": f"{_SUBJECTS[purpose].in_(language)}{name}, {when}"}


def compose_cancellation(message: Message) -> Composed | Dropped | Waits:
    """Return that an event or a sitting does not take place; METHOD:CANCEL where the guest's calendar holds it."""
    found = _notice(message)
    if not isinstance(found, Notice):
        return found
    if not is_cancelled(found.about.event, found.about.sitting):
        return Dropped("it takes place after all")
    return _last_word(message, found, cancellation_values(found, _note_of(message)))


def cancellation_values(found: Notice, note: Text) -> Values:
    """Return what the mail about a cancellation says, in both languages: the time and place that the guest knows of."""
    others = _other_dates(found)
    return {
        language: {**_known(found, language, CANCELLATION), "note": note.in_(language), "other_dates": others.in_(language)}
        for language in LANGUAGES
    }


def _other_dates(found: Notice) -> Text:
    """Return which sittings take place although this one does not, and how to reply to them."""
    event = found.about.event
    ahead = [each for each in sittings_ahead(event) if found.about.sitting is not None and event.status is not EventStatus.CANCELLED]
    if not ahead:
        return Text("", "")

    def said(language: Language) -> str:
        days = (f"- {span_words(each.starts_wall, each.ends_wall, event.zone, language)}" for each in ahead)
        return "\n".join([_OTHERS_STAND.in_(language), *days, "", _BY_MAIL.in_(language)])

    return Text(said("en"), said("fr"))


def compose_withdrawal(message: Message) -> Composed | Dropped | Waits:
    """Return that an invitation was taken back; METHOD:CANCEL where the guest's calendar holds the entry."""
    found = _notice(message)
    if not isinstance(found, Notice):
        return found
    if found.invitation.withdrawn_at is None:
        return Dropped("invited again")
    return _last_word(message, found, withdrawal_values(found))


def withdrawal_values(found: Notice) -> Values:
    """Return what the mail about a withdrawal says, in both languages."""
    return {language: _known(found, language, WITHDRAWAL) for language in LANGUAGES}


def _known(found: Notice, language: Language, purpose: str) -> dict[str, str]:
    known = found.before or found.after
    shared = shared_values(found.about, language, "")
    when = known.when(language) if known else shared["when"]
    where = known.where.in_(language) if known else shared["where"]
    return {**shared, "when": when, "where": where, **_neutral(purpose, found, language, when)}


def _last_word(message: Message, found: Notice, values: Values) -> Composed:
    gone = found.before or found.after
    shown = replace(gone, cancelled=True) if gone else None
    calendar = None
    if found.entry is not None and found.entry.held and shown is not None:
        calendar = CalendarPart("CANCEL", calendar_part(_entry(found, found.entry, shown, message.language), "CANCEL"))
    return _composed(message, found, values, calendar=calendar, shown=shown, rows=[])


def _request(found: Notice, language: str) -> CalendarPart | None:
    """Return the new revision; for somebody who wants no calendar entries any more, that theirs is taken out, since it would lie."""
    after, entry = found.after, found.entry
    if entry is None or after is None:
        return None
    if found.about.event.sends_calendar and found.about.person.wants_calendar:
        return CalendarPart("REQUEST", calendar_part(_entry(found, entry, after, language)))
    if not entry.held:
        return None
    return CalendarPart("CANCEL", calendar_part(_entry(found, entry, replace(found.before or after, cancelled=True), language), "CANCEL"))


def _entry(found: Notice, entry: CalendarEntry, shown: Shown, language: str) -> Entry:
    consultation = found.about.consultation
    lead = NEUTRAL_ORGANIZER if found.discreet else consultation.text("lead") or consultation.text("title")
    return Entry(
        uid=entry.uid,
        mailbox=entry.mailbox,
        domain=mail_domain(),
        sequence=entry.sequence,
        stamp=now(),
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        summary=_joined(language, shown.title),
        location=_joined(language, shown.place),
        description="" if shown.cancelled else _joined(language, _BY_MAIL, "\n\n"),
        organizer_name=_joined(language, lead),
        organizer_address=one_mailbox(),
        attendee_name=found.about.person.addressed_as or found.about.person.email or "",
        attendee_address=found.about.person.email or "",
        # Somebody who waits has said yes and has no seat: their calendar shows it as not settled.
        partstat=Choice.TENTATIVE if entry.partstat is Choice.ACCEPTED and found.mode is None and not shown.cancelled else entry.partstat,
        # Whoever is told that it does not take place, or not for them, holds no seat online.
        online_link="" if shown.cancelled else shown.link,
    )


def _joined(language: str, words: Text, between: str = " / ") -> str:
    said = [words.in_(each) for each in languages_of(language) if words.in_(each)]
    return between.join(dict.fromkeys(said))


def _composed(
    message: Message, found: Notice, values: Values, *, calendar: CalendarPart | None, shown: Shown | None, rows: list[NewRow]
) -> Composed:
    person = found.about.person
    return Composed(
        to_name=person.addressed_as,
        to_address=person.email or "",
        values={language: values[language] for language in languages_of(message.language)},
        # Where there is no address there is no calendar either: the team calls.
        calendar=calendar if person.email else None,
        rows=rows,
        details={**known_before(found.entry), **told_details(found.entry, shown, calendar if person.email else None)} if shown else {},
        # Whoever holds a seat would come to an empty room.
        must_reach=found.mode is not None or HELD_SEAT in message.details,
        discreet=found.discreet,
    )


def as_guest_reads(guest: Guest, purpose: str, note: Text) -> Written:
    """Return the mail of ``purpose`` as one guest will read it, in their language; its link opens nothing."""
    found = notice_to(guest.invitation, str(guest.sitting.id) if guest.sitting else None)
    if found is None:
        raise AbsentError
    link = f"{settings().base_url}/r/…"
    values = change_values(found, note, link) if purpose == CHANGE else cancellation_values(found, note)
    consultation, person = found.about.consultation, found.about.person
    said = Composed(person.addressed_as, person.email or "", values, discreet=found.discreet)
    text, said = discreetly(text_to_send(consultation.id, purpose, Kind.NOTICE), said, person)
    return write(text, said.values, guest.language, settings().base_url)


CHANGE_COMPOSER = Composer(CHANGE, CHANGE_PLACES, compose_change, kind=Kind.NOTICE)
CANCELLATION_COMPOSER = Composer(CANCELLATION, CANCELLATION_PLACES, compose_cancellation, kind=Kind.NOTICE)
WITHDRAWAL_COMPOSER = Composer(WITHDRAWAL, WITHDRAWAL_PLACES, compose_withdrawal, kind=Kind.NOTICE)
