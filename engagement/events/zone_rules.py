"""Sittings that a new rule of their time zone moves: found, and settled by the team, never by the program.

Wall times are stored with the instants that they meant when they were entered. A new edition
of the zones (tzdata) can make the same wall time another instant; guests hold the old one in
their calendars and read the wall time in their mails, and only the team knows which of them holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from engagement.events.models import AgendaItem, CalendarEntry, Event, EventStatus, Sitting
from engagement.events.revising import picture, raise_sequences, say_afresh
from engagement.events.telling import sittings_ahead
from engagement.kernel.audit import Actor, note
from engagement.kernel.clock import in_utc, now, on_the_wall
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class MovedByRules:
    """A sitting whose wall time means another instant now. ``wall_then`` is what the clocks show at the stored instant."""

    sitting: Sitting
    wall_then: datetime
    ends_then: datetime


def moved_by_rules(event: Event) -> list[MovedByRules]:
    """Return the sittings still to come whose stored instants are not what the zone's rules make of their wall times."""
    return moved_among(event, sittings_ahead(event))


def moved_among(event: Event, sittings: Iterable[Sitting]) -> list[MovedByRules]:
    """Return what ``moved_by_rules`` returns, of sittings that were read already, past ones and cancelled ones among them."""
    if event.status is EventStatus.CANCELLED:
        return []
    moment = now()
    return [
        MovedByRules(row, _wall(row.starts_at, event.zone), _wall(row.ends_at, event.zone))
        for row in sittings
        if row.cancelled_at is None and row.ends_at > moment and _differs(row, event.zone)
    ]


def _differs(sitting: Sitting, zone: str) -> bool:
    return (sitting.starts_at, sitting.ends_at) != (in_utc(sitting.starts_wall, zone), in_utc(sitting.ends_wall, zone))


def _wall(moment: datetime, zone: str) -> datetime:
    return on_the_wall(moment, zone).replace(tzinfo=None)


def keep_wall_time(*, sitting_id: UUID, actor: Actor) -> Sitting:
    """Have the sitting take place at its wall time: its instants move, and calendars hold an older time until guests are told.

    Doing it twice is doing it once. Raises AbsentError.
    """
    with writing() as session:
        sitting, event = _held(session, sitting_id)
        if _differs(sitting, event.zone):
            before = picture(event, [sitting])
            sitting.starts_at, sitting.ends_at = in_utc(sitting.starts_wall, event.zone), in_utc(sitting.ends_wall, event.zone)
            raise_sequences(session, before, picture(event, [sitting]))
            note(session, "keep_wall_time", sitting, actor, event.consultation_id)
    return sitting


def keep_moment(*, sitting_id: UUID, actor: Actor) -> Sitting:
    """Have the sitting take place at the stored instant: its wall time and its agenda's change to what the clocks show then.

    Calendars are right as they are, so SEQUENCE stays; the mails said another wall time, so
    whoever got one counts as knowing an older one. Doing it twice is doing it once. Raises AbsentError.
    """
    with writing() as session:
        sitting, event = _held(session, sitting_id)
        if _differs(sitting, event.zone):
            shift = _wall(sitting.starts_at, event.zone) - sitting.starts_wall
            sitting.starts_wall, sitting.ends_wall = _wall(sitting.starts_at, event.zone), _wall(sitting.ends_at, event.zone)
            _shift_agenda(session, sitting_id, shift)
            told = (CalendarEntry.sitting_id == sitting_id) & CalendarEntry.told.is_not(None)
            session.execute(update(CalendarEntry).where(told).values(told=""))
            session.flush()
            say_afresh(session, event.id)
            note(session, "keep_moment", sitting, actor, event.consultation_id)
    return sitting


def _held(session: Session, sitting_id: UUID) -> tuple[Sitting, Event]:
    sitting = session.get(Sitting, sitting_id, with_for_update=True, populate_existing=True)
    if sitting is None:
        raise AbsentError
    return sitting, session.get_one(Event, sitting.event_id)


def _shift_agenda(session: Session, sitting_id: UUID, shift: timedelta) -> None:
    for item in session.scalars(select(AgendaItem).where(AgendaItem.sitting_id == sitting_id)):
        item.starts_wall, item.ends_wall = item.starts_wall + shift, item.ends_wall + shift
