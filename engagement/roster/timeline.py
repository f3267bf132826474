"""What the roster knows of a person's history, and what of it a member may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.ports import Subject, TimelineEntry
from engagement.roster.filters import visible
from engagement.roster.models import Person
from engagement.roster.service import batches_of, batches_with
from engagement.roster.vocabulary import IDENTIFIED_THROUGH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access


def history_of(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give when the person came onto the roster, and into the batches that the member knows of."""
    person = db.session.scalar(select(Person).where(Person.id == person_id, visible(access)))
    if person is None:
        return
    through = IDENTIFIED_THROUGH[person.identified_through]
    said = Text("Added to the roster ({en})", "Inscription au répertoire ({fr})").format(en=_lower(through.en), fr=_lower(through.fr))
    yield TimelineEntry(person.created_at, said)
    for batch, since in batches_with(access, person_id):
        words = Text("Put in the batch “{name}”", "Ajout au lot «\u00a0{name}\u00a0»")
        yield TimelineEntry(since, words.format(name=batch.name))


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def subjects_of(access: Access) -> Iterator[Subject]:
    """Give the batches that the member knows of."""
    for batch in batches_of(access):
        yield Subject("batch", batch.id, Text(batch.name, batch.name), batch.restricted)
