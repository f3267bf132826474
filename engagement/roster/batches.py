"""Putting everybody whom a filter chooses in a batch, and seeing beforehand what that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.roster.filters import Filter, chosen, matching_ids
from engagement.roster.models import Batch, BatchMember, Person
from engagement.roster.service import in_an_open_batch, put_in_batch

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access


class ListChangedError(DomainError):
    """Not the people who were previewed."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What putting the chosen people in a batch would do, in numbers of people.

    ``chosen`` = ``new`` + ``already`` + ``left_out``; ``hidden`` of the new ones would be
    seen by cleared members only from then on.
    """

    chosen: int
    already: int
    left_out: int
    new: int
    hidden: int


def preview(access: Access, batch: Batch, asked: Filter) -> Preview:
    """Return what putting the people whom ``asked`` chooses in ``batch`` would do."""
    condition = chosen(access, asked)
    there = Person.id.in_(select(BatchMember.person_id).where(BatchMember.batch_id == batch.id))
    everybody = _count(condition)
    already = _count(condition & there)
    left_out = 0 if batch.restricted else _count(condition & ~there & Person.open_to_team.is_(False))
    hidden = _count(condition & ~there & Person.open_to_team & Person.id.not_in(in_an_open_batch())) if batch.restricted else 0
    return Preview(everybody, already, left_out, everybody - already - left_out, hidden)


def put_chosen(access: Access, batch: Batch, asked: Filter, expected: int) -> int:
    """Put the chosen people in the batch; return how many. Raises ListChangedError if the preview said another number."""
    if preview(access, batch, asked).new != expected:
        said = Text(
            "The list has changed since you looked. Nothing was done: look again.",
            "La liste a changé depuis l’aperçu. Rien n’a été fait\u00a0: vérifiez de nouveau.",
        )
        raise ListChangedError(said)
    return put_in_batch(batch_id=batch.id, person_ids=matching_ids(access, asked), actor=access.actor)


def _count(condition: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Person).where(condition)) or 0
