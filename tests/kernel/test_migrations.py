"""Migrations of an installation that is in use: nothing that was stored is lost on the way."""

import base64
import sqlite3
from contextlib import closing

import flask_migrate
import pytest

from config import read_settings
from engagement import create_app
from engagement.kernel.db import db
from engagement.kernel.migrations import know_migrations

CONSULTATION, MAILING, MESSAGE = "c" * 32, "a" * 32, "b" * 32
NOW = "2026-11-01 12:00:00.000000"


@pytest.fixture
def installation(tmp_path):
    """Return an application of its own whose database stands at the first revision, and the database's file."""
    settings = read_settings(
        {"CONVOKE_DATA": str(tmp_path), "SECRET_KEY": "s" * 40, "ENCRYPTION_KEYS": "k:" + base64.b64encode(b"k" * 32).decode()}
    )
    app = create_app(settings)
    with app.app_context():
        know_migrations(app)
        flask_migrate.upgrade(revision="0001")
        db.session.remove()
        db.engine.dispose()
        yield tmp_path / "convoke.sqlite3"
        db.session.remove()
        db.engine.dispose()


def insert(connection, table, **values):
    """Insert a row, with something in every column that needs it."""
    for _, name, kind, needed, default, _ in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if needed and default is None and name not in values:
            values[name] = NOW if kind.startswith("DATE") else "{}" if kind == "JSON" else 0 if kind in {"BOOLEAN", "INTEGER"} else ""
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def test_a_table_that_is_rebuilt_keeps_the_rows_that_point_to_it(installation):
    with closing(sqlite3.connect(installation)) as connection:
        insert(connection, "consultation", id=CONSULTATION, slug="fisheries", status="open", zone="America/Toronto")
        insert(connection, "questionnaire", id="d" * 32, consultation_id=CONSULTATION, name="q", opens_on=None)
        about = {"consultation_id": CONSULTATION, "purpose": "x"}
        insert(connection, "mailing", id=MAILING, questionnaire_id="d" * 32, state="draft", people="[]", **about)
        marks = {"dedup_key": "k", "rfc_message_id": "<m>", "bounce_token": "t"}
        insert(connection, "message", id=MESSAGE, mailing_id=MAILING, language="en", state="planned", **marks, **about)
        connection.commit()
    flask_migrate.upgrade()
    with closing(sqlite3.connect(installation)) as connection:
        assert connection.execute("SELECT mailing_id FROM message").fetchall() == [(MAILING,)]
        assert connection.execute("SELECT round, state FROM mailing").fetchall() == [(1, "draft")]


@pytest.mark.slow
def test_a_migration_that_leaves_rows_pointing_to_nothing_says_so(installation, caplog):
    with closing(sqlite3.connect(installation)) as connection:
        # Written past the foreign keys, as a damaged file would have it.
        insert(connection, "message_event", id="e" * 32, message_id=MESSAGE, state="planned", at=NOW)
        connection.commit()
    with pytest.raises(SystemExit):
        flask_migrate.upgrade()
    assert "1 rows that point to nothing, the first in message_event" in caplog.text


def test_the_models_say_what_the_migrations_made(installation):
    flask_migrate.upgrade()
    flask_migrate.check()
