"""When SEQUENCE rises (RFC 5546, 2.1.4): with a change of time, place, link or status, for those whom it changes something for.

It never falls: a change that is taken back is a new revision too, of which nobody need be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select, update

from engagement.events.models import CalendarEntry, Seat, SeatState, Sitting
from engagement.events.shown import shown_to
from engagement.invitations.models import Invitation, Mode
from engagement.mailing.afresh import UNSENT, write_afresh
from engagement.mailing.contacting import read_anew
from engagement.mailing.models import ContactTask, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.events.models import Event
    from engagement.events.shown import Shown

# Everything that a guest can hold of a sitting: nothing, a chair, a seat online.
VARIANTS: tuple[Mode | None, ...] = (None, Mode.IN_PERSON, Mode.ONLINE)
AFRESH = "the event was changed: it is written afresh"
# Mails that say that something does not take place stay as they are.
LAST_WORDS = ("event_cancellation", "event_withdrawal")


def picture(event: Event, sittings: Iterable[Sitting]) -> dict[tuple[UUID, Mode | None], Shown]:
    """Return what guests are told now, by sitting and by what they hold of it."""
    return {(row.id, mode): shown_to(event, row, mode, discreet=False) for row in sittings for mode in VARIANTS}


def is_revision(before: Shown, after: Shown) -> bool:
    """Return whether an edit makes a new revision for those who hold the same before and after."""
    return (before.as_calendars_see, before.offered) != (after.as_calendars_see, after.offered)


def raise_sequences(
    session: Session, before: Mapping[tuple[UUID, Mode | None], Shown], after: Mapping[tuple[UUID, Mode | None], Shown]
) -> None:
    """Raise SEQUENCE once for each guest whom an edit changes something for; their unsent mails are written afresh."""
    revised = [key for key, shown in after.items() if key in before and is_revision(before[key], shown)]
    for sitting_id, mode in revised:
        _raise(session, (CalendarEntry.sitting_id == sitting_id) & _holding(sitting_id, mode))
    changed = {sitting_id for (sitting_id, mode), shown in after.items() if before.get((sitting_id, mode)) != shown}
    events = select(Sitting.event_id).where(Sitting.id.in_(changed))
    for event_id in session.scalars(events.distinct()).all() if changed else ():
        # Mails about another sitting name this one too, and reminders name them all.
        say_afresh(session, event_id)


def say_afresh(session: Session, event_id: UUID) -> None:
    """Have everything that waits about an event say what holds of it now, calls and letters too."""
    guests = select(Invitation.id).where(Invitation.event_id == event_id)
    write_afresh(session, Message.invitation_id.in_(guests) & Message.purpose.not_in(LAST_WORDS), AFRESH)
    read_anew(session, ContactTask.invitation_id.in_(guests))


def _holding(sitting_id: UUID, mode: Mode | None) -> ColumnElement[bool]:
    taken = select(Seat.invitation_id).where(Seat.sitting_id == sitting_id, Seat.state == SeatState.TAKEN)
    if mode is None:
        return CalendarEntry.invitation_id.not_in(taken)
    return CalendarEntry.invitation_id.in_(taken.where(Seat.mode == mode))


def raise_for_status(session: Session, sitting_ids: Iterable[UUID]) -> None:
    """Raise SEQUENCE for all guests of these sittings who are still invited: their status changes."""
    invited = select(Invitation.id).where(Invitation.withdrawn_at.is_(None))
    _raise(session, CalendarEntry.sitting_id.in_(list(sitting_ids)) & CalendarEntry.invitation_id.in_(invited))


def raise_for_guest(session: Session, invitation_id: UUID, sitting_id: UUID | None = None) -> None:
    """Raise SEQUENCE for one guest, in one sitting or in all that stand."""
    these = CalendarEntry.invitation_id == invitation_id
    _raise(session, these if sitting_id is None else these & (CalendarEntry.sitting_id == sitting_id))


def _raise(session: Session, which: ColumnElement[bool]) -> None:
    higher = CalendarEntry.sequence + 1
    rows = update(CalendarEntry).where(which).values(sequence=higher, revised_sequence=higher)
    session.execute(rows.execution_options(synchronize_session="fetch"))


def unsent_about(event_id: UUID, sitting_id: UUID | None = None) -> ColumnElement[bool]:
    """Return the condition on Message that it is about this event (or sitting), and has not begun to go."""
    theirs = Message.invitation_id.in_(select(Invitation.id).where(Invitation.event_id == event_id))
    found = theirs & Message.state.in_(UNSENT) & Message.purpose.not_in(LAST_WORDS)
    return found if sitting_id is None else found & (Message.details["sitting_id"].as_string() == str(sitting_id))
