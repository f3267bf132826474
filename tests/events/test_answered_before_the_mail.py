"""Whoever replies by telephone before their invitation has gone gets the link all the same, and hears of what comes later."""

import pytest
from sqlalchemy import select

from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, add_sitting, sittings_of
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from tests.events.given import a_person, an_event, in_weeks
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, behind, tell
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

COMING, NO = Answer(Choice.ACCEPTED, Mode.IN_PERSON), Answer(Choice.DECLINED)


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


def by_telephone(invitation, answer):
    reply_to_event(invitation_id=invitation.id, answers=answer, channel=Channel.TELEPHONE, actor=SYSTEM)


def a_date_more(event):
    plan = SittingPlan(starts_wall=in_weeks(5), ends_wall=in_weeks(5, 15), seats_in_person=5, seats_online=5)
    return add_sitting(event_id=event.id, plan=plan, actor=SYSTEM)


@pytest.mark.parametrize("days", [0, 1])
def test_who_comes_is_sent_their_link_with_or_without_a_date(consultation, post, days):
    event = an_event(consultation, days=days)
    invitation = asked(event, a_person(consultation))
    by_telephone(invitation, COMING)
    (mail,) = delivered(post)
    assert "/r/" in mail.plain
    assert mail.subject.startswith("Your reply")
    db.session.rollback()
    assert db.session.scalar(select(Invitation.distributed_at)) is not None


def test_who_does_not_come_is_sent_nothing_where_there_is_no_date(consultation, post):
    invitation = asked(an_event(consultation, days=0), a_person(consultation))
    by_telephone(invitation, NO)
    assert delivered(post) == []


@pytest.mark.parametrize("days", [0, 1])
def test_they_are_told_of_a_date_that_is_added(consultation, post, days):
    event = an_event(consultation, days=days)
    invitation = asked(event, a_person(consultation))
    by_telephone(invitation, COMING)
    delivered(post)
    added = a_date_more(event)
    assert [guest.sitting.id for guest in behind(event)] == [added.id]
    tell(event)
    assert len(delivered(post)) == 1
    assert len(sittings_of(event.id)) == days + 1
