"""How migrations run: on a connection of their own that may write, one transaction each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic import context
from flask import current_app

from engagement.kernel.base import Base
from engagement.kernel.db import migrating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@contextmanager
def _free_to_rebuild(connection: Connection) -> Iterator[None]:
    """Let SQLite's tables be rebuilt: dropping the old one must not take the rows that point to it along.

    Foreign keys are off only here, and checked before they are on again.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.dbapi_connection
    assert driver is not None  # noqa: S101 - a connection that was just opened has one.
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            msg = f"the migration left {len(broken)} rows that point to nothing, the first in {broken[0][0]}"
            raise RuntimeError(msg)
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    """Bring the database to the revision that was asked for."""
    engine = current_app.extensions["migrate"].db.engine
    with migrating(), engine.connect() as connection, _free_to_rebuild(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            user_module_prefix="base.",
        )
        with context.begin_transaction():
            context.run_migrations()


run()
