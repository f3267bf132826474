"""What is done with an event: scheduling and changing it, its sittings, finding it.

The other verbs of this room stand in files of their own and are offered here too:
``replies`` (reply_to_event), ``withdrawing`` (withdraw_guest), ``cancelling`` (cancel_event,
cancel_sitting), ``guests`` (guest_view), ``attendance`` (record_attendance).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from sqlalchemy import func, select

from engagement.consultations.losing import one_at_a_time
from engagement.consultations.models import ClearedFor
from engagement.consultations.service import clear
from engagement.events.attendance import record_attendance
from engagement.events.cancelling import cancel_event, cancel_sitting
from engagement.events.guests import guest_view, needs_of
from engagement.events.models import AgendaItem, Attendance, CalendarEntry, Event, EventStatus, Format, Kind, Seat, Sitting
from engagement.events.plans import BadSittingError, SittingPlan, check_plan, derive_instants, require_other_time, require_seats
from engagement.events.posting import ask_to_come
from engagement.events.replies import Answer, NeedsStated, Outcome, promote_from_waitlist, reply_to_event
from engagement.events.revising import picture, raise_sequences, say_afresh
from engagement.events.seats import modes_of, waiting_counts
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Mode, Reply
from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.bilingual import Text, is_blank
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered, now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Permission
from engagement.kernel.tokens import new_mailbox_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, timedelta
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access

__all__ = [
    "Answer",
    "BadSittingError",
    "NeedsStated",
    "Outcome",
    "SittingPlan",
    "ask_to_come",
    "cancel_event",
    "cancel_sitting",
    "derive_instants",
    "guest_view",
    "needs_of",
    "promote_from_waitlist",
    "record_attendance",
    "reply_to_event",
    "withdraw_guest",
]

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# These stand for pages of their own.
RESERVED = frozenset({"new"})


class BadEventError(DomainError):
    """The particulars of the event cannot be as they were given."""


@dataclass(frozen=True, kw_only=True)
class EventParticulars:
    """What is edited of an event. Texts are named as in Event.bilingual_fields; title is needed.

    An event that is restricted from now on is discreet, whatever ``discreet`` says; later it can be changed.
    """

    kind: Kind
    format: Format
    zone: str
    texts: dict[str, Text]
    online_link: str = ""
    listed: bool = True
    restricted: bool = False
    discreet: bool = False
    sends_calendar: bool = True
    reply_by: date | None = None
    confirmed: frozenset[str] = frozenset()


def schedule_event(
    *, consultation_id: UUID, particulars: EventParticulars, sittings: Sequence[SittingPlan] = (), name: str = "", actor: Actor
) -> Event:
    """Schedule an event, with its sittings or without a date yet, and return it.

    ``name`` is its part of the address, made from the English title if left out; a restricted
    event always gets a random one, and whoever schedules it is cleared for it at once.
    Raises BadEventError, BadSittingError.
    """
    with writing() as session:
        one_at_a_time(session, consultation_id)
        event = Event(consultation_id=consultation_id, status=EventStatus.SCHEDULED, created_at=now())
        event.name = _name_for(session, consultation_id, name, particulars)
        _write(event, particulars)
        session.add(event)
        session.flush()
        note(session, "schedule_event", event, actor)
        _clear_creator(event, actor)
        for plan in sittings:
            add_sitting(event_id=event.id, plan=plan, actor=actor)
    return event


def _name_for(session: Session, consultation_id: UUID, wanted: str, particulars: EventParticulars) -> str:
    if particulars.restricted:
        return new_mailbox_name()
    if wanted and (not NAME.fullmatch(wanted) or len(wanted) > 80):
        said = Text(
            "The name for the address takes lower-case letters, digits and single hyphens.",
            "Le nom dans l’adresse se compose de minuscules sans accent, de chiffres et de traits d’union simples.",
        )
        raise BadEventError(said, field="name")
    base = wanted or "-".join(re.findall(r"[a-z0-9]+", particulars.texts["title"].en.lower()))[:60].strip("-") or "event"
    taken = RESERVED | set(session.scalars(select(Event.name).where(Event.consultation_id == consultation_id)))
    if wanted in RESERVED:
        said = Text(
            "“{name}” stands for a page of its own: choose another name.",
            "«\u00a0{name}\u00a0» désigne déjà une page\u00a0: choisissez un autre nom.",
        )
        raise BadEventError(said.format(name=wanted), field="name")
    if wanted and wanted in taken:
        raise BadEventError(
            Text("Another event has this name in its address.", "Un autre événement a déjà ce nom dans son adresse."), field="name"
        )
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 3))
    return next(name for name in names if name not in taken)


def _clear_creator(event: Event, actor: Actor) -> None:
    if event.restricted and actor.kind is ActorKind.STAFF and actor.id is not None:
        clear(consultation_id=event.consultation_id, user_id=actor.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=actor)


def edit_event(*, event_id: UUID, particulars: EventParticulars, actor: Actor) -> Event:
    """Change an event; a text edited in one language only makes the other one stale.

    A new zone moves the instants of its sittings, whose wall times stand. SEQUENCE rises for
    those guests whose time, place or link it changes; nobody is told by it. An event that
    becomes restricted gets a random name for its address, and the editor is cleared; one that
    was restricted stays so. Raises BadEventError.
    """
    with writing() as session:
        event = _the_event(session, event_id)
        if event.restricted and not particulars.restricted:
            said = Text(
                "A restricted event stays restricted: its guests were invited under that promise.",
                "Un événement restreint le reste\u00a0: c’est la promesse faite aux personnes invitées.",
            )
            raise BadEventError(said, field="restricted")
        locked = select(Sitting).where(Sitting.event_id == event_id).order_by(Sitting.id).with_for_update()
        sittings = list(session.scalars(locked.execution_options(populate_existing=True)))
        _keep_modes_in_use(particulars.format, sittings)
        before, zone, in_mails = picture(event, sittings), event.zone, _said_of(event)
        if particulars.restricted and not event.restricted:
            event.name = new_mailbox_name()
        _write(event, particulars)
        _clear_creator(event, actor)
        for sitting in sittings:
            # What a rule change of the same zone moves is for the team to decide (zone_rules).
            if event.zone != zone:
                derive_instants(sitting, event.zone)
            _drop_seats_of_other_modes(sitting, event.format)
        raise_sequences(session, before, picture(event, sittings))
        if _said_of(event) != in_mails:
            session.flush()
            say_afresh(session, event_id)
        note(session, "edit_event", event, actor)
    return event


def _said_of(event: Event) -> tuple[object, ...]:
    """Return what mails say of an event, apart from its sittings."""
    texts = (event.text(field) for field in Event.bilingual_fields)
    return (*texts, event.kind, event.format, event.zone, event.reply_by, event.online_link, event.discreet, event.sends_calendar)


def _the_event(session: Session, event_id: UUID) -> Event:
    event = session.get(Event, event_id)
    if event is None:
        raise AbsentError
    return event


def _write(event: Event, new: EventParticulars) -> None:
    _check(new)
    event.discreet = new.discreet or (new.restricted and not event.restricted)
    for name in ("kind", "format", "zone", "listed", "restricted", "sends_calendar", "reply_by", "online_link"):
        setattr(event, name, getattr(new, name))
    for field, words in new.texts.items():
        event.set_text(field, words, confirmed=field in new.confirmed)


def _check(new: EventParticulars) -> None:
    if new.zone not in available_timezones():
        raise BadEventError(Text("This time zone is not known.", "Ce fuseau horaire est inconnu."), field="zone")
    if not new.texts["title"].whole:
        side = "en" if is_blank(new.texts["title"].en) else "fr"
        raise BadEventError(Text("Enter the title in both languages.", "Entrez le titre dans les deux langues."), field=f"title_{side}")
    if new.reply_by is not None and not can_be_entered(new.reply_by):
        raise BadEventError(DATE_OUT_OF_REACH, field="reply_by")
    if new.restricted and new.listed:
        said = Text(
            "A restricted event cannot be listed on the public page.", "Un événement restreint ne peut pas figurer sur la page publique."
        )
        raise BadEventError(said, field="listed")
    if new.online_link and not re.match(r"https://[^\s/]+\S*$", new.online_link):
        said = Text("The online link must begin with https://.", "Le lien de connexion doit commencer par https://.")
        raise BadEventError(said, field="online_link")


def _keep_modes_in_use(new_format: Format, sittings: list[Sitting]) -> None:
    kept = modes_of(new_format)
    for mode, label in ((Mode.IN_PERSON, Text("in person", "en personne")), (Mode.ONLINE, Text("online", "en ligne"))):
        taken = sum(s.taken_in_person if mode is Mode.IN_PERSON else s.taken_online for s in sittings)
        waiting = sum(count for (_, waited), count in waiting_counts(db.session(), [s.id for s in sittings]).items() if waited is mode)
        if mode not in kept and taken + waiting:
            said = Text(
                "{count} people hold or wait for a seat {label}: the format must keep it.",
                "{count} personnes ont ou attendent une place {label}\u00a0: le format doit la conserver.",
            )
            filled = Text(said.en.format(count=taken + waiting, label=label.en), said.fr.format(count=taken + waiting, label=label.fr))
            raise BadEventError(filled, field="format")


def _drop_seats_of_other_modes(sitting: Sitting, event_format: Format) -> None:
    if Mode.IN_PERSON not in modes_of(event_format):
        sitting.seats_in_person = 0
    if Mode.ONLINE not in modes_of(event_format):
        sitting.seats_online = 0


def add_sitting(*, event_id: UUID, plan: SittingPlan, actor: Actor) -> Sitting:
    """Add a sitting after those there are. Raises BadSittingError."""
    with writing() as session:
        event = _the_event(session, event_id)
        check_plan(event, plan)
        # Who adds at the same moment sees the other's sitting, and stands after it.
        one_at_a_time(session, event.consultation_id)
        require_other_time(session, event, plan)
        last = session.scalar(select(func.max(Sitting.position)).where(Sitting.event_id == event_id))
        sitting = Sitting(event_id=event_id, position=1 if last is None else last + 1, taken_in_person=0, taken_online=0)
        _write_sitting(sitting, plan, event.zone)
        session.add(sitting)
        session.flush()
        say_afresh(session, event_id)
        note(session, "add_sitting", sitting, actor, event.consultation_id)
    return sitting


def edit_sitting(*, sitting_id: UUID, plan: SittingPlan, actor: Actor) -> Sitting:
    """Change the time or the seats of a sitting; its agenda moves with its beginning.

    Raises BadSittingError, below the seats taken for one.
    """
    with writing() as session:
        sitting = session.get(Sitting, sitting_id, with_for_update=True, populate_existing=True)
        if sitting is None:
            raise AbsentError
        event = _the_event(session, sitting.event_id)
        check_plan(event, plan)
        require_seats(plan.seats_in_person, sitting.taken_in_person, "seats_in_person")
        require_seats(plan.seats_online, sitting.taken_online, "seats_online")
        if (sitting.starts_wall, sitting.ends_wall) != (plan.starts_wall, plan.ends_wall):
            require_other_time(session, event, plan)
        before, began = picture(event, [sitting]), sitting.starts_wall
        _write_sitting(sitting, plan, event.zone)
        _move_agenda(session, sitting, sitting.starts_wall - began)
        raise_sequences(session, before, picture(event, [sitting]))
        note(session, "edit_sitting", sitting, actor, event.consultation_id)
    return sitting


def _move_agenda(session: Session, sitting: Sitting, by: timedelta) -> None:
    if by:
        for item in session.scalars(select(AgendaItem).where(AgendaItem.sitting_id == sitting.id)):
            item.starts_wall, item.ends_wall = item.starts_wall + by, item.ends_wall + by


def remove_sitting(*, sitting_id: UUID, actor: Actor) -> None:
    """Take a sitting away that nobody was told of, replied to or came to. Raises BadSittingError."""
    with writing() as session:
        sitting = session.get(Sitting, sitting_id, with_for_update=True, populate_existing=True)
        if sitting is None:
            raise AbsentError
        if any(
            session.scalar(select(row.id).where(row.sitting_id == sitting_id).limit(1)) for row in (CalendarEntry, Seat, Reply, Attendance)
        ):
            said = Text(
                "People were told of this sitting, replied to it or took part in it: it cannot be removed. Cancel it, or change the time.",
                "Des personnes ont été informées de cette séance, y ont répondu ou y ont participé : on ne peut pas la retirer. "
                "Annulez-la ou changez l’heure.",
            )
            raise BadSittingError(said)
        note(session, "remove_sitting", sitting, actor, _the_event(session, sitting.event_id).consultation_id)
        session.delete(sitting)
        session.flush()
        say_afresh(session, sitting.event_id)


def _write_sitting(sitting: Sitting, plan: SittingPlan, zone: str) -> None:
    moved = (sitting.starts_wall, sitting.ends_wall) != (plan.starts_wall, plan.ends_wall)
    sitting.starts_wall, sitting.ends_wall = plan.starts_wall, plan.ends_wall
    sitting.seats_in_person, sitting.seats_online = plan.seats_in_person, plan.seats_online
    if moved:
        derive_instants(sitting, zone)


def find_event(access: Access, name: str) -> Event:
    """Return the event with this name in the address; AbsentError too where this member may not know of it."""
    found = db.session.scalar(select(Event).where(Event.consultation_id == access.consultation.id, Event.name == name))
    if found is None or not _may_know(access, found):
        raise AbsentError
    return found


def _may_know(access: Access, event: Event) -> bool:
    return access.may(Permission.SEE_EVENTS, event.id) and access.knows(event.id, restricted=event.restricted)


def events_of(access: Access) -> list[Event]:
    """Return the events this member may know of, by date; those without one come last."""
    return [event for event in all_events(access.consultation.id) if _may_know(access, event)]


def all_events(consultation_id: UUID) -> list[Event]:
    """Return every event by date, those without one last. For the program itself: it asks for no clearance."""
    first = select(func.min(Sitting.starts_at)).where(Sitting.event_id == Event.id).scalar_subquery()
    rows = select(Event).where(Event.consultation_id == consultation_id).order_by(first.is_(None), first, Event.created_at, Event.id)
    return list(db.session.scalars(rows))


def listed_events(consultation_id: UUID) -> list[Event]:
    """Return the events for the public page: listed, taking place, and the same in both languages.

    Each of them is by invitation; a stale or half-translated one is left out until it is mended.
    """
    return [
        event
        for event in all_events(consultation_id)
        if event.listed and not event.restricted and event.status is EventStatus.SCHEDULED and texts_agree(event)
    ]


def texts_agree(event: Event) -> bool:
    """Return whether every text of the event stands in both languages, neither older than the other."""
    return not event.stale_texts() and not event.missing_texts()


def sittings_of(event_id: UUID) -> list[Sitting]:
    """Return the sittings of an event in their order in time."""
    return list(db.session.scalars(select(Sitting).where(Sitting.event_id == event_id).order_by(Sitting.starts_at, Sitting.position)))
