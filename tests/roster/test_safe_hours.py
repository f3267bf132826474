"""When somebody may be reached: the rule over all moments, and the form on real pages."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.roster.models import Person
from engagement.roster.safe_hours import BadHoursError, SafeHours, change_safe_hours, read_hours
from tests.roster.given import a_person
from tests.support.given import a_consultation, a_member, signed_in_as

ZONES = ("America/Toronto", "America/Vancouver", "America/St_Johns", "Europe/Paris", "UTC")
EVENINGS = SafeHours(days=frozenset({0, 2}), opens=time(18, 0), until=time(20, 0))

moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone.
times = st.times().map(lambda each: each.replace(second=0, microsecond=0))


@st.composite
def hours(draw):
    """Draw hours that can be."""
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    if draw(st.booleans()):
        return SafeHours(days=days)
    opens, until = sorted((draw(times), draw(times)))
    assume(opens < until)
    return SafeHours(days=days, opens=opens, until=until)


@given(hours(), moments, st.sampled_from(ZONES))
def test_the_next_safe_moment_is_safe_and_never_earlier_and_itself_its_own(safe, moment, zone):
    # A window that lies wholly in the hour that the clocks skip does not open on that day.
    found = safe.next_allowed(moment, zone)
    assert found >= moment
    assert safe.allows(found, zone)
    assert safe.next_allowed(found, zone) == found
    assert found - moment < timedelta(days=15)


@given(hours(), moments, st.sampled_from(ZONES), st.floats(0, 1))
def test_no_moment_before_the_next_safe_one_is_safe(safe, moment, zone, share):
    found = safe.next_allowed(moment, zone)
    between = moment + (found - moment) * share
    # A time that the clocks skip is read as so much later: the skipped hour alone may differ.
    skipped = on_the_wall(found, zone).utcoffset() != on_the_wall(found - timedelta(hours=2), zone).utcoffset()
    assume(between < found and not skipped)
    assert not safe.allows(between, zone)


@given(hours())
def test_what_is_stored_is_read_back(safe):
    assert read_hours(safe.stored()) == safe


def test_nothing_stored_is_any_time():
    assert read_hours(None).always
    assert read_hours("").always
    assert SafeHours().stored() == ""


def test_hours_are_read_on_the_consultations_clocks():
    # Monday 7 December 2026, 18:30 in Toronto is 23:30 in UTC.
    moment = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)
    assert EVENINGS.allows(moment, "America/Toronto")
    assert not EVENINGS.allows(moment, "America/Vancouver")
    assert EVENINGS.next_allowed(moment, "America/Vancouver") == datetime(2026, 12, 8, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"opens": time(9)}, "safe_until"),
        ({"until": time(9)}, "safe_from"),
        ({"opens": time(9), "until": time(9)}, "safe_until"),
        ({"opens": time(21), "until": time(6)}, "safe_until"),
        ({"days": frozenset()}, "safe_days"),
        ({"days": frozenset({7})}, "safe_days"),
    ],
)
def test_hours_that_cannot_be_are_refused_on_their_field(wrong, field):
    with pytest.raises(BadHoursError) as refused:
        SafeHours(**wrong)
    assert refused.value.field == field
    assert refused.value.said.whole


def the_form(**more):
    unknown = dict.fromkeys(("sector", "region", "language", "batch_id"), "")
    return {"given_name": "Dana", "family_name": "Example", "identified_through": "staff", **unknown, **more}


def test_safe_hours_are_entered_shown_and_sealed(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    person = a_person(consultation, phone="613-555-0100")
    where = f"/c/fisheries/people/{person.id}"
    chosen = the_form(safe_days=["0", "2"], safe_from="18:00", safe_until="20:00")
    assert client.post(f"{where}/edit", data=chosen).status_code == 302
    assert "Monday, Wednesday, 18:00 to 20:00" in client.get(f"{where}?lang=en").text
    assert "Lundi, mercredi, de 18\u00a0h à 20\u00a0h" in client.get(f"{where}?lang=fr").text
    db.session.rollback()
    stored = db.session.get(Person, person.id)
    assert read_hours(stored.safe_hours) == EVENINGS
    assert b"18:00" not in stored.safe_hours_sealed
    shown = client.get(f"{where}/edit").text
    assert 'value="18:00"' in shown
    assert shown.count("checked") == 2


def test_emptied_fields_are_any_time_again(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    person = a_person(consultation)
    change_safe_hours(person_id=person.id, hours=SafeHours(calls_only=True), actor=a_staff(organizer))
    where = f"/c/fisheries/people/{person.id}"
    assert "by telephone only" in client.get(where).text
    client.post(f"{where}/edit", data=the_form())
    assert "by telephone only" not in client.get(where).text


def a_staff(user):
    from engagement.kernel.audit import staff

    return staff(user.id)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "typed",
    [
        {"safe_from": "25:99", "safe_until": "10:00"},
        {"safe_from": "soon", "safe_until": "10:00"},
        {"safe_from": "09:00"},
        {"safe_from": "17:00", "safe_until": "09:00"},
        {"safe_days": ["9"]},
    ],
)
def test_hours_that_cannot_be_are_said_in_one_line_and_nothing_is_stored(client, typed, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    person = a_person(consultation)
    answer = client.post(f"/c/fisheries/people/{person.id}/edit?lang={language}", data=the_form(**typed))
    assert answer.status_code == 200
    assert answer.text.count('class="error"') == 1
    db.session.rollback()
    assert read_hours(db.session.get(Person, person.id).safe_hours).always


def test_a_new_person_has_their_hours_from_the_first_moment(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    client.post("/c/fisheries/people/new", data=the_form(calls_only="y", email="dana@example.org"))
    db.session.rollback()
    assert read_hours(db.session.query(Person).one().safe_hours) == SafeHours(calls_only=True)


def test_only_who_may_change_contact_details_sees_the_hours(client):
    consultation = a_consultation()
    person = a_person(consultation)
    change_safe_hours(person_id=person.id, hours=EVENINGS, actor=a_staff(a_member(consultation)))
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    assert client.get(f"/c/fisheries/people/{person.id}").status_code == 404
