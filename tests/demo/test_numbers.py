"""The published numbers of the 2018 consultation, exactly, and rows that agree with each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from engagement.accounts.service import find_user
from engagement.consultations.access import access_in
from engagement.consultations.models import Status
from engagement.consultations.service import find_consultation
from engagement.demo.said import CHALLENGES, SOLUTIONS
from engagement.events.models import Attendance, CalendarEntry, Event, Seat, SeatState, Sitting
from engagement.events.service import events_of, listed_events
from engagement.findings.models import Coding, Submission
from engagement.findings.reading import prompts_of, table_of
from engagement.invitations.models import Choice, Invitation, PersonalLink, Reply
from engagement.invitations.service import standing_by_sitting
from engagement.kernel.db import db
from engagement.kernel.policy import Permission
from engagement.mailing.models import Message, MessageEvent, State
from engagement.questionnaires.completeness import progress
from engagement.questionnaires.definition import definition_of
from engagement.questionnaires.models import Response, ResponseState
from engagement.questionnaires.service import answers_of
from engagement.referrals.models import Referral
from engagement.roster.models import Batch, BatchMember, IdentifiedThrough, Person
from engagement.roster.vocabulary import REGIONS, SECTORS
from tests.demo.conftest import run

pytestmark = pytest.mark.slow

SLUG = "way-forward-2018"


def access(what):
    return access_in(find_consultation(SLUG), find_user(f"{what}@example.org").id)


def of_2018(*columns):
    return select(*columns).where(Invitation.consultation_id == find_consultation(SLUG).id)


def test_42_of_450_answered_36_of_them_in_full_and_6_in_part(demo):
    code, said = run(demo, "track", "rates", SLUG, "--json")
    found = json.loads(said)
    assert code == 0
    figures = {name: found[name] for name in ("distributed", "responded", "complete", "partial")}
    assert figures == {"distributed": 450, "responded": 42, "complete": 36, "partial": 6}
    assert found["named"] + found["partner_reported"] == 450
    assert {row["key"] for row in found["by"]["wave"]} == {"0", "1", "2", "3", "unknown"}
    for rows in found["by"].values():
        assert sum(row["distributed"] for row in rows) == 450
        assert sum(row["responded"] for row in rows) == 42


def test_six_events_of_which_four_are_listed_and_one_is_restricted(demo):
    consultation = find_consultation(SLUG)
    assert consultation.status is Status.ANALYSING
    assert len(events_of(access("organizer"))) == 6
    assert len(events_of(access("staff"))) == 5
    listed = listed_events(consultation.id)
    assert [event.name for event in listed] == ["vancouver", "winnipeg", "montreal", "summit"]
    days = list(
        db.session.scalars(select(Sitting.starts_wall).where(Sitting.event_id.in_([e.id for e in listed])).order_by(Sitting.starts_wall))
    )
    assert [(day.month, day.day) for day in days] == [(9, 6), (9, 10), (9, 13), (9, 27), (9, 28)]


def test_more_than_200_different_people_came_and_some_of_them_twice(demo):
    rows = db.session.execute(select(Attendance.person_id, func.count(Attendance.event_id.distinct())).group_by(Attendance.person_id)).all()
    assert len(rows) > 200
    assert 10 < sum(events > 1 for _, events in rows) < 60


def test_every_sector_and_region_is_on_the_roster_and_survivors_are_no_sector(demo):
    consultation = find_consultation(SLUG)
    people = list(db.session.scalars(select(Person).where(Person.consultation_id == consultation.id)))
    assert {person.sector for person in people} - {None} == set(SECTORS)
    assert {person.region for person in people} - {None} == set(REGIONS)
    sheltered = [person for person in people if not person.open_to_team]
    assert len(sheltered) == 24
    assert {(person.sector, person.region, person.email) for person in sheltered} == {(None, None, None)}
    first = {
        IdentifiedThrough.PAST_CONSULTATION,
        IdentifiedThrough.EARLIER_ENGAGEMENT,
        IdentifiedThrough.MEDIA,
        IdentifiedThrough.WEB_SEARCH,
    }
    assert first <= {person.identified_through for person in people}


def test_staff_who_are_not_cleared_do_not_find_a_survivor(demo):
    from engagement.roster.filters import Filter, list_people

    assert list_people(access("staff"), Filter(search="participant")).total == 0
    assert list_people(access("organizer"), Filter(search="participant")).total == 24


def test_each_later_wave_came_through_the_one_before(demo):
    of = {row.id: row for row in db.session.scalars(of_2018(Invitation).where(Invitation.questionnaire_id.is_not(None)))}
    wave = {row.person_id: row.wave for row in of.values()}
    referrals = list(db.session.scalars(select(Referral).where(Referral.consultation_id == find_consultation(SLUG).id)))
    assert {row.person_id for row in referrals} >= {person for person, step in wave.items() if step > 0}
    for row in referrals:
        if row.from_invitation_id is not None:
            assert wave[row.person_id] == of[row.from_invitation_id].wave + 1
            assert of[row.from_invitation_id].distributed_at < row.created_at
        elif row.partner_id is not None:
            assert wave[row.person_id] == 1
        else:
            assert wave[row.person_id] == 0


def test_answers_came_from_6_september_to_1_november_2018_and_are_what_their_state_says(demo):
    responses = list(db.session.scalars(select(Response)))
    submitted = [row.submitted_at for row in responses if row.submitted_at]
    assert len(submitted) == 42
    assert datetime(2018, 9, 6, 4, tzinfo=UTC) < min(submitted) < datetime(2018, 9, 7, 4, tzinfo=UTC)
    assert datetime(2018, 11, 1, 4, tzinfo=UTC) < max(submitted) < datetime(2018, 11, 2, 4, tzinfo=UTC)
    definition = definition_of(responses[0].questionnaire_id)
    for row in responses:
        done = progress(definition, answers_of(row.id))
        assert (row.state is ResponseState.SUBMITTED) <= done.complete
        assert (row.state is ResponseState.SUBMITTED_IN_PART) <= (done.sufficient and not done.complete)
        assert row.started_at >= db.session.get(Invitation, row.invitation_id).distributed_at
    came = set(db.session.scalars(select(Attendance.person_id)))
    answered = db.session.scalars(
        select(Invitation.person_id).join(Response, Response.invitation_id == Invitation.id).where(Response.submitted_at.is_not(None))
    )
    assert 0 < len(came & set(answered)) <= 8


@pytest.mark.parametrize(("place", "asked"), [(0, CHALLENGES), (1, SOLUTIONS)])
def test_theme_percentages_round_to_exactly_the_published_ones(demo, place, asked):
    reader = access("analyst")
    table = table_of(reader, prompts_of(reader, Permission.VIEW_FIGURES)[place])
    assert table.submissions == asked.submissions == (288, 245)[place]
    shown = {line.code.text("name"): line.figure.percent for line in table.themes}
    assert shown == {theme.name: theme.percent for theme in asked.themes}
    assert [line.code.text("name").en for line in table.pillars] == ["Prevention", "Protection", "Prosecution", "Partnerships"]


def test_every_submission_has_a_theme_and_many_have_several(demo):
    per = (
        db.session.execute(
            select(func.count(Coding.id))
            .select_from(Submission)
            .outerjoin(Coding, Coding.submission_id == Submission.id)
            .group_by(Submission.id)
        )
        .scalars()
        .all()
    )
    assert len(per) == 533
    assert min(per) == 1
    assert sum(count > 1 for count in per) >= 30


def test_seats_taken_are_the_seats_held_and_the_replies_that_accepted(demo):
    for sitting in db.session.scalars(select(Sitting)):
        held = list(db.session.scalars(select(Seat).where(Seat.sitting_id == sitting.id)))
        assert sitting.taken_in_person + sitting.taken_online == len([seat for seat in held if seat.state is SeatState.TAKEN])
        accepted = db.session.scalars(select(Reply.invitation_id).where(Reply.sitting_id == sitting.id, Reply.choice == Choice.ACCEPTED))
        assert {seat.invitation_id for seat in held} == set(accepted)


def test_what_stands_on_an_invitation_is_what_its_ledger_says(demo):
    for invitation in db.session.scalars(select(Invitation).where(Invitation.event_id.is_not(None))):
        replies = list(db.session.scalars(select(Reply).where(Reply.invitation_id == invitation.id)))
        standing = standing_by_sitting(replies, invitation)
        assert (invitation.choice is None) == (not standing)
        assert {reply.choice for reply in standing.values()} <= {invitation.choice}
        entries = db.session.scalars(select(CalendarEntry.partstat).where(CalendarEntry.invitation_id == invitation.id))
        assert set(entries) <= {invitation.choice}


def test_no_mail_waits_to_be_sent_and_each_one_has_its_history(demo):
    assert db.session.scalar(select(func.count()).select_from(Message).where(Message.state != State.SENT)) == 0
    last = select(MessageEvent.message_id).where(MessageEvent.state == State.SENT)
    assert db.session.scalar(select(func.count()).select_from(Message).where(Message.id.not_in(last))) == 0
    links = db.session.scalar(select(func.count()).select_from(PersonalLink))
    assert links == db.session.scalar(select(func.count()).select_from(Message))
    without = select(Invitation.id).where(Invitation.bounced_at.is_not(None), Invitation.distributed_at.is_(None))
    assert list(db.session.scalars(without)) == []


def test_nobody_in_a_restricted_batch_is_in_the_restricted_name_of_an_open_one(demo):
    restricted = select(BatchMember.person_id).join(Batch, Batch.id == BatchMember.batch_id).where(Batch.restricted)
    assert db.session.scalar(select(func.count()).select_from(Message).where(Message.person_id.in_(restricted))) == 0
    event = db.session.scalar(select(Event).where(Event.restricted))
    assert "survivor" not in event.name
