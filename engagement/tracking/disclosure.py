"""What is held back from those who see figures only, so that no small count can be read or worked out.

A count from 1 to 4 is shown as "1 to 4". Its total is shown, so a single one could be worked
out by subtraction; then the next smallest counts are held back as well, shown as a dash (five
or more), until every count that is held back could be at least two different numbers for
somebody who knows everything that is shown.

A table has one row per group and two counts in it: how many were asked, and how many of them
answered. Those who did not answer are a count too: where they are from 1 to 4, the answered
are held back. That two numbers are possible is shown by moving one person from one row to
another within a column: if all that is shown stays true, the reader cannot tell the two
tables apart (complementary suppression; Hundepool et al., Statistical Disclosure Control, 2012, ch. 4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Moment = TypeVar("Moment")

LARGEST_SMALL = 4


class Shown(Enum):
    """What a reader learns of a count: the number, that it is from 1 to 4, or that it is five or more."""

    NUMBER = "number"
    SMALL = "small"
    LARGE = "large"


def is_small(count: int) -> bool:
    """Return whether a count could point to somebody."""
    return 1 <= count <= LARGEST_SMALL


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: how many were asked, how many answered, and what is shown of either."""

    asked: int
    answered: int
    asked_shown: Shown = Shown.NUMBER
    answered_shown: Shown = Shown.NUMBER

    def after(self, column: str, step: int) -> Line:
        """Return the row with ``step`` people more in one column."""
        value = getattr(self, column) + step
        return replace(self, asked=value) if column == "asked" else replace(self, answered=value)

    def agrees_with(self, truth: Line) -> bool:
        """Return whether this row could be the true one for a reader of what is shown of ``truth``."""
        return (
            0 <= self.answered <= self.asked
            and _agrees(self.asked, truth.asked, truth.asked_shown)
            and _agrees(self.answered, truth.answered, truth.answered_shown)
        )


COLUMNS = ("asked", "answered")


def _agrees(count: int, truth: int, shown: Shown) -> bool:
    if shown is Shown.NUMBER:
        return count == truth
    return is_small(count) if shown is Shown.SMALL else count > LARGEST_SMALL


def protect(table: Sequence[tuple[int, int]]) -> list[Line] | None:
    """Return the rows (asked, answered) with what may be shown of each; the totals may be shown as well.

    None means that the table is too small to be shown at all.
    """
    lines = [_first_look(Line(asked, answered)) for asked, answered in table]
    while True:
        open_to_subtraction = next(_recoverable(lines), None)
        if open_to_subtraction is None:
            return lines
        if not _hold_back_one_more(lines, open_to_subtraction):
            return None


def protect_parts(counts: Sequence[int]) -> list[Line] | None:
    """Return the parts of a whole that is shown, with what may be shown of each; None: show the whole only."""
    return protect([(count, 0) for count in counts])


def _first_look(line: Line) -> Line:
    if is_small(line.asked):
        line = replace(line, asked_shown=Shown.SMALL)
    if is_small(line.answered) or is_small(line.asked - line.answered):
        line = _held_back(line, "answered")
    return line


def _held_back(line: Line, column: str) -> Line:
    count = getattr(line, column)
    if not count:
        return line
    shown = Shown.SMALL if is_small(count) else Shown.LARGE
    return replace(line, asked_shown=shown) if column == "asked" else replace(line, answered_shown=shown)


def _recoverable(lines: list[Line]) -> Iterator[str]:
    """Yield the column of each count that is held back and can be worked out all the same."""
    for column in COLUMNS:
        hidden = [index for index, line in enumerate(lines) if getattr(line, f"{column}_shown") is not Shown.NUMBER]
        for one in hidden:
            if not any(_can_move(lines[one], lines[two], column) for two in hidden if two != one):
                yield column


def _can_move(one: Line, two: Line, column: str) -> bool:
    """Return whether one person could stand in the other row instead, and nothing shown would change."""
    return any(one.after(column, step).agrees_with(one) and two.after(column, -step).agrees_with(two) for step in (1, -1))


def _hold_back_one_more(lines: list[Line], column: str) -> bool:
    """Hold back the smallest count of the column that is still shown; False where none is left."""
    shown = [
        (getattr(line, column), index)
        for index, line in enumerate(lines)
        if getattr(line, f"{column}_shown") is Shown.NUMBER and getattr(line, column)
    ]
    if not shown:
        return False
    _, index = min(shown)
    lines[index] = _held_back(lines[index], column)
    return True


def steps_apart(counts: Sequence[int]) -> list[int | None]:
    """Return cumulative counts with those left out (None) that differ from a shown one by 1 to 4, or are 1 to 4.

    The last one goes before the others: it is the figure that the page is about.
    """
    shown: dict[int, int] = {}
    for index in (len(counts) - 1, *range(len(counts) - 1)):
        if index >= 0 and not is_small(counts[index]) and not any(is_small(abs(counts[index] - other)) for other in shown.values()):
            shown[index] = counts[index]
    return [shown.get(index) for index in range(len(counts))]


def in_groups(increments: Sequence[tuple[Moment, int]]) -> list[tuple[Moment, int]]:
    """Return running totals at those moments only between which at least five were added.

    A remainder of fewer joins the last group. Nothing is returned where there are fewer than five in all.
    """
    points: list[tuple[Moment, int]] = []
    total = since = 0
    for moment, added in increments:
        total, since = total + added, since + added
        if since > LARGEST_SMALL:
            points.append((moment, total))
            since = 0
    if since and points:
        points[-1] = (increments[-1][0], total)
    return points
