"""A machine's answer is noted and is no reply; what a person wrote, or a document, waits for the team however it was sent."""

import pytest

from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from tests.mailing.inbound_given import count, guests
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow


@pytest.fixture
def verp(app, post):
    """Return the address that machines answer the invitation of a guest at."""
    (jo,) = guests(a_consultation(), post, "jo@example.org")
    return f"bounces+{jo.message.bounce_token}@convoke.example"


def received(to, head, body="Je suis absent.", subject="Invitation"):
    subject = "" if "Subject:" in head else f"Subject: {subject}\n"
    return receive(f"From: Jo <jo@example.org>\nTo: {to}\n{head}\n{subject}\n{body}\n".encode()).row


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Réponse automatique : Invitation\nAuto-Submitted: auto-replied",
        "Subject: Absence pour congé : Invitation\nX-Auto-Response-Suppress: All",
        "Subject: Absence\nX-Auto-Response-Suppress: OOF, AutoReply\nReturn-Path: <>",
        "Subject: Absence\nReturn-Path: < >",
        "Subject: Je suis hors du bureau",
        "Subject: Re: En vacances jusqu’au 5 janvier",
        "Subject: Away\nX-Precedence: auto_reply",
        "Subject: x\nPrecedence: auto-reply",
        "Subject: x\nX-Mail-Autoreply: vacation",
        "Subject: x\nX-Autoreply: yes",
        "Subject: Abwesenheitsnotiz",
        "Subject: Out of Office Re: Invitation",
        "Subject: Out of office",
        "Subject: Automatic reply: Housing for seniors",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
    ],
)
def test_a_machine_that_answers_for_somebody_is_noted(verp, head):
    row = received(verp, head)
    assert (row.kind, row.state, row.outcome) == (Kind.AUTO, InboxState.DONE, "noted")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Subject: En vacances jusqu'au 5, mais je serai présente le 8", "Je viendrai."),
        ("Subject: Absent du bureau le 8 : je ne pourrai pas participer", "Désolé"),
        ("Subject: Out of office space for the roundtable?", "Do you need a room?"),
        ("Subject: Absence de services en français", "Il y en a peu."),
        ("Subject: Leave the dam", "We ask you to."),
        ("Subject: I will come\nAuto-Submitted: no (human)", "yes"),
        ("Subject: hi\nX-Autoreply: no", "yes"),
        ("Subject: hi\nPrecedence: normal", "yes"),
    ],
)
def test_what_a_person_wrote_waits_for_the_team(verp, head, body):
    row = received(verp, head, body)
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)


@pytest.mark.parametrize("subject", ["Je suis hors du bureau", "Absence", "Absent du bureau", "En vacances"])
def test_a_subject_that_people_write_too_is_a_machines_only_with_a_sign_of_one(app, verp, subject):
    row = received("consultations@convoke.example", f"Subject: {subject}")
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)


PDF = (
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b",
    "--b\nContent-Type: text/plain\n\nOur letter\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n--b--",
)


@pytest.mark.parametrize("head", ["Auto-Submitted: auto-generated", "Precedence: bulk", "Auto-Submitted: auto-replied", "Return-Path: <>"])
def test_a_document_waits_for_the_team_whatever_sent_it(verp, head):
    row = received(verp, f"{head}\n{PDF[0]}", PDF[1])
    assert (row.kind, row.state) == (Kind.SUBMISSION, InboxState.WAITING)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_an_entry_that_somebodys_calendar_sends_waits_for_the_team(verp, method):
    head = f"Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/calendar; method={method}"
    row = received(verp, head, f"BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nUID:theirs\nEND:VEVENT\nEND:VCALENDAR")
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    head = head.replace("auto-generated", "auto-replied")
    assert received(verp, head, f"BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nUID:ours\nEND:VEVENT\nEND:VCALENDAR").kind is Kind.AUTO


@pytest.mark.parametrize(("head", "kind"), [("Precedence: bulk", Kind.SUBMISSION), ("Auto-Submitted: auto-replied", Kind.AUTO)])
def test_a_long_text_that_came_over_a_list_is_a_letter_and_a_long_vacation_notice_is_none(verp, head, kind):
    assert received("list@convoke.example", head, "We think that this matters. " * 80).kind is kind


def test_what_comes_from_nobody_and_is_not_understood_does_nothing_and_waits_for_the_team(verp):
    for words in ("Merci. " * 400, "Please send me the questionnaire.", "Click here to confirm that you are a person."):
        row = received(verp, "Subject: Merci\nReturn-Path: <>", words)
        assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert count(Message) == 1
