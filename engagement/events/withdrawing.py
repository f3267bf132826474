"""Taking an invitation back, and what the guest's calendar is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engagement.events.models import CalendarEntry, Event, EventStatus, Seat, SeatState, Sitting
from engagement.events.revising import raise_for_guest
from engagement.events.seats import release
from engagement.events.telling import perhaps_told, sittings_perhaps_told
from engagement.invitations.models import Invitation
from engagement.invitations.service import held_for_change, withdraw
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.mailing.afresh import stop
from engagement.mailing.models import Message
from engagement.mailing.service import plan
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

WITHDRAWAL = "event_withdrawal"
WITHDRAWN = "withdrawn"
HELD_SEAT = "held_seat"
INVITED_AGAIN = "invited again"


def withdraw_guest(*, invitation_id: UUID, tell: bool = True, actor: Actor) -> Invitation:
    """Take an invitation to an event back: its seats are free again in the same transaction.

    Mail about it that has not begun to go is stopped. Where an invitation had gone, the guest
    is told, and their calendar takes the entry out; with ``tell`` False nobody is written to.
    Doing it twice is doing it once.
    """
    with writing() as session:
        invitation = held_for_change(session, invitation_id)
        if invitation.withdrawn_at is not None:
            return invitation
        withdraw(invitation_id=invitation_id, actor=actor)
        seats = session.scalars(select(Seat).where(Seat.invitation_id == invitation_id).order_by(Seat.sitting_id)).all()
        held = frozenset(seat.sitting_id for seat in seats if seat.state is SeatState.TAKEN)
        for seat in seats:
            release(session, seat)
        # What says that an event or a sitting is cancelled still goes: a calendar may hold it.
        stop(session, (Message.invitation_id == invitation_id) & (Message.purpose != "event_cancellation"), WITHDRAWN)
        # The status changes for this guest, told or not; a CANCEL carries the new number.
        raise_for_guest(session, invitation_id)
        if tell:
            _plan_withdrawals(session, invitation, held, actor)
    return invitation


def _plan_withdrawals(session: Session, invitation: Invitation, held: frozenset[UUID], actor: Actor) -> None:
    person = session.get_one(Person, invitation.person_id)
    event = session.get(Event, invitation.event_id) if invitation.event_id else None
    if event is None or event.status is EventStatus.CANCELLED or not _heard_of_it(session, invitation):
        return
    for entry, sitting in _to_take_out(session, invitation):
        plan(
            consultation_id=invitation.consultation_id,
            person_id=person.id,
            purpose=WITHDRAWAL,
            language=person.language or "both",
            dedup_key=f"{WITHDRAWAL}:{entry.id}:{entry.sequence}" if entry else f"{WITHDRAWAL}:{invitation.id}:{now().timestamp():.6f}",
            invitation_id=invitation.id,
            details=_details(sitting, held),
            not_after=sitting.ends_at if sitting else None,
            actor=actor,
        )


def _details(sitting: Sitting | None, held: frozenset[UUID]) -> dict[str, str]:
    """Return what the notice is about; ``HELD_SEAT`` where the guest held a seat until now, and has to know of it."""
    if sitting is None:
        return {}
    return {"sitting_id": str(sitting.id), **({HELD_SEAT: "yes"} if sitting.id in held else {})}


def _heard_of_it(session: Session, invitation: Invitation) -> bool:
    perhaps = select(Invitation.id).where(Invitation.id == invitation.id, perhaps_told())
    return invitation.distributed_at is not None or person_knows(session, invitation) or session.scalar(perhaps) is not None


def person_knows(session: Session, invitation: Invitation) -> bool:
    """Return whether the guest was told of a sitting by mail or in a conversation."""
    told = select(CalendarEntry.id).where(CalendarEntry.invitation_id == invitation.id, CalendarEntry.told.is_not(None))
    return session.scalar(told.limit(1)) is not None


def _to_take_out(session: Session, invitation: Invitation) -> list[tuple[CalendarEntry | None, Sitting | None]]:
    """Return the entries that were told and are still to come; one without an entry where the guest knew of no date."""
    perhaps = sittings_perhaps_told(session, invitation.id)
    rows = session.execute(
        select(CalendarEntry, Sitting)
        .join(Sitting, Sitting.id == CalendarEntry.sitting_id)
        .where(CalendarEntry.invitation_id == invitation.id, or_(CalendarEntry.told.is_not(None), Sitting.id.in_(perhaps)))
        .order_by(Sitting.starts_at)
    ).all()
    ahead = [(row[0], row[1]) for row in rows if row[1].ends_at > now() and row[1].cancelled_at is None]
    return [*ahead] if rows else [(None, None)]


def withdrawn_among(session: Session, event_id: UUID, person_ids: Sequence[UUID]) -> list[UUID]:
    """Return the invitations of these people to an event that stand withdrawn."""
    theirs = (Invitation.event_id == event_id) & Invitation.person_id.in_(person_ids)
    return list(session.scalars(select(Invitation.id).where(theirs, Invitation.withdrawn_at.is_not(None))))


def take_back_withdrawals(session: Session, invitation_ids: Sequence[UUID]) -> None:
    """Have whoever is invited again read of a revision that is newer than the withdrawal, whose unsent mail is stopped."""
    if not invitation_ids:
        return
    stop(session, Message.invitation_id.in_(invitation_ids) & (Message.purpose == WITHDRAWAL), INVITED_AGAIN)
    for invitation_id in invitation_ids:
        raise_for_guest(session, invitation_id)
