"""Rows to begin with: a person, an event with a sitting, somebody who is invited to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.models import Format, Kind, Sitting
from engagement.events.replies import Answer
from engagement.events.service import EventParticulars, SittingPlan, schedule_event, sittings_of
from engagement.invitations.models import Choice, Mode
from engagement.invitations.service import invite
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.roster.models import IdentifiedThrough, Person

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.models import Consultation
    from engagement.events.models import Event
    from engagement.invitations.models import Invitation

HOME = "/c/fisheries/events"
# What the form of a sitting sends.
SITTING = {"day": "2026-12-08", "starts": "13:00", "ends": "15:00", "seats_in_person": "40", "seats_online": "200"}

COMING = Answer(Choice.ACCEPTED, Mode.IN_PERSON)

_numbers = count(1)


def a_person(consultation: Consultation, name: str = "", *, language: str | None = "en", email: str | None = "") -> Person:
    """Store a person; with an address of their own unless ``email`` is None."""
    number = next(_numbers)
    given, _, family = (name or f"Guest{number} Example").partition(" ")
    address = f"guest{number}@example.org" if email == "" else email
    with writing() as session:
        person = Person(
            consultation_id=consultation.id, given_name=given, family_name=family, name_key=f"{family} {given}".casefold(),
            email=address, language=language, identified_through=IdentifiedThrough.STAFF, phone="", do_not_contact=False, created_at=now(),
        )  # fmt: skip
        session.add(person)
    return person


def particulars(
    title: str = "Session 1",
    *,
    form: Format = Format.HYBRID,
    restricted: bool = False,
    reply_by: date | None = None,
    zone: str = "America/Toronto",
) -> EventParticulars:
    """Return the particulars of an event that is whole in both languages."""
    return EventParticulars(
        kind=Kind.ROUNDTABLE,
        format=form,
        zone=zone,
        texts={
            "title": Text(title, f"{title}, en français"),
            "venue": Text("10 Wellington Street, Gatineau", "10, rue Wellington, Gatineau"),
            "access": Text("Step-free entrance.", "Entrée sans marche."),
            "about": Text("We talk about what works.", "Nous parlons de ce qui fonctionne."),
        },
        online_link="https://meet.example.org/session-1" if form is not Format.IN_PERSON else "",
        listed=not restricted,
        restricted=restricted,
        reply_by=reply_by,
    )


def in_weeks(weeks: int, hour: int = 13) -> datetime:
    """Return a wall time some weeks from today."""
    day = now().date() + timedelta(weeks=weeks)
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - wall times have no zone


def an_event(
    consultation: Consultation,
    title: str = "Session 1",
    *,
    form: Format = Format.HYBRID,
    in_person: int = 40,
    online: int = 200,
    days: int = 1,
    restricted: bool = False,
    reply_by: date | None = None,
) -> Event:
    """Schedule an event three weeks from today with one sitting a day; none where ``days`` is 0."""
    plans = [
        SittingPlan(
            starts_wall=in_weeks(3) + timedelta(days=day),
            ends_wall=in_weeks(3, 15) + timedelta(days=day),
            seats_in_person=in_person if form is not Format.ONLINE else 0,
            seats_online=online if form is not Format.IN_PERSON else 0,
        )
        for day in range(days)
    ]
    wanted = particulars(title, form=form, restricted=restricted, reply_by=reply_by)
    return schedule_event(consultation_id=consultation.id, particulars=wanted, sittings=plans, actor=SYSTEM)


def the_sitting(event: Event) -> Sitting:
    """Return the first sitting of an event."""
    return sittings_of(event.id)[0]


def a_guest(event: Event, person: Person) -> Invitation:
    """Invite a person to an event."""
    return invite(consultation_id=event.consultation_id, person_id=person.id, event_id=event.id, actor=SYSTEM)


def some_guests(consultation: Consultation, event: Event, number: int) -> list[UUID]:
    """Invite that many new people and return the ids of their invitations."""
    return [a_guest(event, a_person(consultation)).id for _ in range(number)]


def ended(event: Event) -> None:
    """Let an event have taken place last month."""
    with writing() as session:
        for row in session.scalars(select(Sitting).where(Sitting.event_id == event.id)):
            row.starts_at, row.ends_at = row.starts_at - timedelta(weeks=7), row.ends_at - timedelta(weeks=7)
