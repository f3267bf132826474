"""Hours at which people are written to, and answer: nobody in the demonstration is written to at night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from engagement.kernel.clock import in_utc, on_the_wall

OPENS, HOURS = time(9), 8
DAY = timedelta(days=1)
# Where most people of a region live.
ZONE_OF = {
    "NL": "America/St_Johns", "NS": "America/Halifax", "NB": "America/Halifax", "PE": "America/Halifax",
    "MB": "America/Winnipeg", "SK": "America/Regina", "AB": "America/Edmonton", "NT": "America/Edmonton",
    "YT": "America/Whitehorse", "BC": "America/Vancouver",
}  # fmt: skip


def zone_of(region: str | None) -> str:
    """Return the zone of a region; Eastern where nothing better is known."""
    return ZONE_OF.get(region or "", "America/Toronto")


def in_working_hours(moment: datetime, region: str | None) -> datetime:
    """Return a moment of the same day between 9:00 and 17:00 on the clocks of ``region``; what was later stays later."""
    zone = zone_of(region)
    wall = on_the_wall(moment, zone).replace(tzinfo=None)
    into_the_day = wall - datetime.combine(wall.date(), time())
    shown = datetime.combine(wall.date(), OPENS) + timedelta(hours=HOURS) * (into_the_day / DAY)
    return in_utc(shown.replace(microsecond=0), zone).astimezone(UTC)
