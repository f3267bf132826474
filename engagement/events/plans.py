"""What a sitting can be: when it is on the clocks of its event's zone, and its seats in each mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.models import Sitting
from engagement.events.seats import modes_of
from engagement.invitations.models import Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered, exists, in_utc
from engagement.kernel.errors import DomainError
from engagement.kernel.wording import date_words, time_words

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from engagement.events.models import Event

MOST_SEATS = 100_000


class BadSittingError(DomainError):
    """The time or the seats of a sitting cannot be as they were given."""


@dataclass(frozen=True, kw_only=True)
class SittingPlan:
    """When a sitting is, on the clocks of the event's zone (naive), and its seats in each mode."""

    starts_wall: datetime
    ends_wall: datetime
    seats_in_person: int = 0
    seats_online: int = 0


def check_plan(event: Event, plan: SittingPlan) -> None:
    """Raise BadSittingError, naming the field, where a sitting of ``event`` cannot be like this."""
    for wall, field in ((plan.starts_wall, "day"), (plan.ends_wall, "last_day")):
        if not can_be_entered(wall.date()):
            raise BadSittingError(DATE_OUT_OF_REACH, field=field)
    if plan.ends_wall <= plan.starts_wall:
        raise BadSittingError(ENDS_FIRST, field="ends")
    for mode, seats, field in (
        (Mode.IN_PERSON, plan.seats_in_person, "seats_in_person"),
        (Mode.ONLINE, plan.seats_online, "seats_online"),
    ):
        if not 0 <= seats <= MOST_SEATS:
            said = Text("Enter a number of seats from 0 to 100,000.", "Entrez un nombre de places de 0 à 100\u00a0000.")
            raise BadSittingError(said, field=field)
        if seats and mode not in modes_of(event.format):
            said = Text("An event of this format has no such seats.", "Un événement de ce format n’a pas de telles places.")
            raise BadSittingError(said, field=field)


ENDS_FIRST = Text("The sitting ends before it starts.", "La séance finit avant de commencer.")


def require_seats(seats: int, taken: int, field: str) -> None:
    """Raise BadSittingError where fewer ``seats`` were given than are taken already."""
    if seats < taken:
        said = Text(
            "{taken} seats are taken already: there cannot be only {seats}.",
            "{taken} places sont déjà prises\u00a0: il ne peut pas y en avoir seulement {seats}.",
        )
        raise BadSittingError(said.format(taken=taken, seats=seats), field=field)


def require_other_time(session: Session, event: Event, plan: SittingPlan) -> None:
    """Raise BadSittingError where a standing sitting of ``event`` has this beginning and this end."""
    same = select(Sitting.id).where(
        Sitting.event_id == event.id,
        Sitting.cancelled_at.is_(None),
        Sitting.starts_wall == plan.starts_wall,
        Sitting.ends_wall == plan.ends_wall,
    )
    if session.scalar(same.limit(1)) is not None:
        said = Text("The event has a sitting at this very time.", "L’événement a déjà une séance à ce moment précis.")
        raise BadSittingError(said, field="starts")


def derive_instants(sitting: Sitting, zone: str) -> None:
    """Have the instants follow the wall times, by the rules of ``zone`` that hold now.

    Raises BadSittingError, also for a time that the clocks skip when they go forward.
    """
    for wall, field in ((sitting.starts_wall, "starts"), (sitting.ends_wall, "ends")):
        if not exists(wall, zone):
            said = Text(
                "There is no {time_en} on {day_en}: the clocks go forward. Choose another time.",
                "Il n’y a pas de {time_fr} {day_fr}\u00a0: les horloges sautent cette heure. Choisissez-en une autre.",
            )
            when = {f"time_{each}": time_words(wall, each) for each in ("en", "fr")} | {
                f"day_{each}": date_words(wall.date(), each) for each in ("en", "fr")
            }
            raise BadSittingError(said.format(**when), field=field)
    sitting.starts_at, sitting.ends_at = in_utc(sitting.starts_wall, zone), in_utc(sitting.ends_wall, zone)
    if sitting.ends_at <= sitting.starts_at:
        # Possible in the one hour a year that the clocks go through twice.
        raise BadSittingError(ENDS_FIRST, field="ends")
