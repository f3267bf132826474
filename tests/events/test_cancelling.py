"""An event, a sitting or an invitation that is no more: METHOD:CANCEL, once, and no ghost is left in a calendar."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.events.cancelling import CannotCancelError, cancel_event, cancel_sitting
from engagement.events.guests import guest_view
from engagement.events.models import CalendarEntry, Event, EventStatus, Seat, Sitting, Telling
from engagement.events.replies import Answer, ReplyClosedError, promote_from_waitlist, reply_to_event
from engagement.events.service import SittingPlan, edit_sitting, schedule_event, sittings_of
from engagement.events.telling import guests_of_cancelled
from engagement.events.tellings import BadNoteError, plan_rest
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.mailing.models import MailTemplate, Message, State
from engagement.mailing.preparing import prepare
from engagement.mailing.worker import send_due
from tests.events.given import COMING, a_person, an_event, in_weeks, particulars, the_sitting
from tests.events.letters_read import by_date, delivered
from tests.events.telling_given import a_told_guest, asked, messages, replied
from tests.mailing.given import a_text
from tests.support.given import a_consultation, fresh

pytestmark = pytest.mark.slow

NO = Answer(Choice.DECLINED)


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_a_cancelled_event_sends_cancel_and_no_ghost(consultation, post):
    event = an_event(consultation)
    people = [a_person(consultation) for _ in range(3)]
    coming, maybe, _ = [asked(event, person) for person in people]
    invited = {mail.to: mail for mail in delivered(post)}
    replied(coming, COMING)
    replied(maybe, Answer(Choice.TENTATIVE))
    delivered(post)
    cancel_event(event_id=event.id, actor=SYSTEM)
    mails = delivered(post)
    assert {mail.to for mail in mails} == {person.email for person in people}
    for mail in mails:
        assert mail.method == "CANCEL"
        assert mail.event.status.value == "CANCELLED"
        assert mail.uid == invited[mail.to].uid
        assert mail.sequence == 1
        assert mail.event.organizer.value == invited[mail.to].event.organizer.value
        assert mail.event.attendee.value == f"mailto:{mail.to}"
        assert "does not take place" in mail.plain
        assert "/r/" not in mail.plain
    assert all(row.cancelled_at for row in db.session.scalars(select(CalendarEntry)))
    assert delivered(post) == []


def test_cancelling_twice_is_cancelling_once(consultation, post):
    event, _ = a_told_guest(consultation, post)
    for _ in range(2):
        cancel_event(event_id=event.id, actor=SYSTEM)
    assert len(delivered(post)) == 1
    assert fresh(select(CalendarEntry.sequence)) == 1
    assert len(db.session.scalars(select(Telling)).all()) == 1


def test_what_was_not_sent_yet_is_stopped_also_where_its_bytes_are_stored(consultation, post):
    event = an_event(consultation)
    for _ in range(2):
        asked(event, a_person(consultation))
    first, _ = messages("event_invitation")
    assert prepare(first.id) is State.QUEUED
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert delivered(post) == []
    assert {(row.state, row.outcome) for row in messages("event_invitation")} == {(State.CANCELLED, "the event is cancelled")}
    assert messages("event_cancellation") == []


def test_the_mail_names_the_time_that_the_guest_knows(consultation, post):
    event, _ = a_told_guest(consultation, post)
    sitting = the_sitting(event)
    later = SittingPlan(starts_wall=sitting.starts_wall.replace(hour=16), ends_wall=sitting.ends_wall.replace(hour=18), seats_in_person=40)
    edit_sitting(sitting_id=sitting.id, plan=later, actor=SYSTEM)
    cancel_event(event_id=event.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert "13:00 to 15:00" in mail.plain
    assert mail.sequence == 2


def test_who_declined_is_written_to_only_where_staff_choose_it(consultation, post):
    for choose in (False, True):
        event = an_event(consultation, f"Session {choose}")
        nay = asked(event, a_person(consultation))
        delivered(post)
        replied(nay, NO)
        delivered(post)
        cancel_event(event_id=event.id, with_declined=choose, actor=SYSTEM)
        assert [mail.method for mail in delivered(post)] == (["CANCEL"] if choose else [])


def test_cancelling_waits_for_no_translator(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation, language="fr"))
    asked(event, a_person(consultation, language=None))
    delivered(post)
    a_text(consultation, "event_cancellation", Text("Only English.", "Anglais."))
    with writing() as session:
        row = session.scalar(select(MailTemplate))
        row.set_text("body", Text("Only English, and newer.", "Anglais."))
        assert row.stale_texts()
        session.get(Event, event.id).set_text("about", Text("Newer English.", "Nous parlons de ce qui fonctionne."))
    cancel_event(event_id=event.id, actor=SYSTEM)
    french, whole = sorted(delivered(post), key=lambda mail: "English" in mail.plain or "sorry" in mail.plain)
    assert "n’aura pas lieu" in french.plain
    assert "n’aura pas lieu" in whole.plain
    assert "does not take place" in whole.plain


def test_the_note_stands_in_each_guests_language(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation, language="fr"))
    delivered(post)
    cancel_event(event_id=event.id, note_words=Text("The hall is flooded.", "La salle est inondée."), actor=SYSTEM)
    (mail,) = delivered(post)
    assert "La salle est inondée." in mail.plain
    assert "flooded" not in mail.plain
    assert fresh(select(Telling)).note == Text("The hall is flooded.", "La salle est inondée.")


def test_half_a_note_cancels_nothing(consultation):
    event = an_event(consultation)
    with pytest.raises(BadNoteError):
        cancel_event(event_id=event.id, note_words=Text("Sorry.", " "), actor=SYSTEM)
    assert fresh(select(Event.status)) is EventStatus.SCHEDULED


def test_a_guest_without_a_date_or_an_address_is_told_too(consultation, post):
    undated = an_event(consultation, days=0)
    asked(undated, a_person(consultation))
    (_,) = delivered(post)
    cancel_event(event_id=undated.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.ics == ""
    event = an_event(consultation, "Session 2")
    silent = asked(event, a_person(consultation, email=None))
    reply_to_event(invitation_id=silent.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert silent.id in {message.invitation_id for message in messages("event_cancellation")}


def test_one_sitting_of_two_is_cancelled_by_itself(consultation, post):
    event = an_event(consultation, days=2)
    invitation = asked(event, a_person(consultation))
    first, second = by_date(delivered(post))
    replied(invitation, COMING)
    delivered(post)
    one, other = sittings_of(event.id)
    cancel_sitting(sitting_id=one.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert (mail.method, mail.uid) == ("CANCEL", first.uid)
    assert fresh(select(CalendarEntry.sequence).where(CalendarEntry.uid == second.uid)) == 0
    assert fresh(select(Event.status)) is EventStatus.SCHEDULED
    view = guest_view(invitation.id)
    assert [sitting.cancelled for sitting in view.sittings] == [True, False]
    assert len(db.session.scalars(select(Seat)).all()) == 2
    with pytest.raises(ReplyClosedError):
        replied(invitation, {one.id: NO})
    (outcome,) = replied(invitation, NO)
    assert outcome.sitting_id == other.id


def test_nobody_is_invited_to_or_seated_in_a_cancelled_sitting(consultation, post):
    event = an_event(consultation, days=2, in_person=0)
    waiting = asked(event, a_person(consultation))
    one, other = sittings_of(event.id)
    replied(waiting, Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True))
    cancel_sitting(sitting_id=one.id, actor=SYSTEM)
    seat = fresh(select(Seat).where(Seat.sitting_id == one.id))
    with pytest.raises(ReplyClosedError):
        promote_from_waitlist(seat_id=seat.id, actor=SYSTEM)
    asked(event, a_person(consultation))
    late = [message.details["sitting_id"] for message in messages("event_invitation") if message.state is State.PLANNED]
    assert str(one.id) not in late[-1:]
    assert str(other.id) in late


def test_the_last_sitting_is_not_cancelled_by_itself(consultation):
    event = an_event(consultation)
    with pytest.raises(CannotCancelError):
        cancel_sitting(sitting_id=the_sitting(event).id, actor=SYSTEM)
    assert fresh(select(Sitting.cancelled_at)) is None


def test_the_event_is_cancelled_after_one_of_its_sittings_was(consultation, post):
    event = an_event(consultation, days=2)
    asked(event, a_person(consultation))
    first, second = by_date(delivered(post))
    cancel_sitting(sitting_id=sittings_of(event.id)[0].id, actor=SYSTEM)
    cancel_event(event_id=event.id, actor=SYSTEM)
    mails = by_date(delivered(post))
    assert [(mail.method, mail.uid, mail.sequence) for mail in mails] == [("CANCEL", first.uid, 1), ("CANCEL", second.uid, 1)]


def test_no_cancel_for_what_never_stood_in_a_calendar(consultation, post):
    bare = particulars()
    event = schedule_event(
        consultation_id=consultation.id,
        particulars=type(bare)(**{**{name: getattr(bare, name) for name in bare.__dataclass_fields__}, "sends_calendar": False}),
        sittings=[SittingPlan(starts_wall=in_weeks(3), ends_wall=in_weeks(3, 15), seats_in_person=4)],
        actor=SYSTEM,
    )
    asked(event, a_person(consultation))
    delivered(post)
    cancel_event(event_id=event.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.ics == ""
    assert "does not take place" in mail.plain


def test_a_guest_who_is_in_nobodys_count_is_not_told(consultation, post):
    event = an_event(consultation)
    gone = asked(event, a_person(consultation))
    delivered(post)
    withdraw_guest(invitation_id=gone.id, tell=False, actor=SYSTEM)
    assert guests_of_cancelled(event) == []
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert delivered(post) == []


def test_a_withdrawn_guest_gets_a_cancel_once(consultation, post):
    event = an_event(consultation)
    invitation = asked(event, a_person(consultation))
    (first,) = delivered(post)
    replied(invitation, COMING)
    delivered(post)
    for _ in range(2):
        withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert (mail.method, mail.uid, mail.sequence) == ("CANCEL", first.uid, 1)
    assert "taken back" in mail.plain
    assert "/r/" not in mail.plain
    assert fresh(select(Seat.id)) is None


def test_a_withdrawal_is_silent_where_nothing_had_gone_and_where_staff_choose_it(consultation, post):
    event = an_event(consultation)
    unsent = asked(event, a_person(consultation))
    withdraw_guest(invitation_id=unsent.id, actor=SYSTEM)
    assert delivered(post) == []
    assert {message.state for message in messages("event_invitation")} == {State.CANCELLED}
    sent = asked(event, a_person(consultation))
    delivered(post)
    withdraw_guest(invitation_id=sent.id, tell=False, actor=SYSTEM)
    assert delivered(post) == []
    assert messages("event_withdrawal") == []


def test_whoever_is_invited_again_reads_a_newer_revision_than_the_cancel(consultation, post):
    event, person = an_event(consultation), a_person(consultation)
    invitation = asked(event, person)
    delivered(post)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    (cancelled,) = delivered(post)
    asked(event, person)
    (again,) = delivered(post)
    assert (again.method, again.uid) == ("REQUEST", cancelled.uid)
    assert again.sequence > cancelled.sequence
    assert fresh(select(CalendarEntry)).held


def test_a_withdrawal_that_has_not_gone_is_stopped_by_a_new_invitation(consultation, post):
    event, person = an_event(consultation), a_person(consultation)
    invitation = asked(event, person)
    delivered(post)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    (message,) = messages("event_withdrawal")
    prepare(message.id)
    asked(event, person)
    (mail,) = delivered(post)
    assert mail.method == "REQUEST"


def test_a_guest_withdrawn_from_a_cancelled_event_still_gets_its_cancel(consultation, post):
    event, invitation = a_told_guest(consultation, post)
    cancel_event(event_id=event.id, actor=SYSTEM)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    assert [mail.method for mail in delivered(post)] == ["CANCEL"]


def test_a_cancellation_waits_while_the_consultation_is_paused_and_goes_after(consultation, post):
    event, _ = a_told_guest(consultation, post)
    with writing() as session:
        session.get(Consultation, consultation.id).status = Status.PAUSED
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert delivered(post) == []
    with writing() as session:
        session.get(Consultation, consultation.id).status = Status.OPEN
        for message in session.scalars(select(Message).where(Message.purpose == "event_cancellation")):
            message.held_because = None
    assert [mail.method for mail in delivered(post)] == ["CANCEL"]


def test_a_process_that_dies_after_the_yes_leaves_the_rest_to_the_worker(consultation, post, monkeypatch):
    from engagement.events import cancelling

    event = an_event(consultation)
    for _ in range(5):
        asked(event, a_person(consultation))
    delivered(post)
    asked(event, a_person(consultation))
    monkeypatch.setattr(cancelling, "plan_rest", lambda *_, **__: False)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert messages("event_cancellation") == []
    send_due()
    mails = [message for message in messages("event_cancellation") if message.state is State.SENT]
    assert len(mails) == 5
    telling = fresh(select(Telling))
    assert telling.finished_at is not None
    assert plan_rest(telling.id)
    assert fresh(select(Invitation).where(Invitation.distributed_at.is_(None))) is not None


@pytest.mark.parametrize("end", ["cancelled", "withdrawn"])
def test_what_takes_an_entry_out_of_a_calendar_holds_no_online_link(consultation, post, end):
    event = an_event(consultation)
    invitation = asked(event, a_person(consultation))
    delivered(post)
    replied(invitation, Answer(Choice.ACCEPTED, Mode.ONLINE))
    (confirmed,) = delivered(post)
    assert "meet.example.org" in confirmed.ics
    if end == "cancelled":
        cancel_event(event_id=event.id, actor=SYSTEM)
    else:
        withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.method == "CANCEL"
    assert mail.uid == confirmed.uid
    assert "meet.example.org" not in mail.ics.replace("\r\n ", "") + mail.plain
