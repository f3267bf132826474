"""Reminders that go by themselves: when, once, and when not; on stored rows, with the days and clocks as property tests."""

from datetime import UTC, date, datetime, time, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.consultations.models import Status
from engagement.events.models import Sitting
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, cancel_event, edit_sitting, schedule_event
from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import end_of_day, now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Kind
from engagement.mailing.models import Message
from engagement.mailing.worker import send_due
from engagement.outreach.models import Mailing, MailingState, ReminderKind, ReminderSchedule
from engagement.outreach.occasions import before_deadline, before_sitting
from engagement.outreach.planning import plan_what_is_owed
from engagement.outreach.reminding import thing_about
from engagement.outreach.schedules import (
    BadScheduleError,
    change_schedule,
    leave_to_the_team,
    next_of,
    schedule_reminder,
    send_what_is_scheduled,
    switch_schedule,
    was_missed,
)
from tests.events.given import a_guest, an_event, particulars
from tests.mailing.given import a_person
from tests.outreach.given import a_silent_guest, a_silent_respondent, never_quiet
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation, a_member, signed_in_as, stored

TORONTO, VANCOUVER = "America/Toronto", "America/Vancouver"
NINE = time(9, 0)
COMING = Answer(Choice.ACCEPTED, Mode.IN_PERSON)

days = st.dates(date(2025, 1, 1), date(2028, 1, 1))
times = st.times().map(lambda each: each.replace(second=0, microsecond=0))
zones = st.sampled_from([TORONTO, VANCOUVER, "America/St_Johns", "America/Regina", "Europe/Paris", "UTC"])


@given(days, st.integers(0, 60), times, zones, st.timedeltas(timedelta(days=-3), timedelta(days=3)))
def test_a_reminder_is_due_on_its_one_day_from_its_time_on_and_never_after_the_deadline(last_day, before, at, zone, away):
    occasion = before_deadline(last_day, before, at, zone)
    moment = occasion.goes_at + away
    assert occasion.day == last_day - timedelta(days=before)
    assert on_the_wall(occasion.deadline, zone).timetz().replace(tzinfo=None) == time(23, 59, 59)
    if occasion.is_due(moment):
        assert on_the_wall(moment, zone).date() == occasion.day
        assert occasion.goes_at <= moment <= end_of_day(last_day, zone)
    assert not occasion.is_due(occasion.goes_at - timedelta(seconds=1))
    assert not (occasion.is_due(moment) and occasion.is_to_come(moment))


@given(days, st.integers(0, 14), times, times, zones)
def test_the_note_before_a_sitting_goes_on_the_events_clocks_and_not_once_it_has_begun(day, before, starts, at, zone):
    wall = datetime.combine(day, starts)
    occasion = before_sitting(wall, before, at, zone)
    assert occasion.day == day - timedelta(days=before)
    assert occasion.deadline == wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert not occasion.is_due(occasion.deadline + timedelta(seconds=1))


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_on_the_days_on_which_the_clocks_change_it_goes_at_its_wall_time(day):
    occasion = before_deadline(day, 0, NINE, TORONTO)
    assert on_the_wall(occasion.goes_at, TORONTO).time() == NINE
    # In the hour that does not exist, it goes an hour later; in the one that comes twice, at its first.
    night = before_deadline(day, 0, time(1 if day.month == 11 else 2, 30), TORONTO)
    expected = {3: datetime(2026, 3, 8, 7, 30, tzinfo=UTC), 11: datetime(2026, 11, 1, 5, 30, tzinfo=UTC)}
    assert night.goes_at == expected[day.month]


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


def the_day(weeks=2):
    return now().date() + timedelta(weeks=weeks)


def at(day, hour=9, minute=0, zone=TORONTO):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def scheduled(event=None, questionnaire=None, *, kind=None, before=3, wall=NINE):
    thing = thing_about(event.id if event else None, questionnaire.id if questionnaire else None)
    kind = kind or (ReminderKind.REPLY_DEADLINE if event else ReminderKind.QUESTIONNAIRE)
    return schedule_reminder(thing=thing, kind=kind, days_before=before, at=wall, actor=SYSTEM)


def mailings():
    db.session.rollback()
    return list(db.session.scalars(select(Mailing).order_by(Mailing.created_at)))


def an_event_to_reply_to(consultation):
    event = an_event(consultation, reply_by=the_day())
    a_silent_guest(event, a_person(consultation))
    return event


def test_a_scheduled_reminder_makes_one_approved_mailing_at_its_time_and_the_worker_plans_it(consultation):
    event = an_event_to_reply_to(consultation)
    schedule = scheduled(event)
    goes = at(the_day() - timedelta(days=3))
    for moment in (goes - timedelta(days=1), goes - timedelta(seconds=1), goes + timedelta(days=1)):
        send_what_is_scheduled(moment)
    assert mailings() == []
    for moment in (goes, goes + timedelta(minutes=1), goes + timedelta(hours=5)):
        send_what_is_scheduled(moment)
    [mailing] = mailings()
    assert (mailing.state, mailing.purpose, mailing.schedule_id) == (MailingState.APPROVED, "event_reminder", schedule.id)
    assert stored(schedule).made_for == the_day() - timedelta(days=3)
    plan_what_is_owed()
    [message] = db.session.scalars(select(Message)).all()
    assert message.not_after == end_of_day(the_day(), TORONTO)


def test_a_worker_that_was_down_catches_up_on_the_same_day_until_the_deadline(consultation):
    event = an_event_to_reply_to(consultation)
    scheduled(event, before=0)
    send_what_is_scheduled(at(the_day() + timedelta(days=1), 0))
    assert mailings() == []
    send_what_is_scheduled(at(the_day(), 23, 59))
    assert len(mailings()) == 1


@pytest.mark.slow
def test_two_workers_make_one_reminder_a_day(the_app, consultation):
    event = an_event_to_reply_to(consultation)
    scheduled(event)
    goes = at(the_day() - timedelta(days=3))

    def work():
        with the_app.app_context():
            send_what_is_scheduled(goes)
            db.session.remove()

    workers = [Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(mailings()) == 1


def test_nothing_goes_by_itself_from_a_paused_or_closed_consultation(consultation):
    event = an_event_to_reply_to(consultation)
    schedule = scheduled(event)
    goes = at(the_day() - timedelta(days=3))
    for status in (Status.PAUSED, Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD):
        with writing() as session:
            session.merge(consultation).status = status
        send_what_is_scheduled(goes)
    assert mailings() == []
    assert stored(schedule).made_for is None


def test_what_came_due_during_a_pause_is_for_the_team_to_decide(consultation):
    event = an_event_to_reply_to(consultation)
    schedule, later = scheduled(event), scheduled(event, before=3 - 1)
    goes = at(the_day() - timedelta(days=3))
    leave_to_the_team(consultation.id, goes + timedelta(hours=2))
    send_what_is_scheduled(goes + timedelta(hours=2, minutes=1))
    assert mailings() == []
    assert was_missed(stored(schedule), thing_about(event.id, None), goes + timedelta(hours=3))
    # The next one is not touched.
    send_what_is_scheduled(goes + timedelta(days=1))
    assert [mailing.schedule_id for mailing in mailings()] == [later.id]
    assert not was_missed(stored(later), thing_about(event.id, None), now())


def test_a_pause_that_ends_before_the_time_changes_nothing(consultation):
    event = an_event_to_reply_to(consultation)
    scheduled(event)
    goes = at(the_day() - timedelta(days=3))
    leave_to_the_team(consultation.id, goes - timedelta(minutes=1))
    send_what_is_scheduled(goes)
    assert len(mailings()) == 1


def test_a_cancelled_event_and_a_stopped_schedule_remind_nobody(consultation):
    stopped, cancelled = an_event_to_reply_to(consultation), an_event(consultation, "Session 2", reply_by=the_day())
    switch_schedule(schedule_id=scheduled(stopped).id, active=False, actor=SYSTEM)
    scheduled(cancelled)
    cancel_event(event_id=cancelled.id, actor=SYSTEM)
    send_what_is_scheduled(at(the_day() - timedelta(days=3)))
    assert mailings() == []


def test_a_stale_text_holds_it_up_until_it_is_mended_that_day(consultation):
    event = an_event_to_reply_to(consultation)
    scheduled(event)
    with writing() as session:
        row = session.merge(event)
        row.set_text("about", Text("New in English.", row.about_fr))
    goes = at(the_day() - timedelta(days=3))
    send_what_is_scheduled(goes)
    assert mailings() == []
    with writing() as session:
        row = session.merge(event)
        row.set_text("about", Text("New in English.", "Nouveau en français."))
    send_what_is_scheduled(goes + timedelta(hours=6))
    assert len(mailings()) == 1


def test_a_questionnaire_may_have_several_reminders(consultation):
    questionnaire = a_questionnaire(consultation, closes_on=the_day())
    a_silent_respondent(questionnaire, a_person(consultation))
    for before in (7, 1):
        scheduled(questionnaire=questionnaire, before=before)
    for before in (7, 1):
        send_what_is_scheduled(at(the_day() - timedelta(days=before)))
    assert [mailing.purpose for mailing in mailings()] == ["questionnaire_reminder"] * 2


def test_a_questionnaire_that_is_not_open_yet_reminds_nobody(consultation):
    questionnaire = a_questionnaire(consultation, opens_on=now().date() + timedelta(weeks=1), closes_on=the_day())
    a_silent_respondent(questionnaire, a_person(consultation))
    scheduled(questionnaire=questionnaire)
    send_what_is_scheduled(at(the_day() - timedelta(days=3)))
    assert mailings() == []


def in_vancouver(consultation, *, sittings=1):
    """Schedule an event at 09:00 on the clocks of Vancouver; a sitting on each of so many days."""
    starts = datetime.combine(the_day(), NINE)
    plans = [
        SittingPlan(starts_wall=starts + timedelta(days=each), ends_wall=starts + timedelta(days=each, hours=2), seats_in_person=5)
        for each in range(sittings)
    ]
    return schedule_event(consultation_id=consultation.id, particulars=particulars(zone=VANCOUVER), sittings=plans, actor=SYSTEM)


def test_the_day_before_goes_on_the_events_clocks_to_those_who_hold_a_seat(consultation, post):
    event = in_vancouver(consultation)
    holder, silent = (a_person(consultation, f"{name}@example.org", given_name=name.title()) for name in ("ada", "bea"))
    invitation = a_silent_guest(event, holder)
    a_silent_guest(event, silent)
    reply_to_event(invitation_id=invitation.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    scheduled(event, kind=ReminderKind.DAY_BEFORE, before=1)
    send_what_is_scheduled(at(the_day() - timedelta(days=1), zone=TORONTO))
    assert mailings() == []
    send_what_is_scheduled(at(the_day() - timedelta(days=1), zone=VANCOUVER))
    plan_what_is_owed()
    send_due()
    [mail] = post.mails()
    body = mail.get_body(("plain",)).get_content()
    assert str(mail["To"]).endswith("<ada@example.org>")
    assert "It begins at 09:00 (Pacific, UTC−07:00)." in body
    assert not [part for part in mail.walk() if part.get_content_type() in {"text/calendar", "application/ics"}]


def test_each_sitting_has_its_day_and_each_day_its_one_mailing(consultation):
    event = in_vancouver(consultation, sittings=2)
    reply_to_event(invitation_id=a_guest(event, a_person(consultation)).id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    schedule = scheduled(event, kind=ReminderKind.DAY_BEFORE, before=1)
    for day in (-1, -1, 0, 0):
        send_what_is_scheduled(at(the_day() + timedelta(days=day), zone=VANCOUVER))
    plan_what_is_owed()
    db.session.rollback()
    by_mailing = {message.mailing_id: message.details["sitting_id"] for message in db.session.scalars(select(Message))}
    sittings = [str(row.id) for row in db.session.scalars(select(Sitting).order_by(Sitting.starts_at))]
    assert [by_mailing[mailing.id] for mailing in mailings()] == sittings
    assert next_of(stored(schedule), thing_about(event.id, None), at(the_day(), 10, zone=VANCOUVER)) is None


def test_a_note_about_a_sitting_that_was_moved_meanwhile_does_not_go(consultation, post):
    event = in_vancouver(consultation)
    reply_to_event(invitation_id=a_guest(event, a_person(consultation)).id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    scheduled(event, kind=ReminderKind.DAY_BEFORE, before=1)
    send_what_is_scheduled(at(the_day() - timedelta(days=1), zone=VANCOUVER))
    plan_what_is_owed()
    db.session.rollback()
    sitting = db.session.scalars(select(Sitting)).one()
    moved = SittingPlan(
        starts_wall=sitting.starts_wall + timedelta(days=3), ends_wall=sitting.ends_wall + timedelta(days=3), seats_in_person=5
    )
    edit_sitting(sitting_id=sitting.id, plan=moved, actor=SYSTEM)
    send_due()
    db.session.rollback()
    [note] = db.session.scalars(select(Message).where(Message.purpose == "event_day_before")).all()
    assert note.outcome == "the sitting was moved"


def test_what_cannot_be_scheduled_is_refused_on_its_field(consultation):
    event = an_event_to_reply_to(consultation)
    scheduled(event)
    for more, field in (({"before": -1}, "days_before"), ({"before": 61}, "days_before"), ({"before": 3}, "days_before")):
        with pytest.raises(BadScheduleError) as refused:
            scheduled(event, **more)
        assert refused.value.field == field
    with pytest.raises(BadScheduleError) as refused:
        scheduled(event, kind=ReminderKind.QUESTIONNAIRE)
    assert refused.value.field == "kind"
    other = scheduled(event, before=5)
    with pytest.raises(BadScheduleError):
        change_schedule(schedule_id=other.id, days_before=3, at=NINE, actor=SYSTEM)
    assert stored(other).days_before == 5


def test_a_time_in_the_quiet_hours_is_refused(app):
    event = an_event(a_consultation(), reply_by=the_day())
    for wall in (time(21, 0), time(23, 30), time(6, 59)):
        with pytest.raises(BadScheduleError) as refused:
            scheduled(event, wall=wall)
        assert refused.value.field == "at"
    scheduled(event, wall=time(7, 0))


def test_a_stopped_reminder_that_is_scheduled_again_goes_again(consultation):
    event = an_event_to_reply_to(consultation)
    first = scheduled(event)
    switch_schedule(schedule_id=first.id, active=False, actor=SYSTEM)
    again = scheduled(event, wall=time(10, 0))
    assert (again.id, stored(again).active, stored(again).at) == (first.id, True, time(10, 0))


def test_reminders_are_scheduled_changed_and_stopped_on_real_pages(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    event = an_event_to_reply_to(consultation)
    for language in ("en", "fr"):
        assert client.get(f"/c/fisheries/mail/reminders?lang={language}").status_code == 200
    new = f"/c/fisheries/mail/reminders/event/{event.id}/schedule"
    for language in ("en", "fr"):
        for wrong in ({"days_before": "soon"}, {"at": "25:00"}, {"kind": "other"}, {"at": "22:00"}, {"days_before": "99"}):
            answer = client.post(f"{new}?lang={language}", data={"kind": "reply_deadline", "days_before": "3", "at": "09:00", **wrong})
            assert answer.text.count('class="error"') == 1, wrong
    assert client.post(new, data={"kind": "reply_deadline", "days_before": "3", "at": "09:00"}).status_code == 302
    assert client.post(new, data={"kind": "day_before", "days_before": "1", "at": "08:00"}).status_code == 302
    listed = client.get("/c/fisheries/mail/reminders?lang=en").text
    assert "3 days before the last day to reply" in listed
    assert "One day before each sitting" in listed
    assert "One person" in listed
    schedule = db.session.scalars(select(ReminderSchedule).where(ReminderSchedule.days_before == 3)).one()
    page = f"/c/fisheries/mail/reminders/schedules/{schedule.id}"
    for language, words in (("en", "If it went today"), ("fr", "Ada Example")):
        assert words in client.get(f"{page}?lang={language}").text
    assert client.post(page, data={"days_before": "4", "at": "10:30"}).status_code == 302
    assert stored(schedule).days_before == 4
    client.post(f"{page}/stop")
    assert not stored(schedule).active
    client.post(f"{page}/start")
    assert stored(schedule).active
    other = a_consultation("forests")
    signed_in_as(client, a_member(other))
    for address in (page, new):
        moved = address.replace("fisheries", "forests")
        assert client.get(moved).status_code == client.post(moved, data={"days_before": "1", "at": "09:00"}).status_code == 404


def test_reminders_are_of_the_kind_that_leaves_by_itself(app):
    from engagement.kernel.ports import ports

    for purpose in ("event_reminder", "event_day_before", "questionnaire_reminder"):
        assert ports().composers[purpose].kind is Kind.REMINDER
