"""The agenda of a sitting: what happens when, and who has a part in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engagement.events.models import AgendaItem, AgendaKind, AgendaPart, Event, Part, Sitting
from engagement.events.revising import say_afresh
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.wording import time_words
from engagement.roster.filters import visible
from engagement.roster.folding import fold
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access


class BadAgendaError(DomainError):
    """The item does not fit its sitting, or the part its person."""


@dataclass(frozen=True, kw_only=True)
class AgendaPlan:
    """One item; times are wall times of the event's zone. The title may be empty: the kind says it then."""

    kind: AgendaKind
    starts_wall: datetime
    ends_wall: datetime
    title: Text


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One item with everybody who has a part in it, for the team."""

    item: AgendaItem
    people: tuple[tuple[AgendaPart, Person], ...]


def add_agenda_item(*, sitting_id: UUID, plan: AgendaPlan, actor: Actor) -> AgendaItem:
    """Add an item to the agenda of a sitting. Raises BadAgendaError where its time lies outside of the sitting."""
    with writing() as session:
        sitting, event = _sitting(session, sitting_id)
        item = AgendaItem(sitting_id=sitting_id)
        _write(item, plan, sitting)
        session.add(item)
        session.flush()
        say_afresh(session, event.id)
        note(session, "add_agenda_item", item, actor, event.consultation_id)
    return item


def edit_agenda_item(*, item_id: UUID, plan: AgendaPlan, actor: Actor) -> AgendaItem:
    """Change an item. Raises BadAgendaError as above."""
    with writing() as session:
        item = session.get(AgendaItem, item_id)
        if item is None:
            raise AbsentError
        sitting, event = _sitting(session, item.sitting_id)
        _write(item, plan, sitting)
        session.flush()
        say_afresh(session, event.id)
        note(session, "edit_agenda_item", item, actor, event.consultation_id)
    return item


def remove_agenda_item(*, item_id: UUID, actor: Actor) -> None:
    """Take an item out of the agenda, with the parts people have in it."""
    with writing() as session:
        item = session.get(AgendaItem, item_id)
        if item is None:
            raise AbsentError
        event = _sitting(session, item.sitting_id)[1]
        note(session, "remove_agenda_item", item, actor, event.consultation_id)
        session.delete(item)
        session.flush()
        say_afresh(session, event.id)


def _sitting(session: Session, sitting_id: UUID) -> tuple[Sitting, Event]:
    sitting = session.get(Sitting, sitting_id)
    event = session.get(Event, sitting.event_id) if sitting else None
    if sitting is None or event is None:
        raise AbsentError
    return sitting, event


def _write(item: AgendaItem, plan: AgendaPlan, sitting: Sitting) -> None:
    if plan.ends_wall <= plan.starts_wall:
        raise BadAgendaError(Text("The item ends before it starts.", "Le point finit avant de commencer."), field="ends")
    if plan.starts_wall < sitting.starts_wall or plan.ends_wall > sitting.ends_wall:
        said = Text(
            "The sitting is from {first_en} to {last_en}: the item lies outside of it.",
            "La séance va de {first_fr} à {last_fr}\u00a0: le point n’y tient pas.",
        )
        hours = {
            f"{name}_{language}": time_words(moment, language)
            for name, moment in (("first", sitting.starts_wall), ("last", sitting.ends_wall))
            for language in ("en", "fr")
        }
        raise BadAgendaError(said.format(**hours), field="starts")
    if plan.title and not plan.title.whole:
        side = "fr" if plan.title.en.strip() else "en"
        raise BadAgendaError(Text("Enter the title in both languages.", "Entrez le titre dans les deux langues."), field=f"title_{side}")
    item.kind, item.starts_wall, item.ends_wall = plan.kind, plan.starts_wall, plan.ends_wall
    item.set_text("title", plan.title)


def add_part(*, item_id: UUID, person_id: UUID, part: Part, published: bool = False, actor: Actor) -> AgendaPart:
    """Give a person a part in an item; ``published`` says that they agreed to be named to the guests.

    The same part again only changes ``published``. Raises AbsentError for somebody of another consultation.
    """
    with writing() as session:
        item = session.get(AgendaItem, item_id)
        person = session.get(Person, person_id)
        if item is None or person is None:
            raise AbsentError
        event = _sitting(session, item.sitting_id)[1]
        if person.consultation_id != event.consultation_id:
            raise AbsentError
        same = select(AgendaPart).where(AgendaPart.agenda_item_id == item_id, AgendaPart.person_id == person_id, AgendaPart.part == part)
        row = session.scalar(same)
        if row is None:
            row = stored_once(session, AgendaPart(agenda_item_id=item_id, person_id=person_id, part=part, published=published), same)
        row.published = published
        session.flush()
        say_afresh(session, event.id)
        note(session, "add_part", row, actor, event.consultation_id)
    return row


def remove_part(*, part_id: UUID, actor: Actor) -> None:
    """Take a part in the agenda back."""
    with writing() as session:
        row = session.get(AgendaPart, part_id)
        item = session.get(AgendaItem, row.agenda_item_id) if row else None
        if row is None or item is None:
            raise AbsentError
        event = _sitting(session, item.sitting_id)[1]
        note(session, "remove_part", row, actor, event.consultation_id)
        session.delete(row)
        session.flush()
        # Nobody is named any more in what waits.
        say_afresh(session, event.id)


def person_called(access: Access, words: str) -> Person:
    """Return the one person on the roster with this name or address. Raises BadAgendaError for none and for several."""
    folded = fold(words)
    people = [
        person
        for person in db.session.scalars(select(Person).where(visible(access)))
        if folded in {fold(person.name), person.name_key} or (person.email or "").casefold() == words.strip().casefold()
    ]
    if len(people) == 1:
        return people[0]
    said = (
        Text(
            "Several people have this name: enter the email address.",
            "Plusieurs personnes portent ce nom\u00a0: entrez l’adresse de courriel.",
        )
        if people
        else Text("Nobody on the roster has this name or address.", "Personne au répertoire n’a ce nom ni cette adresse.")
    )
    raise BadAgendaError(said, field="person")


def agendas_of(access: Access, event_id: UUID) -> dict[UUID, list[AgendaRow]]:
    """Return the agenda of each sitting of an event, for the team: with those whom this member may know of."""
    items = list(
        db.session.scalars(
            select(AgendaItem)
            .join(Sitting, Sitting.id == AgendaItem.sitting_id)
            .where(Sitting.event_id == event_id)
            .order_by(AgendaItem.starts_wall, AgendaItem.id)
        )
    )
    parts = db.session.execute(
        select(AgendaPart, Person)
        .join(Person, Person.id == AgendaPart.person_id)
        .where(AgendaPart.agenda_item_id.in_([item.id for item in items]), or_(AgendaPart.published, visible(access)))
        .order_by(Person.name_key)
    )
    people: dict[UUID, list[tuple[AgendaPart, Person]]] = {}
    for part, person in parts:
        people.setdefault(part.agenda_item_id, []).append((part, person))
    found: dict[UUID, list[AgendaRow]] = {}
    for item in items:
        found.setdefault(item.sitting_id, []).append(AgendaRow(item, tuple(people.get(item.id, ()))))
    return found
