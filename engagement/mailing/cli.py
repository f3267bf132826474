"""``flask mail``: send what is due, run the worker, run the local mailbox."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import true
from sqlalchemy.exc import DatabaseError

from engagement.kernel.settings import settings
from engagement.mailing.holding import held_counts
from engagement.mailing.waiting import count_due
from engagement.mailing.worker import Queue, send_due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from engagement.mailing.transport import LineDownError

QUEUE = "convoke_queue"

mail_commands = AppGroup("mail", help="Outgoing mail, and the mailbox for trying out.")


@mail_commands.command("send")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def send(as_json: bool) -> None:  # noqa: FBT001
    """Send all that is due now, then stop. Ctrl-C stops it after the message in hand.

    Ends with status 1 where the mail server cannot be used; what is due waits then. In JSON,
    "trouble" names why, and "held" counts what waits for the team; each is left out where there is none.
    """
    faults: list[LineDownError] = []
    with _one_line_for_faults(), stopping_politely() as stop, _progress(shown=not as_json) as done:
        counts = send_due(stop=stop, done=done, down=faults.append)
        held = {because.value: number for because, number in held_counts(true()).items()}
    if as_json:
        more = {"held": held, "trouble": faults[0].trouble.value if faults else None}
        click.echo(json.dumps({**counts, **{name: value for name, value in more.items() if value}}))
    else:
        click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
        if held:
            waits = ", ".join(f"{number} {because}" for because, number in held.items())
            click.echo(f"Held for the team: {waits}. See the page of mail that waits, or flask mail held.")
    if faults:
        click.echo(f"Nothing more was sent: {faults[0]}.", err=True)
        sys.exit(1)


@contextmanager
def _one_line_for_faults() -> Iterator[None]:
    """End with one line on stderr and status 2 where what the command stands on cannot be used."""
    try:
        yield
    except DatabaseError as error:
        click.echo(f"The database cannot be used ({type(error).__name__}): is it there, and did flask db upgrade run?", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"The data folder {settings().data_folder} cannot be used: {error.strerror or type(error).__name__}.", err=True)
        sys.exit(2)


@contextmanager
def stopping_politely() -> Iterator[Callable[[], bool]]:
    """Give what tells whether SIGINT or SIGTERM came. The second one ends the process at once."""
    asked = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: Any) -> None:  # noqa: ARG001
        asked.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[], None]]:
    """Give what is called after each message; on a terminal it moves a bar."""
    if not (shown and sys.stderr.isatty()):
        yield lambda: None
        return
    bar: AbstractContextManager[Any] = click.progressbar(length=count_due(), label="Mail", file=sys.stderr)
    with bar as moving:
        yield lambda: moving.update(1)


@mail_commands.command("work")
def work() -> None:
    """Run the worker: sends mail as it is planned, until Ctrl-C or SIGTERM; the message in hand is finished first."""
    queue: Queue = current_app.extensions[QUEUE]
    with _one_line_for_faults():
        count_due()
        queue.consume()


@mail_commands.command("mailbox")
def mailbox() -> None:
    """Run the local mailbox: an SMTP server on this machine, read in the browser under /mailbox."""
    chosen = settings()
    if not chosen.serves_local_mailbox:
        click.echo("The local mailbox does not exist in production.", err=True)
        sys.exit(2)
    # aiosmtpd is loaded here alone: the pages and the worker do without it.
    from engagement.mailing.mailbox_server import serve  # noqa: PLC0415

    try:
        asyncio.run(serve(chosen.mailbox_folder, chosen.mail_port))
    except OSError as error:
        click.echo(f"The local mailbox cannot listen on 127.0.0.1:{chosen.mail_port} (MAIL_PORT): {error.strerror}.", err=True)
        sys.exit(2)
