"""When a reminder goes by itself: pure rules over days, wall times and zones.

A deadline ends at 23:59:59 in the consultation's zone; a sitting stands on its event's own
clocks. A reminder is due from its wall time on, on its one day and not after its deadline: a
worker that was down at the time catches up on the same day, and never on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engagement.kernel.clock import end_of_day, in_utc, on_the_wall


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time at which a reminder goes: its day on the clocks of ``zone``, from when, and until when it is of use."""

    day: date
    goes_at: datetime
    deadline: datetime
    zone: str

    def is_due(self, moment: datetime) -> bool:
        """Return whether the reminder goes at ``moment``."""
        same_day = on_the_wall(moment, self.zone).date() == self.day
        return same_day and self.goes_at <= moment <= self.deadline

    def is_to_come(self, moment: datetime) -> bool:
        """Return whether its time is still ahead, and before its deadline."""
        return moment < self.goes_at <= self.deadline


def before_deadline(last_day: date, days_before: int, at: time, zone: str) -> Occasion:
    """Return when the reminder before ``last_day`` goes; 0 days before is the last day itself."""
    day = last_day - timedelta(days=days_before)
    return Occasion(day, in_utc(datetime.combine(day, at), zone), end_of_day(last_day, zone), zone)


def before_sitting(starts_wall: datetime, days_before: int, at: time, zone: str) -> Occasion:
    """Return when the note before a sitting goes; it is of use until the sitting begins."""
    day = starts_wall.date() - timedelta(days=days_before)
    begins = starts_wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Occasion(day, in_utc(datetime.combine(day, at), zone), begins, zone)
