"""``flask demo``: the model case and one live consultation, all people invented."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
from flask import current_app
from sqlalchemy.exc import IntegrityError

from engagement.accounts.service import AccountExistsError
from engagement.consultations.cli import give_up
from engagement.consultations.service import BadSlugError, find_consultation
from engagement.demo import live, model_case
from engagement.demo.live import load_live
from engagement.demo.model_case import load_model_case
from engagement.demo.team import NotOursError, stand_up_team
from engagement.kernel.errors import AbsentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.accounts.models import User

# People on the rosters, and (of the model case) the questionnaires that were sent to them.
LOADS: tuple[tuple[str, int, Callable[[dict[str, User], Callable[[], None]], None]], ...] = (
    (model_case.SLUG, 1015, load_model_case),
    (live.SLUG, 60, load_live),
)


@click.command("demo")
def demo() -> None:
    """Load the model case and one live consultation; every person in them is invented.

    Running it again changes nothing. Each consultation is loaded whole or not at all, so a
    run that was stopped is finished by the next one.
    """
    if current_app.config["SETTINGS"].production:
        give_up("The demonstration does not exist in production.")
    try:
        missing = [load for load in LOADS if _is_missing(load[0])]
        team = stand_up_team()
        for slug, size, load in missing:
            with click.progressbar(length=size, label=slug) as bar:
                load(team, partial(bar.update, 1))
    except NotOursError as error:
        give_up(str(error))
    except (AccountExistsError, BadSlugError, IntegrityError):
        # Neither was there when this run looked.
        give_up("Another run loads the demonstration at this moment. Wait for it; running this again then changes nothing.")
    if missing:
        click.echo(f"Loaded {' and '.join(slug for slug, *_ in missing)}. All people in the demonstration are invented.")
    else:
        click.echo("The demonstration is loaded already. Nothing was changed.")


def _is_missing(slug: str) -> bool:
    """Return whether a consultation is to be loaded. Raises NotOursError where somebody uses its name."""
    try:
        there = find_consultation(slug)
    except AbsentError:
        return True
    if not there.is_demo:
        raise NotOursError(f"There is a consultation {slug} that is not of the demonstration. Nothing was loaded.")
    return False
