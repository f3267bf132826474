"""What every stored row has in common, and the column types that refuse what must not be stored."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from secrets import randbits, token_bytes
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Enum, Index, MetaData, TypeDecorator, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

if TYPE_CHECKING:
    from sqlalchemy import Dialect

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Id(Uuid[UUID]):
    """An identifier, stored as ``Uuid`` stores it. Where the database knows no such type, one that is named again is not read anew."""

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:  # noqa: ARG002
        """Return what makes an id of a text; None where the database gives one."""
        return None if dialect.supports_native_uuid and self.native_uuid else _id_of


# Hundreds of rows of one page or batch name the same consultation, event and sitting.
@lru_cache(maxsize=4096)
def _id_of(digits: str | None) -> UUID | None:
    return None if digits is None else UUID(digits)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC; a value that does not know its zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return ``value`` in UTC, or raise ValueError for one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a stored moment needs its zone"
            raise ValueError(msg)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the stored moment with its zone, which SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> UUID:
    """Return a new random identifier; nothing about it tells an order."""
    return uuid4()


def new_ids(number: int) -> list[UUID]:
    """Return random identifiers for rows that are stored together.

    They share a random beginning, so that they lie side by side in every index: 90 bits of
    each are its own. Which rows were stored together can be told, and still no order.
    """
    beginning, noise = token_bytes(4), token_bytes(12 * number)
    return [UUID(bytes=beginning + noise[at : at + 12], version=4) for at in range(0, len(noise), 12)]


def new_ordered_id() -> UUID:
    """Return an identifier that begins with the time (RFC 9562, version 7), for rows that say their time anyway.

    Thousands of them, added one after the other, change the end of an index instead of all its pages.
    """
    moment = time.time_ns() // 1_000_000
    bits = (moment << 80) | (randbits(80) & ~(0xF << 76) & ~(0x3 << 62)) | (0x7 << 76) | (0x2 << 62)
    return UUID(int=bits)


class Base(DeclarativeBase):
    """A stored row. Its id is there before it is inserted, since sealed values are bound to it."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UTCDateTime, UUID: Id})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)

    def __init__(self, **values: Any) -> None:
        """Make the row, giving it its id first."""
        self.id = values.pop("id", None) or new_id()
        for name, value in values.items():
            if not hasattr(type(self), name):
                msg = f"{type(self).__name__} has no {name}"
                raise TypeError(msg)
            setattr(self, name, value)


def words(kind: type[StrEnum]) -> Enum:
    """Return the column type for a closed list of words; ``one_of`` is its constraint."""
    return Enum(kind, native_enum=False, create_constraint=False, values_callable=lambda k: [word.value for word in k])


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that keeps ``column`` to the words of ``kind``."""
    listed = ", ".join(f"'{word.value}'" for word in kind)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def unique_where(name: str, *columns: str, where: str) -> Index:
    """Return a unique index over the rows that meet ``where``, the same on both databases."""
    return Index(name, *columns, unique=True, **_only(where))


def index_where(name: str, *columns: str, where: str) -> Index:
    """Return an index over the rows that meet ``where`` alone, the same on both databases."""
    return Index(name, *columns, **_only(where))


def _only(where: str) -> dict[str, Any]:
    told = {"sqlite_where": text(where)}
    # A process that does without PostgreSQL's driver (start.WITHOUT_DRIVER) makes no tables there: the dialect would take 3 MB.
    if sys.modules.get("psycopg", sys) is not None:
        told["postgresql_where"] = text(where)
    return told
