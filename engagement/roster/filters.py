"""Which people a member sees, and which of them a filter in the address chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from sqlalchemy import and_, case, exists, false, func, or_, select

from engagement.kernel.db import db
from engagement.roster.folding import fold
from engagement.roster.models import Batch, BatchMember, IdentifiedThrough, Organization, Person
from engagement.roster.vocabulary import LANGUAGES_SPOKEN, REGIONS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Select

    from engagement.consultations.access import Access

# In the address, this stands for "not known"; in the table that is NULL.
UNKNOWN = "unknown"
# A word that is on no list: it chooses nobody, since to leave it out would choose everybody.
NO_SUCH = "?"
NO_SUCH_BATCH = UUID(int=0)
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked of the roster. A part that is empty or None asks nothing.

    ``sector``, ``region`` and ``language`` are keys of the vocabulary, or "unknown".
    """

    search: str = ""
    sector: str | None = None
    region: str | None = None
    language: str | None = None
    batch_id: UUID | None = None
    identified_through: str | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Return the filter that an address asks for; a word that is on no list chooses nobody."""
        return cls(
            search=_searched(query.get("search", "")),
            sector=_one_of(query.get("sector"), {*SECTORS, UNKNOWN}),
            region=_one_of(query.get("region"), {*REGIONS, UNKNOWN}),
            language=_one_of(query.get("language"), {*LANGUAGES_SPOKEN, UNKNOWN}),
            batch_id=_batch(query.get("batch")),
            identified_through=_one_of(query.get("through"), set(IdentifiedThrough)),
        )

    def as_query(self) -> dict[str, str]:
        """Return the parts of an address that ask for this filter, and nothing for what it does not ask."""
        parts = {
            "search": self.search,
            "sector": self.sector,
            "region": self.region,
            "language": self.language,
            "batch": str(self.batch_id) if self.batch_id else None,
            "through": self.identified_through,
        }
        return {name: str(value) for name, value in parts.items() if value}

    def __bool__(self) -> bool:
        """Return whether anything is asked."""
        return bool(self.as_query())


@dataclass(frozen=True, slots=True)
class PageOfPeople:
    """One page of a list: ``page`` counts from 1, ``total`` is everybody the filter chooses.

    Of those, ``without_address`` have none, and ``not_to_contact`` asked not to be written to.
    """

    rows: list[Person]
    total: int
    page: int
    size: int
    without_address: int = 0
    not_to_contact: int = 0

    @property
    def first(self) -> int:
        """Return the place of the first row in the whole list, 0 when it is empty."""
        return (self.page - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the place of the last row in the whole list."""
        return (self.page - 1) * self.size + len(self.rows)


def visible(access: Access) -> ColumnElement[bool]:
    """Return the condition for people of this consultation whom the member may know of.

    Somebody who is known through restricted batches only is there for members who are
    cleared for one of them, and for nobody else.
    """
    cleared = exists().where(
        BatchMember.person_id == Person.id,
        BatchMember.batch_id == Batch.id,
        Batch.consultation_id == access.consultation.id,
        Batch.id.in_(access.cleared),
    )
    return and_(Person.consultation_id == access.consultation.id, or_(Person.open_to_team, cleared))


def chosen(access: Access, asked: Filter) -> ColumnElement[bool]:
    """Return the condition for the people whom ``asked`` chooses among those the member may know of."""
    conditions = [visible(access)]
    conditions += [_holds_word(word) for word in _words(asked.search)]
    for column, value in ((Person.sector, asked.sector), (Person.region, asked.region), (Person.language, asked.language)):
        if value is not None:
            conditions.append(column.is_(None) if value == UNKNOWN else column == value)
    if asked.identified_through is not None:
        known = asked.identified_through in set(IdentifiedThrough)
        conditions.append(Person.identified_through == IdentifiedThrough(asked.identified_through) if known else false())
    if asked.batch_id is not None:
        conditions.append(_in_batch(access, asked.batch_id))
    return and_(*conditions)


def list_people(access: Access, asked: Filter, page: int = 1, size: int = 50) -> PageOfPeople:
    """Return one page of the people whom ``asked`` chooses, by family name; a page past the end is the last one."""
    condition = chosen(access, asked)
    figures = select(
        func.count(),
        func.count(case((Person.email.is_(None), 1))),
        func.count(case((Person.do_not_contact, 1))),
    )
    total, without_address, not_to_contact = db.session.execute(figures.select_from(Person).where(condition)).one()
    page = max(1, min(page, (total - 1) // size + 1 if total else 1))
    rows = db.session.scalars(_in_order(select(Person).where(condition)).limit(size).offset((page - 1) * size))
    return PageOfPeople(list(rows), total, page, size, without_address, not_to_contact)


def matching_ids(access: Access, asked: Filter) -> list[UUID]:
    """Return the ids of everybody whom ``asked`` chooses, in the order of the list."""
    return list(db.session.scalars(_in_order(select(Person.id).where(chosen(access, asked)))))


def _in_order(people: Select[Any]) -> Select[Any]:
    return people.order_by(Person.name_key, Person.id)


def _holds_word(word: str) -> ColumnElement[bool]:
    folded = fold(word)
    organizations = select(Organization.id).where(Organization.name_key.contains(folded, autoescape=True))
    return or_(
        Person.name_key.contains(folded, autoescape=True),
        Person.organization_id.in_(organizations),
        func.lower(Person.email).contains(word.lower(), autoescape=True),
    )


def _in_batch(access: Access, batch_id: UUID) -> ColumnElement[bool]:
    known = or_(Batch.restricted.is_(False), Batch.id.in_(access.cleared))
    return exists().where(
        BatchMember.person_id == Person.id,
        BatchMember.batch_id == Batch.id,
        Batch.id == batch_id,
        Batch.consultation_id == access.consultation.id,
        known,
    )


def _searched(words: str) -> str:
    # PostgreSQL takes no NUL in a text.
    return " ".join(words.replace("\0", " ").split())[:LONGEST_SEARCH]


def _words(search: str) -> list[str]:
    return search.split()[:10]


def _one_of(value: str | None, known: Collection[str]) -> str | None:
    if not value:
        return None
    return value if value in known else NO_SUCH


def _batch(value: str | None) -> UUID | None:
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError:
        return NO_SUCH_BATCH
