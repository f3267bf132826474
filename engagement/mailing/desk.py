"""The desk at which mails are written: what those of one batch have in common is laid out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.kernel.db import db
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.composing import Compose, Composer, Said, Waits
from engagement.mailing.letters import Writer, languages_of
from engagement.mailing.preference_links import with_footer
from engagement.mailing.texts import text_of, text_to_send
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from engagement.kernel.bilingual import Text
    from engagement.mailing.models import Message
    from engagement.mailing.quiet import QuietFor
    from engagement.mailing.texts import MailText


class Desk:
    """Texts, senders and composers for some messages; to be cleared away with them, since time goes on."""

    def __init__(self, messages: Sequence[Message]) -> None:
        """Have each composer read what its messages are about."""
        self.writer, self.address = Writer(settings().base_url), settings().mail_default_sender
        self._texts: dict[tuple[UUID | None, str, UUID | None], MailText] = {}
        self._consultations: dict[UUID, Consultation | None] = {}
        self._people: dict[UUID, Person | None] = {}
        self._senders: dict[tuple[UUID | None, str], str] = {}
        quiet = ports().quiet_hours
        self.quiet_for: QuietFor = quiet(messages) if quiet is not None else _never_quiet
        by_purpose: dict[str, list[Message]] = {}
        for message in messages:
            by_purpose.setdefault(message.purpose, []).append(message)
        self._compose = {purpose: _compose(purpose, some) for purpose, some in by_purpose.items()}

    def compose(self, message: Message) -> Said:
        """Return what the composer says of ``message`` now; raises what the composer raises."""
        compose = self._compose[message.purpose]
        return Waits(f"nobody writes mails of the kind {message.purpose}") if compose is None else compose(message)

    def text_for(self, message: Message) -> MailText:
        """Return what the mail says: its mailing's own words, where it has some, else the text of its purpose."""
        key = message.consultation_id, message.purpose, message.mailing_id
        if key not in self._texts:
            own = ports().mailing_text
            said: MailText | None = own(message.mailing_id) if own is not None and message.mailing_id is not None else None
            composer: Composer | None = ports().composers.get(message.purpose)
            text = said or _text_of(message, composer)
            self._texts[key] = with_footer(text, composer)
        return self._texts[key]

    def consultation_of(self, message: Message) -> Consultation | None:
        """Return the consultation that ``message`` is of, if it is of one."""
        of = message.consultation_id
        if of is not None and of not in self._consultations:
            self._consultations[of] = db.session.get(Consultation, of)
        return self._consultations[of] if of is not None else None

    def person_of(self, message: Message) -> Person | None:
        """Return whom ``message`` is for, if it is for somebody of a roster."""
        of = message.person_id
        if of is None:
            return None
        if of not in self._people:
            self._people[of] = db.session.get(Person, of)
        return self._people[of]

    def sender_of(self, message: Message) -> str:
        """Return the name that stands before our address in ``message``."""
        key = message.consultation_id, message.language
        if key not in self._senders:
            self._senders[key] = sender_name(self.consultation_of(message), message.language)
        return self._senders[key]


def _never_quiet(message: Message, zone: str) -> None:  # noqa: ARG001
    return None


def _text_of(message: Message, composer: Composer | None) -> MailText:
    if composer is None:
        return text_of(message.consultation_id, message.purpose)
    return text_to_send(message.consultation_id, message.purpose, composer.kind)


def _compose(purpose: str, messages: Sequence[Message]) -> Compose | None:
    composer: Composer | None = ports().composers.get(purpose)
    if composer is None:
        return None
    return composer.gather(messages) if composer.gather is not None else composer.compose


def sender_name(consultation: Consultation | None, language: str) -> str:
    """Return the name that stands before our address: who leads the consultation, else its title."""
    if consultation is None:
        return ""
    lead = consultation.text("lead")
    name: Text = lead if lead.whole else consultation.text("title")
    return " / ".join(dict.fromkeys(name.in_(each) for each in languages_of(language)))
