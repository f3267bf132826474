"""Mail to begin with: people, a consultation's text, a composer that tests own, an SMTP server."""

from __future__ import annotations

import asyncio
import email
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing import outbox
from engagement.mailing.composing import CalendarPart, Composed, Composer, Dropped, Kind, Waits
from engagement.mailing.models import MailTemplate, Message, State
from engagement.mailing.service import plan
from engagement.roster.models import IdentifiedThrough, Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from flask import Flask

    from engagement.consultations.models import Consultation

NOTICE = "notice"
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Convoke//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:one@example.org\r\n"
    b"DTSTAMP:20261101T120000Z\r\nDTSTART:20261208T180000Z\r\nDTEND:20261208T200000Z\r\nSUMMARY:Roundtable\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


def a_person(consultation: Consultation, email: str | None = "ada@example.org", *, language: str | None = "en", **more: Any) -> Person:
    """Store somebody of the roster."""
    values = {"given_name": "Ada", "family_name": "Example", **more}
    with writing() as session:
        person = Person(
            consultation_id=consultation.id, name_key=f"{values['family_name']} {values['given_name']}".casefold(), email=email,
            email_index=address_index(email) if email else None, language=language,
            identified_through=IdentifiedThrough.STAFF, created_at=now(), **values,
        )  # fmt: skip
        session.add(person)
    return person


def a_text(consultation: Consultation, purpose: str = NOTICE, body: Text | None = None) -> MailTemplate:
    """Store what the consultation says in one kind of mail."""
    with writing() as session:
        row = MailTemplate(consultation_id=consultation.id, purpose=purpose, changed_at=now())
        row.with_texts(
            subject=Text("For ((name))", "Pour ((name))"),
            body=body or Text("Dear ((name)),\n\nPlease come.\n((link))", "Bonjour ((name)),\n\nVenez.\n((link))"),
        )
        session.add(row)
    return row


@contextmanager
def settings_with(app: Flask, **changes: Any) -> Iterator[None]:
    """Have the application run with other settings for a while."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, **changes)
    yield
    app.config["SETTINGS"] = before


@dataclass
class Notices:
    """A composer whose answer a test can change, and what its ``sent`` port heard."""

    answer: Dropped | Waits | None = None
    calendar: CalendarPart | None = None
    fault: Exception | None = None
    must_reach: bool = False
    heard: list[str] = field(default_factory=list)

    def compose(self, message: Message) -> Composed | Dropped | Waits:
        """Write to the person of the message."""
        if self.fault:
            raise self.fault
        if self.answer:
            return self.answer
        person = db.session.get(Person, message.person_id)
        values = {"name": person.name, "link": "http://localhost/r/token"}
        return Composed(person.name, person.email or "", {"en": values, "fr": values}, self.calendar, must_reach=self.must_reach)


@contextmanager
def notices_are_composed() -> Iterator[Notices]:
    """Register the composer of the purpose "notice" for one test."""
    notices = Notices()
    ports().composers[NOTICE] = Composer(NOTICE, ("name", "link"), notices.compose)
    ports().sent[NOTICE] = lambda message: notices.heard.append(message.dedup_key)
    yield notices
    del ports().composers[NOTICE], ports().sent[NOTICE]


def of_kind(kind: Kind) -> None:
    """Let the composer of one test write mails of this kind."""
    known = ports().composers[NOTICE]
    ports().composers[NOTICE] = replace(known, kind=kind)


def a_notice(person: Person, **more: Any) -> Message:
    """Plan a notice to somebody."""
    values: dict[str, Any] = {"language": person.language or "both", "dedup_key": f"notice:{person.id}", **more}
    planned = plan(consultation_id=person.consultation_id, person_id=person.id, purpose=NOTICE, actor=SYSTEM, **values)
    assert planned is not None
    return planned


def state_of(message: Message) -> State:
    """Return the state that is stored now."""
    db.session.rollback()
    return db.session.get(Message, message.id, populate_existing=True).state


@dataclass
class Post:
    """A real SMTP server on this machine, that does as a test says."""

    received: list[bytes] = field(default_factory=list, repr=False)
    envelopes: list[tuple[str, str]] = field(default_factory=list, repr=False)
    # What it answers to RCPT or to the end of DATA, by the recipient's address; "drop" hangs up.
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    at_mail: str = "250 OK"
    # How many seconds it thinks before it answers for a text.
    thinks: float = 0
    port: int = 0

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: ARG002, N802
        """Answer to a sender."""
        if self.at_mail.startswith("250"):
            envelope.mail_from = address
        return self.at_mail

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802
        """Answer to a recipient."""
        said = self.at_rcpt.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
        """Take a mail, refuse it, or hang up when it has arrived."""
        address = envelope.rcpt_tos[0]
        await asyncio.sleep(self.thinks)
        said = self.at_data.get(address, "250 2.0.0 taken")
        if said.startswith(("250", "drop")):
            self.received.append(envelope.content)
            self.envelopes.append((envelope.mail_from, address))
        if said == "drop":
            server.transport.abort()
        return said

    def mails(self) -> list[Any]:
        """Return what was received, parsed."""
        return [email.message_from_bytes(raw, policy=default) for raw in self.received]


@contextmanager
def a_post_office(app: Flask) -> Iterator[Post]:
    """Run the server, and have the application send to it."""
    post = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:
        post.port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    state = app.extensions["mail"]
    before, state.port = state.port, post.port
    yield post
    state.port = before
    controller.stop()


def states(purpose):
    """Return the states of all messages of a purpose, as they are stored now."""
    db.session.rollback()
    return [row.state for row in db.session.query(Message).filter_by(purpose=purpose).populate_existing()]


def begin_sending(message_id: UUID, worker: str) -> outbox.Outgoing | State:
    """Have a worker be about to send one message that it claimed; return what it sends, or the state where it must not go after all."""
    found = outbox.in_hand([message_id])
    if not found:
        return State.CANCELLED
    state = outbox.turn(worker, None, found[0])
    return found[0] if state is State.SENDING else state or found[0].message.state
