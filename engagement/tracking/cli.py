"""``flask track``: the figures of a consultation from the command line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from engagement.consultations.service import find_consultation
from engagement.kernel.errors import AbsentError
from engagement.kernel.wording import percent_words
from engagement.tracking.service import rates_of

if TYPE_CHECKING:
    from engagement.tracking.rates import Rates, Row

track = AppGroup("track", help="Response: how many were asked, how many answered.")


@track.command("rates")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; rates are unrounded fractions from 0 to 1.")
def show_rates(slug: str, as_json: bool) -> None:  # noqa: FBT001 - click passes a flag by its name.
    """Show the response rate of a consultation, by wave, sector and region."""
    try:
        found = rates_of(find_consultation(slug).id)
    except AbsentError:
        click.echo(f"There is no consultation {slug}.", err=True)
        sys.exit(2)
    click.echo(json.dumps(found.as_json(), ensure_ascii=False) if as_json else _table(found))


def _table(found: Rates) -> str:
    whole = found.whole
    lines = [
        f"{found.consultation}: {whole.responded} of {whole.distributed} ({percent_words(_fraction(whole), 'en')})",
        f"{whole.complete} complete, {whole.partial} in part; {found.named} by name, {found.partner_reported} through partners",
    ]
    for name, rows in found.by.items():
        lines += ["", f"{name:<20}{'distributed':>12}{'responded':>11}{'complete':>10}{'partial':>9}{'rate':>9}"]
        lines += [
            f"{row.key:<20}{row.distributed:>12}{row.responded:>11}{row.complete:>10}{row.partial:>9}"
            f"{percent_words(_fraction(row), 'en'):>9}"
            for row in rows
        ]
    return "\n".join(lines)


def _fraction(row: Row) -> float | None:
    return None if row.rate is None else float(row.rate)
