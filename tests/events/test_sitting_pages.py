"""When a sitting can be: not twice at one time, not in an hour that the clocks leave out, and what is over is said."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from engagement.events.models import Event
from engagement.events.service import BadSittingError, SittingPlan, cancel_sitting, edit_event, schedule_event, sittings_of
from engagement.kernel.audit import SYSTEM
from tests.events.given import HOME, SITTING, an_event, in_weeks, particulars
from tests.support.given import a_consultation, fresh


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_the_same_sitting_is_not_scheduled_twice_and_one_that_was_cancelled_can_be_again(staff, consultation):
    event = an_event(consultation, days=0)
    address = f"{HOME}/{event.name}/sittings/new"
    staff.post(address, data=SITTING)
    assert "The event has a sitting at this very time." in staff.post(address, data=SITTING).text
    other = staff.post(address, data={**SITTING, "starts": "14:00"})
    assert other.status_code == 302
    later = next(row for row in sittings_of(event.id) if row.starts_wall.hour == 14)
    assert "at this very time" in staff.post(f"{HOME}/{event.name}/sittings/{later.id}", data=SITTING).text
    assert (
        staff.post(f"{HOME}/{event.name}/sittings/{later.id}", data={**SITTING, "starts": "14:00", "seats_online": "7"}).status_code == 302
    )
    cancel_sitting(sitting_id=later.id, actor=SYSTEM)
    assert staff.post(address, data={**SITTING, "starts": "14:00"}).status_code == 302


def test_of_a_sitting_that_is_over_the_page_says_that_nobody_is_asked_to_it(staff, consultation):
    event = an_event(consultation, days=0)
    address = f"{HOME}/{event.name}/sittings/new"
    for day, language, words in (("2018-09-17", "en", "This sitting is over"), ("2018-09-18", "fr", "Cette séance a déjà eu lieu")):
        staff.post(f"{address}?lang={language}", data={**SITTING, "day": day})
        assert words in staff.get(f"{HOME}/{event.name}?lang={language}").text
    staff.post(f"{address}?lang=en", data={**SITTING, "day": str(in_weeks(3).date())})
    assert "for the record" not in staff.get(f"{HOME}/{event.name}?lang=en").text


def test_a_zone_in_which_a_sitting_would_begin_at_no_time_is_refused_and_nothing_is_changed(consultation):
    starts, ends = (datetime.fromisoformat(f"2027-03-14T{each}") for each in ("02:30", "04:00"))
    plan = SittingPlan(starts_wall=starts, ends_wall=ends)
    regina = replace(particulars(), zone="America/Regina")
    event = schedule_event(consultation_id=consultation.id, particulars=regina, sittings=[plan], actor=SYSTEM)
    with pytest.raises(BadSittingError):
        edit_event(event_id=event.id, particulars=particulars(), actor=SYSTEM)
    assert fresh(select(Event.zone)) == "America/Regina"
