"""The figures of one event: seats by mode, replies, needs. Each can be opened to its rows on the event's page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.events.models import Attendance, Event, Needs, Sitting
from engagement.events.seats import Count, count_of, modes_of, waiting_counts
from engagement.events.vocabulary import INTERPRETATION
from engagement.invitations.models import Choice, Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

ACCESS = Text("Access", "Accessibilité")
DIET = Text("Diet", "Alimentation")


@dataclass(frozen=True, slots=True)
class Figures:
    """Replies are of people (each counted once), seats of sittings. ``attended`` counts different people."""

    invited: int
    accepted: int
    tentative: int
    declined: int
    attended: int
    sittings: tuple[tuple[Sitting, tuple[Count, ...]], ...]

    @property
    def no_reply(self) -> int:
        """Return how many who are invited have not replied."""
        return self.invited - self.accepted - self.tentative - self.declined


def figures_of(event: Event) -> Figures:
    """Return the figures of an event as they are now; withdrawn invitations do not count."""
    return figures_of_many([event])[event.id]


def figures_of_many(events: Sequence[Event]) -> dict[UUID, Figures]:
    """Return the figures of events, by their ids: asked in four questions, however many events there are."""
    ids = [event.id for event in events]
    rows = db.session.execute(
        select(Invitation.event_id, Invitation.choice, func.count())
        .where(Invitation.event_id.in_(ids), Invitation.withdrawn_at.is_(None))
        .group_by(Invitation.event_id, Invitation.choice)
    )
    replied: dict[UUID | None, dict[Choice | None, int]] = {}
    for event_id, choice, count in rows:
        replied.setdefault(event_id, {})[choice] = count
    there = select(Attendance.event_id, func.count(Attendance.person_id.distinct())).where(Attendance.event_id.in_(ids))
    attended: dict[UUID, int] = dict(db.session.execute(there.group_by(Attendance.event_id)).all())
    seats = _seats(events)
    return {each.id: _counted(replied.get(each.id, {}), attended.get(each.id, 0), tuple(seats[each.id])) for each in events}


def _counted(replied: Mapping[Choice | None, int], attended: int, sittings: tuple[tuple[Sitting, tuple[Count, ...]], ...]) -> Figures:
    return Figures(
        invited=sum(replied.values()),
        accepted=replied.get(Choice.ACCEPTED, 0),
        tentative=replied.get(Choice.TENTATIVE, 0),
        declined=replied.get(Choice.DECLINED, 0),
        attended=attended,
        sittings=sittings,
    )


def _seats(events: Sequence[Event]) -> dict[UUID, list[tuple[Sitting, tuple[Count, ...]]]]:
    found: dict[UUID, list[tuple[Sitting, tuple[Count, ...]]]] = {event.id: [] for event in events}
    modes = {event.id: modes_of(event.format) for event in events}
    order = (Sitting.event_id, Sitting.starts_at, Sitting.position)
    rows = list(db.session.scalars(select(Sitting).where(Sitting.event_id.in_(found)).order_by(*order)))
    waiting = waiting_counts(db.session(), [row.id for row in rows])
    for row in rows:
        counts = tuple(count_of(row, mode, waiting.get((row.id, mode), 0)) for mode in modes[row.event_id])
        found[row.event_id].append((row, counts))
    return found


@dataclass(frozen=True, slots=True)
class NeedTotal:
    """How many guests stated one kind of need; ``key`` is of vocabulary.INTERPRETATION, or access, or diet."""

    key: str
    label: Text
    count: int


def needs_totals(event_id: UUID) -> list[NeedTotal]:
    """Return how many need what, of those who were not withdrawn and did not decline; nothing that nobody needs."""
    rows = db.session.scalars(
        select(Needs)
        .join(Invitation, Invitation.id == Needs.invitation_id)
        .where(
            Invitation.event_id == event_id,
            Invitation.withdrawn_at.is_(None),
            Invitation.choice.is_distinct_from(Choice.DECLINED),
        )
    )
    counted: Counter[str] = Counter()
    for row in rows:
        counted.update((row.interpretation or "").split())
        counted.update(["access"] if row.access else [])
        counted.update(["diet"] if row.diet else [])
    labels = {**INTERPRETATION, "access": ACCESS, "diet": DIET}
    return [NeedTotal(key, label, counted[key]) for key, label in labels.items() if counted[key]]
