"""What somebody still wants from us: mailings, reminders, calendar entries, their language, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from engagement.kernel.audit import Actor, note
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID


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
        person = session.get(Person, person_id, with_for_update=True, populate_existing=True)
        if person is None:
            raise AbsentError
        changed = False
        for field in fields(wishes):
            wish = getattr(wishes, field.name)
            stored = None if field.name == "language" and wish == "" else wish
            if wish is not None and getattr(person, field.name) != stored:
                setattr(person, field.name, stored)
                changed = True
        if changed:
            note(session, "change_wishes", person, actor)
    return person
