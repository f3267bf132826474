"""Seats: who gets one, who waits, and why no seat is ever promised twice.

The rule is a pure function, ``next_step``. The promise is one conditional statement: a seat is
taken by ``UPDATE sitting SET taken = taken + 1 WHERE taken < seats``, which reads and writes in
one go on every database, so that of two guests after one seat exactly one row is changed. A
CHECK on the table is the last line of defence. Whoever waits comes first: seats that are free
while others wait for them are not open to newcomers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, bindparam, func, select, tuple_, update
from sqlalchemy.orm import aliased

from engagement.events.models import Format, Seat, SeatState, Sitting
from engagement.invitations.models import Choice, Mode
from engagement.kernel.db import db

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import CursorResult, Row, ScalarSelect, Update
    from sqlalchemy.orm import Session


class Step(StrEnum):
    """What is to be done about one guest's seat in one sitting."""

    NOTHING = "nothing"
    FREE = "free"
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Held:
    """What a guest has of a sitting now."""

    mode: Mode
    state: SeatState


def next_step(choice: Choice, mode: Mode | None, held: Held | None) -> Step:
    """Return what a reply asks for. Only an acceptance asks for a seat; maybe and no give it back.

    A guest who already holds, or already waits for, what they ask for keeps it, and their
    place in the line with it.
    """
    if choice is not Choice.ACCEPTED or mode is None:
        return Step.NOTHING if held is None else Step.FREE
    if held is not None and held.mode is mode:
        return Step.NOTHING
    return Step.TAKE


def modes_of(form: Format) -> tuple[Mode, ...]:
    """Return the ways of taking part that an event of this format has seats for."""
    return {
        Format.IN_PERSON: (Mode.IN_PERSON,),
        Format.ONLINE: (Mode.ONLINE,),
        Format.HYBRID: (Mode.IN_PERSON, Mode.ONLINE),
    }[form]


def open_to_newcomers(seats: int, taken: int, waiting: int) -> int:
    """Return how many seats somebody new can have: those that nobody holds and nobody waits for."""
    return max(0, seats - taken - waiting)


@dataclass(frozen=True, slots=True)
class Count:
    """The seats of one sitting in one mode."""

    mode: Mode
    seats: int
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        """Return how many a newcomer can have."""
        return open_to_newcomers(self.seats, self.taken, self.waiting)


def count_of(sitting: Sitting | Row[Any], mode: Mode, waiting: int) -> Count:
    """Return the seats of a sitting in one mode."""
    if mode is Mode.IN_PERSON:
        return Count(mode, sitting.seats_in_person, sitting.taken_in_person, waiting)
    return Count(mode, sitting.seats_online, sitting.taken_online, waiting)


def waiting_in(mode: Mode) -> ScalarSelect[int]:
    """Return how many wait for a seat of this kind, for a statement that reads or changes sittings."""
    return (
        select(func.count())
        .where(Seat.sitting_id == Sitting.id, Seat.mode == mode, Seat.state == SeatState.WAITING)
        .correlate(Sitting)
        .scalar_subquery()
    )


def _columns(mode: Mode) -> tuple[Any, Any]:
    if mode is Mode.IN_PERSON:
        return Sitting.taken_in_person, Sitting.seats_in_person
    return Sitting.taken_online, Sitting.seats_online


def _taking(mode: Mode, *, past_the_line: bool) -> Update:
    taken, seats = _columns(mode)
    statement = update(Sitting).where(Sitting.id == bindparam("sitting_id"), taken < seats)
    if not past_the_line:
        statement = statement.where(taken + waiting_in(mode) < seats)
    return statement.values({taken: taken + 1}).execution_options(synchronize_session=False)


def _freeing(mode: Mode) -> Update:
    taken, _ = _columns(mode)
    statement = update(Sitting).where(Sitting.id == bindparam("sitting_id")).values({taken: taken - 1})
    return statement.execution_options(synchronize_session=False)


_TAKE = {(mode, past): _taking(mode, past_the_line=past) for mode in Mode for past in (False, True)}
_FREE = {mode: _freeing(mode) for mode in Mode}


def take_seat(session: Session, sitting_id: UUID, mode: Mode, *, past_the_line: bool = False) -> bool:
    """Take one seat if there is one, and return whether there was.

    ``past_the_line`` is for whoever is at its head: they need no seat beyond those waited for.
    """
    return _run(session, sitting_id, _TAKE[mode, past_the_line]) == 1


def free_seat(session: Session, sitting_id: UUID, mode: Mode) -> None:
    """Give one taken seat back."""
    _run(session, sitting_id, _FREE[mode])


def _run(session: Session, sitting_id: UUID, statement: Update) -> int:
    done = session.execute(statement, {"sitting_id": sitting_id})
    sitting = session.get(Sitting, sitting_id)
    if sitting is not None:
        # The database has counted; what this session had read of it is out of date.
        session.expire(sitting, ["taken_in_person", "taken_online"])
    return cast("CursorResult[Any]", done).rowcount


def seat_of(session: Session, sitting_id: UUID, invitation_id: UUID) -> Seat | None:
    """Return what a guest has of a sitting."""
    return session.scalar(select(Seat).where(Seat.sitting_id == sitting_id, Seat.invitation_id == invitation_id))


def release(session: Session, seat: Seat) -> None:
    """Give up what ``seat`` is: a seat becomes free, a place in the line is left."""
    if seat.state is SeatState.TAKEN:
        free_seat(session, seat.sitting_id, seat.mode)
    session.delete(seat)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reply, received ``at`` this moment, asks for in one sitting. ``may_wait``: if it is full, a place in the line."""

    choice: Choice
    mode: Mode | None
    may_wait: bool
    at: datetime


def settle(session: Session, seat: Seat | None, wanted: Wanted, *, sitting_id: UUID, invitation_id: UUID) -> SeatState | None:
    """Do what a reply asks for, and return what the guest has now; FullError where they must choose.

    ``seat`` is what they have of the sitting so far. A change from one way of taking part to
    the other frees and takes in this one transaction.
    """
    step = next_step(wanted.choice, wanted.mode, Held(seat.mode, seat.state) if seat else None)
    if step is Step.NOTHING:
        return seat.state if seat else None
    if step is Step.FREE or wanted.mode is None:
        if seat is not None:
            release(session, seat)
        return None
    if take_seat(session, sitting_id, wanted.mode):
        state = SeatState.TAKEN
    elif wanted.may_wait:
        state = SeatState.WAITING
    else:
        raise FullError
    if seat is None:
        session.add(Seat(sitting_id=sitting_id, invitation_id=invitation_id, mode=wanted.mode, state=state, since=wanted.at))
        return state
    if seat.state is SeatState.TAKEN:
        free_seat(session, sitting_id, seat.mode)
    seat.mode, seat.state, seat.since = wanted.mode, state, wanted.at
    return state


class FullError(Exception):
    """There is no seat of this kind left, and the guest did not say that they would wait."""


def waiting_counts(session: Session, sitting_ids: list[UUID]) -> dict[tuple[UUID, Mode], int]:
    """Return how many wait, by sitting and mode."""
    rows = session.execute(
        select(Seat.sitting_id, Seat.mode, func.count())
        .where(Seat.sitting_id.in_(sitting_ids), Seat.state == SeatState.WAITING)
        .group_by(Seat.sitting_id, Seat.mode)
    )
    return {(sitting_id, mode): count for sitting_id, mode, count in rows}


def waiting_line(session: Session, sitting_id: UUID, mode: Mode) -> list[Seat]:
    """Return those who wait, the first in line first."""
    return list(
        session.scalars(
            select(Seat)
            .where(Seat.sitting_id == sitting_id, Seat.mode == mode, Seat.state == SeatState.WAITING)
            .order_by(Seat.since, Seat.id)
        )
    )


_AHEAD, _MINE = aliased(Seat), aliased(Seat)
_PLACE = (
    select(func.count())
    .select_from(_MINE)
    .join(_AHEAD, and_(_AHEAD.sitting_id == _MINE.sitting_id, _AHEAD.mode == _MINE.mode, _AHEAD.state == SeatState.WAITING))
    .where(_MINE.id == bindparam("seat_id"), tuple_(_AHEAD.since, _AHEAD.id) <= tuple_(_MINE.since, _MINE.id))
)


def place_in_line(session: Session, seat_id: UUID) -> int:
    """Return which place somebody who waits has in the line of ``waiting_line``: 1 is next."""
    return session.scalar(_PLACE, {"seat_id": seat_id}) or 0


def seats_of(invitation_id: UUID) -> dict[UUID, Seat]:
    """Return what a guest has, by sitting."""
    return {seat.sitting_id: seat for seat in db.session.scalars(select(Seat).where(Seat.invitation_id == invitation_id))}
