"""Planning an approved mailing: in short steps, once, to its end, not before its time, past whoever cannot be planned."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engagement.events.models import CalendarEntry
from engagement.events.posting import ask_many_to_come
from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Choice, Invitation, Mode
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.mailing.models import Message, MessageEvent, State, Suppression
from engagement.mailing.worker import send_due
from engagement.outreach import planning
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.planning import HOLD, MOST_AT_ONCE, Pace, plan_rest, plan_what_is_owed
from engagement.outreach.service import QUESTIONNAIRE, Offer, approve, draft_mailing
from engagement.questionnaires.service import NotWholeError, ask_many_to_answer
from engagement.roster.models import Person
from tests.events.given import an_event
from tests.kernel.test_turns import environment_of
from tests.mailing.given import a_person
from tests.mailing.test_two_workers import at_once
from tests.outreach.given import a_draft
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation, a_member

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def consultation(app):
    return a_consultation()


def people_of(consultation, number):
    return [a_person(consultation, f"p{each}@example.org", given_name=f"P{each}") for each in range(number)]


def an_approved(consultation, people, event=None):
    event = event or an_event(consultation)
    mailing = a_draft(event, people, a_member(consultation, email=f"{event.name}@example.org"))
    approve(mailing_id=mailing.id, actor=SYSTEM)
    return mailing


def count(table, *conditions):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def planned_of(mailing):
    db.session.rollback()
    return db.session.scalar(select(Mailing.planned).where(Mailing.id == mailing.id))


def changed(mailing, **values):
    with writing() as session:
        row = session.get_one(Mailing, mailing.id)
        for name, value in values.items():
            setattr(row, name, value)


KILLED = """
import os, sys
from uuid import UUID
from app import app
from engagement.outreach import planning
with app.app_context():
    whole, steps = planning._plan_some, []
    def dies_after_the_second(*given):
        if len(steps) == 2:
            os.kill(os.getpid(), 9)
        steps.append(whole(*given))
        return steps[-1]
    planning._plan_some = dies_after_the_second
    planning.plan_rest(UUID(sys.argv[1]))
"""


@pytest.mark.slow
def test_planning_that_is_killed_between_two_steps_goes_on_where_it_stood(app, consultation, data_folder):
    mailing = an_approved(consultation, people_of(consultation, 80))
    command = [sys.executable, "-c", KILLED, str(mailing.id)]
    ended = subprocess.run(command, env=environment_of(app, data_folder), cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    stood = planned_of(mailing)
    assert 0 < stood < 80
    assert count(Message) == count(Invitation) == stood
    plan_what_is_owed()
    assert planned_of(mailing) == count(Message) == count(Invitation) == count(CalendarEntry) == 80
    assert count(MessageEvent, MessageEvent.state == State.PLANNED) == 80
    assert plan_rest(mailing.id) == 0


def test_two_workers_plan_one_mailing_once(app, consultation):
    mailing = an_approved(consultation, people_of(consultation, 120))
    gone = at_once(app, 3, lambda: plan_rest(mailing.id))
    assert sum(gone) == planned_of(mailing) == count(Message) == count(Invitation) == 120
    assert count(Message.__table__.select().with_only_columns(Message.dedup_key).distinct().subquery()) == 120


def test_two_mailings_to_the_same_people_ask_each_of_them_once(app, consultation):
    event, people = an_event(consultation), people_of(consultation, 60)
    first, second = an_approved(consultation, people, event), a_draft(event, people[::-1], a_member(consultation, email="b@example.org"))
    approve(mailing_id=second.id, actor=SYSTEM)
    ids = iter([first.id, second.id])
    at_once(app, 2, lambda: plan_rest(next(ids)))
    assert planned_of(first) == planned_of(second) == 60
    assert count(Message) == count(Invitation) == 60


def test_a_mailing_is_not_planned_before_its_time(consultation):
    mailing = an_approved(consultation, people_of(consultation, 3))
    changed(mailing, send_at=now() + timedelta(hours=1))
    plan_what_is_owed()
    assert plan_rest(mailing.id) == 0
    assert count(Message) == 0
    changed(mailing, send_at=now() - timedelta(seconds=1))
    plan_what_is_owed()
    assert count(Message) == planned_of(mailing) == 3


@pytest.mark.parametrize("state", [MailingState.PAUSED, MailingState.STOPPED])
def test_a_mailing_that_is_paused_or_stopped_stops_between_two_steps(consultation, monkeypatch, state):
    mailing = an_approved(consultation, people_of(consultation, 40))
    whole = planning._plan_some

    def then_somebody_stops_it(*given):
        gone = whole(*given)
        changed(mailing, state=state)
        return gone

    monkeypatch.setattr(planning, "_plan_some", then_somebody_stops_it)
    assert plan_rest(mailing.id) == planning.AT_ONCE
    monkeypatch.undo()
    plan_what_is_owed()
    assert planned_of(mailing) == count(Message) == planning.AT_ONCE
    changed(mailing, state=MailingState.APPROVED)
    plan_what_is_owed()
    assert planned_of(mailing) == count(Message) == 40


def test_each_step_looks_again_at_who_may_be_written_to(consultation):
    people = people_of(consultation, 30)
    mailing = an_approved(consultation, people)
    planning._plan_some(mailing.id, 10)
    order = db.session.get_one(Mailing, mailing.id).people
    with writing() as session:
        session.get_one(Person, people[0].id if str(people[0].id) not in order[:10] else people[-1].id).do_not_contact = True
        bounced = next(each for each in people[1:-1] if str(each.id) in order[20:])
        session.add(Suppression(address_index=address_index(bounced.email), reason="bounced", at=now()))
    plan_rest(mailing.id)
    assert planned_of(mailing) == 30
    assert count(Message) == 28
    assert count(Message, Message.person_id == bounced.id) == 0


def test_a_person_who_replied_meanwhile_gets_nothing(consultation, post):
    people = people_of(consultation, 3)
    mailing = an_approved(consultation, people)
    plan_rest(mailing.id)
    invitation_id = db.session.scalar(select(Invitation.id).where(Invitation.person_id == people[1].id))
    reply_to_event(invitation_id=invitation_id, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON), actor=SYSTEM)
    send_due()
    about = [str(mail["To"]) for mail in post.mails() if str(mail["Subject"]).startswith("Invitation")]
    assert len(about) == 2
    assert not any("p1@example.org" in each for each in about)
    assert count(Message, Message.purpose == "event_invitation", Message.state == State.CANCELLED) == 1


def test_somebody_who_cannot_be_planned_is_passed_over_and_written_down_and_holds_up_nobody(consultation, monkeypatch):
    people = people_of(consultation, 25)
    mailing, broken = an_approved(consultation, people), people[7].id
    invite = planning.PLANNERS["event_invitation"]

    def one_breaks(found, some, turn, actor):
        if broken in {each.id for each in some}:
            raise ValueError(broken)
        invite(found, some, turn, actor)

    monkeypatch.setitem(planning.PLANNERS, "event_invitation", one_breaks)
    plan_what_is_owed()
    assert planned_of(mailing) == 25
    assert count(Message) == count(Invitation) == 24
    passed = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "could_not_plan")).one()
    assert (passed.subject_table, passed.subject_id, passed.consultation_id) == ("person", broken, consultation.id)


def test_somebody_who_was_erased_meanwhile_is_passed_over(consultation):
    people = people_of(consultation, 5)
    mailing = an_approved(consultation, people)
    with writing() as session:
        session.delete(session.get_one(Person, people[2].id))
    plan_rest(mailing.id)
    assert planned_of(mailing) == 5
    assert count(Message) == 4


def test_trouble_with_the_database_passes_over_nobody(consultation, monkeypatch):
    from sqlalchemy.exc import OperationalError

    mailing = an_approved(consultation, people_of(consultation, 5))

    def full(*_):
        raise OperationalError("INSERT", {}, OSError("disk is full"))

    monkeypatch.setitem(planning.PLANNERS, "event_invitation", full)
    with pytest.raises(OperationalError):
        plan_rest(mailing.id)
    plan_what_is_owed()
    assert planned_of(mailing) == count(Message) == 0


def test_a_questionnaire_that_was_spoilt_stands_still_and_goes_on_when_it_is_mended(consultation):
    asked, people = a_questionnaire(consultation), people_of(consultation, 12)
    offer = Offer(QUESTIONNAIRE, asked.id, asked.text("title"))
    ids = [each.id for each in people]
    mailing = draft_mailing(consultation_id=consultation.id, offer=offer, people=ids, chosen_by={}, actor=SYSTEM)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    title = asked.text("title")
    with writing() as session:
        session.merge(asked).set_text("title", Text("New in English", title.fr))
    with pytest.raises(NotWholeError):
        plan_rest(mailing.id)
    assert planned_of(mailing) == count(Message) == 0
    with writing() as session:
        session.merge(asked).set_text("title", Text("New in English", title.fr), confirmed=True)
    plan_what_is_owed()
    assert planned_of(mailing) == count(Message) == count(Invitation) == 12


def test_a_later_round_says_it_once_more_and_only_once(consultation):
    event, asked, people = an_event(consultation, days=2), a_questionnaire(consultation), people_of(consultation, 3)
    for round_number in (1, 2, 2, 3):
        with writing() as session:
            some = [session.get_one(Person, each.id) for each in people[: 4 - round_number]]
            ask_many_to_come(event_id=event.id, people=some, round_number=round_number, actor=SYSTEM)
            ask_many_to_answer(questionnaire_id=asked.id, people=some, round_number=round_number, actor=SYSTEM)
    assert count(Invitation) == 6
    assert count(CalendarEntry) == 6
    assert [count(Message, Message.person_id == each.id) for each in people] == [9, 6, 3]


def test_what_asks_nobody_to_anything_is_planned_once_for_each_person(consultation):
    people = people_of(consultation, 3)
    with writing() as session:
        mailing = Mailing(
            consultation_id=consultation.id, purpose="announcement", people=[str(each.id) for each in people], planned=0,
            created_at=now(), state=MailingState.APPROVED, approved_at=now(),
        )  # fmt: skip
        session.add(mailing)
    for _ in range(2):
        plan_rest(mailing.id)
        changed(mailing, planned=0)
    db.session.rollback()
    found = db.session.scalars(select(Message)).all()
    assert {(each.purpose, each.mailing_id, each.invitation_id) for each in found} == {("announcement", mailing.id, None)}
    assert sorted(str(each.person_id) for each in found) == sorted(str(each.id) for each in people)


def test_the_yes_and_each_step_stand_in_the_audit_with_who_gave_it(consultation):
    event, organizer = an_event(consultation), a_member(consultation, email="who@example.org")
    mailing = a_draft(event, people_of(consultation, 3), organizer)
    approve(mailing_id=mailing.id, actor=planning.staff(organizer.id))
    plan_rest(mailing.id)
    db.session.rollback()
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.actor_id == organizer.id)).all()
    verbs = sorted(row.verb for row in rows if row.verb in {"approve_mailing", "plan_messages", "invite"})
    assert verbs == ["approve_mailing", "invite", "invite", "invite", "plan_messages"]
    assert {row.subject_id for row in rows if row.verb == "plan_messages"} == {mailing.id}


def test_a_step_that_held_the_lock_too_long_is_followed_by_a_shorter_one_and_steps_grow_slowly():
    pace = Pace(100)
    pace.after(100, HOLD * 4)
    assert pace.size == 25
    pace.after(25, HOLD / 100)
    assert pace.size == 38
    for _ in range(20):
        pace.after(pace.size, HOLD / 1000)
    assert pace.size == MOST_AT_ONCE
    pace.after(1, HOLD * 1000)
    assert pace.size == 1


def test_the_page_gives_up_after_its_time_and_the_worker_goes_on(consultation):
    mailing = an_approved(consultation, people_of(consultation, 30))
    assert plan_rest(mailing.id, at_most=0) == 0
    assert plan_rest(mailing.id, at_most=1e-9) in {0, planning.AT_ONCE}
    plan_what_is_owed()
    assert planned_of(mailing) == 30
