"""What the pages show of telling: what was told when, to how many; what one guest knows; guests grouped by what changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.models import CalendarEntry, Event, Sitting, Telling
from engagement.events.seats import seats_of
from engagement.events.shown import marks_known
from engagement.events.telling import CANCELLATION, CHANGE, NOT_TOLD, TOLD, Guest
from engagement.events.tellings import tellings_of
from engagement.invitations.models import Invitation
from engagement.kernel.db import db
from engagement.mailing.models import ContactTask, Message, State
from engagement.mailing.tasks import BECAME_A_TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from engagement.events.shown import Difference
    from engagement.events.telling import Fate
    from engagement.roster.models import Person

STAGES = ("sent", "coming", "called", "troubled")
_SETTLED_BADLY = frozenset({State.FAILED, State.SUPPRESSED, State.CANCELLED, State.DOUBTFUL})


@dataclass(frozen=True, slots=True)
class ToldSoFar:
    """One telling, with its mails: how many have gone, are on their way, became a call, and did not or may not arrive."""

    telling: Telling
    sent: int
    coming: int
    called: int
    troubled: int


def told_so_far(event_id: UUID) -> list[ToldSoFar]:
    """Return what the guests of an event were told by the team and how far it has come, the last first."""
    tellings = tellings_of(event_id)
    if not tellings:
        return []
    task = select(ContactTask.id).where(ContactTask.message_id == Message.id)
    rows = db.session.execute(
        select(Message.details, Message.state, Message.outcome, Message.bounced_at.is_not(None), task.exists())
        .join(Invitation, Invitation.id == Message.invitation_id)
        .where(Invitation.event_id == event_id, Message.purpose.in_([CHANGE, CANCELLATION]))
    )
    counted = Counter(
        (details.get("telling_id", ""), _stage(state, outcome, came_back, called)) for details, state, outcome, came_back, called in rows
    )
    return [ToldSoFar(each, *(counted[str(each.id), stage] for stage in STAGES)) for each in tellings]


def _stage(state: State, outcome: str, came_back: bool, called: bool) -> str:  # noqa: FBT001 - a row of the question above.
    if called and (came_back or state is State.FAILED or (state is State.CANCELLED and outcome == BECAME_A_TASK)):
        return "called"
    if state is State.SENT:
        return "troubled" if came_back else "sent"
    return "troubled" if state in _SETTLED_BADLY else "coming"


@dataclass(frozen=True, slots=True)
class Known:
    """What one guest was told of one sitting: when, and whether it still stands."""

    sitting: Sitting
    told_at: datetime
    stands: bool
    held: bool


def what_is_known(event: Event, invitation: Invitation, person: Person) -> list[Known]:
    """Return what a guest was told, by sitting."""
    rows = db.session.execute(
        select(CalendarEntry, Sitting)
        .join(Sitting, Sitting.id == CalendarEntry.sitting_id)
        .where(CalendarEntry.invitation_id == invitation.id, CalendarEntry.told_at.is_not(None))
        .order_by(Sitting.starts_at)
    )
    seats = seats_of(invitation.id)
    found = []
    for entry, sitting in rows:
        seat = seats.get(sitting.id)
        mode = seat.mode if seat is not None and seat.state == "taken" else None
        stands = entry.told in marks_known(event, sitting, mode, discreet=person.discreet)
        if entry.told_at is not None:
            found.append(Known(sitting, entry.told_at, stands, entry.held))
    return found


def was_told(invitation: Invitation) -> bool:
    """Return whether the guest knows of the invitation: a mail has gone, or they were told in a conversation."""
    if invitation.distributed_at is not None:
        return True
    told = select(CalendarEntry.id).where(CalendarEntry.invitation_id == invitation.id, CalendarEntry.told.is_not(None))
    return db.session.scalar(told.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Group:
    """Guests of one sitting for whom the same has changed."""

    sitting: Sitting | None
    changes: tuple[Difference, ...]
    guests: tuple[Guest, ...]


def grouped(guests: Iterable[Guest]) -> list[Group]:
    """Return those who are told, grouped by sitting and by what has changed for them."""
    found: dict[object, list[Guest]] = {}
    for guest in guests:
        if guest.fate in TOLD:
            key = (guest.sitting.id if guest.sitting else None, tuple(guest.changes))
            found.setdefault(key, []).append(guest)
    return [Group(each[0].sitting, tuple(each[0].changes), tuple(each)) for each in found.values()]


def left_out(guests: Sequence[Guest]) -> dict[Fate, list[Guest]]:
    """Return those who are not told, by why not."""
    return {fate: those for fate in NOT_TOLD if (those := [guest for guest in guests if guest.fate is fate])}
