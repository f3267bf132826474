"""Whom and what a received mail is about: by the tokens of our addresses, the Message-IDs it refers to, its address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.consultations.models import Consultation
from engagement.kernel.crypto import address_index
from engagement.mailing.models import Message
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.mailing.inbound import Arrival
    from engagement.mailing.mime import Headers

# Where the address stands that a mail was really delivered to, besides To and Cc.
DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-forwarded-to")
_OURS = re.compile(r"(replies|bounces|unsubscribe)\+([a-z0-9_-]{8,64})@", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s@]{1,180}@[^<>\s@]{1,180}>")
MOST_REFERENCES = 30


def recipients_of(headers: Headers) -> tuple[str, ...]:
    """Return every address that a mail was sent or delivered to, as it is written."""
    return tuple(headers.addresses("to", "cc", *DELIVERED))


def tokens_in(addresses: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the tokens in addresses of ours, by what stands before the plus."""
    found: dict[str, tuple[str, ...]] = {}
    for address in addresses:
        match = _OURS.fullmatch(address.rpartition("@")[0] + "@")
        if match:
            kind = match[1].lower()
            # Case counts in the secret of a link, and in no other token of ours.
            token = match[2] if kind == "unsubscribe" else match[2].lower()
            found[kind] = tuple(dict.fromkeys((*found.get(kind, ()), token)))
    return found


def references_of(headers: Headers) -> tuple[str, ...]:
    """Return the Message-IDs that a mail refers to, the one that it answers first."""
    ids = _ID.findall(headers.first("in-reply-to")) + _ID.findall(headers.first("references"))[::-1]
    return tuple(dict.fromkeys(ids))[:MOST_REFERENCES]


def messages_by_id(session: Session, ids: Sequence[str]) -> list[Message]:
    """Return our messages with these Message-IDs, in their order."""
    if not ids:
        return []
    found = {row.rfc_message_id: row for row in session.scalars(select(Message).where(Message.rfc_message_id.in_(ids)))}
    return [found[each] for each in ids if each in found]


def messages_by_token(session: Session, tokens: Sequence[str]) -> list[Message]:
    """Return our messages with these bounce tokens."""
    return list(session.scalars(select(Message).where(Message.bounce_token.in_(tokens)))) if tokens else []


def wrote_to(session: Session, message: Message, address: str) -> bool:
    """Return whether ``message`` was written to ``address``; by the roster, where what was written is not kept any more."""
    if not address:
        return False
    index = address_index(address)
    if message.address_index is not None:
        return message.address_index == index
    person = session.get(Person, message.person_id) if message.person_id else None
    return person is not None and bool(person.email) and address_index(person.email or "") == index


def place(session: Session, arrival: Arrival) -> None:
    """Write into ``arrival`` what its headers tell: our message, the consultation, and who it is from."""
    tokens = [*arrival.tokens.get("bounces", ()), *arrival.tokens.get("unsubscribe", ())]
    messages = messages_by_token(session, tokens) or messages_by_id(session, arrival.answers)
    if messages:
        message = messages[0]
        arrival.message_id, arrival.consultation_id = message.id, message.consultation_id
        arrival.invitation_id = message.invitation_id
        # Somebody of the roster may answer a mail that was passed on to them; a private address is unknown.
        known = people_of(session, arrival.sender, message.consultation_id) if arrival.sender and message.consultation_id else []
        same = [person for person in known if person.id == message.person_id]
        arrival.person_id = (same or known)[0].id if known else message.person_id
        arrival.person_sure = bool(same)
    if arrival.consultation_id is None:
        arrival.consultation_id = _by_contact(session, arrival)
    if arrival.person_id is None and arrival.sender:
        guess(session, arrival)


def guess(session: Session, arrival: Arrival) -> None:
    """Write into ``arrival`` whom its address belongs to; without a consultation only where there is one person of that address.

    Where nobody has the address that it is from, the one that it wants answers at is looked for.
    Of two people with one address in a consultation, the one whom the whole team sees is meant.
    """
    found: list[Person] = []
    for address in (arrival.sender, *arrival.mail.headers.addresses("reply-to")[:3]):
        found = found or people_of(session, address, arrival.consultation_id)
    consultations = {person.consultation_id for person in found}
    if len(consultations) == 1:
        arrival.person_id, arrival.consultation_id = found[0].id, found[0].consultation_id


def people_of(session: Session, address: str, consultation_id: UUID | None = None) -> list[Person]:
    """Return who has this address, in one consultation or in all, those first whom the whole team sees."""
    theirs = select(Person).where(Person.email_index == address_index(address))
    if consultation_id is not None:
        theirs = theirs.where(Person.consultation_id == consultation_id)
    return list(session.scalars(theirs.order_by(Person.open_to_team.desc(), Person.created_at, Person.id)))


def _by_contact(session: Session, arrival: Arrival) -> UUID | None:
    """Return the one consultation whose contact address the mail went to."""
    if not arrival.recipients:
        return None
    mine = select(Consultation.id).where(func.lower(Consultation.contact_email).in_(arrival.recipients), Consultation.contact_email != "")
    found = session.scalars(mine).all()
    if len(found) == 1:
        return found[0]
    known = {person.consultation_id for person in people_of(session, arrival.sender)} & set(found) if arrival.sender else set()
    return known.pop() if len(known) == 1 else None
