"""What one guest may see of an event: its texts, its seats, the published agenda, their own reply.

Nothing here tells of another guest: seats are numbers, and only those parts of the agenda
have a name whose person agreed to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import lazyload

from engagement.consultations.models import Consultation
from engagement.events.downloads import may_download
from engagement.events.models import AgendaItem, AgendaPart, CalendarEntry, Event, Needs, Seat, SeatState, Sitting
from engagement.events.replies import NeedsStated, closed_because
from engagement.events.seats import Count, count_of, modes_of, place_in_line, waiting_in
from engagement.events.shown import Shown, shown_to
from engagement.events.vocabulary import AGENDA_KINDS, KINDS, PARTS
from engagement.invitations.models import Choice, Invitation, Mode, Reply
from engagement.invitations.service import find_invitation, latest_replies, standing_by_sitting
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from sqlalchemy import Row

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

    ``changed``: they were told another time or place. ``over``: nobody is asked to it any more.
    ``calendar``: they may take it into a calendar.
    """

    id: UUID
    starts_wall: datetime
    ends_wall: datetime
    counts: tuple[Count, ...]
    agenda: tuple[AgendaLine, ...]
    standing: Standing | None
    cancelled: bool = False
    changed: bool = False
    over: bool = False
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
    return _view(invitation, event, consultation)


def rehearsed_view(invitation: Invitation) -> GuestView:
    """Return what the reply page would show to somebody whose ``invitation`` is not stored and never will be."""
    event = db.session.get(Event, invitation.event_id) if invitation.event_id else None
    consultation = db.session.get(Consultation, invitation.consultation_id)
    if event is None or consultation is None:
        raise AbsentError
    return _view(invitation, event, consultation)


def _view(invitation: Invitation, event: Event, consultation: Consultation) -> GuestView:
    # Whoever has no reply that counts has none to look for.
    latest = latest_replies(db.session(), invitation) if invitation.replied_at else []
    counting = standing_by_sitting(latest, invitation)
    has_stated_needs, sittings = _seen(event, invitation, counting)
    last = max(counting.values(), key=lambda reply: reply.received_at, default=None)
    online = any(s.standing and s.standing.seat is SeatState.TAKEN and s.standing.mode is Mode.ONLINE for s in sittings)
    return GuestView(
        invitation_id=invitation.id,
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
        has_stated_needs=has_stated_needs,
        online_link=(event.online_link or "") if online else "",
        closed=closed_because(consultation, event, now()),
        cancelled=event.status == "cancelled",
    )


def _whole(invitation: Invitation, last: Reply | None) -> Standing | None:
    if last is None or invitation.choice is None:
        return None
    return Standing(invitation.choice, last.mode, last.received_at)


# What a page shows of an event's sittings and of one guest's place in them. The first column is about the guest
# alone: an event without a date has no sitting to stand in, and one row all the same.
_SEEN = (
    select(
        exists().where(Needs.invitation_id == bindparam("invitation_id")).label("has_stated_needs"),
        Sitting.id,
        Sitting.starts_wall,
        Sitting.ends_wall,
        Sitting.seats_in_person,
        Sitting.seats_online,
        Sitting.taken_in_person,
        Sitting.taken_online,
        *(waiting_in(mode).label(f"waiting_{mode}") for mode in Mode),
        exists().where(AgendaItem.sitting_id == Sitting.id).label("has_agenda"),
        Seat.id.label("seat_id"),
        Seat.state,
        Seat.mode,
        Sitting.starts_at,
        Sitting.ends_at,
        Sitting.cancelled_at,
        CalendarEntry,
    )
    .select_from(Event)
    .outerjoin(Sitting, Sitting.event_id == Event.id)
    .outerjoin(Seat, and_(Seat.sitting_id == Sitting.id, Seat.invitation_id == bindparam("invitation_id")))
    .outerjoin(CalendarEntry, and_(CalendarEntry.sitting_id == Sitting.id, CalendarEntry.invitation_id == bindparam("invitation_id")))
    .where(Event.id == bindparam("event_id"))
    .order_by(Sitting.starts_at, Sitting.position)
)


def _seen(event: Event, invitation: Invitation, counting: dict[UUID | None, Reply]) -> tuple[bool, tuple[SittingSeen, ...]]:
    """Return whether the guest has stated needs, and the sittings."""
    found = db.session.execute(_SEEN, {"event_id": event.id, "invitation_id": invitation.id}).all()
    rows = [row for row in found if row.id is not None]
    agendas = published_agendas([row.id for row in rows if row.has_agenda])
    sittings = tuple(
        SittingSeen(
            id=row.id,
            starts_wall=row.starts_wall,
            ends_wall=row.ends_wall,
            counts=tuple(count_of(cast("Row[Any]", row), mode, getattr(row, f"waiting_{mode}")) for mode in modes_of(event.format)),
            agenda=agendas.get(row.id, ()),
            standing=_standing(counting.get(row.id), row.seat_id, row.state),
            cancelled=row.cancelled_at is not None,
            changed=_has_changed(event, row),
            over=row.ends_at <= now(),
            calendar=may_download(event, cast("Sitting", row), row.CalendarEntry),
        )
        for row in rows
    )
    return found[0].has_stated_needs, sittings


def _has_changed(event: Event, row: Any) -> bool:
    """Return whether the guest was told another time or place than stands now."""
    before = Shown.from_facts(row.CalendarEntry.told_facts) if row.CalendarEntry else None
    if before is None or before.cancelled:
        return False
    now_shown = shown_to(event, row, row.mode if row.state is SeatState.TAKEN else None, discreet=False)
    moved = (before.when("en"), before.starts_at) != (now_shown.when("en"), now_shown.starts_at)
    return moved or (not before.online and not now_shown.online and before.place != now_shown.place)


def _standing(reply: Reply | None, seat_id: UUID | None, state: SeatState | None) -> Standing | None:
    if reply is None:
        return None
    place = place_in_line(db.session(), seat_id) if seat_id and state is SeatState.WAITING else None
    return Standing(reply.choice, reply.mode, reply.received_at, state, place)


_AGENDA = (
    select(AgendaItem, AgendaPart.part, Person)
    .outerjoin(AgendaPart, and_(AgendaPart.agenda_item_id == AgendaItem.id, AgendaPart.published))
    .outerjoin(Person, Person.id == AgendaPart.person_id)
    .where(AgendaItem.sitting_id.in_(bindparam("sitting_ids", expanding=True)))
    .order_by(AgendaItem.starts_wall, AgendaItem.id, Person.name_key)
    .options(lazyload(Person.organization))
)


def published_agendas(sitting_ids: list[UUID]) -> dict[UUID, tuple[AgendaLine, ...]]:
    """Return the agenda of each sitting, with the names of those who agreed to be named."""
    if not sitting_ids:
        return {}
    people: dict[AgendaItem, list[Named]] = {}
    for item, part, person in db.session.execute(_AGENDA, {"sitting_ids": sitting_ids}):
        named = people.setdefault(item, [])
        if person is not None:
            named.append(Named(person.name, PARTS[part]))
    found: dict[UUID, list[AgendaLine]] = {}
    for item, named in people.items():
        line = AgendaLine(item.kind, AGENDA_KINDS[item.kind], item.starts_wall, item.ends_wall, item.text("title"), tuple(named))
        found.setdefault(item.sitting_id, []).append(line)
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
