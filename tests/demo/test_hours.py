"""Nobody in the demonstration is written to at night."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.demo.hours import ZONE_OF, in_working_hours, zone_of
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.mailing.models import Message, State
from engagement.roster.models import Person

REGIONS = [*sorted(ZONE_OF), "ON", "outside", None]
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(REGIONS))
def test_a_working_hour_is_on_the_same_day_between_nine_and_five(moment, region):
    moved = on_the_wall(in_working_hours(moment, region), zone_of(region))
    assert moved.date() == on_the_wall(moment, zone_of(region)).date()
    assert 9 <= moved.hour < 17


@given(MOMENTS, MOMENTS, st.sampled_from(REGIONS))
def test_what_came_later_comes_later_still(one, other, region):
    first, last = sorted((one, other))
    assert in_working_hours(first, region) <= in_working_hours(last, region)


@pytest.mark.slow
def test_every_mail_of_the_demonstration_went_by_day(demo):
    sent = db.session.execute(select(Message.sent_at, Person.region).join(Person).where(Message.state == State.SENT)).all()
    assert len(sent) > 450
    at_night = [(at, region) for at, region in sent if not 7 <= on_the_wall(at, zone_of(region)).hour < 21]
    assert at_night == []
