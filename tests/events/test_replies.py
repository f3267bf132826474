"""What a reply does to seats, needs and the ledger."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engagement.consultations.models import Status
from engagement.events.models import Format, SeatState
from engagement.events.replies import (
    Answer,
    BadAnswerError,
    NeedsStated,
    ReplyClosedError,
    SeatTakenError,
    closed_because,
    promote_from_waitlist,
    reply_to_event,
    withdraw_guest,
)
from engagement.events.seats import seat_of, waiting_line
from engagement.events.service import cancel_event, guest_view, needs_of, sittings_of
from engagement.invitations.models import Channel, Choice, Mode
from engagement.invitations.service import BadTimeError, WithdrawnError, find_invitation, replies_of
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from tests.events.given import COMING, a_guest, a_person, an_event, some_guests, the_sitting
from tests.support.given import a_consultation

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)
NOT_COMING = Answer(Choice.DECLINED)


def say(invitation_id, answer, **more):
    return reply_to_event(invitation_id=invitation_id, answers=answer, actor=by_link(invitation_id), **more)


def taken(event):
    db.session.rollback()
    sitting = the_sitting(event)
    return sitting.taken_in_person, sitting.taken_online


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_a_guest_who_comes_has_a_seat(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    (outcome,) = say(invitation.id, COMING)
    assert (outcome.seat, outcome.mode) == (SeatState.TAKEN, Mode.IN_PERSON)
    assert taken(event) == (1, 0)
    assert find_invitation(invitation.id).choice is Choice.ACCEPTED


def test_saying_the_same_twice_takes_one_seat_and_keeps_both_replies(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    say(invitation.id, COMING)
    say(invitation.id, COMING)
    assert taken(event) == (1, 0)
    assert len(replies_of(invitation.id)) == 2


def test_a_change_to_online_frees_the_chair_and_takes_the_line_in_one_go(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    say(invitation.id, COMING)
    say(invitation.id, ONLINE)
    assert taken(event) == (0, 1)


@pytest.mark.parametrize("answer", [NOT_COMING, Answer(Choice.TENTATIVE, Mode.IN_PERSON), Answer(Choice.TENTATIVE)])
def test_maybe_and_no_hold_no_seat(consultation, answer):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    say(invitation.id, COMING)
    (outcome,) = say(invitation.id, answer)
    assert outcome.seat is None
    assert taken(event) == (0, 0)


def test_when_it_is_full_the_guest_chooses_and_nothing_was_changed(consultation):
    event = an_event(consultation, in_person=1)
    first, second = some_guests(consultation, event, 2)
    say(second, ONLINE)
    say(first, COMING)
    with pytest.raises(SeatTakenError) as refused:
        say(second, COMING)
    assert "waiting list" in refused.value.said.en
    assert "liste d’attente" in refused.value.said.fr
    assert refused.value.sitting_id == the_sitting(event).id
    assert taken(event) == (1, 1)
    assert len(replies_of(second)) == 1


def test_whoever_waits_stands_in_line_and_gets_the_seat_from_staff(consultation):
    event = an_event(consultation, in_person=1)
    first, second, third = some_guests(consultation, event, 3)
    say(first, COMING)
    for guest in (second, third):
        (outcome,) = say(guest, Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True))
        assert outcome.seat is SeatState.WAITING
    line = waiting_line(db.session(), the_sitting(event).id, Mode.IN_PERSON)
    assert [seat.invitation_id for seat in line] == [second, third]
    assert guest_view(third).sittings[0].standing.place == 2
    with pytest.raises(SeatTakenError):
        promote_from_waitlist(seat_id=line[0].id, actor=SYSTEM)
    say(first, NOT_COMING)
    promote_from_waitlist(seat_id=line[0].id, actor=SYSTEM)
    assert taken(event) == (1, 0)
    assert guest_view(third).sittings[0].standing.place == 1


def test_a_newcomer_does_not_pass_those_who_wait(consultation):
    event = an_event(consultation, in_person=1)
    first, second, newcomer = some_guests(consultation, event, 3)
    say(first, COMING)
    say(second, Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True))
    say(first, NOT_COMING)
    assert guest_view(newcomer).sittings[0].free(Mode.IN_PERSON) == 0
    with pytest.raises(SeatTakenError):
        say(newcomer, COMING)


def test_a_withdrawn_guest_gives_the_seat_back_and_cannot_reply(consultation):
    event = an_event(consultation)
    person = a_person(consultation)
    invitation = a_guest(event, person)
    say(invitation.id, COMING)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    assert taken(event) == (0, 0)
    with pytest.raises(WithdrawnError):
        say(invitation.id, COMING)
    with pytest.raises(AbsentError):
        guest_view(invitation.id)
    assert a_guest(event, person).id == invitation.id
    assert guest_view(invitation.id).standing is None


def test_a_call_that_came_before_the_standing_reply_is_kept_and_changes_nothing(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    say(invitation.id, COMING)
    (outcome,) = reply_to_event(
        invitation_id=invitation.id, answers=NOT_COMING, channel=Channel.TELEPHONE, received_at=now() - timedelta(hours=3), actor=SYSTEM
    )
    assert not outcome.counts
    assert outcome.choice is Choice.ACCEPTED
    assert taken(event) == (1, 0)
    assert [reply.channel for reply in replies_of(invitation.id)] == [Channel.WEB, Channel.TELEPHONE]
    assert find_invitation(invitation.id).choice is Choice.ACCEPTED


def test_a_reply_from_the_future_is_refused(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    with pytest.raises(BadTimeError):
        reply_to_event(invitation_id=invitation.id, answers=COMING, received_at=now() + timedelta(hours=1), actor=SYSTEM)
    assert replies_of(invitation.id) == []


def test_both_days_in_one_go_or_one_of_them(consultation):
    event = an_event(consultation, days=2)
    invitation = a_guest(event, a_person(consultation))
    assert len(say(invitation.id, COMING)) == 2
    first, second = sittings_of(event.id)
    say(invitation.id, {second.id: NOT_COMING})
    assert seat_of(db.session(), first.id, invitation.id) is not None
    assert seat_of(db.session(), second.id, invitation.id) is None
    assert find_invitation(invitation.id).choice is Choice.ACCEPTED
    seen = guest_view(invitation.id)
    assert [s.standing.choice for s in seen.sittings] == [Choice.ACCEPTED, Choice.DECLINED]


def test_one_full_day_leaves_the_other_unpromised_too(consultation):
    event = an_event(consultation, days=2, in_person=1)
    first, second = some_guests(consultation, event, 2)
    say(first, {sittings_of(event.id)[1].id: COMING})
    with pytest.raises(SeatTakenError):
        say(second, COMING)
    assert taken(event) == (0, 0)


def test_a_sitting_of_another_event_is_absent(consultation):
    event, other = an_event(consultation), an_event(consultation, "Session 2")
    invitation = a_guest(event, a_person(consultation))
    with pytest.raises(AbsentError):
        say(invitation.id, {the_sitting(other).id: COMING})


def test_an_event_without_a_date_takes_replies_but_no_seats(consultation):
    event = an_event(consultation, days=0)
    invitation = a_guest(event, a_person(consultation))
    (outcome,) = say(invitation.id, COMING)
    assert (outcome.sitting_id, outcome.seat) == (None, None)
    assert guest_view(invitation.id).standing.choice is Choice.ACCEPTED


def test_how_to_take_part_must_fit_the_event(consultation):
    hybrid, online = an_event(consultation), an_event(consultation, "Webinar", form=Format.ONLINE)
    person = a_person(consultation)
    with pytest.raises(BadAnswerError):
        say(a_guest(hybrid, person).id, Answer(Choice.ACCEPTED))
    with pytest.raises(BadAnswerError):
        say(a_guest(online, person).id, COMING)
    (outcome,) = say(a_guest(online, person).id, Answer(Choice.ACCEPTED))
    assert outcome.mode is Mode.ONLINE


def test_the_online_link_is_for_those_with_an_online_seat(consultation):
    event = an_event(consultation, online=1)
    first, second = some_guests(consultation, event, 2)
    assert guest_view(first).online_link == ""
    say(first, ONLINE)
    say(second, Answer(Choice.ACCEPTED, Mode.ONLINE, may_wait=True))
    assert guest_view(first).online_link == "https://meet.example.org/session-1"
    assert guest_view(second).online_link == ""


def test_needs_are_kept_sealed_and_left_alone_when_not_stated_again(consultation):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    say(invitation.id, COMING, needs=NeedsStated("Ramp", "No nuts", ("lsq", "made up")))
    say(invitation.id, ONLINE)
    assert needs_of(invitation.id) == NeedsStated("Ramp", "No nuts", ("lsq",))
    assert guest_view(invitation.id).has_stated_needs


def closing(event, how):
    with writing() as session:
        row = session.get(type(event), event.id)
        if how == "past":
            row.reply_by = datetime(2020, 1, 1, tzinfo=UTC).date()
        elif how == "paused":
            from engagement.consultations.models import Consultation

            session.get(Consultation, event.consultation_id).status = Status.PAUSED
    if how == "cancelled":
        cancel_event(event_id=event.id, actor=SYSTEM)


@pytest.mark.parametrize("how", ["past", "paused", "cancelled"])
def test_a_closed_event_refuses_guests_with_one_line_and_lets_staff_record(consultation, how):
    event = an_event(consultation)
    invitation = a_guest(event, a_person(consultation))
    closing(event, how)
    with pytest.raises(ReplyClosedError) as refused:
        say(invitation.id, COMING)
    assert refused.value.said.whole
    assert guest_view(invitation.id).closed == refused.value.said
    reply_to_event(invitation_id=invitation.id, answers=NOT_COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    assert find_invitation(invitation.id).choice is Choice.DECLINED


def test_the_last_day_to_reply_ends_where_the_consultation_is_not_where_the_event_is(consultation):
    event = an_event(consultation, reply_by=date(2026, 5, 4))
    with writing():
        event.zone, consultation.zone = "America/Toronto", "America/Vancouver"
    assert closed_because(consultation, event, datetime(2026, 5, 5, 6, 59, tzinfo=UTC)) is None
    assert closed_because(consultation, event, datetime(2026, 5, 5, 7, 0, tzinfo=UTC)) is not None
