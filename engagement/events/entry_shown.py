"""What the calendar entry of a received mail says, for people who decide about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engagement.events.itip import CHOICES, beginning_of, read_answer
from engagement.invitations.vocabulary import CHOICES as CHOICES_CALLED
from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from engagement.events.itip import Attendee

_NO_CHOICE = {
    "DELEGATED": Text("Sends somebody else", "Envoie une autre personne"),
    "NEEDS-ACTION": Text("Has not answered", "N’a pas répondu"),
    "": Text("Does not say", "Ne le dit pas"),
}
_INSTEAD = Text("somebody is sent instead", "une autre personne est envoyée")


@dataclass(frozen=True, slots=True)
class EntryShown:
    """Who is named in an entry and what they say, when it begins, and what is written beside it.

    ``begins`` is the beginning as it is written, where no moment can be made of it.
    """

    people: tuple[tuple[str, Text], ...]
    begins_at: datetime | None
    begins: str
    comment: str


def entry_shown(calendar: str) -> EntryShown:
    """Return what a calendar object says. Never raises."""
    answered, (written, zone) = read_answer(calendar), beginning_of(calendar)
    people = tuple((each.address, _said_by(each)) for each in answered.attendees)
    at = _moment(written, zone)
    return EntryShown(people, at, "" if at else f"{written} {zone}".strip(), answered.comment)


def _said_by(attendee: Attendee) -> Text:
    choice, word = CHOICES.get(attendee.partstat), attendee.partstat[:40]
    said = CHOICES_CALLED[choice] if choice else _NO_CHOICE.get(word, Text(word, word))
    instead = attendee.delegated and attendee.partstat != "DELEGATED"
    return Text(f"{said.en} – {_INSTEAD.en}", f"{said.fr} – {_INSTEAD.fr}") if instead else said


def _moment(written: str, zone: str) -> datetime | None:
    """Return the moment of a wall time in a zone that is known by its own name or by Windows' one; None for any other."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - large, and needed on one page.

    try:
        wall = datetime.strptime(written.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - its zone follows.
        if written.endswith("Z"):
            return wall.replace(tzinfo=UTC)
        return wall.replace(tzinfo=ZoneInfo(WINDOWS_TO_OLSON.get(zone, zone))) if zone else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
