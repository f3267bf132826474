"""A notice that came back after the server had taken it: whoever has to know is called, and does not count as told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.events.cancelling import cancel_event
from engagement.events.models import CalendarEntry
from engagement.events.told import told_so_far
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.contacting import record_outcome
from engagement.mailing.models import ContactTask, State, TaskOutcome, TaskReason, TaskState
from engagement.mailing.service import send_again
from engagement.outreach.inbox_words import why_words
from tests.events.given import COMING, a_person, an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, behind, messages, moved, replied, tell
from tests.mailing.inbound_given import guests
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

GONE, FULL, REFUSED = "5.1.1", "5.2.2", "5.7.1"


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


@pytest.fixture
def event(consultation):
    return an_event(consultation, in_person=5)


@pytest.fixture
def guest(consultation, post, event):
    (invited,) = guests(consultation, post, "jo@example.org", event=event)
    replied(invited.invitation, COMING)
    delivered(post)
    return invited


def comes_back(guest, message, status=GONE, **changes):
    to = f"bounces+{message.bounce_token}@convoke.example"
    return guest.answers("postfix-bounce.eml", TO=to, IN_REPLY_TO=message.rfc_message_id, STATUS=status, **changes).row


def tasks():
    db.session.rollback()
    return list(db.session.scalars(select(ContactTask)))


def cancelled_and_told(event, post):
    cancel_event(event_id=event.id, actor=SYSTEM)
    delivered(post)
    (message,) = messages("event_cancellation")
    assert message.state is State.SENT
    return message


@pytest.mark.parametrize("status", [GONE, FULL, REFUSED])
def test_who_never_got_the_cancellation_is_called(guest, event, post, status):
    message = cancelled_and_told(event, post)
    row = comes_back(guest, message, status)
    assert why_words(row).en.endswith("a call is among the calls and letters.")
    assert why_words(row).fr.endswith("un appel figure parmi les appels et lettres.")
    (task,) = tasks()
    assert (task.reason, task.state, task.message_id) == (TaskReason.BOUNCED, TaskState.OPEN, message.id)
    assert "does not take place" in task.script
    assert guest.entry().held
    assert messages("event_cancellation")[0].state is State.SENT


@pytest.mark.parametrize("said", ["550 5.7.1 blocked by policy", "552 5.2.2 mailbox full", "554 no"])
def test_whose_cancellation_a_server_refuses_for_good_is_called(guest, event, post, said):
    post.at_rcpt[guest.person.email] = said
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert delivered(post) == []
    (message,) = messages("event_cancellation")
    assert message.state is State.FAILED
    (task,) = tasks()
    assert (task.state, task.message_id) == (TaskState.OPEN, message.id)
    assert "does not take place" in task.script
    (told,) = told_so_far(event.id)
    assert (told.called, told.troubled) == (1, 0)
    post.at_rcpt.clear()
    send_again(message_id=message.id, actor=SYSTEM)
    assert len(delivered(post)) == 1
    assert tasks()[0].state is TaskState.DROPPED


def test_whose_invitation_a_server_refuses_for_good_is_not_called(consultation, event, post):
    person = a_person(consultation)
    post.at_rcpt[person.email] = "550 5.7.1 blocked by policy"
    asked(event, person)
    delivered(post)
    assert tasks() == []


def test_the_page_of_what_was_told_counts_a_call_and_no_mail(guest, event, post):
    comes_back(guest, cancelled_and_told(event, post))
    (told,) = told_so_far(event.id)
    assert (told.sent, told.called, told.troubled) == (0, 1, 0)


def test_the_same_report_twice_makes_one_call_and_a_done_one_stays_done(guest, event, post):
    message = cancelled_and_told(event, post)
    comes_back(guest, message)
    (task,) = tasks()
    record_outcome(task_id=task.id, outcome=TaskOutcome.REACHED, actor=SYSTEM)
    comes_back(guest, message, FULL)
    (task,) = tasks()
    assert task.state is TaskState.DONE
    assert guest.entry().cancelled_at is not None


def test_who_never_got_a_change_knows_the_older_time_until_they_are_called(guest, event, post):
    before = guest.entry().told
    moved(the_sitting(event), 15)
    tell(event)
    delivered(post)
    (message,) = messages("event_change")
    after = guest.entry().told
    assert before != after
    assert behind(event) == []
    comes_back(guest, message)
    assert guest.entry().told == before
    assert len(behind(event)) == 1
    (task,) = tasks()
    assert "13:00" in task.script
    assert "15:00" in task.script
    record_outcome(task_id=task.id, outcome=TaskOutcome.REACHED, actor=SYSTEM)
    assert guest.entry().told == after
    assert behind(event) == []


def test_a_change_that_came_back_after_a_later_one_was_told_takes_nothing_back(guest, event, post):
    moved(the_sitting(event), 15)
    tell(event)
    delivered(post)
    moved(the_sitting(event), 16)
    tell(event)
    delivered(post)
    first, _ = messages("event_change")
    comes_back(guest, first, FULL)
    assert behind(event) == []
    assert tasks() == []


def test_a_delay_an_invitation_and_a_confirmation_make_no_call(guest, event, post):
    for purpose in ("event_invitation", "event_confirmation"):
        (message,) = messages(purpose)
        assert "call" not in comes_back(guest, message, FULL).why
    message = cancelled_and_told(event, post)
    comes_back(guest, message, "4.4.7", ACTION="delayed")
    assert tasks() == []
    assert db.session.scalar(select(CalendarEntry.cancelled_at)) is not None
