"""The calendar part, read back with another library than the one that wrote it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from engagement.events.calendar import Entry, calendar_part
from engagement.invitations.models import Choice
from engagement.kernel.clock import in_utc

ENTRY = Entry(
    uid="1b4e28ba@example.org",
    mailbox="abcdefgh",
    domain="example.org",
    sequence=0,
    stamp=datetime(2026, 11, 20, 12, 0, 0, 500, tzinfo=UTC),
    starts_at=datetime(2026, 12, 8, 18, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 8, 20, 0, tzinfo=UTC),
    summary="Session 1, Gatineau and online",
    location="10 Wellington Street; Gatineau",
    description="To reply: http://localhost/r/abc",
    organizer_name="Department of Examples",
    attendee_name="Noémie Tremblay",
    attendee_address="noemie@example.org",
)


def read(entry, method="REQUEST"):
    return vobject.readOne(calendar_part(entry, method).decode())


def test_a_request_carries_one_uid_one_attendee_and_our_mailbox():
    calendar = read(ENTRY)
    assert calendar.method.value == "REQUEST"
    (event,) = calendar.vevent_list
    assert event.uid.value == "1b4e28ba@example.org"
    assert event.sequence.value == "0"
    assert event.dtstart.value == ENTRY.starts_at
    assert event.dtend.value == ENTRY.ends_at
    assert event.organizer.value == "mailto:replies+abcdefgh@example.org"
    (attendee,) = event.attendee_list
    assert attendee.value == "mailto:noemie@example.org"
    told = {name: attendee.params[name] for name in ("CUTYPE", "ROLE", "PARTSTAT", "RSVP", "CN")}
    assert told == {
        "CUTYPE": ["INDIVIDUAL"],
        "ROLE": ["REQ-PARTICIPANT"],
        "PARTSTAT": ["NEEDS-ACTION"],
        "RSVP": ["TRUE"],
        "CN": ["Noémie Tremblay"],
    }


def test_times_go_out_in_utc():
    text = calendar_part(ENTRY).decode()
    assert "DTSTART:20261208T180000Z" in text
    assert "DTSTAMP:20261120T120000Z" in text
    assert "TZID" not in text


@pytest.mark.parametrize(
    ("choice", "word"), [(Choice.ACCEPTED, "ACCEPTED"), (Choice.TENTATIVE, "TENTATIVE"), (Choice.DECLINED, "DECLINED")]
)
def test_the_standing_reply_is_mirrored(choice, word):
    assert read(replace(ENTRY, partstat=choice)).vevent.attendee.params["PARTSTAT"] == [word]


def test_the_link_stands_in_three_places_for_those_who_have_it_and_nowhere_for_others():
    link = "https://meet.example.org/session-1"
    event = read(replace(ENTRY, online_link=link)).vevent
    assert event.conference.value == link
    assert event.conference.params["FEATURE"] == ["VIDEO"]
    assert link in event.location.value
    assert link in event.description.value
    assert b"CONFERENCE" not in calendar_part(ENTRY)


def test_cancel_says_so_twice():
    calendar = read(replace(ENTRY, sequence=1), "CANCEL")
    assert (calendar.method.value, calendar.vevent.status.value, calendar.vevent.sequence.value) == ("CANCEL", "CANCELLED", "1")
    with pytest.raises(ValueError, match="REPLY"):
        calendar_part(ENTRY, "REPLY")


HOSTILE = st.text(alphabet=st.sampled_from("ab;:,\"\\\r\n\t\x00\x0b\x85\u2028ÀᐁNé=^'"), max_size=80)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_typed_text_begins_a_line_of_its_own(title, venue, about, name):
    hostile = "\r\nATTENDEE:mailto:evil@example.org"
    entry = replace(
        ENTRY,
        summary=title + hostile,
        location=venue + hostile,
        description=about + hostile,
        attendee_name=name + hostile,
        organizer_name=name,
    )
    raw = calendar_part(entry).decode()
    lines = raw.replace("\r\n ", "").split("\r\n")
    assert not any("\n" in line or "\r" in line for line in lines)
    names = [line.partition(":")[0].partition(";")[0] for line in lines if line]
    expected = "BEGIN VERSION PRODID METHOD BEGIN SUMMARY DTSTART DTEND DTSTAMP UID SEQUENCE "
    expected += "ATTENDEE DESCRIPTION LOCATION ORGANIZER STATUS END END"
    assert sorted(names) == sorted(expected.split())
    assert len(read(entry).vevent.attendee_list) == 1
    assert all(len(line.encode()) <= 75 for line in raw.split("\r\n"))


def test_vancouver_keeps_its_summer_time_in_december_2026():
    # British Columbia is on UTC−7 all year since tzdata 2026b; a system's older copy would say 17:00.
    assert in_utc(datetime.fromisoformat("2026-12-08T09:00"), "America/Vancouver") == datetime(2026, 12, 8, 16, 0, tzinfo=UTC)


def test_the_pinned_zones_speak_not_the_machines():
    import zoneinfo

    assert zoneinfo.TZPATH == ()
