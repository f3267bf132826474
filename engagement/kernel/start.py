"""``flask start``: migrations, the demonstration on the first start, then all parts under one parent.

The parent has loaded the application before it forks, so that web, worker and mailbox share
its memory: together they take little more than one of them alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import flask_migrate
import gunicorn.workers.gthread  # noqa: F401 - loaded before the fork, for the workers to share.
from babel import Locale
from flask import current_app
from flask.cli import with_appcontext
from gunicorn.app import wsgiapp
from sqlalchemy import func, select
from sqlalchemy.orm import configure_mappers

from engagement.kernel.base import Base
from engagement.kernel.db import db
from engagement.kernel.languages import french
from engagement.kernel.ports import ports
from engagement.kernel.supervisor import Parent, Part, answers, port_is_free
from engagement.kernel.wording import LOCALES

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Settings

ROOT = Path(__file__).resolve().parents[2]
FLASK = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py")]


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
    flask_migrate.upgrade()
    if wants_demo and not settings.production and _is_empty():
        click.echo("First start: loading the demonstration.")
        _run_demo()
    _warm_up()
    parts = parts_of(settings)
    greeting = _greeting(settings)
    db.session.remove()
    # No connection may be open when the parts are forked: two processes must never share one.
    db.engine.dispose()
    sys.exit(Parent(parts, lambda: answers(settings.port), greeting).run())


def parts_of(settings: Settings) -> list[Part]:
    """Return the programs that make up a running installation."""
    parts = [Part("web", _serve), Part("worker", _command("mail", "work"), signal.SIGINT)]
    if settings.serves_local_mailbox:
        parts.insert(0, Part("mailbox", _command("mail", "mailbox")))
    return parts


def _serve() -> None:
    sys.argv = ["gunicorn", "--config", "python:engagement.kernel.serving", "app:app"]
    wsgiapp.run()


def _command(group: str, name: str) -> Callable[[], object]:
    """Return a command of the application as something that a part can run."""
    found = current_app.cli.commands[group]
    return lambda: found.main(args=[name], prog_name=f"flask {group}")


def _warm_up() -> None:
    """Load before the fork what the first pages would load in each process anew: mappers, words, templates."""
    configure_mappers()
    french()
    for language in LOCALES.values():
        Locale.parse(language).number_symbols  # noqa: B018 - reading it loads the locale's data.
    for name in current_app.jinja_env.list_templates(extensions=["html"]):
        if not name.startswith("mail/"):
            current_app.jinja_env.get_template(name)


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
    done = subprocess.run([*FLASK, "demo"], cwd=ROOT, env=os.environ, check=False)  # noqa: S603 - our own command.
    if done.returncode:
        raise SystemExit(f"The demonstration could not be loaded (flask demo ended with status {done.returncode}).")


def _greeting(settings: Settings) -> str:
    said = [line for give in ports().greetings for line in give()]
    lines = ["", f"Convoke is ready: {settings.base_url}/", *said, "Ctrl-C stops it.", ""]
    return "\n".join(lines) + "\n"
