"""Whoever asks for the questionnaire by mail is sent it, or the team hears why not: it is never said to go where nothing goes."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.models import Hold, Message, State
from engagement.mailing.receiving import receive
from engagement.mailing.suppressions import suppress
from engagement.mailing.worker import send_due
from engagement.questionnaires.service import ask_to_answer
from engagement.roster.models import Person
from engagement.roster.safe_hours import SafeHours
from tests.mailing.given import a_person
from tests.mailing.inbound_given import count
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation, a_member, signed_in_as

pytestmark = pytest.mark.slow

BOX = "/c/fisheries/mail/inbox"


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def questionnaire(consultation):
    return a_questionnaire(consultation)


@pytest.fixture
def person(consultation):
    return a_person(consultation, "jo@example.org")


def a_request(number=1):
    words = "I never received anything. Please send me the questionnaire."
    return receive(f"From: jo@example.org\nTo: x@convoke.example\nSubject: Hello\nMessage-ID: <{number}@x>\n\n{words}\n".encode()).row


def states():
    db.session.rollback()
    return list(db.session.scalars(select(Message.state).order_by(Message.created_at)))


def goes(row):
    return (row.kind, row.state, row.outcome) == (Kind.REQUEST, InboxState.DONE, "asked")


def waits(row, why):
    return (row.kind, row.state, row.outcome) == (Kind.REQUEST, InboxState.WAITING, "waiting") and why in row.why


def test_whose_first_mail_failed_is_sent_another(questionnaire, person, post):
    post.at_rcpt["jo@example.org"] = "550 5.7.1 blocked by policy"
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    send_due()
    post.at_rcpt.clear()
    assert states() == [State.FAILED]
    assert goes(a_request())
    send_due()
    assert states() == [State.FAILED, State.SENT]
    assert len(post.received) == 1


def test_whoever_says_that_they_do_not_have_the_mail_of_this_morning_is_sent_another_once(questionnaire, person, post):
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    send_due()
    assert goes(a_request(1))
    assert goes(a_request(2))
    send_due()
    assert len(post.received) == 2
    assert waits(a_request(3), "was sent to them today")
    send_due()
    assert len(post.received) == 2


def test_whose_mail_of_this_morning_came_back_is_sent_another(questionnaire, person, post):
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    send_due()
    with writing() as session:
        session.execute(update(Message).values(bounced_at=now()))
    assert goes(a_request())
    assert count(Message) == 2


@pytest.mark.parametrize("change", [{"held_because": Hold.MAILING}, {"due_at": now() + timedelta(days=5)}])
def test_a_mail_that_waits_for_the_team_or_for_another_day_does_not_count_as_going(questionnaire, person, change):
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    with writing() as session:
        session.execute(update(Message).values(**change))
    assert goes(a_request())
    assert count(Message) == 2


@pytest.mark.parametrize("reason", ["bounced", "complained", "opted_out", "staff"])
def test_a_request_from_an_address_that_is_not_written_to_waits_for_the_team(questionnaire, person, reason):
    with writing() as session:
        suppress(session, "jo@example.org", reason)
    assert waits(a_request(), "no mail may go to this person")
    assert count(Message) == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"wants_mailings": False}, "no mail may go"),
        ({"safe_hours": SafeHours(calls_only=True).stored()}, "by telephone only"),
    ],
)
def test_a_request_of_somebody_whom_no_mail_reaches_waits_for_the_team(questionnaire, person, changes, why):
    with writing() as session:
        for name, value in changes.items():
            setattr(session.get(Person, person.id), name, value)
    assert waits(a_request(), why)
    assert count(Message) == 0


@pytest.fixture
def staff(client, consultation):
    """Return a browser that somebody of the team is signed in with."""
    return signed_in_as(client, a_member(consultation))


@pytest.mark.parametrize("case", ["bounced", "telephone", "sent today", "goes"])
def test_the_button_says_what_happens_and_what_is_not_answered_goes_on_waiting(staff, questionnaire, person, post, case):
    row = receive(b"From: jo@example.org\nTo: x@convoke.example\nSubject: survey\n\nI want the link\n").row
    with writing() as session:
        if case == "bounced":
            suppress(session, "jo@example.org", "bounced")
        if case == "telephone":
            session.get(Person, person.id).safe_hours = SafeHours(calls_only=True).stored()
    if case == "sent today":
        ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
        send_due()
        a_request()
        send_due()
    data = {"questionnaire_id": str(questionnaire.id)}
    page = staff.post(f"{BOX}/{row.id}/questionnaire", data=data, follow_redirects=True).text
    db.session.rollback()
    state = db.session.get(InboundMail, row.id, populate_existing=True).state
    said = {"bounced": "No mail may go", "telephone": "by telephone only", "sent today": "was sent to them today already"}
    assert said.get(case, "The questionnaire goes to them by mail.") in page
    assert ("goes to them by mail" in page) == (case == "goes")
    assert state is (InboxState.FILED if case == "goes" else InboxState.WAITING)
