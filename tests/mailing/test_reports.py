"""What other mail systems report: what is final is so whatever its number; what may still arrive is no bounce, a failed check no wish."""

import pytest

from engagement.kernel.db import db
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from engagement.mailing.suppressions import suppression_of
from tests.mailing.inbound_given import guests, nothing_suppressed
from tests.support.given import a_consultation


@pytest.fixture
def guest(app, post):
    """Return somebody who was sent an invitation."""
    return guests(a_consultation(), post, "b+conf@example.org")[0]


def bounced_at(guest):
    db.session.rollback()
    return db.session.get(Message, guest.message.id, populate_existing=True).bounced_at


def in_words(guest, subject, text, head=""):
    """Receive a report in plain words that comes to the address of the guest's message."""
    to = f"bounces+{guest.message.bounce_token}@convoke.example"
    top = f"Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@exim.example.net>\nTo: {to}\nAuto-Submitted: auto-replied\n{head}"
    return receive(f"{top}Subject: {subject}\n\n{text}\n".encode()).row


@pytest.mark.parametrize("status", ["4.4.1", "4.4.2", "4.4.7", "4.2.2", "4.7.1", "4.0.0", ""])
def test_a_failure_is_final_whatever_its_status_and_waits_for_the_team(guest, status):
    row = guest.answers("postfix-bounce.eml", STATUS=status, ACTION="failed").row
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.WAITING, "bounced")
    assert bounced_at(guest) is not None
    assert nothing_suppressed()


@pytest.mark.parametrize("status", ["4.4.1", "4.7.1", "5.4.7"])
def test_a_delay_is_none_whatever_its_status(guest, status):
    row = guest.answers("postfix-bounce.eml", STATUS=status, ACTION="delayed").row
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.DONE, "delayed")
    assert bounced_at(guest) is None


FAILED = (
    "A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.\n\n  b+conf@example.org\n"
)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Mail delivery failed: returning message to sender", f"{FAILED}    451 4.7.1 Try again later: retry timeout exceeded"),
        (
            "Mail delivery failed: returning message to sender",
            f"{FAILED}    all hosts have been failing for a long time (retry timeout exceeded)",
        ),
        ("failure notice", "<b+conf@example.org>:\nI'm not going to try again; this message has been in the queue too long. (#4.4.1)"),
        ("Undelivered Mail Returned to Sender", "<b+conf@example.org>: connect to mx: Connection timed out (4.4.1)"),
    ],
)
def test_what_was_given_up_in_plain_words_came_back(guest, subject, text):
    row = in_words(guest, subject, text)
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.WAITING, "bounced")
    assert bounced_at(guest) is not None
    assert nothing_suppressed()


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Warning: message 1abc-0003 delayed 24 hours", "has not yet been delivered to\n\n  b+conf@example.org\n  451 4.7.1 Greylisted"),
        ("Warning: could not send message for past 4 hours", "b+conf@example.org... Deferred: Connection timed out"),
        ("Delayed Mail (still being retried)", "<b+conf@example.org>: 4.4.1 timed out. It will be retried."),
        ("Delivery Status Notification (Delay)", "b+conf@example.org: will be retried for 2 days"),
        ("Mail delivery failed", "<b+conf@example.org>: 451 4.4.1 timed out. No action is required, we will keep trying."),
    ],
)
def test_what_is_still_being_tried_in_plain_words_is_late(guest, subject, text):
    row = in_words(guest, subject, text)
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.DONE, "delayed")
    assert bounced_at(guest) is None


def test_who_does_not_exist_in_plain_words_is_not_written_to_any_more(guest):
    row = in_words(guest, "Mail delivery failed: returning message to sender", f"{FAILED}    550 5.1.1 User unknown")
    assert (row.state, row.outcome) == (InboxState.DONE, "bounced")
    assert suppression_of("b+conf@example.org").reason == "bounced"


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Housing delivery failures roundtable", "Automatic reply: Undeliverable",
        "Réponse automatique : Avis de non-remise",
    ],
)  # fmt: skip
def test_whoever_is_away_from_what_sounds_like_a_bounce_blames_nobody(guest, subject):
    row = in_words(guest, subject, "I am away. Write to b+conf@example.org, who does not exist.")
    assert (row.kind, row.state) == (Kind.AUTO, InboxState.DONE)
    assert bounced_at(guest) is None
    assert nothing_suppressed()


def test_a_letter_about_a_delivery_failure_is_a_letter(guest):
    raw = (
        b"From: postmaster@smallorg.example\nTo: x@convoke.example\nSubject: Our housing delivery failure report\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease find it attached.\n--b\n"
        b"Content-Type: application/pdf; name=r.pdf\n\n%PDF-1.4\n--b--\n"
    )
    assert receive(raw).row.kind is Kind.SUBMISSION


@pytest.mark.parametrize("original", ["b+2Bconf@example.org", "b+conf@example.org", "B+2BConf@Example.org"])
def test_an_original_recipient_is_read_in_the_spelling_of_reports(guest, original):
    named = "Final-Recipient: rfc822; {}\nOriginal-Recipient: rfc822;{}"
    ours, theirs = named.format(*["b+conf@example.org"] * 2), named.format("internal@corp.example", original)
    row = receive(guest.mail("postfix-bounce.eml").replace(ours.encode(), theirs.encode())).row
    assert (row.state, row.outcome) == (InboxState.DONE, "bounced")


def feedback(guest, kind):
    """Receive a feedback report (RFC 5965) of this type about the guest's message."""
    raw = guest.mail("complaint.eml")
    assert b"Feedback-Type: abuse" in raw
    return receive(raw.replace(b"Feedback-Type: abuse", b"Feedback-Type: " + kind.encode())).row


@pytest.mark.parametrize("kind", ["abuse", "Abuse", "opt-out", "opt-out-list"])
def test_a_complaint_or_a_wish_stops_mail_to_the_address(guest, kind):
    row = feedback(guest, kind)
    assert (row.kind, row.state, row.outcome) == (Kind.COMPLAINT, InboxState.DONE, "suppressed")
    assert suppression_of("b+conf@example.org").reason == "complained"


@pytest.mark.parametrize(
    ("kind", "why"),
    [("auth-failure", "our settings"), *((each, "not that somebody complained") for each in ("fraud", "virus", "other", "dmarc", ""))],
)
def test_a_report_that_nobody_complains_by_blames_nobody_and_the_team_looks(guest, kind, why):
    row = feedback(guest, kind)
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert why in row.why
    assert row.message_id == guest.message.id
    assert nothing_suppressed()


def test_somebody_who_says_that_it_is_no_spam_changes_nothing(guest):
    assert feedback(guest, "not-spam").state is InboxState.DONE
    assert nothing_suppressed()
