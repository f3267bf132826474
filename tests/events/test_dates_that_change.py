"""A date that is added, taken away or cancelled while a mail waits, or while its guest replies."""

import threading

import pytest
from sqlalchemy.exc import DBAPIError

from engagement.events import replies
from engagement.events.cancelling import cancel_sitting
from engagement.events.service import SittingPlan, add_sitting, remove_sitting, sittings_of
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.preparing import prepare
from tests.events.given import COMING, a_person, an_event, in_weeks
from tests.events.letters_read import delivered
from tests.events.telling_given import a_told_guest, asked, messages, replied
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


def day_of(sitting):
    return f"{sitting.starts_wall:%A} {sitting.starts_wall.day} {sitting.starts_wall:%B}"


def choice_of(invitation):
    db.session.rollback()
    return db.session.get(Invitation, invitation.id, populate_existing=True).choice


def written_and_not_sent():
    for message in messages("event_invitation"):
        prepare(message.id)


def a_date_more(event, weeks):
    plan = SittingPlan(starts_wall=in_weeks(weeks), ends_wall=in_weeks(weeks, 15), seats_in_person=4, seats_online=4)
    return add_sitting(event_id=event.id, plan=plan, actor=SYSTEM)


def invitations_in(mails):
    found = [mail for mail in mails if mail.subject.startswith("Invitation")]
    assert found
    return found


def test_an_invitation_that_waits_names_a_date_that_is_added_meanwhile_and_not_one_that_is_taken_away(consultation, post):
    event = an_event(consultation, days=2)
    asked(event, a_person(consultation))
    written_and_not_sent()
    kept = a_date_more(event, 5)
    written_and_not_sent()
    dropped = a_date_more(event, 6)
    written_and_not_sent()
    remove_sitting(sitting_id=dropped.id, actor=SYSTEM)
    for mail in invitations_in(delivered(post)):
        assert day_of(kept) in mail.plain
        assert "There are 3 sittings" in mail.plain


def test_a_date_is_cancelled_while_a_guest_replies_to_it(app, consultation, post, monkeypatch):
    event, invitation = a_told_guest(consultation, post, days=2)
    first, _ = sittings_of(event.id)
    original, threads, faults = replies._settled, [], []

    def cancels():
        with app.app_context():
            try:
                cancel_sitting(sitting_id=first.id, actor=SYSTEM)
            except DBAPIError as error:
                faults.append(error)
            db.session.remove()

    def in_between(*words):
        threads.append(threading.Thread(target=cancels))
        threads[0].start()
        threads[0].join(1)
        return original(*words)

    monkeypatch.setattr(replies, "_settled", in_between)
    replied(invitation, {first.id: COMING})
    threads[0].join(30)
    assert faults == []
    assert choice_of(invitation) is None
