"""How often a theme was spoken of.

A submission can carry several codes, so the figures of themes add up to more than the
number of submissions: the results are not mutually exclusive. Every percentage is of all
submissions to the prompt, coded or not, and rounds half up to a whole percent, as the
figures of the 2018 report on human trafficking do.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

S = TypeVar("S")
C = TypeVar("C")

# Cells from 1 to 4 are not shown to people who may not read the submissions.
SMALLEST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of submissions and its base. ``n`` is None where it is too small to be shown."""

    n: int | None
    of: int

    @property
    def percent(self) -> int | None:
        """Return the whole percentage, None where it is not shown or nothing was said."""
        return None if self.n is None else whole_percent(self.n, self.of)


def whole_percent(n: int, of: int) -> int | None:
    """Return ``n`` as a percentage of ``of``, rounded half up; None where there is no base."""
    return None if of == 0 else (200 * n + of) // (2 * of)


def submissions_per_code(codings: Iterable[tuple[S, C]]) -> dict[C, int]:
    """Return how many different submissions carry each code, from (submission, code) pairs."""
    carrying: dict[C, set[S]] = defaultdict(set)
    for submission, code in codings:
        carrying[code].add(submission)
    return {code: len(found) for code, found in carrying.items()}


def submissions_per_parent(codings: Iterable[tuple[S, C]], parent_of: Mapping[C, C | None]) -> dict[C, int]:
    """Return how many different submissions carry at least one code under each parent.

    It is not the sum over the codes: a submission with two codes of one pillar counts once.
    """
    lifted = ((submission, parent_of.get(code)) for submission, code in codings)
    return submissions_per_code((submission, parent) for submission, parent in lifted if parent is not None)


def is_small(n: int) -> bool:
    """Return whether a count could point to single people."""
    return 0 < n < SMALLEST_SHOWN


def hide_small(counts: Mapping[C, int]) -> dict[C, int | None]:
    """Return ``counts`` with those from 1 to 4 taken out."""
    return {code: None if is_small(n) else n for code, n in counts.items()}


def parents_to_hide(counts: Mapping[C, int], parent_of: Mapping[C, C | None]) -> set[C]:
    """Return the parents whose own count must go as well.

    Where any code of a parent is hidden, the parent's count less the counts of the others
    would bound how many submissions the hidden ones have, and often tell exactly.
    """
    return {parent for code, n in counts.items() if is_small(n) and (parent := parent_of.get(code)) is not None}
