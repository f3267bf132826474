"""Quiet hours: wall times of a consultation between which nothing of ours leaves by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engagement.kernel.clock import on_the_wall

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.mailing.models import Message
    from engagement.roster.safe_hours import SafeHours

    # The hours in which a message waits on the clocks of a zone; None where it need not.
    QuietFor = Callable[[Message, str], "Quiet | None"]

# Quiet hours end every day and safe hours open every week: two weeks find a moment that is in both, if there is one.
DAYS_LOOKED_AT = 15


@dataclass(frozen=True, slots=True)
class Quiet:
    """From ``since`` (included) until ``until`` (not included) on the clocks of ``zone``; equal times: never quiet."""

    since: time
    until: time
    zone: str

    def holds(self, moment: datetime) -> bool:
        """Return whether it is quiet at ``moment``."""
        return self.covers(on_the_wall(moment, self.zone).time())

    def covers(self, wall: time) -> bool:
        """Return whether it is quiet at this wall time."""
        if self.since <= self.until:
            return self.since <= wall < self.until
        return wall >= self.since or wall < self.until

    def ends(self, moment: datetime) -> datetime:
        """Return ``moment`` where it is not quiet, else when it stops being so (UTC)."""
        if not self.holds(moment):
            return moment
        day = on_the_wall(moment, self.zone).date()
        walls = [datetime.combine(day + timedelta(days=ahead), self.until) for ahead in range(3)]
        ends = [wall.replace(tzinfo=ZoneInfo(self.zone), fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)]
        return min(each for each in ends if each > moment and not self.holds(each))


def next_moment(moment: datetime, quiet: Quiet | None, hours: SafeHours, zone: str) -> datetime:
    """Return the first moment from ``moment`` on that is neither quiet nor outside somebody's safe hours.

    Safe hours that lie wholly within the quiet ones are somebody's own wish: they alone count.
    """
    at = hours.next_allowed(moment, zone)
    for _ in range(DAYS_LOOKED_AT):
        if quiet is None or not quiet.holds(at):
            return at
        at = hours.next_allowed(quiet.ends(at), zone)
    return hours.next_allowed(moment, zone)
