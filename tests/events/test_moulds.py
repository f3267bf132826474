"""The quick way to a calendar object gives what icalendar gives, octet for octet, whatever anybody is called."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar.parser import Contentline

from engagement.events.calendar import Entry, calendar_part
from engagement.events.moulds import Guest, Mould, folded
from engagement.invitations.models import Choice

ENTRY = Entry(
    uid="1b4e28ba-2fa1-11d2-883f-0016d3cca427@example.org",
    mailbox="abcdefghabcdefghabcd",
    domain="example.org",
    sequence=0,
    stamp=datetime(2026, 11, 20, 12, tzinfo=UTC),
    starts_at=datetime(2026, 12, 8, 18, tzinfo=UTC),
    ends_at=datetime(2026, 12, 8, 20, tzinfo=UTC),
    summary="Roundtable",
    location="10, rue Wellington; Gatineau",
    description="First line\n\nSecond, longer line; with a comma",
    organizer_name="Ministère des Exemples",
    attendee_name="Noémie Tremblay",
    attendee_address="noemie@example.org",
)
PIECES = [
    "a",
    " ",
    "é",
    "ᐁ",
    "👩🏽‍💻",
    "\r\n",
    "\r",
    "\n",
    "\t",
    "\x00",
    "\x0b",
    "\x7f",
    "\x85",
    "\u2028",
    '"',
    "'",
    "’",
    ",",
    ";",
    ":",
    "\\",
    "^",
    "^n",
    "\\N",
    "=",
]
HOSTILE = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=300),
    st.sampled_from(["x" * 300, "é" * 300, "👩" * 300, "\\" * 300, "^" * 300, "\r\nATTENDEE:mailto:evil@example.org", "", "\x00"]),
)


def guest_of(entry):
    """Return what is the guest's own in an entry."""
    return Guest(entry.uid, entry.mailbox, entry.sequence, entry.stamp, entry.attendee_name, entry.attendee_address, entry.partstat)


@given(st.lists(HOSTILE, min_size=4, max_size=4), st.sampled_from([None, *Choice]), st.integers(0, 10**9))
def test_what_is_filled_in_is_what_icalendar_writes(typed, choice, sequence):
    name, organizer, title, address = typed
    who = {"attendee_name": name, "organizer_name": organizer, "attendee_address": address, "partstat": choice}
    entry = replace(ENTRY, summary=title, sequence=sequence, **who)
    assert Mould(entry).filled(guest_of(entry)) == calendar_part(entry)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize("link", ["", "https://meet.example.org/a,b;c"])
def test_one_mould_serves_every_guest_of_the_sitting(method, link):
    shared = replace(ENTRY, online_link=link)
    mould = Mould(shared, method)
    for number in range(5):
        entry = replace(
            shared, uid=f"{number}@example.org", mailbox=f"mailbox{number}", sequence=number, attendee_name=f"Guest, {number}",
            attendee_address=f"guest{number}@example.org", stamp=ENTRY.stamp + timedelta(seconds=number, microseconds=7),
        )  # fmt: skip
        filled = mould.filled(guest_of(entry))
        assert filled == calendar_part(entry, method)
        for other in range(5):
            assert (f"guest{other}@" in filled.decode().replace("\r\n ", "")) is (other == number)


@given(HOSTILE)
def test_two_parsers_read_the_name_alike(name):
    filled = Mould(replace(ENTRY, attendee_name=name)).filled(guest_of(replace(ENTRY, attendee_name=name)))
    theirs = icalendar.Calendar.from_ical(filled).walk("VEVENT")[0]["ATTENDEE"].params["CN"]
    (attendee,) = vobject.readOne(filled.decode()).vevent.attendee_list
    # vobject leaves the circumflex of RFC 6868 as it stands.
    assert attendee.params["CN"] == [theirs.replace("^", "^^")]
    assert attendee.value == "mailto:noemie@example.org"


@given(HOSTILE)
def test_a_folded_line_is_at_most_75_octets_and_splits_no_character(text):
    line = "".join(text.split("\n"))
    octets = folded(line).encode()
    if "\r" not in line:
        assert all(len(piece) <= 75 for piece in octets.split(b"\r\n"))
        assert [piece.decode() for piece in octets.split(b"\r\n")]
    assert octets == Contentline(line).to_ical()


def test_the_time_of_the_revision_goes_out_in_utc_wherever_it_was_made():
    from zoneinfo import ZoneInfo

    entry = replace(ENTRY, stamp=ENTRY.stamp.astimezone(ZoneInfo("America/Vancouver")))
    assert b"DTSTAMP:20261120T120000Z" in Mould(entry).filled(guest_of(entry))
