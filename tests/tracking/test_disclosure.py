from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.tracking.disclosure import LARGEST_SMALL, Line, Shown, in_groups, is_small, protect, protect_parts, steps_apart


@st.composite
def tables(draw, most_rows=6, most=40):
    rows = draw(st.lists(st.integers(0, most), min_size=1, max_size=most_rows))
    return [(asked, draw(st.integers(0, asked))) for asked in rows]


def _consistent_with(line: Line) -> list[tuple[int, int]]:
    """Return every row a reader could take for the true one, up to a total that is enough for a small table."""
    return [(a, b) for a in range(31) for b in range(a + 1) if Line(a, b).agrees_with(line)]


@settings(max_examples=60, deadline=None)
@given(tables(most_rows=3, most=9))
def test_a_reader_who_knows_all_that_is_shown_finds_two_values_for_every_count_that_is_held_back(table):
    lines = protect(table)
    if lines is None:
        return
    totals = tuple(map(sum, zip(*table, strict=True)))
    possible = [each for each in product(*map(_consistent_with, lines)) if tuple(map(sum, zip(*each, strict=True))) == totals]
    assert tuple(table) in possible
    for row, line in enumerate(lines):
        for column, shown in enumerate((line.asked_shown, line.answered_shown)):
            values = {each[row][column] for each in possible}
            assert len(values) == 1 if shown is Shown.NUMBER else len(values) > 1


@given(tables())
def test_no_small_count_and_no_small_difference_is_shown(table):
    for line in protect(table) or []:
        if line.asked_shown is Shown.NUMBER:
            assert not is_small(line.asked)
        if line.answered_shown is Shown.NUMBER:
            assert not is_small(line.answered)
        if line.asked_shown is line.answered_shown is Shown.NUMBER:
            assert not is_small(line.asked - line.answered)


@given(tables())
def test_what_is_said_of_a_count_is_true(table):
    for (asked, answered), line in zip(table, protect(table) or [], strict=False):
        assert (line.asked, line.answered) == (asked, answered)
        assert line.agrees_with(line)


def test_a_table_of_large_counts_is_shown_whole():
    assert protect([(182, 23), (121, 12), (66, 6)]) == [Line(182, 23), Line(121, 12), Line(66, 6)]


def test_one_small_count_takes_the_next_smallest_with_it():
    lines = protect([(100, 50), (80, 20), (60, 3)])
    assert [line.answered_shown for line in lines] == [Shown.NUMBER, Shown.LARGE, Shown.SMALL]
    assert all(line.asked_shown is Shown.NUMBER for line in lines)


def test_a_single_small_row_is_not_shown_at_all():
    assert protect([(3, 1)]) is None
    assert protect_parts([2]) is None


def test_complete_and_partial_are_held_back_together():
    assert [line.asked_shown for line in protect_parts([36, 3])] == [Shown.LARGE, Shown.SMALL]
    assert [line.asked_shown for line in protect_parts([36, 6])] == [Shown.NUMBER, Shown.NUMBER]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_shown_steps_are_never_a_few_apart(counts):
    shown = [count for count in steps_apart(counts) if count is not None]
    assert not any(is_small(count) for count in shown)
    assert not any(is_small(abs(one - two)) for one in shown for two in shown)
    assert is_small(counts[-1]) or steps_apart(counts)[-1] == counts[-1]


@given(st.lists(st.integers(1, 20), max_size=40))
def test_running_totals_grow_by_five_at_least_and_end_with_the_whole(added):
    points = in_groups(list(enumerate(added)))
    totals = [0, *(total for _, total in points)]
    assert all(later - earlier > LARGEST_SMALL for earlier, later in pairwise(totals))
    assert totals[-1] == (sum(added) if sum(added) > LARGEST_SMALL else 0)
