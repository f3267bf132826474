"""``flask mail``: send what is due, run the worker, run the local mailbox."""

from __future__ import annotations

import asyncio
import json
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from engagement.kernel.settings import settings
from engagement.mailing.worker import Queue, send_due

QUEUE = "convoke_queue"

mail_commands = AppGroup("mail", help="Outgoing mail, and the mailbox for trying out.")


@mail_commands.command("send")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def send(as_json: bool) -> None:  # noqa: FBT001
    """Send all that is due now, then stop."""
    shown = sys.stderr.isatty() and not as_json
    sent = 0

    def tell() -> None:
        nonlocal sent
        sent += 1
        if shown:
            click.echo(f"\r{sent}", nl=False, err=True)

    counts = send_due(done=tell)
    if shown and sent:
        click.echo(err=True)
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))


@mail_commands.command("work")
def work() -> None:
    """Run the worker: sends mail as it is planned, until Ctrl-C or SIGTERM."""
    queue: Queue = current_app.extensions[QUEUE]
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
