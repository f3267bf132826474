"""Mails that a worker has in hand, or of which nobody knows whether they arrived, when the team changes its mind."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.events.cancelling import cancel_event
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import ask_to_come
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.db import db
from engagement.mailing import outbox, recording
from engagement.mailing.batches import prepare_many
from engagement.mailing.hand import in_hand
from engagement.mailing.models import Message, State
from engagement.mailing.outbox import NotNowError
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.service import send_again
from tests.events.given import an_event
from tests.events.letters_read import delivered
from tests.mailing.given import a_person, begin_sending
from tests.outreach.given import a_team, never_quiet


def an_invitation_in_hand(client):
    consultation, _ = a_team(client)
    never_quiet(consultation)
    event = an_event(consultation)
    person = a_person(consultation, "p@example.org")
    invitation = ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)
    prepare_many(due_to_be_written())
    (message_id,) = outbox.claim("w", 200)
    (hand,) = in_hand([message_id])
    return event, invitation, message_id, hand


def purposes():
    db.session.rollback()
    return set(db.session.scalars(select(Message.purpose)))


def test_a_guest_withdrawn_while_their_invitation_is_in_hand_is_not_written_to(client, post):
    _, invitation, message_id, hand = an_invitation_in_hand(client)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    assert outbox.turn("w", None, hand) is State.CANCELLED
    assert db.session.get_one(Message, message_id, populate_existing=True).state is State.CANCELLED
    assert post.envelopes == []


def test_an_invitation_in_hand_does_not_go_once_the_event_is_cancelled(client, post):
    event, _, message_id, hand = an_invitation_in_hand(client)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert outbox.turn("w", None, hand) is not State.SENDING
    assert db.session.get_one(Message, message_id, populate_existing=True).state is State.CANCELLED


@pytest.mark.parametrize("taken_back", ["cancelled", "withdrawn"])
def test_whoever_may_have_got_an_invitation_is_told_that_it_does_not_hold_and_gets_it_no_more(client, post, taken_back):
    event, invitation, message_id, _ = an_invitation_in_hand(client)
    begin_sending(message_id, "w")
    recording.record_unknown("w", message_id, "the connection broke")
    if taken_back == "cancelled":
        cancel_event(event_id=event.id, actor=SYSTEM)
        assert "event_cancellation" in purposes()
    else:
        withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
        assert "event_withdrawal" in purposes()
    with pytest.raises(NotNowError):
        send_again(message_id=message_id, actor=SYSTEM)
    assert db.session.get_one(Message, message_id, populate_existing=True).state is State.DOUBTFUL


@pytest.mark.parametrize("choice", [Choice.ACCEPTED, Choice.DECLINED])
def test_a_guest_whose_reply_came_by_telephone_gets_no_invitation_any_more(client, post, choice):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    event = an_event(consultation)
    invitation = ask_to_come(event_id=event.id, person_id=a_person(consultation, "p@example.org").id, actor=SYSTEM)
    prepare_many(due_to_be_written())
    answer = Answer(choice, Mode.IN_PERSON if choice is Choice.ACCEPTED else None)
    reply_to_event(invitation_id=invitation.id, answers=answer, channel=Channel.TELEPHONE, actor=staff(organizer.id))
    got = delivered(post)
    db.session.rollback()
    stands = {row.purpose: row.state for row in db.session.scalars(select(Message))}
    if choice is Choice.DECLINED:
        assert (got, stands) == ([], {"event_invitation": State.CANCELLED})
    else:
        (mail,) = got
        assert stands == {"event_invitation": State.CANCELLED, "event_confirmation": State.SENT}
        assert "/r/" in mail.plain
        assert mail.event.attendee.params["PARTSTAT"] == ["ACCEPTED"]
