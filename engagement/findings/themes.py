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

# Of people who may not read the submissions, none learns a count from 1 to 4: neither of those who spoke of a
# theme nor of those who did not.
SMALLEST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of submissions and its base, each None where it is not shown."""

    n: int | None
    of: int | None

    @property
    def percent(self) -> int | None:
        """Return the whole percentage, None where it is not shown or nothing was said."""
        return None if self.n is None or self.of is None else whole_percent(self.n, self.of)


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


def points_at_few(n: int, of: int) -> bool:
    """Return whether a count, or what it leaves of its base, could point to single people; in a small base every count does."""
    return is_small(n) or is_small(of - n) or is_small(of)


def hide_small(counts: Mapping[C, int], of: int) -> dict[C, int | None]:
    """Return ``counts``, each out of ``of``, with those taken out that point at few."""
    return {code: None if points_at_few(n, of) else n for code, n in counts.items()}


def parents_to_hide(counts: Mapping[C, int], parent_of: Mapping[C, C | None], of: int) -> set[C]:
    """Return the parents whose own count must go as well.

    Where any code of a parent is hidden, the parent's count less the counts of the others
    would bound how many submissions the hidden ones have, and often tell exactly.
    """
    return {parent for code, n in counts.items() if points_at_few(n, of) and (parent := parent_of.get(code)) is not None}
