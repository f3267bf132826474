"""How often one address of the network may send a public form.

It is kept in the memory of one process and forgotten with it: nothing about who asked is
stored, and several processes allow a little more between them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass
class Throttle:
    """At most ``limit`` forms in any ``window`` from one place."""

    limit: int = 20
    window: timedelta = timedelta(minutes=15)
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    def allows(self, place: str, moment: datetime) -> bool:
        """Return whether ``place`` may send one more at ``moment``, and count it if so."""
        with self._one_at_a_time:
            self._forget(moment)
            times = self._seen.setdefault(place, deque())
            if len(times) >= self.limit:
                return False
            times.append(moment)
            return True

    def _forget(self, moment: datetime) -> None:
        for place, times in list(self._seen.items()):
            while times and times[0] <= moment - self.window:
                times.popleft()
            if not times:
                del self._seen[place]
