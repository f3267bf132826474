"""What ``flask start`` turns into: all parts of an installation under one parent.

It does so once the database is ready. The parent loads the application,
and nothing that only commands need, before it forks: web, worker and mailbox share its
memory, and together take little more than one of them alone.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import gunicorn.workers.gthread  # noqa: F401 - loaded before the fork, for the workers to share.
from flask import current_app
from gunicorn.app import wsgiapp
from sqlalchemy.orm import configure_mappers

from engagement.kernel.db import close_connections, db
from engagement.kernel.ports import ports
from engagement.kernel.supervisor import Part, run_together

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Settings


def parts_of(settings: Settings) -> list[Part]:
    """Return the programs that make up a running installation."""
    parts = [Part("web", _serve), Part("worker", _command("mail", "work"), signal.SIGINT)]
    if settings.serves_local_mailbox:
        parts.insert(0, Part("mailbox", _command("mail", "mailbox")))
    return parts


def run_all() -> NoReturn:
    """Run all parts of the current application until they are stopped; the process ends with them."""
    settings: Settings = current_app.config["SETTINGS"]
    _warm_up(settings)
    parts, greeting = parts_of(settings), _greeting(settings)
    db.session.remove()
    # No connection may be open when the parts are forked: two processes must never share one.
    close_connections()
    run_together(parts, settings.port, greeting)


def _serve() -> None:
    sys.argv = ["gunicorn", "--config", "python:engagement.kernel.serving", "app:app"]
    wsgiapp.run()


def _command(group: str, name: str) -> Callable[[], object]:
    """Return a command of the application as something that a part can run."""
    found = current_app.cli.commands[group]
    return lambda: found.main(args=[name], prog_name=f"flask {group}")


def _warm_up(settings: Settings) -> None:
    """Load before the fork what the first page would load in each process anew."""
    configure_mappers()
    for language in ("en", "fr"):
        current_app.test_client().get(f"/sign-in?lang={language}", base_url=settings.base_url)
    gc.collect()


def _greeting(settings: Settings) -> str:
    said = [line for give in ports().greetings for line in give()]
    lines = ["", f"Convoke is ready: {settings.base_url}/", *said, "Ctrl-C stops it.", ""]
    return "\n".join(lines) + "\n"


def main() -> NoReturn:
    """Make the application and run its parts."""
    from app import app  # noqa: PLC0415 - imported by this name, so that gunicorn finds the same one.

    logging.captureWarnings(capture=True)
    with app.app_context():
        run_all()
