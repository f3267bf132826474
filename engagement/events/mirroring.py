"""What a reply does to the guest's calendar entry: PARTSTAT follows it, and SEQUENCE rises where place or link change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.events.calendar import entry_for
from engagement.events.knowledge import count_as_told
from engagement.events.models import CalendarEntry, Event, SeatState, Sitting
from engagement.events.posting import mail_domain
from engagement.events.seats import seat_of
from engagement.events.shown import shown_to
from engagement.invitations.models import Channel, Mode
from engagement.kernel.clock import now
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.events.models import Seat
    from engagement.invitations.models import Reply

# In these somebody of the team spoke with the guest, who was told of the sitting then.
SPOKEN = frozenset({Channel.TELEPHONE, Channel.IN_PERSON})


def mode_held(session: Session, sitting_id: UUID, invitation_id: UUID) -> Mode | None:
    """Return in which way a guest holds a seat; None where they hold none, or wait for one."""
    seat = seat_of(session, sitting_id, invitation_id)
    return seat.mode if seat is not None and seat.state is SeatState.TAKEN else None


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply to one sitting: who gave it, what they held before and hold now, and their entry, if there was one."""

    event: Event
    sitting: Sitting
    person: Person
    was: Mode | None
    mode: Mode | None
    entry: CalendarEntry | None


def mirror_reply(session: Session, reply: Reply, told: Replied) -> CalendarEntry:
    """Have the guest's entry say what they replied, and return it.

    A change of place or link for them (online to in person, say) is a new revision. Who
    replied in a conversation counts as told, where no mail has told them.
    """
    entry = told.entry or entry_for(session, reply.invitation_id, told.sitting.id, mail_domain())
    entry.partstat = reply.choice
    if _differs(told.event, told.sitting, told.was, told.mode):
        _raise(session, entry)
    if reply.channel in SPOKEN and (entry.told is None or not told.person.email):
        count_as_told(entry, shown_to(told.event, told.sitting, told.mode, discreet=told.person.discreet), reply.received_at)
    return entry


def mirror_seat(session: Session, seat: Seat) -> None:
    """Have the entry of somebody who waited follow the seat that is theirs now."""
    sitting = session.get_one(Sitting, seat.sitting_id)
    entry = entry_for(session, seat.invitation_id, seat.sitting_id, mail_domain())
    if _differs(session.get_one(Event, sitting.event_id), sitting, None, seat.mode):
        _raise(session, entry)


def _differs(event: Event, sitting: Sitting, was: Mode | None, mode: Mode | None) -> bool:
    before, after = (shown_to(event, sitting, each, discreet=False).as_calendars_see for each in (was, mode))
    return before != after


def _raise(session: Session, entry: CalendarEntry) -> None:
    """Raise SEQUENCE by one when ``entry`` is stored, from where it stands then: the team may raise it meanwhile, and it never falls."""
    if entry in session.new:
        entry.sequence += 1
    else:
        # For the database to work out.
        entry.sequence = CalendarEntry.sequence + 1


def wants_mirror(sitting: Sitting, entry: CalendarEntry, channel: Channel) -> bool:
    """Return whether a reply that staff wrote down is to be mirrored by mail: the guest's calendar holds the sitting.

    A reply from the calendar itself stands there already.
    """
    return entry.held and channel is not Channel.CALENDAR and sitting.ends_at > now()
