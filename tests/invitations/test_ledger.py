"""Which of many replies counts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.events.models import Sitting
from engagement.invitations.ledger import overall, standing
from engagement.invitations.models import Channel, Choice, Invitation, Reply
from engagement.invitations.service import (
    BadTimeError,
    WithdrawnError,
    find_invitation,
    invite,
    latest_replies,
    mark_bounced,
    mark_distributed,
    record_reply,
    replies_of,
    standing_by_sitting,
    withdraw,
)
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from tests.events.given import a_guest, a_person, an_event
from tests.support.given import a_consultation

START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    received_at: datetime
    recorded_at: datetime


MOMENTS = st.integers(0, 50).map(lambda minutes: START + timedelta(minutes=minutes))
REPLIES = st.lists(st.builds(Said, MOMENTS, MOMENTS), max_size=8)


@given(REPLIES, st.randoms())
def test_the_last_received_counts_in_whatever_order_replies_are_read(replies, random):
    shuffled = random.sample(replies, len(replies))
    found = standing(shuffled)
    assert found == standing(replies)
    assert all(found.received_at >= each.received_at for each in replies)


@given(REPLIES, MOMENTS)
def test_what_was_recorded_before_an_invitation_was_made_again_does_not_count(replies, since):
    found = standing(replies, since)
    assert found is None or found.recorded_at >= since


@given(st.lists(st.sampled_from(Choice)))
def test_coming_to_one_day_is_coming(choices):
    assert (overall(choices) is Choice.ACCEPTED) == (Choice.ACCEPTED in choices)
    assert (overall(choices) is None) == (not choices)


@pytest.fixture
def guest(app):
    consultation = a_consultation()
    return a_guest(an_event(consultation, days=0), a_person(consultation))


def test_asking_twice_is_asking_once(guest):
    again = invite(consultation_id=guest.consultation_id, person_id=guest.person_id, event_id=guest.event_id, actor=SYSTEM)
    assert again.id == guest.id


def test_a_withdrawn_invitation_takes_no_reply_and_can_be_made_again(guest):
    record_reply(invitation_id=guest.id, choice=Choice.ACCEPTED, channel=Channel.WEB, actor=SYSTEM)
    withdraw(invitation_id=guest.id, actor=SYSTEM)
    withdraw(invitation_id=guest.id, actor=SYSTEM)
    with pytest.raises(WithdrawnError):
        record_reply(invitation_id=guest.id, choice=Choice.DECLINED, channel=Channel.WEB, actor=SYSTEM)
    again = invite(consultation_id=guest.consultation_id, person_id=guest.person_id, event_id=guest.event_id, actor=SYSTEM)
    assert (again.id, again.withdrawn_at, again.choice) == (guest.id, None, None)
    assert len(replies_of(guest.id)) == 1
    record_reply(invitation_id=guest.id, choice=Choice.TENTATIVE, channel=Channel.WEB, actor=SYSTEM)
    assert find_invitation(guest.id).choice is Choice.TENTATIVE


def test_a_letter_counts_from_the_day_that_staff_stated(guest):
    yesterday = now() - timedelta(days=1)
    record_reply(invitation_id=guest.id, choice=Choice.DECLINED, channel=Channel.TELEPHONE, actor=SYSTEM)
    record_reply(invitation_id=guest.id, choice=Choice.ACCEPTED, channel=Channel.LETTER, received_at=yesterday, actor=SYSTEM)
    db.session.rollback()
    assert find_invitation(guest.id).choice is Choice.DECLINED
    assert [reply.channel for reply in replies_of(guest.id)] == [Channel.TELEPHONE, Channel.LETTER]


def test_a_time_that_has_not_come_is_refused(guest):
    with pytest.raises(BadTimeError):
        record_reply(
            invitation_id=guest.id, choice=Choice.DECLINED, channel=Channel.LETTER, received_at=now() + timedelta(days=1), actor=SYSTEM
        )


def test_only_the_first_sending_is_written_down_and_of_several_bounces_the_first(guest):
    mark_distributed(invitation_id=guest.id, at=START)
    for days in range(2):
        mark_bounced(invitation_id=guest.id, at=START + timedelta(days=days))
    db.session.rollback()
    row = find_invitation(guest.id)
    assert row.distributed_at == row.bounced_at == START


def test_what_went_out_again_after_it_came_back_has_not_bounced_until_it_does_again(guest):
    mark_distributed(invitation_id=guest.id, at=START)
    mark_bounced(invitation_id=guest.id, at=START)
    mark_distributed(invitation_id=guest.id, at=START + timedelta(days=1))
    db.session.rollback()
    row = find_invitation(guest.id)
    assert (row.distributed_at, row.bounced_at) == (START, None)
    mark_bounced(invitation_id=guest.id, at=START + timedelta(days=2))
    db.session.rollback()
    assert find_invitation(guest.id).bounced_at == START + timedelta(days=2)


def test_a_reason_is_sealed(guest):
    row = record_reply(invitation_id=guest.id, choice=Choice.DECLINED, channel=Channel.WEB, reason="I am away.", actor=SYSTEM)
    assert b"away" not in row.reason_sealed
    assert replies_of(guest.id)[0].reason == "I am away."


def test_an_invitation_that_is_not_there_is_absent(app):
    from uuid import uuid4

    with pytest.raises(AbsentError):
        find_invitation(uuid4())
    with pytest.raises(AbsentError):
        withdraw(invitation_id=uuid4(), actor=SYSTEM)


@pytest.mark.parametrize("seed", range(12))
def test_the_latest_replies_say_what_the_whole_ledger_says(guest, seed):
    pick = Random(seed)  # noqa: S311 - nothing secret is picked.
    sittings = [*db.session.scalars(select(Sitting.id).where(Sitting.event_id == guest.event_id)), None]
    with writing() as session:
        invitation = session.get_one(Invitation, guest.id)
        invitation.created_at = START + timedelta(minutes=pick.randrange(8))
        for _ in range(pick.randrange(12)):
            received, recorded = (START + timedelta(minutes=pick.randrange(10)) for _ in range(2))
            choice, sitting = pick.choice(list(Choice)), pick.choice(sittings)
            row = Reply(invitation_id=guest.id, sitting_id=sitting, choice=choice, channel=Channel.LETTER, received_at=received)
            row.recorded_at = recorded + timedelta(seconds=len(session.new))
            session.add(row)
    whole = standing_by_sitting(replies_of(guest.id), invitation)
    assert standing_by_sitting(latest_replies(db.session(), invitation), invitation) == whole
