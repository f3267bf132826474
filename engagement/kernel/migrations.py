"""``flask db``: migrations, loaded by the commands that need them and never by the running program (11 MB)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engagement.kernel.db import db

if TYPE_CHECKING:
    from flask import Flask

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def know_migrations(app: Flask) -> None:
    """Let this application find its migrations."""
    from flask_migrate import Migrate  # noqa: PLC0415 - the reason for this file.

    if "migrate" not in app.extensions:
        Migrate(app, db, directory=str(FOLDER), compare_type=True)


def bring_up_to_date(app: Flask) -> None:
    """Run the migrations that this database has not seen; needs an application context."""
    import flask_migrate  # noqa: PLC0415 - the reason for this file.

    know_migrations(app)
    flask_migrate.upgrade()


class MigrationCommands(click.Command):
    """Flask-Migrate's own commands, which take this one's place as soon as it is called."""

    def __init__(self, app: Flask) -> None:
        """Keep the application whose database is migrated."""
        super().__init__("db", help="Perform database migrations.")
        self.app = app

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:
        """Return the context of Flask-Migrate's commands."""
        from flask_migrate.cli import db as commands  # noqa: PLC0415 - the reason for this file.

        know_migrations(self.app)
        context: click.Context = commands.make_context(info_name, args, parent, **extra)
        return context
