"""Whom not to write to, and why: addresses that are suppressed, and what people wished.

An address is known by its blind index only. Suppression holds for it in the whole
installation; a wish not to be contacted does too, whichever consultation heard it. Wishes for
fewer mails hold for the address in the consultation that sends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.errors import DomainError
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer, Kind
from engagement.mailing.models import Message, Suppression, Why
from engagement.roster.models import Person
from engagement.roster.particulars import BadPersonError, clean_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy.orm import Session

LONGEST_NOTE = 500
# What holds everything back: nobody is there to read it, or the team knows why nothing must go there.
FOR_EVERYTHING = frozenset({Why.BOUNCED, Why.STAFF})
# What somebody said about our mail, and can unsay.
OWN_WORD = frozenset({Why.COMPLAINED, Why.OPTED_OUT})


class NoReasonError(DomainError):
    """An address is taken off for a reason that the next member of the team can read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard from an address: why it is suppressed, if it is, and its owner's wishes."""

    suppressed: str | None = None
    do_not_contact: bool = False
    wants_mailings: bool = True
    wants_reminders: bool = True


def held_by(kind: Kind, heard: Heard, *, asked_for: bool = False) -> str:
    """Return what holds a mail of this kind back, "" where it may go.

    A mail that answers what somebody did goes to whoever wants no mailings, and one that a
    guest must read (NOTICE) too; what they asked for at this very moment (``asked_for``) even
    to whoever wants nothing else. Nothing goes to an address that does not exist, or that the
    team took off.
    """
    answers = asked_for or kind is Kind.ANSWER
    if heard.suppressed is not None and (heard.suppressed in FOR_EVERYTHING or not answers):
        return f"suppressed: {heard.suppressed}"
    if heard.do_not_contact and not asked_for:
        return "suppressed: do not contact"
    if kind is Kind.MAILING and not asked_for and not heard.wants_mailings:
        return "suppressed: no mailings"
    if kind is Kind.REMINDER and not asked_for and not (heard.wants_mailings and heard.wants_reminders):
        return "suppressed: no reminders"
    return ""


def why_suppressed(message: Message, address: str) -> str:
    """Return why ``message`` must not go to ``address``, or nothing."""
    composer: Composer | None = ports().composers.get(message.purpose)
    kind = composer.kind if composer else Kind.MAILING
    return held_by(kind, heard_from(address, message), asked_for=composer is not None and composer.asked_for)


def heard_from(address: str, message: Message) -> Heard:
    """Return what holds for ``address`` and for the person of ``message``."""
    index = address_index(address)
    reason = db.session.scalar(select(Suppression.reason).where(Suppression.address_index == index))
    theirs = or_(Person.id == message.person_id, Person.email_index == index)
    rows = db.session.execute(
        select(Person.consultation_id, Person.do_not_contact, Person.wants_mailings, Person.wants_reminders).where(theirs)
    ).all()
    here = [row for row in rows if row.consultation_id == message.consultation_id]
    return Heard(
        reason,
        any(row.do_not_contact for row in rows),
        all(row.wants_mailings for row in here),
        all(row.wants_reminders for row in here),
    )


def asked_for_silence(message: Message, address: str) -> bool:
    """Return whether the owner of ``address``, or the person of ``message``, asked anywhere not to be contacted."""
    return heard_from(address, message).do_not_contact


def suppress(session: Session, address: str, reason: str, *, message: Message | None = None) -> Suppression:
    """Have ``address`` not written to any more, in the whole installation, and return its row.

    ``message`` is the one that came back or was complained about. What was heard first stands.
    """
    there = suppression_of(address)
    if there is not None:
        return there
    row = Suppression(
        address_index=address_index(address),
        reason=Why(reason),
        at=now(),
        consultation_id=message.consultation_id if message else None,
        message_id=message.id if message else None,
    )
    return stored_once(session, row, select(Suppression).where(Suppression.address_index == row.address_index))


def suppress_by_staff(*, address: str, why: str, consultation_id: UUID, known: bool, actor: Actor) -> Suppression:
    """Have an address not written to because the team says so; its word takes the place of what was heard before.

    ``known``: the member knows of somebody of the roster who has it. Raises BadPersonError (no
    address) and NoReasonError.
    """
    cleaned = clean_address(address)
    if cleaned is None:
        raise BadPersonError(Text("Enter an address.", "Entrez une adresse."), field="address")
    if not why.strip() or len(why) > LONGEST_NOTE:
        said = Text("Say why, in at most 500 characters.", "Dites pourquoi, en 500 caractères au plus.")
        raise NoReasonError(said, field="why")
    with writing() as session:
        row = suppress(session, cleaned, Why.STAFF)
        # Whether something was on record already is not told: the row is the same either way.
        row.reason, row.at, row.consultation_id, row.message_id = Why.STAFF, now(), consultation_id, None
        row.recorded_by = actor.id if actor.kind is ActorKind.STAFF else None
        row.typed = not known
        row.note = why.strip()
        session.flush()
        note(session, "suppress_address", row, actor, consultation_id)
    return row


def suppression_of(address: str | None) -> Suppression | None:
    """Return what says that ``address`` is not written to any more, if something does."""
    if not address:
        return None
    return db.session.scalar(select(Suppression).where(Suppression.address_index == address_index(address)))


def suppressions_of(indexes: Iterable[bytes | None]) -> dict[bytes, Suppression]:
    """Return what is on record for these blind indexes of addresses, at most a few hundred."""
    wanted = [index for index in indexes if index is not None]
    rows = db.session.scalars(select(Suppression).where(Suppression.address_index.in_(wanted)))
    return {row.address_index: row for row in rows}


def allow_again(
    *,
    actor: Actor,
    person_id: UUID | None = None,
    address: str | None = None,
    suppression_id: UUID | None = None,
    consultation_id: UUID | None = None,
) -> bool:
    """Let an address be written to again, in the whole installation; returns whether it had been suppressed.

    It is the address that the person has now, ``address``, or that of a row on record.
    Somebody's own wish not to be contacted stands on the roster and is not touched. Doing it
    twice is doing it once; who did it stands in the audit.
    """
    with writing() as session:
        person = session.get(Person, person_id) if person_id else None
        found = session.get(Suppression, suppression_id) if suppression_id else suppression_of(person.email if person else address)
        if found is None:
            return False
        where = person.consultation_id if person else consultation_id or found.consultation_id
        note(session, "allow_again", found, actor, where)
        session.delete(found)
    return True


def unsay(*, person: Person, actor: Actor) -> bool:
    """Take back what the owner of an address said against our mail, since they now say otherwise.

    A bounce and the team's own word stand.
    """
    found = suppression_of(person.email)
    return found is not None and found.reason in OWN_WORD and allow_again(actor=actor, person_id=person.id)
