"""What events tell other rooms: what happened with a person, and which events a team can be let into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from sqlalchemy import select

from engagement.consultations.service import is_publishable
from engagement.events.figures import Figures, figures_of_many
from engagement.events.models import Attendance, Event, EventStatus, Seat, Sitting
from engagement.events.service import events_of, listed_events
from engagement.events.telling import guests_behind, people_told
from engagement.events.vocabulary import SEATS
from engagement.events.zone_rules import moved_among
from engagement.invitations.models import Invitation, Reply
from engagement.invitations.vocabulary import CHANNELS, CHOICES, MODES
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.policy import Permission
from engagement.kernel.ports import OverviewLine, Step, Subject, TimelineEntry
from engagement.kernel.wording import date_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from engagement.consultations.access import Access

INVITED = Text("Invited to {event}", "Invitation à l’événement {event}")
WITHDRAWN = Text("Invitation to {event} withdrawn", "Invitation à l’événement {event} retirée")
REPLIED = Text("{event}: {choice} ({channel})", "{event}\u00a0: {choice} ({channel})")
SEATED = Text("{event}: {seat}, {mode}", "{event}\u00a0: {seat}, {mode}")
ATTENDED = Text("Was at {event} ({mode})", "Présence à l’événement {event} ({mode})")
HEAD = Text("Events", "Événements")
MOVED = Text(
    "A rule of a time zone has moved a sitting: decide what stands",
    "Une règle de fuseau horaire a déplacé une séance\u00a0: décidez de ce qui vaut",
)


def subjects(access: Access) -> list[Subject]:
    """Return the events that this member may know of, as the team page names them."""
    return [Subject("event", event.id, event.title, event.restricted) for event in events_of(access)]


def overview(access: Access) -> Iterator[OverviewLine]:
    """Give the overview's line on events, and one where people wait for a seat that is free."""
    if not access.may_somewhere(Permission.SEE_EVENTS):
        yield from _public_dates(access)
        return
    found = [event for event in events_of(access) if event.status is EventStatus.SCHEDULED]
    figures = figures_of_many(found)
    sittings = {event.id: [sitting for sitting, _ in figures[event.id].sittings] for event in found}
    count = _how_many(found, figures, access)
    yield OverviewLine(HEAD, count, url_for("events.schedule", slug=access.consultation.slug))
    for event in found:
        yield from _seats_to_give(access, event, figures[event.id])
        yield from _to_be_told(access, event, figures[event.id])
        if moved_among(event, sittings[event.id]) and access.may(Permission.SCHEDULE_EVENTS, event.id):
            yield OverviewLine(event.title, MOVED, _address(access, event), waiting=True)


def _public_dates(access: Access) -> Iterator[OverviewLine]:
    """Give what everybody can read on the public page, to those who see no more of events."""
    is_shown = access.consultation.is_public and is_publishable(access.consultation)
    found = listed_events(access.consultation.id) if is_shown else []
    if found:
        yield OverviewLine(
            HEAD, _how_many(found, figures_of_many(found), access), url_for("publication.consultation", slug=access.consultation.slug)
        )


def _how_many(found: list[Event], figures: Mapping[UUID, Figures], access: Access) -> Text:
    """Return how many events are scheduled, and when the next one is; where no date is ahead, the last one."""
    if not found:
        return Text("No event is scheduled yet", "Aucun événement n’est encore prévu")
    rows = [sitting for event in found for sitting, _ in figures[event.id].sittings]
    dated = [row.starts_at for row in rows if not row.cancelled_at]
    ahead = [moment for moment in dated if moment > now()]
    count = Text(f"{len(found)} scheduled", f"{len(found)} au calendrier")
    if not dated:
        return count
    day = on_the_wall(min(ahead) if ahead else max(dated), access.consultation.zone).date()
    if not ahead:
        return Text(f"{len(found)}; last date: {date_words(day, 'en')}", f"{len(found)}; dernière date\u00a0: {date_words(day, 'fr')}")
    return Text(f"{count.en}, the next on {date_words(day, 'en')}", f"{count.fr}, le prochain {date_words(day, 'fr')}")


def first_step(access: Access) -> Iterator[Step]:
    """Give the step to schedule an event."""
    if access.may(Permission.SCHEDULE_EVENTS):
        slug, there = access.consultation.slug, bool(events_of(access))
        url = url_for("events.schedule", slug=slug) if there else url_for("events.new", slug=slug)
        yield Step(Text("Schedule an event", "Prévoir un événement"), there, url, optional=True)


def _seats_to_give(access: Access, event: Event, figures: Figures) -> Iterator[OverviewLine]:
    counts = [count for sitting, counts in figures.sittings for count in counts if sitting.cancelled_at is None]
    ready = sum(min(count.waiting, count.seats - count.taken) for count in counts)
    if ready and access.may(Permission.RECORD_REPLIES, event.id):
        stands = Text(f"Seats that people wait for are free: {ready}", f"Places attendues et libres\u00a0: {ready}")
        yield OverviewLine(event.title, stands, _address(access, event), waiting=True)


def _to_be_told(access: Access, event: Event, figures: Figures) -> Iterator[OverviewLine]:
    # Where nobody is invited, nobody has to be told; the rows are asked for no more than they must be.
    number = people_told(guests_behind(event)) if figures.invited and access.may(Permission.INVITE, event.id) else 0
    if number:
        stands = Text(
            f"Guests who know an older time or place: {number}", f"Personnes qui connaissent une heure ou un lieu périmé\u00a0: {number}"
        )
        yield OverviewLine(event.title, stands, url_for("events.tell", slug=access.consultation.slug, name=event.name), waiting=True)


def timeline(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give what happened with a person at the events that this member may know of."""
    known = {event.id: event for event in events_of(access) if access.may(Permission.SEE_PEOPLE, event.id)}
    rows = db.session.scalars(select(Invitation).where(Invitation.person_id == person_id, Invitation.event_id.in_(known)))
    for invitation in rows:
        if invitation.event_id is not None:
            yield from _of_invitation(invitation, known[invitation.event_id], access)
    rows_there = select(Attendance, Sitting.starts_at).outerjoin(Sitting, Sitting.id == Attendance.sitting_id)
    for there, starts_at in db.session.execute(rows_there.where(Attendance.person_id == person_id, Attendance.event_id.in_(known))):
        event = known[there.event_id]
        what = _filled(ATTENDED, event=event.title, mode=MODES[there.mode])
        yield TimelineEntry(starts_at or there.recorded_at, what, _address(access, event))


def _of_invitation(invitation: Invitation, event: Event, access: Access) -> Iterator[TimelineEntry]:
    slug = access.consultation.slug
    url = url_for("events.invitation", slug=slug, name=event.name, invitation_id=invitation.id)
    yield TimelineEntry(invitation.created_at, _filled(INVITED, event=event.title), url)
    if invitation.withdrawn_at is not None:
        yield TimelineEntry(invitation.withdrawn_at, _filled(WITHDRAWN, event=event.title), url)
    for reply in db.session.scalars(select(Reply).where(Reply.invitation_id == invitation.id)):
        said = _filled(REPLIED, event=event.title, choice=CHOICES[reply.choice], channel=CHANNELS[reply.channel])
        yield TimelineEntry(reply.received_at, said, url)
    for seat in db.session.scalars(select(Seat).where(Seat.invitation_id == invitation.id)):
        yield TimelineEntry(seat.since, _filled(SEATED, event=event.title, seat=SEATS[seat.state], mode=MODES[seat.mode]), url)


def _address(access: Access, event: Event) -> str:
    return url_for("events.event", slug=access.consultation.slug, name=event.name)


def _filled(said: Text, **values: Text) -> Text:
    english = {name: value.en for name, value in values.items()}
    french = {name: value.fr for name, value in values.items()}
    return Text(said.en.format(**english), said.fr.format(**french))
