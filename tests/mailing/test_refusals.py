"""Whose fault a refusal is: the recipient's address, or us."""

import logging

import pytest
from sqlalchemy import select

from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing import outbox, transport
from engagement.mailing.models import State, Suppression
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_text, settings_with, state_of
from tests.mailing.test_sending import change
from tests.support.given import a_consultation


def suppressed():
    db.session.rollback()
    return db.session.scalars(select(Suppression.reason)).all()


@pytest.mark.parametrize("said", ["550 5.1.8 bad sender's system address", "530 5.7.0 authentication required", "451 4.3.0 later"])
def test_a_server_that_takes_nothing_from_us_fails_nobody_and_is_logged_once(post, notices, caplog, said):
    consultation = a_consultation()
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{number}@example.org")) for number in range(3)]
    post.at_mail = said
    with caplog.at_level(logging.WARNING):
        assert send_due()["failed"] == 0
    assert len([each for each in caplog.records if "takes nothing from us" in each.message]) == 1
    assert sorted(state_of(each) for each in messages) == [State.DEFERRED, State.QUEUED, State.QUEUED]
    assert suppressed() == []
    post.at_mail = "250 OK"
    for each in messages:
        change(each, due_at=now())
    assert send_due()["sent"] == 3


@pytest.mark.parametrize(("said", "reasons"), [("5.1.10 null MX", ["bounced"]), ("5.1.8 sender", []), ("5.1.7 sender", [])])
def test_only_what_names_the_recipients_address_suppresses_it(post, notices, said, reasons):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    post.at_rcpt["ada@example.org"] = f"550 {said}"
    send_due()
    assert state_of(message) is State.FAILED
    assert suppressed() == reasons


def test_being_asked_to_sign_in_at_the_recipient_is_not_the_recipients_fault(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    post.at_rcpt["ada@example.org"] = "530 5.7.0 authentication required"
    send_due()
    assert state_of(message) is State.DEFERRED


@pytest.mark.slow
def test_a_server_that_thinks_for_long_before_it_answers_for_a_text_leaves_nothing_doubtful(app, post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    post.thinks = 1.0
    with settings_with(app, mail_timeout=0.5):
        send_due()
    assert state_of(message) is State.SENT
    assert outbox.LEASE.total_seconds() > transport.FINAL_REPLY_SECONDS >= 600
