"""When somebody may be written to or called: days of the week, from and until, on the consultation's clocks.

Pure but for ``hours_of`` and the one verb at the end. Somebody else may see this person's screen or pick up
their telephone: outside these hours nothing of ours reaches them by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.wording import time_words
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

# Monday is 0, as in datetime.weekday().
DAYS: tuple[Text, ...] = (
    Text("Monday", "lundi"),
    Text("Tuesday", "mardi"),
    Text("Wednesday", "mercredi"),
    Text("Thursday", "jeudi"),
    Text("Friday", "vendredi"),
    Text("Saturday", "samedi"),
    Text("Sunday", "dimanche"),
)
EVERY_DAY = frozenset(range(7))
# A window that opens every week opens within this many days.
DAYS_LOOKED_AT = 9


class BadHoursError(DomainError):
    """The hours cannot be as they were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeHours:
    """Days (0 is Monday), and wall times from (included) until (not included). No times: the whole day.

    ``calls_only``: never by mail, so that every message becomes a call.
    """

    days: frozenset[int] = EVERY_DAY
    opens: time | None = None
    until: time | None = None
    calls_only: bool = False

    def __post_init__(self) -> None:
        """Raise BadHoursError for hours that cannot be."""
        if not self.days or self.days - EVERY_DAY:
            raise BadHoursError(Text("Choose at least one day.", "Choisissez au moins un jour."), field="safe_days")
        if (self.opens is None) != (self.until is None):
            missing = "safe_from" if self.opens is None else "safe_until"
            said = Text("Enter both times, from and until, or neither.", "Entrez les deux heures, le début et la fin, ou aucune.")
            raise BadHoursError(said, field=missing)
        if self.opens is not None and self.until is not None and self.until <= self.opens:
            # Over midnight is not taken: 09:00 to 05:00 is a slip far more often, and it would reach somebody at night.
            said = Text("The safe hours must end later that day.", "Les heures sécuritaires doivent se terminer plus tard ce jour-là.")
            raise BadHoursError(said, field="safe_until")

    @property
    def always(self) -> bool:
        """Return whether nothing is kept from this person: any day, any time, by mail too."""
        return self == SafeHours()

    def allows(self, moment: datetime, zone: str) -> bool:
        """Return whether ``moment`` is within the hours, on the clocks of ``zone``."""
        wall = on_the_wall(moment, zone)
        if wall.weekday() not in self.days:
            return False
        return self.opens is None or self.until is None or self.opens <= wall.time() < self.until

    def next_allowed(self, moment: datetime, zone: str) -> datetime:
        """Return ``moment`` where it is within the hours, else the next moment that is (UTC)."""
        if self.allows(moment, zone):
            return moment
        return min(opened for opened in self._openings(moment, zone) if opened > moment and self.allows(opened, zone))

    def _openings(self, moment: datetime, zone: str) -> Iterator[datetime]:
        first = on_the_wall(moment, zone).date()
        for ahead in range(DAYS_LOOKED_AT + 7):
            wall = datetime.combine(first + timedelta(days=ahead), self.opens or time(0))
            # A time that the clocks show twice opens twice.
            for fold in (0, 1):
                yield wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)

    def stored(self) -> str:
        """Return the hours as they are stored; empty where nothing is kept from the person."""
        if self.always:
            return ""
        times = {"from": _written(self.opens), "until": _written(self.until)}
        return json.dumps({"days": sorted(self.days), "calls_only": self.calls_only, **times})

    def words(self) -> Text:
        """Return the hours as they are read: "Monday, Friday, 09:00 to 16:00"."""
        return Text(self._in("en"), self._in("fr"))

    def _in(self, language: str) -> str:
        every = {"en": "Every day", "fr": "Tous les jours"}[language]
        named = ", ".join(DAYS[day].in_(language) for day in sorted(self.days))
        said = every if self.days == EVERY_DAY else named[:1].upper() + named[1:]
        if self.opens is not None and self.until is not None:
            first, last = time_words(self.opens, language), time_words(self.until, language)
            said += f", {first} to {last}" if language == "en" else f", de {first} à {last}"
        if self.calls_only:
            said += {"en": "; by telephone only", "fr": "; par téléphone seulement"}[language]
        return said


def _written(wall: time | None) -> str | None:
    return wall.strftime("%H:%M") if wall is not None else None


def read_hours(stored: str | None) -> SafeHours:
    """Return the hours that are stored; any time where nothing is."""
    if not stored:
        return SafeHours()
    content = json.loads(stored)
    opens, until = (time.fromisoformat(content[key]) if content.get(key) else None for key in ("from", "until"))
    return SafeHours(days=frozenset(content["days"]), opens=opens, until=until, calls_only=bool(content.get("calls_only")))


def hours_of(person: Person) -> SafeHours:
    """Return when mail may come into this person's mailbox: their hours, and those of every other row with the same address.

    Where the hours of two rows have no moment in common, no mail may come at all.
    """
    own = read_hours(person.safe_hours)
    if not person.mailbox_has_hours:
        return own
    theirs = (Person.email_index == person.email_index, Person.id != person.id, Person.safe_hours_sealed.is_not(None))
    others = db.session.scalars(select(Person).where(*theirs).order_by(Person.id).options(lazyload(Person.organization)))
    return reduce(both, (read_hours(other.safe_hours) for other in others), own)


def both(one: SafeHours, other: SafeHours) -> SafeHours:
    """Return the hours in which both allow a mail; calls only, in the hours of the first that has any, where they never do."""
    first = other if one.always else one
    opens = max((each.opens for each in (one, other) if each.opens is not None), default=None)
    until = min((each.until for each in (one, other) if each.until is not None), default=None)
    if not one.days & other.days or (opens is not None and until is not None and until <= opens):
        return replace(first, calls_only=True)
    return SafeHours(days=one.days & other.days, opens=opens, until=until, calls_only=one.calls_only or other.calls_only)


def change_safe_hours(*, person_id: UUID, hours: SafeHours, actor: Actor) -> Person:
    """Store when a person may be written to or called, and return them. Doing it twice is doing it once. Raises AbsentError."""
    with writing() as session:
        person = session.get(Person, person_id, with_for_update=True, populate_existing=True)
        if person is None:
            raise AbsentError
        if read_hours(person.safe_hours) != hours:
            person.safe_hours = hours.stored()
            note(session, "change_safe_hours", person, actor)
    return person
