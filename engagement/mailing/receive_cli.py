"""``flask mail receive``: takes in a mail, a mailbox file, a folder, a Maildir, or what is new in the configured mailbox."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from engagement.kernel.settings import settings
from engagement.mailing.imap import fetch
from engagement.mailing.imap_line import BadMailboxError, MailboxDownError
from engagement.mailing.inbound import TOLD_AS
from engagement.mailing.maildir import NoMailError, receive_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engagement.mailing.receiving import Received

AGAIN = "duplicate"
NOTHING_TO_READ = "Name a mail or a Maildir, or set IMAP_URL."


@click.command("receive")
@with_appcontext
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list with one object for each mail.")
def receive_command(path: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Take in PATH: a mail, a mailbox (mbox), a folder of .eml files or a Maildir; without PATH, what is new in the mailbox of IMAP_URL."""
    told: list[dict[str, str | None]] = []
    problem = ""
    try:
        for received in _from(path):
            told.append(as_told(received))
            if not as_json:
                click.echo(in_words(told[-1]))
    except (NoMailError, BadMailboxError, MailboxDownError) as error:
        problem = str(error)
    if as_json and (told or not problem):
        click.echo(json.dumps(told, ensure_ascii=False))
    elif not told and not problem:
        click.echo("No new mail.")
    if problem:
        click.echo(problem[:1].upper() + problem[1:], err=True)
        sys.exit(2)


def _from(path: Path | None) -> Iterable[Received]:
    passed_over = lambda said: click.echo(said, err=True)  # noqa: E731 - it is one call, for both ways.
    if path is not None:
        return receive_path(path, passed_over)
    if not settings().imap_url:
        raise NoMailError(NOTHING_TO_READ)
    return fetch(passed_over=passed_over)


def as_told(received: Received) -> dict[str, str | None]:
    """Return what became of a mail, for programs: ids as text or None, never a name."""
    row = received.row
    return {
        "message_id": received.message_id,
        "kind": TOLD_AS[row.kind],
        "person": str(row.person_id) if row.person_id else None,
        "invitation": str(row.invitation_id) if row.invitation_id else None,
        "outcome": AGAIN if received.again else row.outcome,
        "why": "it was received before, and did nothing this time" if received.again else row.why,
    }


def in_words(told: dict[str, str | None]) -> str:
    """Return the line for people: what it is, what became of it, and why."""
    why = f" ({told['why']})" if told["why"] else ""
    return f"{told['kind']}: {told['outcome']}{why}"
