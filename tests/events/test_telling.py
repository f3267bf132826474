"""A change of time, place or link: SEQUENCE, who knows an older version, who is told, and what their calendar is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engagement.events import tellings
from engagement.events.models import CalendarEntry, Format, Sitting, Telling
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, add_sitting, cancel_event, edit_sitting, sittings_of
from engagement.events.telling import TOLD, Fate, people_told, seen_mark
from engagement.events.tellings import ChangedMeanwhileError, NothingToTellError, plan_rest, tell_the_rest
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.mailing.models import State
from engagement.mailing.preparing import prepare
from engagement.mailing.service import cancel, send_again
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import COMING, a_person, an_event, in_weeks, the_sitting
from tests.events.letters_read import by_date, delivered
from tests.events.telling_given import ELSEWHERE, a_told_guest, asked, behind, fresh, messages, moved, placed, replied, sequence, tell
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)
NO = Answer(Choice.DECLINED)


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_a_moved_sitting_sends_the_next_sequence_with_the_same_uid(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation))
    (first,) = delivered(post)
    moved(the_sitting(event), 14)
    assert delivered(post) == []
    tell(event)
    (second,) = delivered(post)
    assert (first.method, second.method) == ("REQUEST", "REQUEST")
    assert (first.uid, first.sequence, second.uid, second.sequence) == (first.uid, 0, first.uid, 1)
    assert second.event.organizer.value == first.event.organizer.value
    assert second.event.attendee.value == first.event.attendee.value
    assert second.event.dtstart.value == fresh(select(Sitting.starts_at))
    assert second.event.dtstamp.value >= first.event.dtstamp.value


def test_the_mail_says_before_and_now_and_carries_a_link_of_its_own(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation, "Ada Roy"))
    asked(event, a_person(consultation, "Noémie Tremblay", language="fr"))
    delivered(post)
    moved(the_sitting(event), 14)
    tell(event)
    english, french = sorted(delivered(post), key=lambda mail: "Bonjour" in mail.plain)
    assert "before: " in english.plain
    assert "13:00 to 15:00" in english.plain.partition("now: ")[0]
    assert "14:00 to 16:00" in english.plain.partition("now: ")[2]
    assert "avant\u00a0: " in french.plain
    assert "/r/" in english.plain
    assert english.subject.startswith("Changed: ")
    assert french.subject.startswith("Modification\u00a0: ")
    assert b"/r/" not in english.ics.encode()


def test_a_resend_repeats_the_sequence(consultation, post):
    event = an_event(consultation)
    person = a_person(consultation)
    asked(event, person)
    post.at_data[person.email] = "550 5.7.1 not today"
    delivered(post)
    (message,) = messages("event_invitation")
    post.at_data.clear()
    assert message.state is State.FAILED
    send_again(message_id=message.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.sequence == sequence() == 0


def test_a_change_that_was_taken_back_tells_nobody_and_the_sequence_does_not_fall(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    assert [guest.fate for guest in behind(event)] == [Fate.MAIL]
    moved(the_sitting(event), 13)
    assert behind(event) == []
    with pytest.raises(NothingToTellError):
        tell(event)
    assert sequence() == 2
    assert fresh(select(Telling.id)) is None


def test_a_change_taken_back_after_the_yes_is_dropped_when_it_is_due(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    tell(event)
    moved(the_sitting(event), 13)
    assert delivered(post) == []
    (message,) = messages("event_change")
    assert (message.state, message.outcome) == (State.CANCELLED, "they know it already")


def test_several_edits_before_telling_are_one_mail_with_the_sum(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    placed(event, **ELSEWHERE)
    tell(event)
    moved(the_sitting(event), 16)
    (mail,) = delivered(post)
    assert "16:00 to 18:00" in mail.plain
    assert "Town hall, Hull" in mail.plain
    assert mail.event.location.value == "Town hall, Hull"
    assert mail.sequence == 3
    assert behind(event) == []


def test_telling_twice_is_telling_once(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    telling = tell(event)
    with pytest.raises(NothingToTellError):
        tell(event)
    assert plan_rest(telling.id)
    assert len(messages("event_change")) == 1
    assert [guest.fate for guest in behind(event)] == [Fate.ON_ITS_WAY]


def test_a_mail_that_staff_stopped_is_taken_up_by_the_next_yes(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    tell(event)
    (message,) = messages("event_change")
    cancel(message_id=message.id, actor=SYSTEM)
    tell(event)
    assert len(delivered(post)) == 1


def test_a_change_and_its_opposite_are_both_told(consultation, post):
    event, _ = a_told_guest(consultation, post)
    found = []
    for hour in (14, 13, 14):
        moved(the_sitting(event), hour)
        tell(event)
        found += delivered(post)
    assert [mail.sequence for mail in found] == [1, 2, 3]


def test_who_declined_was_withdrawn_or_has_no_address(consultation, post):
    event = an_event(consultation)
    people = {name: a_person(consultation, f"{name} Example") for name in ("Keen", "Nay", "Gone")}
    invitations = {name: asked(event, person) for name, person in people.items()}
    silent = a_person(consultation, "Phone Example", email=None)
    called = asked(event, silent)
    delivered(post)
    replied(invitations["Keen"], COMING)
    replied(invitations["Nay"], NO)
    reply_to_event(invitation_id=called.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    delivered(post)
    withdraw_guest(invitation_id=invitations["Gone"].id, tell=False, actor=SYSTEM)
    moved(the_sitting(event), 14)
    fates = {guest.person.given_name: guest.fate for guest in behind(event)}
    assert fates == {"Keen": Fate.MAIL, "Nay": Fate.DECLINED, "Gone": Fate.WITHDRAWN, "Phone": Fate.CALL}
    tell(event)
    assert {message.person_id for message in messages("event_change")} == {people["Keen"].id, silent.id}
    (mail,) = delivered(post)
    assert mail.to == people["Keen"].email


def test_who_opted_out_is_called_only_while_they_hold_a_seat(consultation, post):
    event = an_event(consultation)
    seated, free = a_person(consultation, "Seated Example"), a_person(consultation, "Free Example")
    replied(asked(event, seated), COMING)
    asked(event, free)
    delivered(post)
    with writing() as session:
        session.execute(update(Person).values(do_not_contact=True))
    moved(the_sitting(event), 14)
    assert {guest.person.given_name: guest.fate for guest in behind(event)} == {"Seated": Fate.CALL, "Free": Fate.NO_CONTACT}


def test_a_new_link_is_told_to_online_seats_only(consultation, post):
    event = an_event(consultation)
    online, chair = a_person(consultation, "On Line"), a_person(consultation, "In Chair")
    replied(asked(event, online), ONLINE)
    replied(asked(event, chair), COMING)
    asked(event, a_person(consultation, "No Reply"))
    delivered(post)
    before = dict(db.session.execute(select(CalendarEntry.invitation_id, CalendarEntry.sequence)).all())
    placed(event, online_link="https://meet.example.org/other")
    assert [guest.person.id for guest in behind(event)] == [online.id]
    db.session.rollback()
    after = dict(db.session.execute(select(CalendarEntry.invitation_id, CalendarEntry.sequence)).all())
    assert sorted(after[key] - before[key] for key in before) == [0, 0, 1]
    tell(event)
    (mail,) = delivered(post)
    assert mail.event.conference.value == "https://meet.example.org/other"
    assert "https://meet.example.org/other" in mail.plain
    assert "no longer valid" in mail.plain


def test_mail_that_was_written_and_not_sent_is_written_afresh(consultation, post):
    event, person = an_event(consultation), a_person(consultation)
    asked(event, person)
    (message,) = messages("event_invitation")
    assert prepare(message.id) is State.QUEUED
    moved(the_sitting(event), 14)
    (mail,) = delivered(post)
    assert "14:00 to 16:00" in mail.plain
    assert mail.sequence == 1
    assert behind(event) == []


def test_more_seats_tell_nobody(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 13, in_person=50)
    placed(event, texts={"about": Text("Something else.", "Autre chose.")})
    assert behind(event) == []
    assert sequence() == 0


def test_an_event_that_gets_a_date_tells_those_who_knew_none(consultation, post):
    event, _ = a_told_guest(consultation, post, days=0)
    plan = SittingPlan(starts_wall=in_weeks(4), ends_wall=in_weeks(4, 15), seats_in_person=5, seats_online=5)
    add_sitting(event_id=event.id, plan=plan, actor=SYSTEM)
    tell(event)
    (mail,) = delivered(post)
    assert "before: not set yet" in mail.plain
    assert (mail.method, mail.sequence) == ("REQUEST", 0)
    assert behind(event) == []


def test_a_new_title_is_told_without_a_new_sequence(consultation, post):
    event, _ = a_told_guest(consultation, post)
    placed(event, texts={"title": Text("A better name", "Un meilleur nom")})
    tell(event)
    (mail,) = delivered(post)
    assert mail.event.summary.value == "A better name"
    assert mail.sequence == 0


def test_a_format_that_drops_online_is_told_to_those_who_could_still_choose(consultation, post):
    event = an_event(consultation)
    replied(asked(event, a_person(consultation, "In Chair")), COMING)
    silent = a_person(consultation, "No Reply")
    asked(event, silent)
    delivered(post)
    placed(event, format=Format.IN_PERSON, online_link="")
    assert [guest.person.id for guest in behind(event)] == [silent.id]


def test_only_the_sitting_that_was_moved_is_told(consultation, post):
    event = an_event(consultation, days=2)
    asked(event, a_person(consultation))
    first, second = by_date(delivered(post))
    moved(sittings_of(event.id)[1], 9)
    tell(event)
    (mail,) = delivered(post)
    assert mail.uid == second.uid != first.uid


def test_what_was_looked_at_is_what_is_told(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    seen = seen_mark(behind(event))
    moved(the_sitting(event), 15)
    with pytest.raises(ChangedMeanwhileError):
        tell(event, seen=seen)
    assert messages("event_change") == []
    tell(event, seen=seen_mark(behind(event)))
    assert len(messages("event_change")) == 1


def test_the_sending_looks_again_when_it_is_due(consultation, post):
    event = an_event(consultation)
    gone, nay = asked(event, a_person(consultation)), asked(event, a_person(consultation))
    delivered(post)
    moved(the_sitting(event), 14)
    tell(event)
    withdraw_guest(invitation_id=gone.id, tell=False, actor=SYSTEM)
    replied(nay, NO)
    mails = delivered(post)
    assert [mail.subject[:10] for mail in mails] == ["Your reply"]
    assert {message.outcome for message in messages("event_change")} == {"withdrawn", "said no"}


def test_nothing_of_a_sitting_that_is_over_is_told(consultation, post):
    event, _ = a_told_guest(consultation, post)
    sitting = the_sitting(event)
    early = SittingPlan(
        starts_wall=sitting.starts_wall - timedelta(weeks=8), ends_wall=sitting.ends_wall - timedelta(weeks=8), seats_in_person=40
    )
    edit_sitting(sitting_id=sitting.id, plan=early, actor=SYSTEM)
    assert behind(event) == []


def test_a_telling_that_this_process_did_not_finish_is_finished_by_the_worker(consultation, post, monkeypatch):
    event = an_event(consultation)
    for _ in range(45):
        asked(event, a_person(consultation))
    delivered(post)
    moved(the_sitting(event), 14)
    monkeypatch.setattr(tellings, "PLANNED_AT_ONCE", 0.0)
    telling = tell(event)
    assert fresh(select(Telling.finished_at)) is None
    assert len(messages("event_change")) < 45
    monkeypatch.undo()
    tell_the_rest()
    assert len(messages("event_change")) == 45
    assert fresh(select(Telling.finished_at)) is not None
    assert plan_rest(telling.id)
    assert len(delivered(post)) == 45


def test_a_cancelled_event_has_nobody_behind(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert behind(event) == []


def test_people_are_counted_once_however_many_sittings_moved(consultation, post):
    event, _ = a_told_guest(consultation, post, days=2)
    for sitting in sittings_of(event.id):
        moved(sitting, 9)
    found = behind(event)
    assert (len(found), people_told(found)) == (2, 1)
    assert {guest.fate for guest in found} <= set(TOLD)


def test_an_event_that_sends_no_calendar_tells_by_text_alone(consultation, post):
    event = an_event(consultation)
    placed(event, sends_calendar=False)
    asked(event, a_person(consultation))
    (first,) = delivered(post)
    moved(the_sitting(event), 14)
    tell(event)
    (second,) = delivered(post)
    assert (first.ics, second.ics) == ("", "")
    assert "14:00 to 16:00" in second.plain


def test_an_entry_of_somebody_who_wants_none_any_more_is_taken_out_when_it_would_lie(consultation, post):
    event = an_event(consultation)
    person = a_person(consultation)
    asked(event, person)
    delivered(post)
    change_wishes(person_id=person.id, wishes=Wishes(wants_calendar=False), actor=SYSTEM)
    moved(the_sitting(event), 14)
    tell(event)
    (mail,) = delivered(post)
    assert (mail.method, mail.event.status.value, mail.sequence) == ("CANCEL", "CANCELLED", 1)
    assert "14:00" in mail.plain
    moved(the_sitting(event), 15)
    tell(event)
    (mail,) = delivered(post)
    assert mail.ics == ""
    assert behind(event) == []
    cancel_event(event_id=event.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert (mail.subject[:9], mail.ics) == ("Cancelled", "")
