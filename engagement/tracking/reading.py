"""What a member reads on the response page: every number, or what disclosure control leaves of it.

Members who may see people read all figures. Those who see figures only read tables that
are protected (see ``disclosure``), so that no small count can be read or worked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.roster.vocabulary import NOT_KNOWN, REGIONS, SECTORS
from engagement.tracking.disclosure import LARGEST_SMALL, Line, Shown, in_groups, is_small, protect, protect_parts, steps_apart
from engagement.tracking.rates import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from engagement.tracking.rates import Rates, Row
    from engagement.tracking.service import Counts

SMALL = Text("1 to 4", "de 1 à 4")
NOT_SHOWN = Text("–", "–")
UNKNOWN_OR_PARTNERS = Text("Not known, or through partners", "Inconnu, ou par des partenaires")
FIRST_WAVE = Text("0: first batch and open call", "0\u00a0: premier lot et appel à tous")
SECOND_WAVE = Text("1: passed on by them, or by partners", "1\u00a0: transmis par ces personnes ou par des partenaires")


@dataclass(frozen=True, slots=True)
class Reading:
    """One count as it is read: the number, or the words that stand for it."""

    number: int | None
    words: Text = NOT_SHOWN

    @property
    def is_told(self) -> bool:
        """Return whether the reader learns anything of it."""
        return self.number is not None or self.words != NOT_SHOWN


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One line of a list as it is read. ``rate`` is None where it is undefined or held back."""

    key: str
    label: Text
    distributed: Reading
    answered: Reading
    rate: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the response page. A list that is None is too small to be shown."""

    distributed: Reading
    answered: Reading
    rate: float | None
    complete: Reading
    partial: Reading
    named: Reading
    partner_reported: Reading
    lists: dict[str, list[ReadRow] | None]
    funnel: list[tuple[str, Reading]]
    silent: list[tuple[str, Text, int]]
    over_time: list[tuple[date, int]]
    # Something was held back from this reader.
    guarded: bool


def label_of(dimension: str, key: str) -> Text:
    """Return the words for a key of a list."""
    if key == UNKNOWN:
        return UNKNOWN_OR_PARTNERS
    if dimension == "wave":
        return {"0": FIRST_WAVE, "1": SECOND_WAVE}.get(key, Text(key, key))
    return (SECTORS if dimension == "sector" else REGIONS).get(key, Text(key, key))


def silent_label(key: str) -> Text:
    """Return the words for a sector of the silent, who are people by name only."""
    return NOT_KNOWN if key == UNKNOWN else label_of("sector", key)


def read(counts: Counts, by_day: Sequence[tuple[date, int]], *, guarded: bool) -> Page:
    """Return the page for somebody who may see people, or (``guarded``) figures only."""
    return _guarded(counts, by_day) if guarded else _open(counts, by_day)


def _open(counts: Counts, by_day: Sequence[tuple[date, int]]) -> Page:
    found = counts.rates
    return Page(
        distributed=Reading(found.whole.distributed),
        answered=Reading(found.whole.responded),
        rate=_fraction(found.whole),
        complete=Reading(found.whole.complete),
        partial=Reading(found.whole.partial),
        named=Reading(found.named),
        partner_reported=Reading(found.partner_reported),
        lists={
            name: [_row(name, row, Reading(row.distributed), Reading(row.responded)) for row in rows] for name, rows in found.by.items()
        },
        funnel=[(step, Reading(count)) for step, count in counts.funnel.steps()],
        silent=[(key, silent_label(key), count) for key, count in counts.silent.items()],
        over_time=_running(by_day),
        guarded=False,
    )


def _fraction(row: Row) -> float | None:
    return None if row.rate is None else float(row.rate)


def _running(by_day: Iterable[tuple[date, int]]) -> list[tuple[date, int]]:
    total, points = 0, []
    for day, added in by_day:
        total += added
        points.append((day, total))
    return points


def _guarded(counts: Counts, by_day: Sequence[tuple[date, int]]) -> Page:
    found = counts.rates
    answered, distributed = _alone(found.whole.responded), _alone(found.whole.distributed)
    named, partner = _parts((found.named, found.partner_reported))
    complete, partial = _parts((found.whole.complete, found.whole.partial))
    whole = answered.number is not None and distributed.number is not None and named.number is not None
    steps = counts.funnel.steps()
    # The people by name stand above the funnel: no step may differ from them by a few.
    shown_steps = steps_apart([found.named, *(count for _, count in steps)])[1:]
    return Page(
        distributed=distributed,
        answered=answered,
        rate=_fraction(found.whole) if whole else None,
        complete=complete,
        partial=partial,
        named=named,
        partner_reported=partner,
        lists={name: _protected(name, found) if whole else None for name in found.by},
        funnel=[(step, Reading(count)) for (step, _), count in zip(steps, shown_steps, strict=True)],
        silent=_shown_silent(counts) if whole else [],
        over_time=in_groups(by_day) if answered.number is not None else [],
        guarded=True,
    )


def _alone(count: int) -> Reading:
    return Reading(None, SMALL) if is_small(count) else Reading(count)


def _parts(counts: tuple[int, int]) -> tuple[Reading, Reading]:
    lines = protect_parts(counts)
    if lines is None:
        return Reading(None), Reading(None)
    first, second = (_reading(line.asked, line.asked_shown) for line in lines)
    return first, second


def _reading(count: int, shown: Shown) -> Reading:
    return {Shown.NUMBER: Reading(count), Shown.SMALL: Reading(None, SMALL), Shown.LARGE: Reading(None)}[shown]


def _lines(name: str, found: Rates) -> list[tuple[Row, Line]] | None:
    """Return the rows of a list with what may be shown of their people by name; partners' counts are public."""
    rows = found.by[name]
    lines = protect([(row.distributed - _unnamed(row, found), row.responded) for row in rows])
    return None if lines is None else list(zip(rows, lines, strict=True))


def _unnamed(row: Row, found: Rates) -> int:
    return found.partner_reported if row.key == UNKNOWN else 0


def _protected(name: str, found: Rates) -> list[ReadRow] | None:
    lines = _lines(name, found)
    return None if lines is None else [_protected_row(name, row, line, _unnamed(row, found)) for row, line in lines]


def _protected_row(name: str, row: Row, line: Line, unnamed: int) -> ReadRow:
    asked = _reading(row.distributed, line.asked_shown)
    if unnamed and asked.number is None:
        # "1 to 4" would be true of the people by name in it, not of the row.
        asked = Reading(None)
    return _row(name, row, asked, _reading(row.responded, line.answered_shown))


def _row(name: str, row: Row, distributed: Reading, answered: Reading) -> ReadRow:
    shown = distributed.number is not None and answered.number is not None
    return ReadRow(row.key, label_of(name, row.key), distributed, answered, _fraction(row) if shown else None)


def _shown_silent(counts: Counts) -> list[tuple[str, Text, int]]:
    """Return who is silent in those sectors of which both figures are shown, so that it tells nothing more."""
    lines = _lines("sector", counts.rates) or []
    shown = {row.key for row, line in lines if line.asked_shown is line.answered_shown is Shown.NUMBER}
    return [(key, silent_label(key), count) for key, count in counts.silent.items() if key in shown and count > LARGEST_SMALL]
