"""A second application to plant faults in, and the whole house with the demonstration in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from engagement import create_app
from engagement.kernel.db import close_connections, db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.support.databases import Database


@pytest.fixture
def planted(app: Flask) -> Iterator[Flask]:
    """Return an application of its own, which a test may spoil."""
    made = create_app(app.config["SETTINGS"])
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with made.app_context():
        yield made
        db.session.remove()
        close_connections()


@pytest.fixture(scope="module")
def furnished(the_app: Flask, database: Database) -> Iterator[Flask]:
    """Return the application with the demonstration in it, for all tests of a module."""
    with the_app.app_context():
        database.empty()
        kept = database.file.with_suffix(".furnished") if database.file else None
        if kept is not None and kept.exists():
            database.restore(kept)
        else:
            done = the_app.test_cli_runner().invoke(args=["demo"])
            assert done.exit_code == 0, done.output
            _keep(database, kept)
        yield the_app
        db.session.remove()


def _keep(database: Database, kept: object) -> None:
    """Keep a copy of a SQLite file with the demonstration, for the next module."""
    db.session.remove()
    if kept is not None:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        close_connections()
        shutil.copyfile(database.file, kept)
