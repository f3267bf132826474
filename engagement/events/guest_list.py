"""Who is invited to an event and what they said: the rows of its page, chosen by a filter in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from sqlalchemy import func, select

from engagement.events.models import Attendance, Event, Seat, SeatState, Sitting
from engagement.invitations.models import Choice, Invitation, Reply
from engagement.kernel.db import db
from engagement.roster.filters import Filter, chosen
from engagement.roster.models import Batch, Organization, Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

NO_REPLY, WAITING, WITHDRAWN, ATTENDED = "none", "waiting", "withdrawn", "attended"
REPLIES = (*Choice, NO_REPLY, WAITING, ATTENDED, WITHDRAWN)


@dataclass(frozen=True, slots=True)
class GuestFilter:
    """What is asked of the list. ``reply`` is one of REPLIES or empty; ``people`` is asked of the roster."""

    reply: str
    people: Filter

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Return the filter that an address asks for; a word that is on no list asks nothing."""
        reply = query.get("reply", "")
        return cls(reply if reply in REPLIES else "", Filter.from_query(query))


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One person who is invited. ``reply`` is the last that was received; ``seats`` are by sitting, in order."""

    invitation: Invitation
    person: Person
    organization: str
    reply: Reply | None
    seats: tuple[Seat, ...]
    attended: bool

    @property
    def waits(self) -> bool:
        """Return whether this guest is on a waiting list."""
        return any(seat.state is SeatState.WAITING for seat in self.seats)


@dataclass(frozen=True, slots=True)
class PageOfGuests:
    """One page of the list. ``hidden`` counts those among all who are invited whom this member may not know of."""

    rows: list[GuestRow]
    total: int
    page: int
    size: int
    hidden: int


def list_guests(access: Access, event: Event, asked: GuestFilter, page: int = 1, size: int = 50) -> PageOfGuests:
    """Return one page of those who are invited to ``event`` and whom ``asked`` chooses, by family name."""
    known = chosen(as_host(access, event), asked.people)
    condition = (Invitation.event_id == event.id) & known & _replied(event, asked.reply)
    joined = select(Invitation, Person, Organization.name).join(Person, Person.id == Invitation.person_id)
    joined = joined.outerjoin(Organization, Organization.id == Person.organization_id).where(condition)
    total = db.session.scalar(select(func.count()).select_from(joined.with_only_columns(Invitation.id).subquery())) or 0
    page = max(1, min(page, (total - 1) // size + 1 if total else 1))
    found = list(db.session.execute(joined.order_by(Person.name_key, Person.id).limit(size).offset((page - 1) * size)))
    ids = [invitation.id for invitation, _, _ in found]
    replies, seats, there = _last_replies(ids), _seats(ids), _there(event.id)
    rows = [
        GuestRow(invitation, person, name or "", replies.get(invitation.id), tuple(seats.get(invitation.id, ())), person.id in there)
        for invitation, person, name in found
    ]
    return PageOfGuests(rows, total, page, size, _hidden(access, event))


def as_host(access: Access, event: Event) -> Access:
    """Return the access with which guests are listed: whoever may know a restricted event may know all its guests."""
    if not event.restricted:
        return access
    batches = db.session.scalars(select(Batch.id).where(Batch.consultation_id == access.consultation.id))
    return replace(access, cleared=access.cleared | frozenset(batches))


def _hidden(access: Access, event: Event) -> int:
    invited = select(func.count()).select_from(Invitation).join(Person, Person.id == Invitation.person_id)
    standing = (Invitation.event_id == event.id) & Invitation.withdrawn_at.is_(None)
    everybody = db.session.scalar(invited.where(standing)) or 0
    return everybody - (db.session.scalar(invited.where(standing, chosen(as_host(access, event), Filter()))) or 0)


def _replied(event: Event, reply: str) -> ColumnElement[bool]:
    if reply == WITHDRAWN:
        return Invitation.withdrawn_at.is_not(None)
    standing = Invitation.withdrawn_at.is_(None)
    if reply == NO_REPLY:
        return standing & Invitation.choice.is_(None)
    if reply == WAITING:
        return standing & Invitation.id.in_(select(Seat.invitation_id).where(Seat.state == SeatState.WAITING))
    if reply == ATTENDED:
        return standing & Invitation.person_id.in_(select(Attendance.person_id).where(Attendance.event_id == event.id))
    return standing & (Invitation.choice == Choice(reply)) if reply else standing


def guests_asked(event: Event, reply: str) -> ColumnElement[bool]:
    """Return the condition on Invitation for the guests of ``event`` whose reply is this one of REPLIES ("" for all)."""
    return (Invitation.event_id == event.id) & _replied(event, reply)


def _last_replies(ids: Sequence[UUID]) -> dict[UUID, Reply]:
    rows = db.session.scalars(select(Reply).where(Reply.invitation_id.in_(ids)).order_by(Reply.received_at, Reply.recorded_at))
    return {reply.invitation_id: reply for reply in rows}


def _seats(ids: Sequence[UUID]) -> dict[UUID, list[Seat]]:
    rows = db.session.scalars(
        select(Seat).join(Sitting, Sitting.id == Seat.sitting_id).where(Seat.invitation_id.in_(ids)).order_by(Sitting.starts_at)
    )
    found: dict[UUID, list[Seat]] = {}
    for seat in rows:
        found.setdefault(seat.invitation_id, []).append(seat)
    return found


def _there(event_id: UUID) -> set[UUID]:
    return set(db.session.scalars(select(Attendance.person_id).where(Attendance.event_id == event_id)))


@dataclass(frozen=True, slots=True)
class InLine:
    """Somebody who waits: ``place`` 1 is next."""

    seat: Seat
    place: int
    person: Person


def waiting_lines(access: Access, event: Event) -> dict[UUID, list[InLine]]:
    """Return those who wait, by sitting, in their order; of those this member may know of, with true places."""
    rows = db.session.execute(
        select(Seat, Person, chosen(as_host(access, event), Filter()))
        .join(Sitting, Sitting.id == Seat.sitting_id)
        .join(Invitation, Invitation.id == Seat.invitation_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Sitting.event_id == event.id, Seat.state == SeatState.WAITING)
        .order_by(Seat.sitting_id, Seat.mode, Seat.since, Seat.id)
    )
    found: dict[UUID, list[InLine]] = {}
    places: dict[tuple[UUID, str], int] = {}
    for seat, person, known in rows:
        key = (seat.sitting_id, seat.mode)
        places[key] = places.get(key, 0) + 1
        if known:
            found.setdefault(seat.sitting_id, []).append(InLine(seat, places[key], person))
    return found


def guest_named(access: Access, event: Event, invitation_id: UUID) -> tuple[Invitation, Person] | None:
    """Return one invitation to ``event`` with its person; None where there is none that this member may know of."""
    row = db.session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.id == invitation_id, Invitation.event_id == event.id, chosen(as_host(access, event), Filter()))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def known_among(access: Access, event: Event, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these guests of ``event`` this member may know of."""
    wanted = set(person_ids)
    rows = select(Person.id).join(Invitation, Invitation.person_id == Person.id)
    found = db.session.scalars(rows.where(Invitation.event_id == event.id, chosen(as_host(access, event), Filter())))
    return wanted & set(found)
