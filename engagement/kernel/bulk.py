"""Many rows at once: one statement for all of them, without the mapper's work for each."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import insert, literal_column, select

from engagement.kernel.base import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnClause
    from sqlalchemy.orm import Session

    from engagement.kernel.base import Base

T = TypeVar("T")
# As many values as one question lists.
LISTED = 500


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that is not stored yet: its table and its values by column, its id among them."""

    kind: type[Base]
    values: dict[str, Any]


def new_row(kind: type[Base], **values: Any) -> NewRow:
    """Return a row of ``kind`` with an id of its own."""
    return NewRow(kind, {"id": new_id(), **values})


@contextmanager
def without_collecting() -> Iterator[None]:
    """Put off Python's search for garbage in the block: it would go through all that is loaded, for rows that are still needed."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def in_chunks(values: Sequence[T], size: int = LISTED) -> Iterator[Sequence[T]]:
    """Give ``values`` in pieces that one question can list."""
    return (values[at : at + size] for at in range(0, len(values), size))


def constant(word: str) -> ColumnClause[str]:
    """Return a word of our own, never one from outside, as a part of the statement: the same for every row of it."""
    if not word.replace("_", "").isalnum() and word:
        raise ValueError(word)
    return literal_column(f"'{word}'")


def insert_all(session: Session, kind: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Store ``rows`` (values by column, the same columns in each; left out is the column's default)."""
    if rows:
        session.execute(insert(kind.__table__), rows)  # type: ignore[arg-type]


def insert_new(session: Session, kind: type[Base], rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Store those of ``rows`` that meet no unique constraint, and return their ids; each row states its "id".

    On PostgreSQL another transaction may have stored the same a moment before. On SQLite whoever
    writes is alone: a row that is there already is a mistake, and raises IntegrityError.
    """
    ids = [row["id"] for row in rows]
    if not rows or session.get_bind().dialect.name != "postgresql":
        insert_all(session, kind, rows)
        return set(ids)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - large, and not needed on SQLite.

    session.execute(postgresql.insert(kind.__table__).on_conflict_do_nothing(), rows)  # type: ignore[arg-type]
    return {each for chunk in in_chunks(ids) for each in session.scalars(select(kind.id).where(kind.id.in_(chunk)))}


def store_all(session: Session, rows: Iterable[NewRow]) -> None:
    """Store new rows, those of one table at once; what is left out of one is left out of all."""
    by_kind: dict[type[Base], list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row.values)
    for kind, values in by_kind.items():
        insert_all(session, kind, values)
