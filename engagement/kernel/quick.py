"""Transactions without a session, for the one place that commits thousands of times in a row: sending mail.

A session's own work around a transaction takes longer than what is stored for one mail. Here a
connection is kept, and prepared statements go straight to the driver. What is called in such a
transaction can take part with ``in_this_transaction``; whoever needs a session there is refused,
and the caller does the same once more in the ordinary way.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from engagement.kernel.db import CHECKPOINT_PAGES, WRITERS, db, quick_now, waits_for_its_turn, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from sqlalchemy import Connection, Dialect

# In pages of SQLite's log.
FEWER_CHECKPOINTS = 2 * CHECKPOINT_PAGES


class Quick:
    """A connection of the driver that is kept for many transactions; closed at the end of its ``with`` block."""

    def __enter__(self) -> Self:
        """Take a connection that may write."""
        self._kept = db.engines.get(WRITERS, db.engine).raw_connection()
        driver: Any = self._kept.driver_connection
        self.driver = driver
        self.dialect: Dialect = db.engine.dialect
        self._sqlite = self.dialect.name == "sqlite"
        if self._sqlite:
            # SQLite forgets prepared statements with this: here it is said once.
            self.driver.execute("PRAGMA query_only=OFF")
            # The same pages change again and again: they are copied into the database every 32 MB, not every 16.
            self.driver.execute(f"PRAGMA wal_autocheckpoint={FEWER_CHECKPOINTS}")
            # Whoever gets this connection next is told how it was left.
            self._kept.info["may_write"] = True
        return self

    def __exit__(self, *_: object) -> None:
        """Give the connection back as it was."""
        if self._sqlite:
            self.driver.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        self._kept.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Store everything in the block, or nothing."""
        with waits_for_its_turn():
            token = quick_now.set(self)
            if self._sqlite:
                self.driver.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.driver.commit()
            except BaseException:
                self.driver.rollback()
                raise
            finally:
                quick_now.reset(token)


Transaction: TypeAlias = "Connection | Quick"


@contextmanager
def in_this_transaction() -> Iterator[Transaction]:
    """Give what prepared statements run on: the transaction there is, or a ``writing()`` of its own."""
    quick = quick_now.get()
    if isinstance(quick, Quick):
        yield quick
        return
    with writing() as session:
        session.flush()
        yield session.connection()
