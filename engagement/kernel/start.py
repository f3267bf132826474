"""``flask start``: migrations, the demonstration on the first start, then all parts under one parent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from engagement.kernel.base import Base
from engagement.kernel.db import close_connections, db
from engagement.kernel.migrations import bring_up_to_date
from engagement.kernel.supervisor import port_is_free

if TYPE_CHECKING:
    from config import Settings

ROOT = Path(__file__).resolve().parents[2]
FLASK = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py")]
RUN = "from engagement.kernel.together import main; main()"
# huey loads PostgreSQL's driver wherever it is installed; on SQLite nothing needs its 6 MB.
WITHOUT_DRIVER = "sys.modules['psycopg'] = None"


@click.command("start")
@click.option("--demo/--no-demo", "wants_demo", default=True, help="Load the demonstration where there is no consultation yet.")
@with_appcontext
def start(wants_demo: bool) -> None:  # noqa: FBT001
    """Run everything: the web pages, the mail worker and, outside production, the local mailbox.

    Listens on 127.0.0.1, port 8000 or PORT. Ctrl-C stops all of it; if one part ends by
    itself, the whole ends with status 1 and says which.
    """
    settings: Settings = current_app.config["SETTINGS"]
    _check_ports(settings)
    bring_up_to_date(current_app)
    if wants_demo and not settings.production and _is_empty():
        click.echo("First start: loading the demonstration.")
        _run_demo()
    db.session.remove()
    close_connections()
    _become(_together(settings))


def _check_ports(settings: Settings) -> None:
    if not port_is_free(settings.port):
        raise SystemExit(f"Port {settings.port} is in use. Stop what uses it, or choose another one: PORT={settings.port + 1} make run")
    if settings.serves_local_mailbox and not port_is_free(settings.mail_port):
        other = settings.mail_port + 1
        raise SystemExit(f"Port {settings.mail_port}, for the local mailbox, is in use. Choose another one: MAIL_PORT={other} make run")


def _is_empty() -> bool:
    consultations = Base.metadata.tables["consultation"]
    found = db.session.scalar(select(func.count()).select_from(consultations))
    db.session.rollback()
    return not found


def _run_demo() -> None:
    done = subprocess.run([*FLASK, "demo"], cwd=ROOT, check=False)  # noqa: S603 - our own command.
    if done.returncode:
        raise SystemExit(f"The demonstration could not be loaded (flask demo ended with status {done.returncode}).")


def _together(settings: Settings) -> list[str]:
    """Return the command that runs all parts, with no more loaded than this installation needs."""
    first = [WITHOUT_DRIVER] if settings.database_url.startswith("sqlite") else []
    return [sys.executable, "-c", "; ".join(["import sys", *first, RUN])]


def _become(command: list[str]) -> None:
    """Turn this process into ``command``; it does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(ROOT)
    # One memory pool for all threads of a process instead of one for each: the idle program takes less.
    os.execve(command[0], command, {**os.environ, "MALLOC_ARENA_MAX": "1"})  # noqa: S606 - our own program.
