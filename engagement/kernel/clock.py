"""What time it is, always in UTC and always with its zone."""

from __future__ import annotations

import zoneinfo
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

# The pinned tzdata package speaks, not whatever the machine has: zones change their rules
# (British Columbia stays on UTC−7 all year since tzdata 2026b), and a system's copy lags.
zoneinfo.reset_tzpath(to=())


# What people enter is dated between these two; nothing that they plan or write down lies beyond.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
DATE_OUT_OF_REACH = Text("Enter a date from 1990 to 2100.", "Entrez une date de 1990 à 2100.")
# Instants are kept between these two, so that something can be added to each of them and each has a wall time.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)

_moved_on: ContextVar[datetime | None] = ContextVar("moved_on", default=None)


def now() -> datetime:
    """Return this moment in UTC."""
    return _moved_on.get() or datetime.now(tz=UTC)


@contextmanager
def at_moment(moment: datetime) -> Iterator[None]:
    """Have the clock stand at ``moment`` in this block, and for nobody but this block.

    For rehearsals, which write nothing: whatever is stored has the real time.
    """
    if moment.tzinfo is None:
        msg = "a moment needs its zone"
        raise ValueError(msg)
    token = _moved_on.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved_on.reset(token)


def in_utc(wall: datetime, zone: str) -> datetime:
    """Return the UTC instant at which the clocks of ``zone`` (IANA name) show ``wall`` (naive).

    A wall time that occurs twice when clocks go back means its first occurrence (PEP 495). One
    that lies before EARLIEST or after LATEST means that instant: there is an answer to every time.
    """
    if wall.tzinfo is not None:
        msg = "a wall time has no zone of its own"
        raise ValueError(msg)
    if not EARLIEST < wall.replace(tzinfo=UTC) < LATEST:
        return EARLIEST if wall.year < LATEST.year else LATEST
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def exists(wall: datetime, zone: str) -> bool:
    """Return whether the clocks of ``zone`` ever show ``wall`` (naive): an hour is left out when they go forward."""
    return on_the_wall(in_utc(wall, zone), zone).replace(tzinfo=None) == wall


def can_be_entered(day: date) -> bool:
    """Return whether a date lies where people plan and write things down: from 1990 to 2100."""
    return FIRST_DAY <= day <= LAST_DAY


def on_the_wall(moment: datetime, zone: str) -> datetime:
    """Return what the clocks of ``zone`` show at ``moment``; the result knows its zone."""
    return min(max(moment, EARLIEST), LATEST).astimezone(ZoneInfo(zone))


def end_of_day(day: date, zone: str) -> datetime:
    """Return the last second of ``day`` in ``zone``, in UTC: a deadline ends at 23:59:59."""
    return in_utc(datetime.combine(day, time(23, 59, 59)), zone)


def today(zone: str) -> date:
    """Return the date that is on the calendar of ``zone`` now."""
    return on_the_wall(now(), zone).date()
