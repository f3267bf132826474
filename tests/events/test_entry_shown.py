"""What the calendar entry of a received mail says is shown to whoever decides about it, so that nobody has to open the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.events.entry_shown import entry_shown
from engagement.mailing.receiving import receive
from tests.mailing.inbound_given import guests
from tests.support.given import a_consultation, a_member, signed_in_as

COUNTER = (
    "BEGIN:VCALENDAR\nMETHOD:COUNTER\nBEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:16010101T020000\nEND:STANDARD\nEND:VTIMEZONE\n"
    "BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:0\nDTSTAMP:{stamp}\n{begins}\nATTENDEE;PARTSTAT=TENTATIVE:mailto:{who}\n"
    "COMMENT:Thursday suits us better\\, <b>please</b>.\nEND:VEVENT\nEND:VCALENDAR\n"
)


def shown(begins):
    return entry_shown(COUNTER.format(uid="u", stamp="x", begins=begins, who="jo@example.org"))


@pytest.mark.parametrize(
    ("begins", "moment"),
    [
        ("DTSTART:20261210T190000Z", "2026-12-10T19:00:00+00:00"),
        ("DTSTART;TZID=Eastern Standard Time:20261210T140000", "2026-12-10T14:00:00-05:00"),
        ("DTSTART;TZID=America/Vancouver:20261210T090000", "2026-12-10T09:00:00-07:00"),
    ],
)
def test_when_an_entry_begins_is_a_moment_whichever_zone_names_it(begins, moment):
    assert shown(begins).begins_at.isoformat() == moment


@pytest.mark.parametrize("zone", ["Somewhere Else", "../../etc/passwd", "/etc", "x" * 200])
def test_a_zone_that_nobody_knows_is_shown_as_it_is_written(zone):
    found = shown(f'DTSTART;TZID="{zone}":20261210T140000')
    assert found.begins_at is None
    assert found.begins.startswith("20261210T140000")


@given(st.text(max_size=300))
def test_whatever_an_entry_holds_it_is_read(text):
    entry_shown(text)
    shown(f"DTSTART;TZID={text}:{text}")


@pytest.mark.slow
def test_the_team_reads_what_a_guest_proposes_without_opening_the_file(client, post):
    consultation = a_consultation()
    (jo,) = guests(consultation, post, "jo@example.org")
    head = f"From: jo@example.org\nTo: {jo.values['TO']}\nSubject: New time\nContent-Type: text/calendar; method=COUNTER; charset=utf-8\n\n"
    entry = COUNTER.format(
        uid=jo.values["UID"], stamp=jo.values["DTSTAMP"], begins="DTSTART;TZID=Eastern Standard Time:20261210T140000", who="jo@example.org"
    )
    row = receive((head + entry).encode()).row
    signed_in_as(client, a_member(consultation))
    page = client.get(f"/c/fisheries/mail/inbox/{row.id}?lang=en").text
    for said in (
        "What its calendar entry says",
        "jo@example.org",
        "Maybe",
        "10 Dec 2026, 14:00",
        "Thursday suits us better, &lt;b&gt;please",
    ):
        assert said in page
    assert "Ce que dit son entrée de calendrier" in client.get(f"/c/fisheries/mail/inbox/{row.id}?lang=fr").text


@pytest.mark.slow
def test_the_team_sees_whom_a_guest_sends_instead(client, post):
    consultation = a_consultation()
    (jo,) = guests(consultation, post, "jo@example.org")
    mail = jo.mail("outlook-accepted.eml").replace(b"PARTSTAT=ACCEPTED", b'PARTSTAT=DELEGATED;DELEGATED-TO="mailto:lee@example.net"')
    also = b'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:jo@example.org":mailto:lee@example.net\nUID:'
    row = receive(mail.replace(b"UID:", also)).row
    signed_in_as(client, a_member(consultation))
    page = client.get(f"/c/fisheries/mail/inbox/{row.id}?lang=en").text
    for said in ("Sends somebody else", "lee@example.net", "Coming – somebody is sent instead"):
        assert said in page
