"""``flask events``: what is scheduled, on the command line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

from engagement.consultations.service import find_consultation
from engagement.events.figures import Figures, figures_of_many
from engagement.events.service import all_events
from engagement.kernel.errors import AbsentError
from engagement.kernel.wording import span_words

if TYPE_CHECKING:
    from engagement.events.models import Event

events_group = AppGroup("events", help="Events and their seats.")


@events_group.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def list_events(slug: str, as_json: bool) -> None:  # noqa: FBT001
    """List the events of the consultation SLUG by date; a restricted one without its title."""
    try:
        consultation = find_consultation(slug)
    except AbsentError:
        click.echo(f"There is no consultation {slug}.", err=True)
        sys.exit(2)
    found = all_events(consultation.id)
    counted = figures_of_many(found)
    rows = [(event, counted[event.id]) for event in found]
    if as_json:
        events = [_as_json(event, figures) for event, figures in rows]
        click.echo(json.dumps({"consultation": slug, "events": events}, ensure_ascii=False, indent=2))
        return
    for event, figures in rows:
        click.echo(_as_line(slug, event, figures))
    if not rows:
        click.echo("No event is scheduled yet.")


def _as_json(event: Event, figures: Figures) -> dict[str, Any]:
    return {
        "name": event.name,
        "title": None if event.restricted else {"en": event.title_en, "fr": event.title_fr},
        "kind": event.kind,
        "format": event.format,
        "status": event.status,
        "zone": event.zone,
        "listed": event.listed,
        "restricted": event.restricted,
        "reply_by": event.reply_by.isoformat() if event.reply_by else None,
        "invited": figures.invited,
        "accepted": figures.accepted,
        "tentative": figures.tentative,
        "declined": figures.declined,
        "no_reply": figures.no_reply,
        "attended": figures.attended,
        "sittings": [
            {
                "starts_wall": sitting.starts_wall.isoformat(),
                "ends_wall": sitting.ends_wall.isoformat(),
                "starts_at": sitting.starts_at.isoformat(),
                "ends_at": sitting.ends_at.isoformat(),
                "seats": {count.mode: {"seats": count.seats, "taken": count.taken, "waiting": count.waiting} for count in counts},
            }
            for sitting, counts in figures.sittings
        ],
    }


def _as_line(slug: str, event: Event, figures: Figures) -> str:
    title = "(restricted)" if event.restricted else event.title_en
    when = "; ".join(span_words(s.starts_wall, s.ends_wall, event.zone, "en") for s, _ in figures.sittings) or "no date yet"
    taken = sum(count.taken for _, counts in figures.sittings for count in counts)
    seats = sum(count.seats for _, counts in figures.sittings for count in counts)
    cancelled = "  cancelled" if event.status == "cancelled" else ""
    return f"{slug}/{event.name}  {title}  {when}  {taken} of {seats} seats taken, {figures.invited} invited{cancelled}"
