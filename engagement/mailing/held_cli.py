"""``flask mail held`` and ``flask mail release``: what waits for somebody to look, for whoever runs the installation.

The team of a consultation decides on its own messages in the browser. Messages of no
consultation, and a restored installation as a whole, are decided on here.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from sqlalchemy import ColumnElement, and_, func, select, true

from engagement.consultations.models import Consultation
from engagement.consultations.service import find_consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.mailing.holding import AT_ONCE, UNSENT, cancel_held, let_go
from engagement.mailing.models import Hold, Message

if TYPE_CHECKING:
    from flask.cli import AppGroup

REASONS = [each.value for each in Hold if each is not Hold.MAILING]


def add_to(group: AppGroup) -> None:
    """Add both commands to ``flask mail``."""
    group.add_command(held)
    group.add_command(release)


@click.command("held")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def held(as_json: bool) -> None:  # noqa: FBT001
    """List what is held for somebody to look at: how many messages, of which consultation, and why."""
    chosen = (
        select(Consultation.slug, Message.held_because, Message.purpose, func.count(), func.min(Message.due_at))
        .select_from(Message)
        .outerjoin(Consultation, Consultation.id == Message.consultation_id)
        .where(Message.held_because.is_not(None), Message.state.in_(UNSENT))
        .group_by(Consultation.slug, Message.held_because, Message.purpose)
        .order_by(Consultation.slug, Message.held_because, Message.purpose)
    )
    rows = [
        {"consultation": slug, "because": because, "purpose": purpose, "messages": number, "due_since": since.isoformat()}
        for slug, because, purpose, number, since in db.session.execute(chosen)
    ]
    if as_json:
        click.echo(json.dumps({"held": rows}))
        return
    for row in rows:
        of = row["consultation"] or "of no consultation"
        click.echo(f"{of:<30} {row['because']:<10} {row['purpose']:<30} {row['messages']:>6}  due since {row['due_since']}")
    if not rows:
        click.echo("Nothing is held.")


@click.command("release")
@click.option("--consultation", "slug", help="Only what belongs to the consultation with this short name.")
@click.option("--everything", is_flag=True, help="Whatever it belongs to. Without this or --consultation: what belongs to none.")
@click.option("--because", type=click.Choice(REASONS), help="Only what is held for this reason.")
@click.option("--cancel", is_flag=True, help="Cancel it instead of letting it go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def release(slug: str | None, everything: bool, because: str | None, cancel: bool, yes: bool) -> None:  # noqa: FBT001
    """Let messages go that are held for somebody to look at, or cancel them.

    After a restore some of them may have been sent before; who gets one twice sees it twice.
    """
    if slug and everything:
        click.echo("Choose --consultation or --everything, not both.", err=True)
        sys.exit(2)
    condition = and_(_whose(slug, everything=everything), Message.held_because == Hold(because) if because else true())
    waiting = db.session.scalar(select(func.count()).select_from(Message).where(_releasable(), condition)) or 0
    db.session.rollback()
    if waiting and not yes:
        click.confirm(f"{'Cancel' if cancel else 'Let go'} {waiting} messages?", abort=True, err=True)
    verb, total = (cancel_held if cancel else let_go), 0
    while number := verb(condition, limit=AT_ONCE, actor=SYSTEM):
        total += number
    click.echo(f"{total} messages {'cancelled' if cancel else 'let go'}.")


def _releasable() -> ColumnElement[bool]:
    return and_(Message.held_because.is_not(None), Message.held_because != Hold.MAILING, Message.state.in_(UNSENT))


def _whose(slug: str | None, *, everything: bool) -> ColumnElement[bool]:
    if everything:
        return true()
    if slug is None:
        return Message.consultation_id.is_(None)
    try:
        return Message.consultation_id == find_consultation(slug).id
    except AbsentError:
        click.echo(f"There is no consultation {slug}.", err=True)
        sys.exit(2)
