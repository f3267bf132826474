"""Who was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.models import Attendance, Event, Sitting
from engagement.kernel.audit import Actor, note
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from engagement.invitations.models import Mode


def record_attendance(*, event_id: UUID, sitting_id: UUID | None = None, person_ids: Iterable[UUID], mode: Mode, actor: Actor) -> int:
    """Write down that these people were at an event, and return how many of them are new.

    ``sitting_id`` is None where the event's dates are not known. Recording somebody twice
    for the same sitting is recording them once. Raises AbsentError for another event's
    sitting or another consultation's person.
    """
    wanted = set(person_ids)
    with writing() as session:
        event = session.get(Event, event_id, with_for_update=True)
        sitting = session.get(Sitting, sitting_id) if sitting_id else None
        if event is None or (sitting_id and (sitting is None or sitting.event_id != event_id)):
            raise AbsentError
        known = select(Person.id).where(Person.consultation_id == event.consultation_id)
        if not wanted <= set(session.scalars(known)):
            raise AbsentError
        there = set(
            session.scalars(
                select(Attendance.person_id).where(
                    Attendance.event_id == event_id,
                    Attendance.sitting_id == sitting_id if sitting_id else Attendance.sitting_id.is_(None),
                )
            )
        )
        moment = now()
        new = wanted - there
        session.add_all(
            Attendance(event_id=event_id, sitting_id=sitting_id, person_id=person_id, mode=mode, recorded_at=moment) for person_id in new
        )
        note(session, "record_attendance", event, actor)
    return len(new)


def attendance_of(event_id: UUID) -> list[Attendance]:
    """Return every record of somebody having been at an event."""
    return list(db.session.scalars(select(Attendance).where(Attendance.event_id == event_id)))
