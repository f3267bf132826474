"""Links on which people choose which mails they get, and the one click that stops them (RFC 8058).

Every mailing and reminder carries one of its own: in its header for mail programs, and in its
text. The token is stored as its SHA-256 only. It changes what somebody gets, and shows nothing
that others must not read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import NewRow, new_row
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.kernel.tokens import digest, new_token
from engagement.mailing.composing import Composed, Composer, Kind
from engagement.mailing.models import PreferenceLink
from engagement.mailing.placeholders import names_in
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, wish_for_address

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.mailing.models import Message
    from engagement.mailing.texts import MailText

# The Canadian act asks for sixty days at least (S.C. 2010, c. 23, s. 11(2)); people keep mail for longer.
LINK_LIFE = timedelta(days=400)
# Mails that nobody asked for and everybody can do without: they say how to stop them.
UNASKED = frozenset({Kind.MAILING, Kind.REMINDER})
PLACE = "preferences"
FOOTER = Text(
    "To choose which mails you get, or to stop them:\n((preferences))",
    "Pour choisir les courriels que vous recevez, ou pour ne plus en recevoir\u00a0:\n((preferences))",
)
NO_MORE = Wishes(wants_mailings=False, wants_reminders=False)


@dataclass(frozen=True, slots=True)
class OpenedPreferences:
    """A link that opens, and whose it is."""

    id: UUID
    person: Person


def draft_preference_link(person_id: UUID, message_id: UUID | None) -> tuple[str, NewRow]:
    """Return the address of a new link and the row that recognizes it; the row is not stored yet."""
    token = new_token()
    moment = now()
    row = new_row(
        PreferenceLink,
        person_id=person_id,
        message_id=message_id,
        token_hash=digest(token),
        created_at=moment,
        expires_at=moment + LINK_LIFE,
    )
    return f"{settings().base_url}/u/{token}", row


def sample_preference_link() -> str:
    """Return an address that opens nothing, for a mail that is looked at before it is written."""
    return f"{settings().base_url}/u/…"


def with_footer(text: MailText, composer: Composer | None) -> MailText:
    """Return what a mail says, with the way to stop it below where it is one to stop and its own words leave that out."""
    if composer is None or composer.kind not in UNASKED:
        return text
    body = Text(*(_footed(text.body.in_(side), FOOTER.in_(side)) for side in ("en", "fr")))
    return replace(text, body=body)


def _footed(body: str, footer: str) -> str:
    return body if not body.strip() or PLACE in names_in(body) else f"{body.rstrip()}\n\n{footer}"


def with_preferences(message: Message, said: Composed, text: MailText) -> Composed:
    """Return the mail with a link of its own in it and, where it is one to stop, in its header.

    Only somebody of the roster gets one. Asks the database nothing: it is done for each of
    many thousands.
    """
    composer: Composer | None = ports().composers.get(message.purpose)
    unasked = composer is not None and composer.kind in UNASKED
    if message.person_id is None or not said.to_address or not (unasked or _names_it(text)):
        return said
    url, row = draft_preference_link(message.person_id, message.id)
    values = {language: {**each, PLACE: url} for language, each in said.values.items()}
    rows = [*said.rows, row]
    if not unasked:
        return replace(said, values=values, rows=rows)
    return replace(said, values=values, rows=rows, unsubscribe=url, unsubscribe_mailbox=_mailbox_to_stop(message))


def _names_it(text: MailText) -> bool:
    return any(PLACE in names_in(text.body.in_(side)) for side in ("en", "fr"))


def _mailbox_to_stop(message: Message) -> str:
    """Return the address for those who write instead of clicking: by its name the message is found, as for a bounce."""
    chosen = settings()
    if chosen.mail_one_mailbox:
        return ""
    return f"unsubscribe+{message.bounce_token}@{chosen.mail_default_sender.rpartition('@')[2]}"


def find_preference_link(token: str) -> OpenedPreferences | None:
    """Return the link of ``token`` if it opens; unknown, revoked and expired ones are not told apart."""
    return _one_that_opens(PreferenceLink.token_hash == digest(token))


def reopen_preference_link(link_id: UUID) -> OpenedPreferences | None:
    """Return a link that was opened before, if it still opens."""
    return _one_that_opens(PreferenceLink.id == link_id)


def _one_that_opens(condition: object) -> OpenedPreferences | None:
    row = db.session.execute(
        select(PreferenceLink.id, Person)
        .join(Person, Person.id == PreferenceLink.person_id)
        .where(condition, PreferenceLink.revoked_at.is_(None), PreferenceLink.expires_at > now())  # type: ignore[arg-type]
    ).one_or_none()
    return OpenedPreferences(row[0], row[1]) if row else None


def by_preference_link(link_id: UUID) -> Actor:
    """Return the actor for somebody who uses a preference link."""
    return Actor(ActorKind.LINK, link_id)


def stop_mails(token: str) -> bool:
    """Stop mailings and reminders for whoever got the mail with this token; returns whether it opens.

    What answers their own doing, and what a guest must know, goes on. It holds for every row
    of the roster with their address in that consultation. Doing it twice is doing it once; a
    token that opens nothing changes nothing.
    """
    opened = find_preference_link(token)
    if opened is None:
        return False
    actor = by_preference_link(opened.id)
    with writing() as session:
        if wish_for_address(person_id=opened.person.id, wishes=NO_MORE, actor=actor):
            note(session, "unsubscribe", session.get_one(PreferenceLink, opened.id), actor, opened.person.consultation_id)
    return True
