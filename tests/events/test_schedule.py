"""Scheduling: who may know of an event, what is refused, what other rooms are told."""

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from engagement.consultations.models import Clearance
from engagement.events.happenings import overview, subjects, timeline
from engagement.events.models import Event, Format, Sitting
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import (
    BadEventError,
    BadSittingError,
    SittingPlan,
    ask_to_come,
    edit_event,
    events_of,
    find_event,
    listed_events,
    record_attendance,
    remove_sitting,
    schedule_event,
    sittings_of,
)
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import Role
from tests.events.given import a_guest, a_person, an_event, in_weeks, particulars, the_sitting
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_a_restricted_event_is_known_to_whoever_scheduled_it_and_to_nobody_else(consultation):
    host, other = a_member(consultation), a_member(consultation, Role.STAFF)
    wanted = particulars("Survivors", restricted=True)
    event = schedule_event(consultation_id=consultation.id, particulars=wanted, actor=access_of(host, consultation).actor)
    assert "survivors" not in event.name
    assert find_event(access_of(host, consultation), event.name).title.en == "Survivors"
    assert events_of(access_of(other, consultation)) == []
    with pytest.raises(AbsentError):
        find_event(access_of(other, consultation), event.name)
    assert [subject.title.en for subject in subjects(access_of(host, consultation))] == ["Survivors"]
    assert list(subjects(access_of(other, consultation))) == []


def test_its_page_is_the_page_of_something_absent_for_others(client, consultation):
    event = an_event(consultation, "Survivors", restricted=True)
    signed_in_as(client, a_member(consultation))
    there, nowhere = client.get(f"/c/fisheries/events/{event.name}"), client.get("/c/fisheries/events/nothing")
    assert there.status_code == nowhere.status_code == 404
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    assert token.sub("", there.text.replace(event.name, "nothing")) == token.sub("", nowhere.text)
    assert "Survivors" not in client.get("/c/fisheries/events").text
    assert "Survivors" not in client.get("/c/fisheries/").text


def test_a_title_is_sealed_in_the_table(consultation):
    an_event(consultation, "Survivors", restricted=True)
    sealed = db.session.scalar(select(Event.title_en_sealed))
    assert b"Survivors" not in sealed


def test_an_event_that_becomes_restricted_loses_its_name_in_the_address_and_stays_so(consultation):
    host = access_of(a_member(consultation), consultation)
    event = an_event(consultation, "Table of survivors")
    edit_event(event_id=event.id, particulars=particulars("Table of survivors", restricted=True), actor=host.actor)
    db.session.rollback()
    assert "survivors" not in db.session.scalar(select(Event.name))
    assert db.session.scalar(select(Clearance.subject_id)) == event.id
    with pytest.raises(BadEventError):
        edit_event(event_id=event.id, particulars=particulars("Table"), actor=host.actor)


def test_a_note_taker_sees_their_one_event(consultation):
    event, _ = an_event(consultation, "Session 1"), an_event(consultation, "Session 2")
    taker = access_of(a_member(consultation, Role.NOTE_TAKER, event_id=event.id), consultation)
    assert [each.id for each in events_of(taker)] == [event.id]


@pytest.mark.parametrize(("hours", "seats"), [((15, 13), 10), ((13, 13), 10), ((13, 15), -1)])
def test_a_sitting_that_cannot_be_leaves_no_event_behind(consultation, hours, seats):
    plan = SittingPlan(starts_wall=in_weeks(3, hours[0]), ends_wall=in_weeks(3, hours[1]), seats_in_person=seats)
    with pytest.raises(BadSittingError):
        schedule_event(consultation_id=consultation.id, particulars=particulars(), sittings=[plan], actor=SYSTEM)
    assert db.session.scalar(select(Event.id)) is None


def test_an_online_event_has_no_chairs(consultation):
    plan = SittingPlan(starts_wall=in_weeks(3), ends_wall=in_weeks(3, 15), seats_in_person=5)
    with pytest.raises(BadSittingError):
        schedule_event(consultation_id=consultation.id, particulars=particulars(form=Format.ONLINE), sittings=[plan], actor=SYSTEM)


def test_a_format_keeps_the_seats_that_guests_hold(consultation):
    event = an_event(consultation)
    reply_to_event(invitation_id=a_guest(event, a_person(consultation)).id, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON), actor=SYSTEM)
    with pytest.raises(BadEventError):
        edit_event(event_id=event.id, particulars=particulars(form=Format.ONLINE), actor=SYSTEM)
    edit_event(event_id=event.id, particulars=particulars(form=Format.IN_PERSON), actor=SYSTEM)
    assert (the_sitting(event).seats_in_person, the_sitting(event).seats_online) == (40, 0)


def test_a_new_zone_moves_the_instants_and_not_the_wall(consultation):
    event = an_event(consultation)
    before = the_sitting(event).starts_at, the_sitting(event).starts_wall
    edit_event(event_id=event.id, particulars=particulars(zone="America/Regina"), actor=SYSTEM)
    after = the_sitting(event).starts_at, the_sitting(event).starts_wall
    assert (after[0] - before[0]).total_seconds() == 3600
    assert after[1] == before[1]


def test_a_sitting_that_guests_were_told_of_is_not_removed(consultation):
    event = an_event(consultation)
    ask_to_come(event_id=event.id, person_id=a_person(consultation).id, actor=SYSTEM)
    with pytest.raises(BadSittingError):
        remove_sitting(sitting_id=the_sitting(event).id, actor=SYSTEM)
    assert db.session.scalar(select(Sitting.id)) is not None


def test_a_sitting_that_somebody_replied_to_or_came_to_is_not_removed(consultation):
    replied, came, untouched = (an_event(consultation, title) for title in ("Replied", "Came", "Untouched"))
    reply_to_event(
        invitation_id=a_guest(replied, a_person(consultation)).id, answers={the_sitting(replied).id: Answer(Choice.DECLINED)}, actor=SYSTEM
    )
    record_attendance(
        event_id=came.id, sitting_id=the_sitting(came).id, person_ids=[a_person(consultation).id], mode=Mode.ONLINE, actor=SYSTEM
    )
    for event in (replied, came):
        with pytest.raises(BadSittingError):
            remove_sitting(sitting_id=the_sitting(event).id, actor=SYSTEM)
    remove_sitting(sitting_id=the_sitting(untouched).id, actor=SYSTEM)
    assert sittings_of(untouched.id) == []


def test_the_public_list_leaves_out_the_restricted_the_unlisted_and_the_stale(consultation):
    shown = an_event(consultation, "Session 1")
    an_event(consultation, "Survivors", restricted=True)
    for texts in ({"about": Text("English only", "")}, {}):
        wanted = particulars("Other")
        wanted = replace(wanted, listed=bool(texts), texts={**wanted.texts, **texts})
        schedule_event(consultation_id=consultation.id, particulars=wanted, actor=SYSTEM)
    assert [event.id for event in listed_events(consultation.id)] == [shown.id]


def test_a_persons_history_leaves_out_what_the_reader_may_not_know(app, consultation):
    open_one, closed = an_event(consultation, "Session 1"), an_event(consultation, "Survivors", restricted=True)
    person = a_person(consultation)
    for event in (open_one, closed):
        reply_to_event(invitation_id=a_guest(event, person).id, answers=Answer(Choice.ACCEPTED, Mode.ONLINE), actor=SYSTEM)
        record_attendance(event_id=event.id, sitting_id=the_sitting(event).id, person_ids=[person.id], mode=Mode.ONLINE, actor=SYSTEM)
    with app.test_request_context():
        told = [entry.what.en for entry in timeline(person.id, access_of(a_member(consultation), consultation))]
    assert sorted(told) == [
        "Invited to Session 1",
        "Session 1: Coming (Web page)",
        "Session 1: Seat taken, Online",
        "Was at Session 1 (Online)",
    ]


def test_the_overview_says_when_a_seat_that_somebody_waits_for_is_free(app, consultation):
    event = an_event(consultation, in_person=1)
    first, second = (a_guest(event, a_person(consultation)).id for _ in range(2))
    for guest in (first, second):
        reply_to_event(invitation_id=guest, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True), actor=SYSTEM)
    access = access_of(a_member(consultation), consultation)
    with app.test_request_context():
        assert not any(line.waiting for line in overview(access))
        reply_to_event(invitation_id=first, answers=Answer(Choice.DECLINED), actor=SYSTEM)
        assert any(line.waiting for line in overview(access))


def test_the_command_lists_events_and_names_no_restricted_one(app, consultation):
    an_event(consultation, "Session 1", in_person=5)
    an_event(consultation, "Survivors", restricted=True, days=0)
    run = app.test_cli_runner()
    shown = run.invoke(args=["events", "list", "fisheries"]).output
    assert "0 of 205 seats taken" in shown
    assert "Survivors" not in shown
    printed = json.loads(run.invoke(args=["events", "list", "fisheries", "--json"]).output)
    assert printed["consultation"] == "fisheries"
    first, second = printed["events"]
    assert first["title"] == {"en": "Session 1", "fr": "Session 1, en français"}
    assert first["sittings"][0]["seats"]["in_person"] == {"seats": 5, "taken": 0, "waiting": 0}
    assert (second["title"], second["restricted"], second["sittings"]) == (None, True, [])


def test_the_command_refuses_an_unknown_consultation_in_one_line(app):
    result = app.test_cli_runner().invoke(args=["events", "list", "nothing"])
    assert (result.exit_code, result.stderr) == (2, "There is no consultation nothing.\n")


def test_somebody_of_another_consultation_cannot_be_recorded_as_present(consultation):
    event, stranger = an_event(consultation), a_person(a_consultation("other"))
    with pytest.raises(AbsentError):
        record_attendance(event_id=event.id, person_ids=[stranger.id], mode=Mode.ONLINE, actor=SYSTEM)
    with pytest.raises(AbsentError):
        ask_to_come(event_id=event.id, person_id=stranger.id, actor=SYSTEM)
    assert sittings_of(event.id)
