"""Two hundred clients after forty seats, at the same moment: a seat is never promised twice.

The control beside it shows that the test can fail: without the guard, the same crowd oversells.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from engagement.events.models import Event, Format, Kind, Seat, SeatState, Sitting
from engagement.events.replies import Answer, reply_to_event
from engagement.events.seats import waiting_line
from engagement.events.service import EventParticulars, schedule_event
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from tests.events.given import an_event, some_guests, the_sitting
from tests.support.given import a_consultation

CLIENTS, SEATS = 200, 40


def all_at_once(app, guests, act):
    """Let every guest act in a thread, with a connection of its own, once all of them are ready."""
    barrier = threading.Barrier(len(guests), timeout=60)

    def client(guest):
        with app.app_context():
            barrier.wait()
            try:
                return act(guest)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(guests)) as crowd:
        return list(crowd.map(client, guests))


@pytest.fixture
def crowd(app):
    consultation = a_consultation()
    event = an_event(consultation, in_person=SEATS, online=0)
    with writing():
        guests = some_guests(consultation, event, CLIENTS)
    return event, guests


def come_or_wait(guest):
    (outcome,) = reply_to_event(invitation_id=guest, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True), actor=by_link(guest))
    return outcome.seat


@pytest.mark.slow
def test_two_hundred_clients_after_forty_seats_get_forty_seats(app, crowd):
    event, guests = crowd
    outcomes = all_at_once(app, guests, come_or_wait)
    db.session.rollback()
    sitting = the_sitting(event)
    assert outcomes.count(SeatState.TAKEN) == SEATS
    assert outcomes.count(SeatState.WAITING) == CLIENTS - SEATS
    assert (sitting.taken_in_person, sitting.taken_online) == (SEATS, 0)
    held = select(func.count()).select_from(Seat).where(Seat.state == SeatState.TAKEN)
    assert db.session.scalar(held) == SEATS
    line = waiting_line(db.session(), sitting.id, Mode.IN_PERSON)
    assert len(line) == CLIENTS - SEATS
    assert [seat.since for seat in line] == sorted(seat.since for seat in line)
    assert {seat.invitation_id for seat in line} == {guest for guest, seat in zip(guests, outcomes, strict=True) if seat == "waiting"}


def naive(sitting_id):
    """Return how a seat is promised without the guard: look, then promise, in two transactions."""
    looked = threading.Barrier(CLIENTS, timeout=60)

    def come(guest):
        taken = db.session.scalar(select(func.count()).select_from(Seat).where(Seat.sitting_id == sitting_id))
        free = taken < db.session.scalar(select(Sitting.seats_in_person).where(Sitting.id == sitting_id))
        db.session.rollback()
        looked.wait()
        if free:
            with writing() as session:
                session.add(Seat(sitting_id=sitting_id, invitation_id=guest, mode=Mode.IN_PERSON, state=SeatState.TAKEN, since=now()))
        return free

    return come


@pytest.mark.slow
def test_without_the_guard_the_same_crowd_oversells(app, crowd):
    event, guests = crowd
    all_at_once(app, guests, naive(the_sitting(event).id))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Seat)) > SEATS


def test_the_table_itself_refuses_a_seat_too_many(app):
    from sqlalchemy.exc import IntegrityError

    event = an_event(a_consultation(), in_person=1)
    with pytest.raises(IntegrityError), writing() as session:
        session.execute(text("UPDATE sitting SET taken_in_person = 2"))
    db.session.rollback()
    assert the_sitting(event).taken_in_person == 0


def test_events_of_one_title_that_are_made_at_once_have_an_address_each(app):
    of = a_consultation().id
    db.session.commit()
    title = {"title": Text("Roundtable", "Table ronde")}
    made = EventParticulars(kind=Kind.ROUNDTABLE, format=Format.ONLINE, zone="America/Toronto", texts=title)
    all_at_once(app, range(4), lambda _: schedule_event(consultation_id=of, particulars=made, actor=SYSTEM).id)
    db.session.rollback()
    assert sorted(db.session.scalars(select(Event.name))) == ["roundtable", "roundtable-2", "roundtable-3", "roundtable-4"]
