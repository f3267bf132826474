"""What the mails of a batch are about, read in a few questions: guests, events, sittings, entries, seats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import lazyload, load_only

from engagement.consultations.models import Consultation
from engagement.events.models import CalendarEntry, Event, Seat, Sitting
from engagement.invitations.models import Invitation
from engagement.kernel.bulk import in_chunks
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from uuid import UUID

    from engagement.kernel.base import Base
    from engagement.mailing.models import Message

T = TypeVar("T")
Row = TypeVar("Row", bound="Base")


class Alike:
    """What all guests of one sitting (or of an event without a date) are told alike, worked out when it is first asked for."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, asked for the first time only."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made


@dataclass(slots=True)
class Gathered:
    """The rows by id, sittings by event in their order; entries and seats by invitation and sitting."""

    invitations: dict[UUID, Invitation] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)
    events: dict[UUID, Event] = field(default_factory=dict)
    consultations: dict[UUID, Consultation] = field(default_factory=dict)
    sittings: dict[UUID, tuple[Sitting, ...]] = field(default_factory=dict)
    entries: dict[tuple[UUID, UUID], CalendarEntry] = field(default_factory=dict)
    seats: dict[tuple[UUID, UUID], Seat] = field(default_factory=dict)
    _alike: dict[tuple[UUID, str | None], Alike] = field(default_factory=dict)

    def alike(self, event_id: UUID, sitting_id: str | None) -> Alike:
        """Return what the guests of this sitting are told alike."""
        return self._alike.setdefault((event_id, sitting_id), Alike())


def gather(messages: Sequence[Message]) -> Gathered:
    """Return what ``messages`` are about; what is gone is not there."""
    found = Gathered()
    asked = select(Invitation, Person).join(Person, Person.id == Invitation.person_id).options(lazyload("*"), load_only(*_OF_A_PERSON))
    for chunk in in_chunks([each.invitation_id for each in messages if each.invitation_id is not None]):
        for invitation, person in db.session.execute(asked.where(Invitation.id.in_(chunk))):
            found.invitations[invitation.id], found.people[person.id] = invitation, person
    found.events = _by_id(Event, (each.event_id for each in found.invitations.values()))
    found.consultations = _by_id(Consultation, (each.consultation_id for each in found.events.values()))
    found.sittings = {event_id: sittings_in_order(event_id) for event_id in found.events}
    for chunk in in_chunks(list(found.invitations)):
        entries = db.session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id.in_(chunk)))
        found.entries |= {(each.invitation_id, each.sitting_id): each for each in entries}
        seats = db.session.scalars(select(Seat).where(Seat.invitation_id.in_(chunk)))
        found.seats |= {(each.invitation_id, each.sitting_id): each for each in seats}
    return found


def sittings_in_order(event_id: UUID) -> tuple[Sitting, ...]:
    """Return the sittings of an event, the first one first."""
    return tuple(db.session.scalars(select(Sitting).where(Sitting.event_id == event_id).order_by(Sitting.starts_at, Sitting.position)))


def standing_among(sittings: Iterable[Sitting]) -> tuple[Sitting, ...]:
    """Return those of some sittings that take place or took place, in their order."""
    return tuple(each for each in sittings if each.cancelled_at is None)


def first_ahead(sittings: Sequence[Sitting]) -> Sitting | None:
    """Return the sitting that somebody who is asked now would come to first; one that is over where all are, None where none stands."""
    standing = standing_among(sittings)
    return next((each for each in standing if each.ends_at > now()), standing[0] if standing else None)


def _by_id(kind: type[Row], ids: Iterable[UUID | None]) -> dict[UUID, Row]:
    wanted = list(dict.fromkeys(each for each in ids if each is not None))
    rows: dict[UUID, Row] = {}
    for chunk in in_chunks(wanted):
        rows |= {each.id: each for each in db.session.scalars(select(kind).where(kind.id.in_(chunk)))}
    return rows


# Of a person, what stands in a mail or decides about it; what hangs on them (their organization) does not.
_OF_A_PERSON = (
    Person.consultation_id,
    Person.given_name,
    Person.family_name,
    Person.email,
    Person.name_unproven,
    Person.language,
    Person.do_not_contact,
    Person.wants_calendar,
    Person.asks_discretion,
    Person.mailbox_is_discreet,
    Person.mailbox_has_hours,
    Person.wants_mailings,
    Person.wants_reminders,
    Person.safe_hours_sealed,
)
