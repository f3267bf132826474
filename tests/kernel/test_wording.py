"""Dates, times and numbers as Canadian English and French write them; tokens; the clock."""

import re
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel import wording
from engagement.kernel.base import UTCDateTime
from engagement.kernel.clock import end_of_day, in_utc, on_the_wall
from engagement.kernel.tokens import digest, new_code, new_mailbox_name, new_token

NBSP = "\u00a0"


def plain(words):
    return words.replace(NBSP, " ")


def test_dates():
    day = date(2026, 12, 8)
    assert wording.date_words(day, "en") == "Tuesday 8 December 2026"
    assert plain(wording.date_words(day, "fr")) == "le mardi 8 décembre 2026"
    assert plain(wording.date_words(date(2026, 12, 1), "fr", weekday=False)) == "le 1er décembre 2026"
    assert wording.short_date(day, "en") == "8 Dec 2026"
    assert wording.short_date(day, "fr") == "8 déc. 2026"


def test_times():
    assert wording.time_words(time(13, 0), "en") == "13:00"
    assert wording.time_words(time(13, 0), "fr") == f"13{NBSP}h"
    assert wording.time_words(time(9, 5), "fr") == f"9{NBSP}h{NBSP}05"


def test_a_zone_says_its_offset_where_its_name_means_another_time_elsewhere():
    winter, summer = (datetime.fromisoformat(f"2026-{day}T09:00") for day in ("12-08", "07-08"))
    assert wording.zone_words_at(winter, "America/Vancouver", "en") == "Pacific, UTC−07:00"
    assert wording.zone_words_at(winter, "America/Vancouver", "fr") == "heure du Pacifique, UTC−07:00"
    assert wording.zone_words_at(summer, "America/Vancouver", "en") == "Pacific"
    assert wording.zone_words_at(winter, "America/Toronto", "en") == "Eastern"


def test_spans_name_their_zone():
    starts, ends = datetime(2026, 12, 8, 13), datetime(2026, 12, 8, 15)  # noqa: DTZ001 - wall times
    assert wording.span_words(starts, ends, "America/Toronto", "en") == "Tuesday 8 December 2026, 13:00 to 15:00 (Eastern)"
    french = plain(wording.span_words(starts, ends, "America/Toronto", "fr"))
    assert french == "le mardi 8 décembre 2026, de 13 h à 15 h (heure de l’Est)"
    over = plain(wording.span_words(starts, datetime(2026, 12, 9, 1), "America/Toronto", "fr"))  # noqa: DTZ001
    assert over == "du mardi 8 décembre 2026, 13 h, au mercredi 9 décembre 2026, 1 h (heure de l’Est)"


def test_numbers():
    assert wording.number_words(1234, "en") == "1,234"
    assert wording.number_words(1234, "fr") == f"1{NBSP}234"
    assert wording.percent_words(42 / 450, "en") == f"9.3{NBSP}%"
    assert wording.percent_words(42 / 450, "fr") == f"9,3{NBSP}%"
    assert wording.percent_words(None, "fr") == "–"
    assert wording.percent_words(0.5, "en", digits=0) == f"50{NBSP}%"


@given(st.floats(min_value=0, max_value=1))
def test_both_languages_show_the_same_figure(fraction):
    english, french = wording.percent_words(fraction, "en"), wording.percent_words(fraction, "fr")
    assert english.replace(".", ",") == french


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        in_utc(datetime(2026, 1, 1, tzinfo=UTC), "America/Toronto")


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(wording.ZONES)),
)
def test_a_moment_survives_the_way_to_the_wall_and_back(moment, zone):
    wall = on_the_wall(moment, zone)
    back = in_utc(wall.replace(tzinfo=None), zone)
    assert back == moment or wall.fold == 1


def test_a_deadline_ends_with_its_day_where_it_was_set():
    assert end_of_day(date(2026, 3, 8), "America/Toronto") == datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 7), "America/Toronto") == datetime(2026, 3, 8, 4, 59, 59, tzinfo=UTC)


def test_secrets_are_long_different_and_fit_where_they_stand():
    assert len({new_token() for _ in range(1000)}) == 1000
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_token())
    assert re.fullmatch(r"[a-z2-7]{20}", new_mailbox_name())
    assert re.fullmatch(r"[0-9]{6}", new_code())
    assert len(digest("token")) == 32
    assert digest("a") != digest("b")
