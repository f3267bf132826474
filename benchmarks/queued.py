"""An installation with invitations that are written and wait to go: about 13 kB each, with a calendar part."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from config import read_settings
from engagement import create_app
from engagement.invitations.models import Invitation
from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, domain_index, keys, place_of
from engagement.kernel.db import db, writing
from engagement.kernel.migrations import bring_up_to_date
from engagement.mailing.builder import Letter, build
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.moving import NOBODY
from engagement.roster.models import IdentifiedThrough, Person
from tests.events.given import an_event
from tests.support.given import a_consultation

if TYPE_CHECKING:
    from flask import Flask

AT_ONCE = 1000
WORDS = "The Department of Examples invites you to a roundtable on how services are bought. Your view counts. "
MOTS = "Le ministère des Exemples vous convie à une table ronde sur l’achat de services. Votre avis compte, où que vous soyez. "
DESCRIPTION = " ".join([WORDS[:60], MOTS[:60]] * 7)
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Convoke//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:{uid}@convoke.example\r\n"
    "DTSTAMP:20261101T120000Z\r\nDTSTART:20261208T180000Z\r\nDTEND:20261208T200000Z\r\nSUMMARY:Roundtable\r\nSEQUENCE:0\r\n"
    "ORGANIZER;CN=Department of Examples:mailto:replies+{uid}@convoke.example\r\n"
    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{to}\r\n"
    "DESCRIPTION:" + "\r\n ".join([WORDS[:60], MOTS[:60]] * 7) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def letter_to(number: int) -> Letter:
    """Return the invitation of the guest with this number, in both languages."""
    to, who = f"guest{number}@example{number % 40}.org", f"Zoé Invitée {number}"
    return Letter(
        from_name="Department of Examples / Ministère des Exemples",
        from_address="consultations@convoke.example",
        to_name=who,
        to_address=to,
        reply_to="team@convoke.example",
        subject="Invitation to a roundtable / Invitation à une table ronde",
        message_id=f"<{number}.{new_id().hex}@convoke.example>",
        date=now(),
        language="en, fr",
        plain=f"Dear {who},\n\n" + (WORDS + "\n") * 11 + f"Bonjour {who},\n\n" + (MOTS + "\n") * 11,
        html=f"<p>Dear {who},</p>" + f"<p>{WORDS}</p>\n<p lang=fr>{MOTS}</p>\n" * 13,
        calendar=("REQUEST", ICS.format(uid=number, to=to).encode()),
    )


def installation(settings: dict[str, str], howmany: int) -> Flask:
    """Return the application of a new installation in which so many invitations wait to go."""
    app = create_app(read_settings(settings))
    with app.app_context():
        bring_up_to_date(app)
        fill(howmany)
        db.session.remove()
    return app


def fill(howmany: int) -> None:
    """Have so many invitations wait to go, each to somebody else."""
    event = an_event(a_consultation())
    for at in range(0, howmany, AT_ONCE):
        _queue(event.consultation_id, event.id, range(at, min(at + AT_ONCE, howmany)))


def _queue(consultation_id: Any, event_id: Any, numbers: range) -> None:
    people, invitations, messages, events = [], [], [], []
    moment = now()
    for number in numbers:
        letter, person, invitation, message = letter_to(number), new_id(), new_id(), new_id()
        to, index = letter.to_address, address_index(letter.to_address)
        people.append(
            {
                "id": person, "consultation_id": consultation_id, "given_name": "Guest", "family_name": str(number), "email_index": index,
                "name_key": str(number), "identified_through": IdentifiedThrough.STAFF, "created_at": moment, "language": "en",
            }
        )  # fmt: skip
        invitations.append(
            {"id": invitation, "consultation_id": consultation_id, "person_id": person, "event_id": event_id, "created_at": moment}
        )
        messages.append(
            {
                "id": message, "consultation_id": consultation_id, "person_id": person, "invitation_id": invitation, "language": "en",
                "purpose": "event_invitation", "dedup_key": f"event_invitation:{invitation}", "rfc_message_id": letter.message_id,
                "bounce_token": message.hex[:20], "state": State.QUEUED, "claimed_by": NOBODY,
                "lease_until": moment, "due_at": moment - timedelta(minutes=1), "created_at": moment,
                "address_index": index, "domain_index": domain_index(to),
                "to_address_sealed": _sealed("to_address", message, to.encode()),
                "subject_sealed": _sealed("subject", message, letter.subject.encode()),
                "raw_sealed": _sealed("raw", message, build(letter)),
            }
        )  # fmt: skip
        events += [{"id": new_id(), "message_id": message, "at": moment, "state": state} for state in (State.PLANNED, State.QUEUED)]
    with writing() as session:
        for table, rows in ((Person, people), (Invitation, invitations), (Message, messages), (MessageEvent, events)):
            session.execute(insert(table), rows)


def _sealed(column: str, message: Any, plain: bytes) -> bytes:
    column = f"{column}_sealed"
    return keys.seal(plain, place_of("message", column, message))
