"""What time it is: every date has an answer, and the hour that the clocks leave out is known."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.clock import EARLIEST, LATEST, can_be_entered, end_of_day, exists, in_utc, on_the_wall
from engagement.kernel.wording import ZONES

ZONE = st.sampled_from([*ZONES, "Pacific/Kiritimati", "Etc/GMT+12"])


@given(st.datetimes(), ZONE)
def test_every_wall_time_is_an_instant_to_which_something_can_be_added(wall, zone):
    moment = in_utc(wall, zone)
    assert EARLIEST - timedelta(days=1) <= moment <= LATEST + timedelta(days=1)
    assert on_the_wall(moment + timedelta(days=365), zone).tzinfo is not None


@given(st.datetimes(timezones=st.just(UTC)), ZONE)
def test_every_instant_has_a_wall_time(moment, zone):
    assert on_the_wall(moment, zone).utcoffset() is not None


@given(st.dates(), ZONE)
def test_every_day_ends(day, zone):
    assert end_of_day(day, zone).tzinfo is UTC


@pytest.mark.parametrize(
    ("wall", "zone", "there"),
    [
        ("2027-03-14T02:30", "America/Toronto", False),
        ("2027-03-14T02:00", "America/Toronto", False),
        ("2027-03-14T03:00", "America/Toronto", True),
        ("2027-03-14T02:30", "America/Regina", True),
        # It occurs twice, so it does occur.
        ("2026-11-01T01:30", "America/Toronto", True),
    ],
)
def test_the_hour_that_the_clocks_leave_out_does_not_exist(wall, zone, there):
    assert exists(datetime.fromisoformat(wall), zone) is there


def test_people_enter_dates_of_their_own_lifetime():
    assert [can_be_entered(date(year, 1, 1)) for year in (1, 1989, 1990, 2100, 2101, 9999)] == [False, False, True, True, False, False]
