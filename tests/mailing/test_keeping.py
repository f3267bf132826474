"""What is kept of a message, for how long, and whose wish holds where."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.mailing import outbox
from engagement.mailing.models import MessageEvent, State
from engagement.mailing.service import NotNowError, send_again
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_text, state_of
from tests.mailing.test_sending import change, stored
from tests.support.given import a_consultation

KEPT = timedelta(days=60)
LONG_AGO = KEPT + timedelta(days=1)


def last_touched(message, ago):
    change(message, created_at=now() - LONG_AGO)
    with writing() as session:
        session.execute(update(MessageEvent).where(MessageEvent.message_id == message.id).values(at=now() - ago))


@pytest.mark.parametrize("state", sorted(outbox.SETTLED))
def test_text_subject_and_address_of_what_is_settled_are_dropped_some_time_after_its_last_event(post, notices, state):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    change(message, state=state)
    last_touched(message, KEPT - timedelta(days=1))
    send_due()
    assert stored(message).subject
    last_touched(message, LONG_AGO)
    send_due()
    row = stored(message)
    assert (row.raw, row.subject, row.to_address, row.state) == (None, "", "", state)


def test_a_doubtful_message_whose_bytes_are_not_kept_any_more_is_not_sent_again(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    change(message, state=State.DOUBTFUL)
    last_touched(message, LONG_AGO)
    send_due()
    with pytest.raises(NotNowError):
        send_again(message_id=message.id, actor=SYSTEM)


def test_what_still_waits_keeps_its_text_however_old(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    post.at_rcpt["ada@example.org"] = "451 later"
    send_due()
    last_touched(message, LONG_AGO)
    send_due()
    assert stored(message).raw


def test_the_wish_not_to_be_written_to_holds_in_every_consultation(post, notices):
    a_person(a_consultation("other"), "Ada@example.org", do_not_contact=True)
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    assert send_due()["suppressed"] == 1
    assert state_of(message) is State.SUPPRESSED
