"""Statements that are compiled once and then handed to the driver as they are.

For the few that run once for each of thousands of mails: going through the whole of SQLAlchemy
takes five times as long as the statement itself. Types are converted as the mapper would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Uuid

from engagement.kernel.quick import Quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.sql.dml import UpdateBase

    from engagement.kernel.quick import Transaction


class Prepared:
    """One statement with named parameters, for both databases."""

    def __init__(self, statement: UpdateBase) -> None:
        """Keep the statement; it is compiled for a database when it is first used there."""
        self.statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, connection: Transaction, **values: Any) -> int:
        """Run it in the transaction of ``connection``; returns how many rows it changed or added."""
        ready = self._ready_for(connection, values)
        cursor = _driver(connection).cursor()
        cursor.execute(ready.text, ready.arranged(values))
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def run_each(self, connection: Transaction, rows: Iterable[dict[str, Any]]) -> None:
        """Run it once for each of ``rows``, which name the same parameters."""
        listed = list(rows)
        if not listed:
            return
        ready = self._ready_for(connection, listed[0])
        cursor = _driver(connection).cursor()
        cursor.executemany(ready.text, [ready.arranged(values) for values in listed])
        cursor.close()

    def _ready_for(self, connection: Transaction, values: dict[str, Any]) -> _Ready:
        name = connection.dialect.name
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = _Ready(self.statement, connection, list(values))
        return found


class _Ready:
    """A statement in the words of one database, with what stays the same in it already converted."""

    def __init__(self, statement: UpdateBase, connection: Transaction, names: list[str]) -> None:
        compiled: Any = statement.compile(dialect=connection.dialect, column_keys=names if statement.is_insert else None)
        converters = dict(compiled._bind_processors)  # noqa: SLF001 - the mapper's own.
        if connection.dialect.name == "sqlite":
            # The same words as the mapper's, in a third of the time.
            ids = [name for name, kind in compiled.binds.items() if isinstance(kind.type, Uuid)]
            converters |= dict.fromkeys(ids, _as_hex)
        self.text: str = str(compiled)
        self.order: list[str] | None = list(compiled.positiontup) if compiled.positional else None
        self.given: list[tuple[str, Callable[[Any], Any]]] = [(name, converters.get(name, _as_it_is)) for name in names]
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self.fixed = {name: converters.get(name, _as_it_is)(value) for name, value in fixed.items()}

    def arranged(self, values: dict[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        named = self.fixed.copy()
        for name, convert in self.given:
            named[name] = convert(values[name])
        return named if self.order is None else [named[name] for name in self.order]


def _as_hex(value: Any) -> Any:
    return None if value is None else value.hex


def _as_it_is(value: Any) -> Any:
    return value


def _driver(connection: Transaction) -> Any:
    return connection.driver if isinstance(connection, Quick) else connection.connection.dbapi_connection
