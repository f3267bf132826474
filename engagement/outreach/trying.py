"""A test of a mailing: its mail as one person would read it, sent to the account of whoever asks.

It invites nobody and counts for nothing: its links open nothing, and its subject says that it is a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.accounts.models import User
from engagement.kernel.base import new_id
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.mailing.as_html import WAYS
from engagement.mailing.composing import Composed, Composer, Dropped, Kind
from engagement.mailing.letters import languages_of, write
from engagement.mailing.models import Message
from engagement.mailing.service import plan
from engagement.outreach.listing import MAILING_TEST
from engagement.outreach.models import Mailing
from engagement.outreach.readiness import MISSING_WORDS
from engagement.outreach.reading import values_for, without_links
from engagement.outreach.service import NotReadyError
from engagement.outreach.words import words_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from engagement.kernel.audit import Actor

PURPOSE = MAILING_TEST
PLACEHOLDERS = ("subject", "body", "reader")


def send_test(*, mailing_id: UUID, person_id: UUID, actor: Actor) -> Message:
    """Plan the mail as this person would read it, to the address of the account that asks.

    Raises NotReadyError (a text is missing), AbsentError (not one of the mailing's people).
    """
    mailing, person = db.session.get(Mailing, mailing_id), db.session.get(Person, person_id)
    if mailing is None or person is None or str(person_id) not in mailing.people or actor.id is None:
        raise AbsentError
    text = words_of(mailing)
    if not (text.subject.whole and text.body.whole):
        raise NotReadyError(MISSING_WORDS)
    with writing():
        planned = plan(
            consultation_id=mailing.consultation_id,
            person_id=None,
            purpose=PURPOSE,
            language=person.language or "both",
            dedup_key=f"{_key(mailing_id)}{new_id()}",
            details={"mailing_id": str(mailing_id), "reader_id": str(person_id), "account_id": str(actor.id)},
            actor=actor,
        )
    assert planned is not None  # noqa: S101 - its key is new.
    return planned


def _key(mailing_id: UUID) -> str:
    return f"{PURPOSE}:{mailing_id}:"


def last_test(mailing: Mailing) -> Message | None:
    """Return the last test that was asked for, None where there was none."""
    sent = select(Message).where(Message.purpose == PURPOSE, Message.dedup_key.startswith(_key(mailing.id), autoescape=True))
    return db.session.scalar(sent.order_by(Message.created_at.desc()).limit(1))


def compose(message: Message) -> Composed | Dropped:
    """Return the test, or why it does not go."""
    mailing = db.session.get(Mailing, UUID(message.details["mailing_id"]))
    person = db.session.get(Person, UUID(message.details["reader_id"]))
    account = db.session.get(User, UUID(message.details["account_id"]))
    if mailing is None or person is None or account is None or account.disabled_at is not None:
        return Dropped("what it is about does not exist any more")
    text, values = words_of(mailing), values_for(mailing, person)
    said = {}
    for language in languages_of(message.language):
        written = write(text, values, language, settings().base_url)
        shown = {"subject": without_links(written.subject), "body": without_links(written.plain).strip(), "reader": person.name}
        # So that its html shows the button that the mail will have.
        said[language] = {**{name: values[language][name] for name in WAYS if name in values[language]}, **shown}
    return Composed(to_name=account.name, to_address=account.email, values=said)


COMPOSER = Composer(PURPOSE, PLACEHOLDERS, compose, asked_for=True, private=True, kind=Kind.ANSWER, needed=("body",))
