"""What is owed and was not planned yet waits for the team after a restore, a long absence, and a pause that nobody worked through."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from engagement.consultations.models import Status
from engagement.events.models import Telling
from engagement.events.replies import Answer
from engagement.events.tellings import tell_change
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.models import Hold, Message, State
from engagement.mailing.worker import send_due
from engagement.outreach.models import Mailing, MailingState, ReminderKind
from engagement.outreach.planning import AT_ONCE, _plan_some
from engagement.outreach.reminding import thing_about
from engagement.outreach.schedules import schedule_reminder
from engagement.outreach.service import approve, schedule
from engagement.outreach.steering import pause, resume, stop
from tests.events.given import an_event, the_sitting
from tests.events.telling_given import asked, moved, replied
from tests.mailing.given import a_person
from tests.mailing.test_guard import put_back
from tests.outreach.given import a_draft, a_team, never_quiet, stored
from tests.outreach.test_backlog import with_status

pytestmark = pytest.mark.slow


@pytest.fixture
def team(app, client):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    return consultation, organizer


def a_mailing(team, number=3, hours=0):
    """Approve a mailing that no worker has seen yet; ``hours``: it goes so much later."""
    consultation, organizer = team
    people = [a_person(consultation, f"p{each}-of-{number}@example.org", given_name=f"P{each}") for each in range(number)]
    mailing = a_draft(an_event(consultation), people, organizer)
    if hours:
        wall = on_the_wall(now() + timedelta(hours=hours), consultation.zone)
        at = wall.time().replace(second=0, microsecond=0)
        schedule(mailing_id=mailing.id, day=wall.date(), at=at, zone=consultation.zone, actor=staff(organizer.id))
    approve(mailing_id=mailing.id, actor=staff(organizer.id))
    return mailing


def stands(mailing):
    row = stored(mailing)
    return row.state, row.paused_because


@pytest.mark.parametrize("hours", [0, 3])
def test_a_mailing_that_was_approved_before_a_restore_waits_until_the_team_resumes_it(team, client, post, hours):
    send_due()
    mailing = a_mailing(team, hours=hours)
    put_back()
    with time_machine.travel(now() + timedelta(hours=hours + 1)):
        assert send_due()["sent"] == 0
        assert send_due()["sent"] == 0
        assert stands(mailing) == (MailingState.PAUSED, Hold.RESTORED)
        page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text
        assert "put back to an older state" in page
        assert "ramenée à un état antérieur" in client.get(f"/c/fisheries/mail/mailings/{mailing.id}?lang=fr").text
        assert "Envois qui attendent votre examen" in client.get("/c/fisheries/").text
        resume(mailing_id=mailing.id, actor=SYSTEM)
        assert send_due()["sent"] == 3
    assert stands(mailing) == (MailingState.APPROVED, None)


def test_of_a_half_planned_mailing_the_restore_holds_both_halves(team, post):
    send_due()
    mailing = a_mailing(team, AT_ONCE + 2)
    _plan_some(mailing.id)
    put_back()
    assert send_due()["sent"] == 0
    assert stored(mailing).planned == AT_ONCE
    assert set(db.session.scalars(select(Message.held_because))) == {Hold.RESTORED}


def test_a_reminder_of_today_is_left_to_the_team_after_a_restore(team, post):
    consultation, _ = team
    event = an_event(consultation)
    asked(event, a_person(consultation))
    assert send_due()["sent"] == 1
    with writing() as session:
        event.reply_by = (on_the_wall(now(), consultation.zone) + timedelta(days=2)).date()
        session.add(event)
    at = (on_the_wall(now(), consultation.zone) - timedelta(minutes=2)).time().replace(second=0, microsecond=0)
    reminder = schedule_reminder(thing=thing_about(event.id, None), kind=ReminderKind.REPLY_DEADLINE, days_before=2, at=at, actor=SYSTEM)
    put_back()
    assert send_due()["sent"] == 0
    assert db.session.scalars(select(Mailing)).all() == []
    assert db.session.get(type(reminder), reminder.id, populate_existing=True).made_for is not None


def test_a_telling_that_was_begun_before_a_restore_is_planned_and_held(team, post):
    consultation, _ = team
    event = an_event(consultation)
    invitation = asked(event, a_person(consultation))
    send_due()
    replied(invitation, Answer(Choice.ACCEPTED, Mode.IN_PERSON))
    send_due()
    moved(the_sitting(event), 15)
    tell_change(event_id=event.id, actor=SYSTEM)
    with writing() as session:
        session.execute(update(Telling).values(finished_at=None))
        session.query(Message).where(Message.purpose == "event_change").delete()
    put_back()
    assert send_due()["sent"] == 0
    (message,) = db.session.scalars(select(Message).where(Message.purpose == "event_change"))
    assert message.held_because is Hold.RESTORED


def test_a_worker_that_is_stopped_while_it_holds_what_is_owed_leaves_the_order_standing(team, post):
    send_due()
    mailing = a_mailing(team)
    put_back()

    def is_stopped():
        raise KeyboardInterrupt

    ports().restored.insert(0, is_stopped)
    try:
        with pytest.raises(KeyboardInterrupt):
            send_due()
    finally:
        ports().restored.remove(is_stopped)
    assert send_due()["sent"] == 0
    assert stands(mailing) == (MailingState.PAUSED, Hold.RESTORED)


def test_a_mailing_whose_time_came_while_nobody_was_there_for_long_waits_for_the_team(team, post):
    send_due()
    late, in_time = a_mailing(team, hours=3), a_mailing(team, number=2, hours=24 * 12)
    with time_machine.travel(now() + timedelta(days=12, hours=1)):
        assert send_due()["sent"] == 2
        assert stands(late) == (MailingState.PAUSED, Hold.TOO_OLD)
        assert stands(in_time) == (MailingState.APPROVED, None)


def paused_until_resumed(consultation, hours):
    """Pause a consultation, and end the pause so many hours later without a worker in between."""
    with_status(consultation, Status.PAUSED)
    with time_machine.travel(now() + timedelta(hours=hours)):
        with_status(consultation, Status.OPEN)


def test_a_mailing_whose_time_came_during_a_pause_that_no_worker_saw_is_looked_at_too(team, post):
    consultation, _ = team
    during, after = a_mailing(team, hours=3), a_mailing(team, number=2, hours=8)
    paused_until_resumed(consultation, hours=5)
    assert stands(during) == (MailingState.PAUSED, Hold.RESUMED)
    with time_machine.travel(now() + timedelta(hours=9)):
        assert send_due()["sent"] == 2
    assert stands(after) == (MailingState.APPROVED, None)


def test_what_the_team_paused_itself_gives_no_other_reason(team, client):
    mailing = a_mailing(team)
    pause(mailing_id=mailing.id, actor=SYSTEM)
    put_back()
    send_due()
    assert stands(mailing) == (MailingState.PAUSED, None)
    stop(mailing_id=mailing.id, actor=SYSTEM)
    assert stands(mailing) == (MailingState.STOPPED, None)
    assert db.session.scalars(select(Message).where(Message.state != State.CANCELLED)).all() == []
