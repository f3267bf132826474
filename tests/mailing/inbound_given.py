"""Mail that comes back: what was sent is read from the post office, and the answers of mail programs are filled in from it."""

from __future__ import annotations

import email
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

from icalendar import Calendar
from sqlalchemy import func, select

from engagement.events.models import CalendarEntry, Format, Seat, Sitting
from engagement.events.posting import ask_to_come
from engagement.invitations.models import Invitation, Reply
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.models import Message, Suppression
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation

if TYPE_CHECKING:
    from datetime import datetime

    from engagement.consultations.models import Consultation
    from engagement.events.models import Event
    from engagement.mailing.receiving import Received
    from engagement.roster.models import Person
    from tests.mailing.given import Post

MAILS = Path(__file__).parent / "mails"
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass
class Guest:
    """Somebody who was sent an invitation, and what their mail program would answer with."""

    person: Person
    invitation: Invitation
    message: Message
    values: dict[str, str] = field(default_factory=dict)

    def mail(self, template: str, **changes: str) -> bytes:
        """Return an answer in the shape of one mail program; ``changes`` are values that differ."""
        text = (MAILS / template).read_text(encoding="utf-8")
        for name, value in {**self.values, **changes}.items():
            text = text.replace(f"@@{name}@@", value)
        return text.encode()

    def answers(self, template: str, *, at: datetime | None = None, **changes: str) -> Received:
        """Receive an answer."""
        return receive(self.mail(template, **changes), received_at=at)

    def stands(self) -> Invitation:
        """Return the invitation as it is stored now."""
        db.session.rollback()
        return db.session.get(Invitation, self.invitation.id, populate_existing=True)

    def entry(self) -> CalendarEntry:
        """Return what their calendar was told, as it is stored now."""
        db.session.rollback()
        wanted = select(CalendarEntry).where(CalendarEntry.invitation_id == self.invitation.id)
        return db.session.scalars(wanted.execution_options(populate_existing=True)).first()


def jo_writes(words: str, *, sender: str = "Jo <jo@example.org>") -> InboundMail:
    """Receive a mail while one questionnaire is open and jo@example.org is on the roster."""
    consultation = a_consultation()
    a_questionnaire(consultation)
    a_person(consultation, "jo@example.org")
    return receive(f"From: {sender}\nTo: x@convoke.example\nSubject: Question\n\n{words}\n".encode()).row


def guests(consultation: Consultation, post: Post, *addresses: str, event: Event | None = None, **more) -> list[Guest]:
    """Invite people at these addresses to one event by mail, and return them as guests."""
    event = event or an_event(consultation, **{"form": Format.IN_PERSON, "in_person": 5, **more})
    people = [a_person(consultation, address, given_name=address.partition("@")[0].title()) for address in addresses]
    invitations = [ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM) for person in people]
    before = len(post.received)
    send_due()
    sent = {mail["To"].addresses[0].addr_spec: mail for mail in post.mails()[before:]}
    return [_guest(person, invitation, sent[person.email]) for person, invitation in zip(people, invitations, strict=True)]


def _guest(person: Person, invitation: Invitation, mail: email.message.EmailMessage) -> Guest:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    entry = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    message = db.session.scalar(select(Message).where(Message.rfc_message_id == str(mail["Message-ID"])))
    values = {
        "TO": str(entry["ORGANIZER"]).removeprefix("mailto:"),
        "FROM": person.email,
        "UID": str(entry["UID"]),
        "SEQUENCE": str(entry["SEQUENCE"]),
        "DTSTART": entry["DTSTART"].dt.strftime(STAMP),
        "DTEND": entry["DTEND"].dt.strftime(STAMP),
        "DTSTAMP": now().strftime(STAMP),
        "IN_REPLY_TO": str(mail["Message-ID"]),
        "STATUS": "5.1.1",
        "ACTION": "failed",
    }
    return Guest(person, invitation, message, values)


def parsed(raw: bytes) -> email.message.EmailMessage:
    """Return a mail as the standard library reads it."""
    return email.message_from_bytes(raw, policy=default)


def taken(event_id) -> int:
    """Return how many seats of an event are taken now, of either kind."""
    db.session.rollback()
    return db.session.scalar(select(func.sum(Sitting.taken_in_person + Sitting.taken_online)).where(Sitting.event_id == event_id)) or 0


def count(table) -> int:
    """Return how many rows there are now."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def inbox() -> list[InboundMail]:
    """Return every mail that was received, as it is stored now."""
    db.session.rollback()
    return list(db.session.scalars(select(InboundMail).order_by(InboundMail.received_at).execution_options(populate_existing=True)))


def replies_and_seats() -> tuple[int, int]:
    """Return how many replies and seats there are."""
    return count(Reply), count(Seat)


def nothing_suppressed() -> bool:
    """Return whether every address may be written to."""
    return count(Suppression) == 0
