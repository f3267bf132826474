from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.tracking.rates import UNKNOWN, Cell, rates

SECTORS = st.sampled_from([None, "health", "ngo", "federal"])
REGIONS = st.sampled_from([None, "BC", "QC"])


@st.composite
def cells(draw):
    distributed = draw(st.integers(0, 300))
    responded = draw(st.integers(0, distributed))
    complete = draw(st.integers(0, responded))
    return Cell(draw(st.one_of(st.none(), st.integers(0, 12))), draw(SECTORS), draw(REGIONS), distributed, complete, responded - complete)


@given(st.lists(cells(), max_size=30), st.integers(0, 500))
def test_every_list_adds_up_to_the_whole(people, reported):
    found = rates("x", people, reported)
    for rows in found.by.values():
        for figure in ("distributed", "complete", "partial", "responded"):
            assert sum(getattr(row, figure) for row in rows) == getattr(found.whole, figure)
    assert found.whole.distributed == found.named + reported
    assert found.named == sum(cell.distributed for cell in people)


@given(st.lists(cells(), max_size=30), st.integers(0, 500))
def test_rates_lie_between_nought_and_one_and_are_undefined_without_a_base(people, reported):
    found = rates("x", people, reported)
    for row in (found.whole, *(row for rows in found.by.values() for row in rows)):
        assert (row.rate is None) == (row.distributed == 0)
        assert row.rate is None or 0 <= row.rate <= 1


@given(st.lists(cells(), max_size=30), st.integers(0, 500))
def test_keys_are_in_order_once_each_with_unknown_at_the_end(people, reported):
    for name, rows in rates("x", people, reported).by.items():
        keys = [row.key for row in rows]
        known = [key for key in keys if key != UNKNOWN]
        assert known == sorted(set(known), key=int if name == "wave" else str)
        assert UNKNOWN not in keys[:-1]


def test_forty_two_of_four_hundred_and_fifty():
    found = rates("way-forward-2018", [Cell(0, "health", "BC", 387, 36, 6)], 63).as_json()
    assert {key: found[key] for key in ("distributed", "named", "partner_reported", "responded", "complete", "partial")} == {
        "distributed": 450, "named": 387, "partner_reported": 63, "responded": 42, "complete": 36, "partial": 6,
    }  # fmt: skip
    assert found["rate"] == float(Fraction(42, 450))
    assert found["by"]["sector"][-1] == {"key": "unknown", "distributed": 63, "responded": 0, "complete": 0, "partial": 0, "rate": 0.0}


def test_people_of_an_unknown_sector_stand_with_those_known_by_a_count():
    rows = rates("x", [Cell(0, None, "BC", 10, 5), Cell(0, "ngo", "BC", 1)], 7).by["sector"]
    assert [(row.key, row.distributed, row.responded) for row in rows] == [("ngo", 1, 0), ("unknown", 17, 5)]


def test_nothing_distributed_has_no_rate_and_empty_lists():
    found = rates("x", [], 0).as_json()
    assert found["rate"] is None
    assert found["by"] == {"wave": [], "sector": [], "region": []}


def test_more_responses_than_questionnaires_are_refused():
    with pytest.raises(ValueError, match="more responses"):
        Cell(0, None, None, 1, 1, 1)
