"""Calendars that accept each mail by themselves are answered once, and a mail that says two things moves nobody."""

from datetime import timedelta

import pytest

from engagement.events.models import Format
from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Choice, Mode, Reply
from engagement.invitations.service import replies_of
from engagement.kernel.audit import by_link
from engagement.kernel.clock import now
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from tests.mailing.inbound_given import STAMP, count, guests, inbox, replies_and_seats, taken
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow


def partstat_in(mail):
    """Return how a mail's calendar entry says that the guest takes part."""
    (entry,) = [part.get_payload(decode=True).decode() for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return entry.replace("\r\n ", "").partition("PARTSTAT=")[2].partition(";")[0]


def accepts_by_itself(guest, post, rounds):
    """Have a calendar accept each mail that it is sent; return how many mails there were in the end."""
    for number in range(rounds):
        # Each answer is stamped after the one before it, and none ahead of the clock.
        stamp = (now() + timedelta(seconds=len(inbox()) - 1000)).strftime(STAMP)
        raw = guest.mail("outlook-accepted.eml", DTSTAMP=stamp).replace(b"Message-ID: <OUTLOOK", f"Message-ID: <N{number}".encode(), 1)
        before = len(post.received)
        receive(raw)
        send_due()
        if number and len(post.received) == before:
            break
    return len(post.received)


@pytest.mark.parametrize("form", [Format.HYBRID, Format.IN_PERSON])
def test_a_calendar_that_accepts_by_itself_is_answered_once(app, post, form):
    (jo,) = guests(a_consultation(), post, "jo@example.org", form=form, **({"online": 5} if form is Format.HYBRID else {}))
    assert accepts_by_itself(jo, post, 12) == 2
    assert accepts_by_itself(jo, post, 12) == 2
    assert len([row for row in inbox() if row.state is InboxState.WAITING]) == (form is Format.HYBRID)
    assert {row.outcome for row in inbox()} == {"accepted"}


def test_until_a_guest_says_in_which_way_they_come_their_calendar_shows_it_as_not_settled(app, post):
    (jo,) = guests(a_consultation(), post, "jo@example.org", form=Format.HYBRID, online=5)
    jo.answers("outlook-accepted.eml")
    send_due()
    assert (jo.entry().partstat, jo.stands().choice) == (Choice.TENTATIVE, Choice.ACCEPTED)
    assert partstat_in(post.mails()[-1]) == "TENTATIVE"
    answer = {jo.entry().sitting_id: Answer(Choice.ACCEPTED, Mode.ONLINE)}
    reply_to_event(invitation_id=jo.invitation.id, answers=answer, actor=by_link(jo.invitation.id))
    send_due()
    assert jo.entry().partstat is Choice.ACCEPTED
    assert partstat_in(post.mails()[-1]) == "ACCEPTED"
    assert taken(jo.invitation.event_id) == 1


def test_who_said_no_and_accepts_again_is_asked_again(app, post):
    (jo,) = guests(a_consultation(), post, "jo@example.org", form=Format.HYBRID, online=5)
    later = (now() + timedelta(seconds=5)).strftime(STAMP)
    jo.answers("outlook-accepted.eml")
    send_due()
    jo.answers("apple-declined.eml")
    jo.answers("outlook-accepted.eml", DTSTAMP=later)
    send_due()
    assert [reply.choice for reply in replies_of(jo.invitation.id)].count(Choice.ACCEPTED) == 2
    assert len(post.received) == 3


def with_calendars(guest, *calendars):
    """Return a mail of a guest with several calendar objects in it."""
    parts = "".join(f"--o\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n\n{each}\n" for each in calendars)
    head = f"From: {guest.person.email}\nTo: {guest.values['TO']}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n"
    return f"{head}{parts}--o--\n".encode()


def calendar_of(guest, partstat="ACCEPTED", method="REPLY", **changes):
    values = {**guest.values, **changes}
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\nUID:{values['UID']}\nDTSTAMP:{values['DTSTAMP']}\n"
        f"SEQUENCE:{values['SEQUENCE']}\nATTENDEE;PARTSTAT={partstat}:mailto:{values['FROM']}\nEND:VEVENT\nEND:VCALENDAR\n"
    )


def test_a_mail_that_brings_the_same_answer_twice_acts(app, post):
    (jo,) = guests(a_consultation(), post, "jo@example.org")
    folded = calendar_of(jo).replace("PARTSTAT=", "PART\n STAT=").replace("VERSION:2.0\n", "VERSION:2.0\nPRODID:x\n")
    row = receive(with_calendars(jo, calendar_of(jo), calendar_of(jo), folded)).row
    assert (row.state, row.outcome) == (InboxState.DONE, "accepted")
    assert count(Reply) == 1


@pytest.mark.parametrize("case", ["other choice", "another guest", "another guest first", "counter", "other time", "somebody else"])
def test_a_mail_whose_calendar_answers_contradict_each_other_waits_and_changes_nothing(app, post, case):
    jo, sam = guests(a_consultation(), post, "jo@example.org", "sam@example.org")
    second = {
        "other choice": calendar_of(jo, "DECLINED"),
        "counter": calendar_of(jo, method="COUNTER").replace("REPLY", "COUNTER"),
        "other time": calendar_of(jo, DTSTAMP="20250101T000000Z"),
        "somebody else": calendar_of(jo, FROM="else@example.org"),
    }.get(case, calendar_of(sam))
    both = [second, calendar_of(jo)] if case == "another guest first" else [calendar_of(jo), second]
    row = receive(with_calendars(jo, *both)).row
    assert (row.kind, row.state) == (Kind.REPLY, InboxState.WAITING)
    assert "choice" not in row.details
    assert replies_and_seats() == (0, 0)
    assert (jo.stands().choice, sam.stands().choice) == (None, None)
