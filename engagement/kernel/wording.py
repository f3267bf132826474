"""Dates, times, zones and numbers as Canadian English and French write them.

Pure: every function takes the language. Non-breaking spaces stand where French wants them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_name
from babel.numbers import format_decimal

from engagement.kernel.bilingual import Text
from engagement.kernel.clock import on_the_wall

if TYPE_CHECKING:
    from datetime import date, datetime, time

NBSP = "\u00a0"
# Looked up once: by its name, babel looks on the disk each time.
LOCALES = {"en": Locale("en", "CA"), "fr": Locale("fr", "CA")}

ZONES: dict[str, Text] = {
    "America/St_Johns": Text("Newfoundland", "heure de Terre-Neuve"),
    "America/Halifax": Text("Atlantic", "heure de l’Atlantique"),
    "America/Toronto": Text("Eastern", "heure de l’Est"),
    "America/Iqaluit": Text("Eastern", "heure de l’Est"),
    "America/Winnipeg": Text("Central", "heure du Centre"),
    "America/Regina": Text("Central, Saskatchewan", "heure du Centre, Saskatchewan"),
    "America/Edmonton": Text("Mountain", "heure des Rocheuses"),
    "America/Yellowknife": Text("Mountain", "heure des Rocheuses"),
    "America/Whitehorse": Text("Yukon", "heure du Yukon"),
    "America/Vancouver": Text("Pacific", "heure du Pacifique"),
}

# Places whose clocks go by a name that most people take for those of the other place.
_NAMESAKES = {"America/Vancouver": "America/Los_Angeles"}


def locale_of(language: str) -> Locale:
    """Return the locale for ``language``."""
    return LOCALES["fr" if language == "fr" else "en"]


def date_words(day: date, language: str, *, weekday: bool = True) -> str:
    """Return a date: "Tuesday 8 December 2026", "le mardi 8 décembre 2026"."""
    if language != "fr":
        return format_date(day, "EEEE d MMMM y" if weekday else "d MMMM y", locale=LOCALES["en"])
    ordinal = "1er" if day.day == 1 else str(day.day)
    written = format_date(day, "EEEE '@' MMMM y" if weekday else "'@' MMMM y", locale=LOCALES["fr"])
    return f"le{NBSP}{written.replace('@', ordinal)}"


def short_date(day: date, language: str) -> str:
    """Return a date for a table: "8 Dec 2026", "8 déc. 2026", "1er nov. 2018"."""
    if language == "fr" and day.day == 1:
        return f"1er {format_date(day, 'MMM y', locale=locale_of(language))}"
    return format_date(day, "d MMM y", locale=locale_of(language))


def time_words(moment: time | datetime, language: str) -> str:
    """Return a time of day: "13:00", "13 h", "13 h 30"."""
    if language != "fr":
        return f"{moment.hour:02d}:{moment.minute:02d}"
    minutes = f"{NBSP}{moment.minute:02d}" if moment.minute else ""
    return f"{moment.hour}{NBSP}h{minutes}"


def zone_words(zone: str, language: str) -> str:
    """Return the name people give a zone: "Eastern", "heure de l’Est"."""
    if zone in ZONES:
        return ZONES[zone].in_(language)
    return get_timezone_name(zone, width="long", locale=locale_of(language))


def zone_words_at(wall: datetime, zone: str, language: str) -> str:
    """Return the name of a zone at a wall time of it, with its offset where elsewhere the same name means another time then.

    "Eastern"; for Vancouver in December 2026 "Pacific, UTC−07:00", while in Los Angeles Pacific time is UTC−08:00.
    """
    namesake, offset = _NAMESAKES.get(zone), _offset(wall, zone)
    if namesake is None or offset == _offset(wall, namesake):
        return zone_words(zone, language)
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"{zone_words(zone, language)}, UTC{'−' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}"


def _offset(wall: datetime, zone: str) -> timedelta:
    return wall.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0)


def span_words(starts: datetime, ends: datetime, zone: str, language: str) -> str:
    """Return when something takes place, from the wall times of its zone.

    "Tuesday 8 December 2026, 13:00 to 15:00 (Eastern)";
    "le mardi 8 décembre 2026, de 13 h à 15 h (heure de l’Est)".
    """
    first, last = time_words(starts, language), time_words(ends, language)
    where = zone_words_at(starts, zone, language)
    day = date_words(starts.date(), language)
    if starts.date() != ends.date():
        until = date_words(ends.date(), language)
        if language == "fr":
            return f"du {day.removeprefix('le' + NBSP)}, {first}, au {until.removeprefix('le' + NBSP)}, {last} ({where})"
        return f"{day}, {first}, to {until}, {last} ({where})"
    if language == "fr":
        return f"{day}, de {first} à {last} ({where})"
    return f"{day}, {first} to {last} ({where})"


def moment_words(moment: datetime, zone: str, language: str) -> str:
    """Return a moment for a table, on the clocks of ``zone``: "20 Nov 2026, 09:12"."""
    wall = on_the_wall(moment, zone)
    return f"{short_date(wall.date(), language)}, {time_words(wall, language)}"


def number_words(number: float, language: str) -> str:
    """Return a number with its groups: "1,234", "1 234"."""
    written = str(format_decimal(number, locale=locale_of(language)))
    return written.replace("\u202f", NBSP)


def percent_words(fraction: float | None, language: str, *, digits: int = 1) -> str:
    """Return a fraction from 0 to 1 as a percentage: "9.3 %", "9,3 %"; a dash when undefined."""
    if fraction is None:
        return "–"
    pattern = "0." + "0" * digits if digits else "0"
    return f"{format_decimal(fraction * 100, format=pattern, locale=locale_of(language))}{NBSP}%"
