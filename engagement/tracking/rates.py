"""The response rate, counted as 1-product.md and AAPOR's Standard Definitions do.

distributed = people by name to whom a questionnaire was sent, bounces included, and those who
answered without our having sent it, plus the people whom partners report to have passed it on
to and who have not become named. responded = complete + partial, a partial response being
one that was submitted in part with enough answers. rate = responded / distributed (AAPOR RR2
with every distributed questionnaire taken as eligible), undefined where nothing was distributed.
Rates are exact fractions: nothing is rounded here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# People of whom it is not known, and those known by a partner's count only.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """People by name who are alike in wave, sector and region (None: not known): how many, and how they answered."""

    wave: int | None
    sector: str | None
    region: str | None
    distributed: int
    complete: int = 0
    partial: int = 0

    def __post_init__(self) -> None:
        """Refuse counts that cannot be: a response that nobody was asked for, or fewer than none."""
        if min(self.complete, self.partial) < 0 or self.complete + self.partial > self.distributed:
            msg = "more responses than questionnaires"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: how many were asked and how they answered."""

    key: str
    distributed: int
    complete: int
    partial: int

    @property
    def responded(self) -> int:
        """Return how many answered, in full or sufficiently in part."""
        return self.complete + self.partial

    @property
    def rate(self) -> Fraction | None:
        """Return responded ÷ distributed, from 0 to 1; None where nothing was distributed."""
        return Fraction(self.responded, self.distributed) if self.distributed else None


@dataclass(frozen=True, slots=True)
class Rates:
    """The whole, and the same whole by wave, by sector and by region; each list adds up to it."""

    consultation: str
    partner_reported: int
    whole: Row
    by: dict[str, tuple[Row, ...]]

    @property
    def named(self) -> int:
        """Return how many of the distributed are people by name."""
        return self.whole.distributed - self.partner_reported

    def as_json(self) -> dict[str, Any]:
        """Return the document that ``flask track rates --json`` prints."""
        return {
            "consultation": self.consultation,
            "distributed": self.whole.distributed,
            "named": self.named,
            "partner_reported": self.partner_reported,
            **_answers(self.whole),
            "by": {
                name: [{"key": row.key, "distributed": row.distributed, **_answers(row)} for row in rows] for name, rows in self.by.items()
            },
        }


def _answers(row: Row) -> dict[str, int | float | None]:
    rate = None if row.rate is None else float(row.rate)
    return {"responded": row.responded, "complete": row.complete, "partial": row.partial, "rate": rate}


def rates(consultation: str, cells: Iterable[Cell], partner_reported: int) -> Rates:
    """Return the rates of these people and of those known by partners' counts, who stand under "unknown"."""
    unnamed = Cell(None, None, None, partner_reported)
    counted = [cell for cell in (*cells, unnamed) if cell.distributed]
    keys: dict[str, Callable[[Cell], str | None]] = {
        "wave": lambda cell: None if cell.wave is None else str(cell.wave),
        "sector": lambda cell: cell.sector,
        "region": lambda cell: cell.region,
    }
    whole = _sum("", counted)
    return Rates(consultation, partner_reported, whole, {name: _by(counted, key_of) for name, key_of in keys.items()})


def _by(cells: list[Cell], key_of: Callable[[Cell], str | None]) -> tuple[Row, ...]:
    groups: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[key_of(cell) or UNKNOWN].append(cell)
    return tuple(_sum(key, groups[key]) for key in sorted(groups, key=_order))


def _order(key: str) -> tuple[bool, int, str]:
    return key == UNKNOWN, int(key) if key.isdecimal() else 0, key


def _sum(key: str, cells: list[Cell]) -> Row:
    return Row(
        key,
        sum(cell.distributed for cell in cells),
        sum(cell.complete for cell in cells),
        sum(cell.partial for cell in cells),
    )
