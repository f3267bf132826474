"""The pure rule: counts of different submissions, and percentages that round half up."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engagement.findings.themes import (
    Figure,
    hide_small,
    parents_to_hide,
    submissions_per_code,
    submissions_per_parent,
    whole_percent,
)

codings = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcdef")))
PARENTS = {"a": "x", "b": "x", "c": "y", "d": "y", "e": None, "f": None}


@given(st.integers(0, 3000), st.integers(1, 3000))
def test_a_percentage_rounds_half_up(n, of):
    exact = Fraction(100 * n, of)
    assert whole_percent(n, of) == (exact + Fraction(1, 2)).__floor__()


def test_exactly_half_a_percent_goes_up():
    assert whole_percent(1, 200) == 1
    assert whole_percent(5, 200) == 3
    assert whole_percent(23, 200) == 12


def test_nothing_said_has_no_percentage():
    assert whole_percent(0, 0) is None
    assert Figure(0, 0).percent is None
    assert Figure(None, 50).percent is None


@given(codings)
def test_a_submission_counts_once_for_each_code_however_often_it_is_coded(pairs):
    once, twice = submissions_per_code(pairs), submissions_per_code(pairs + pairs)
    assert once == twice
    assert all(count <= len({submission for submission, _ in pairs}) for count in once.values())
    assert sum(once.values()) == len(set(pairs))


@given(codings)
def test_a_pillar_counts_submissions_and_not_codings(pairs):
    themes, pillars = submissions_per_code(pairs), submissions_per_parent(pairs, PARENTS)
    for pillar, count in pillars.items():
        under = [themes.get(code, 0) for code, parent in PARENTS.items() if parent == pillar]
        assert max(under) <= count <= sum(under)


tables = st.integers(0, 20).flatmap(lambda of: st.tuples(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, of)), st.just(of)))


def points_at_few(n, of):
    return 1 <= n <= 4 or 1 <= of - n <= 4 or 1 <= of <= 4


@given(tables)
def test_no_count_from_one_to_four_is_shown_nor_what_it_leaves_of_the_whole(table):
    counts, of = table
    shown = hide_small(counts, of)
    assert all((shown[code] is None) == points_at_few(n, of) for code, n in counts.items())


@given(tables)
def test_a_pillar_that_would_tell_of_a_hidden_theme_is_hidden_too(table):
    counts, of = table
    hidden = parents_to_hide(counts, PARENTS, of)
    for pillar in ("x", "y"):
        small = sum(1 for code, n in counts.items() if PARENTS[code] == pillar and points_at_few(n, of))
        assert (pillar in hidden) == (small > 0)
