"""What one guest may see of an event: its texts, its seats, the published agenda, their own reply.

Nothing here tells of another guest: seats are numbers, and only those parts of the agenda
have a name whose person agreed to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.downloads import may_download
from engagement.events.models import AgendaItem, AgendaPart, CalendarEntry, Event, Needs, Seat, SeatState, Sitting
from engagement.events.replies import NeedsStated, closed_because
from engagement.events.seats import Count, count_of, modes_of, waiting_counts, waiting_line
from engagement.events.shown import Shown, shown_to
from engagement.events.vocabulary import AGENDA_KINDS, KINDS, PARTS
from engagement.invitations.models import Choice, Invitation, Mode, Reply
from engagement.invitations.service import find_invitation, replies_of, standing_by_sitting
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from engagement.events.models import AgendaKind, Format
    from engagement.kernel.bilingual import Text


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody with a part in the agenda, who agreed to be named."""

    name: str
    part: Text


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One item of the agenda; times are wall times. ``title`` may be empty: the kind says it then."""

    kind: AgendaKind
    kind_words: Text
    starts_wall: datetime
    ends_wall: datetime
    title: Text
    people: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The guest's reply that counts. ``seat`` and ``place`` (1 is next in line) are of one sitting."""

    choice: Choice
    mode: Mode | None
    received_at: datetime
    seat: SeatState | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class SittingSeen:
    """A sitting as one guest sees it. ``counts`` has one entry for each way of taking part, in order.

    ``changed``: they were told another time or place. ``calendar``: they may take it into a calendar.
    """

    id: UUID
    starts_wall: datetime
    ends_wall: datetime
    counts: tuple[Count, ...]
    agenda: tuple[AgendaLine, ...]
    standing: Standing | None
    cancelled: bool = False
    changed: bool = False
    calendar: bool = False

    def free(self, mode: Mode) -> int:
        """Return how many seats a newcomer can have in ``mode``."""
        return next((count.free for count in self.counts if count.mode is mode), 0)


@dataclass(frozen=True, slots=True)
class GuestView:
    """Everything the reply page shows. ``closed`` is the one line that says why replies are not taken.

    ``standing`` is the reply for the whole event; ``online_link`` is empty unless the guest
    holds an online seat. Needs are not here: reading them back takes a code (``needs_of``).
    """

    invitation_id: UUID
    event_id: UUID
    title: Text
    kind: Text
    format: Format
    zone: str
    venue: Text
    access: Text
    about: Text
    date_note: Text
    reply_by: date | None
    modes: tuple[Mode, ...]
    sittings: tuple[SittingSeen, ...]
    standing: Standing | None
    reason: str
    wants_questionnaire: bool
    has_stated_needs: bool
    online_link: str
    closed: Text | None
    cancelled: bool


def guest_view(invitation_id: UUID) -> GuestView:
    """Return what the reply page of this invitation shows; AbsentError for one that was withdrawn or is no event's."""
    invitation = find_invitation(invitation_id)
    event = db.session.get(Event, invitation.event_id) if invitation.event_id else None
    consultation = db.session.get(Consultation, invitation.consultation_id)
    if event is None or consultation is None or invitation.withdrawn_at is not None:
        raise AbsentError
    counting = standing_by_sitting(replies_of(invitation_id), invitation)
    sittings = _sittings(event, invitation, counting)
    last = max(counting.values(), key=lambda reply: reply.received_at, default=None)
    online = any(s.standing and s.standing.seat is SeatState.TAKEN and s.standing.mode is Mode.ONLINE for s in sittings)
    return GuestView(
        invitation_id=invitation_id,
        event_id=event.id,
        title=event.title,
        kind=KINDS[event.kind],
        format=event.format,
        zone=event.zone,
        venue=event.text("venue"),
        access=event.text("access"),
        about=event.text("about"),
        date_note=event.text("date_note"),
        reply_by=event.reply_by,
        modes=modes_of(event.format),
        sittings=sittings,
        standing=_whole(invitation, last),
        reason=last.reason or "" if last else "",
        wants_questionnaire=bool(last and last.wants_questionnaire),
        has_stated_needs=needs_of(invitation_id) is not None,
        online_link=(event.online_link or "") if online else "",
        closed=closed_because(consultation, event, now()),
        cancelled=event.status == "cancelled",
    )


def _whole(invitation: Invitation, last: Reply | None) -> Standing | None:
    if last is None or invitation.choice is None:
        return None
    return Standing(invitation.choice, last.mode, last.received_at)


def _sittings(event: Event, invitation: Invitation, counting: dict[UUID | None, Reply]) -> tuple[SittingSeen, ...]:
    rows = list(db.session.scalars(select(Sitting).where(Sitting.event_id == event.id).order_by(Sitting.starts_at, Sitting.position)))
    waiting = waiting_counts(db.session(), [row.id for row in rows])
    agendas = published_agendas([row.id for row in rows])
    seats = {seat.sitting_id: seat for seat in db.session.scalars(select(Seat).where(Seat.invitation_id == invitation.id))}
    entries = {row.sitting_id: row for row in db.session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id == invitation.id))}
    return tuple(
        SittingSeen(
            id=row.id,
            starts_wall=row.starts_wall,
            ends_wall=row.ends_wall,
            counts=tuple(count_of(row, mode, waiting.get((row.id, mode), 0)) for mode in modes_of(event.format)),
            agenda=agendas.get(row.id, ()),
            standing=_standing(counting.get(row.id), seats.get(row.id)),
            cancelled=row.cancelled_at is not None,
            changed=_has_changed(event, row, entries.get(row.id), seats.get(row.id)),
            calendar=may_download(event, row, entries.get(row.id)),
        )
        for row in rows
    )


def _has_changed(event: Event, sitting: Sitting, entry: CalendarEntry | None, seat: Seat | None) -> bool:
    """Return whether the guest was told another time or place than stands now."""
    before = Shown.from_facts(entry.told_facts) if entry else None
    if before is None or before.cancelled:
        return False
    mode = seat.mode if seat is not None and seat.state is SeatState.TAKEN else None
    now_shown = shown_to(event, sitting, mode, discreet=False)
    moved = (before.when("en"), before.starts_at) != (now_shown.when("en"), now_shown.starts_at)
    return moved or (not before.online and not now_shown.online and before.place != now_shown.place)


def _standing(reply: Reply | None, seat: Seat | None) -> Standing | None:
    if reply is None:
        return None
    place = None
    if seat is not None and seat.state is SeatState.WAITING:
        line = [each.id for each in waiting_line(db.session(), seat.sitting_id, seat.mode)]
        place = line.index(seat.id) + 1
    return Standing(reply.choice, reply.mode, reply.received_at, seat.state if seat else None, place)


def published_agendas(sitting_ids: list[UUID]) -> dict[UUID, tuple[AgendaLine, ...]]:
    """Return the agenda of each sitting, with the names of those who agreed to be named."""
    items = list(
        db.session.scalars(select(AgendaItem).where(AgendaItem.sitting_id.in_(sitting_ids)).order_by(AgendaItem.starts_wall, AgendaItem.id))
    )
    people: dict[UUID, list[Named]] = {}
    rows = db.session.execute(
        select(AgendaPart, Person)
        .join(Person, Person.id == AgendaPart.person_id)
        .where(AgendaPart.agenda_item_id.in_([item.id for item in items]), AgendaPart.published)
        .order_by(Person.name_key)
    )
    for part, person in rows:
        people.setdefault(part.agenda_item_id, []).append(Named(person.name, PARTS[part.part]))
    found: dict[UUID, list[AgendaLine]] = {}
    for item in items:
        found.setdefault(item.sitting_id, []).append(
            AgendaLine(
                item.kind,
                AGENDA_KINDS[item.kind],
                item.starts_wall,
                item.ends_wall,
                item.text("title"),
                tuple(people.get(item.id, ())),
            )
        )
    return {sitting_id: tuple(lines) for sitting_id, lines in found.items()}


def needs_of(invitation_id: UUID) -> NeedsStated | None:
    """Return what a guest stated that they need; None where nothing was stated."""
    row = db.session.scalar(select(Needs).where(Needs.invitation_id == invitation_id))
    if row is None:
        return None
    return NeedsStated(row.access or "", row.diet or "", tuple((row.interpretation or "").split()))


def needs_stated_at(invitation_id: UUID) -> datetime | None:
    """Return when a guest last stated what they need; None where nothing was stated."""
    return db.session.scalar(select(Needs.stated_at).where(Needs.invitation_id == invitation_id))
