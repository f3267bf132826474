"""What somebody still wants from us: mailings, reminders, calendar entries, their language, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.roster.models import Person
from engagement.roster.particulars import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

LONGEST_TOLD = 500
# ``Person.discreet`` speaks of the whole mailbox; a wish is stored in the row.
_STORED_AS = {"discreet": "asks_discretion"}


class NoRoomError(DomainError):
    """What somebody tells about safe contact is longer than what can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wished anew; None leaves a wish as it was. ``language`` is "en", "fr" or "" for not known."""

    wants_mailings: bool | None = None
    wants_reminders: bool | None = None
    wants_calendar: bool | None = None
    discreet: bool | None = None
    do_not_contact: bool | None = None
    language: str | None = None


def change_wishes(*, person_id: UUID, wishes: Wishes, actor: Actor) -> Person:
    """Store what a person wishes, and return them. Doing it twice is doing it once. Raises AbsentError."""
    with writing() as session:
        person = _locked(session, person_id)
        _wish(session, person, wishes, actor)
    return person


def wish_for_address(*, person_id: UUID, wishes: Wishes, actor: Actor) -> bool:
    """Store what a person wishes, for every row with their address in their consultation; returns whether any changed.

    Somebody who is on the open roster and in a restricted batch has two rows there and one
    mailbox: who stops our mail in it means both. Raises AbsentError.
    """
    with writing() as session:
        changed = [_wish(session, row, wishes, actor) for row in _same_mailbox(session, person_id)]
        return any(changed)


def _same_mailbox(session: Session, person_id: UUID) -> Sequence[Person]:
    """Return the person and whoever has their address in their consultation, locked in one order: two wishes never wait for each other."""
    person = session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise AbsentError
    whose = Person.id == person_id
    if person.email_index is not None:
        # People without an address have nothing in common.
        whose = or_(whose, and_(Person.consultation_id == person.consultation_id, Person.email_index == person.email_index))
    return session.scalars(
        select(Person).where(whose).order_by(Person.id).with_for_update().execution_options(populate_existing=True)
    ).all()


def _locked(session: Session, person_id: UUID) -> Person:
    person = session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise AbsentError
    return person


def _wish(session: Session, person: Person, wishes: Wishes, actor: Actor) -> bool:
    changed = False
    for field in fields(wishes):
        wish = getattr(wishes, field.name)
        stored = None if field.name == "language" and wish == "" else wish
        name = _STORED_AS.get(field.name, field.name)
        if wish is not None and getattr(person, name) != stored:
            setattr(person, name, stored)
            changed = True
    if changed:
        session.flush()
        for tell in ports().person_changed:
            tell(person.id)
        note(session, "change_wishes", person, actor)
    return changed


def tell_safe_contact(*, person_id: UUID, words: str, zone: str, actor: Actor) -> None:
    """Put what somebody says about reaching them safely before what is on record; nothing is taken away.

    Whoever holds a link may add to it and cannot read it, so it must not be possible to wipe
    or replace what the person once told the team. Raises NoRoomError over 500 characters, or
    where no more fits: then somebody has to look.
    """
    told = words.strip()
    if not told:
        return
    if len(told) > LONGEST_TOLD:
        raise NoRoomError(Text("Use at most 500 characters.", "Utilisez au plus 500 caractères."), field="safe_contact")
    with writing() as session:
        person = _locked(session, person_id)
        entry = f"{on_the_wall(now(), zone):%Y-%m-%d %H:%M}: {told}"
        whole = f"{entry}\n\n{person.safe_contact}".strip()
        if len(whole) > LONGEST["safe_contact"]:
            said = Text(
                "We cannot keep more than you have told us already. Please call us instead.",
                "Nous ne pouvons rien noter de plus que ce que vous nous avez déjà dit. Veuillez plutôt nous téléphoner.",
            )
            raise NoRoomError(said, field="safe_contact")
        person.safe_contact = whole
        note(session, "tell_safe_contact", person, actor)
