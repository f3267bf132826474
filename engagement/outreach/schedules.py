"""Reminders that go by themselves: the team says yes once, and the worker makes one mailing at each time.

At most one a schedule and day: the row is locked while it is made, and remembers the day.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engagement.consultations.models import Consultation, Status
from engagement.kernel.audit import SYSTEM, Actor, ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import in_utc, now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.kernel.wording import time_words
from engagement.mailing.bell import ring_when_stored
from engagement.outreach.models import Mailing, MailingState, ReminderKind, ReminderSchedule
from engagement.outreach.occasions import Occasion, before_deadline, before_sitting
from engagement.outreach.reminders import DAY_BEFORE
from engagement.outreach.reminding import SITTINGS, Fates, Thing, new_reminder, thing_about, who_has_a_seat, who_is_silent
from engagement.outreach.rules import rules_of
from engagement.outreach.service import faults_before_sending
from engagement.questionnaires.opening import Standing, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

MOST_DAYS = 60
KINDS: dict[ReminderKind, Text] = {
    ReminderKind.REPLY_DEADLINE: Text("To those who have not replied", "À qui n’a pas répondu"),
    ReminderKind.DAY_BEFORE: Text("To those who hold a seat", "À qui a une place"),
    ReminderKind.QUESTIONNAIRE: Text("To those who have not answered", "À qui n’a pas rempli le questionnaire"),
}

log = logging.getLogger(__name__)


class BadScheduleError(DomainError):
    """The reminder cannot be scheduled like this."""


def schedule_reminder(*, thing: Thing, kind: ReminderKind, days_before: int, at: time, actor: Actor) -> ReminderSchedule:
    """Have a reminder go by itself from now on, at ``at`` so many days before.

    One that was stopped goes again. Raises BadScheduleError: a number of days or a time that
    cannot be, no deadline, or one of the same day that goes already.
    """
    _check(thing, kind, days_before, at)
    try:
        with writing() as session:
            row = session.scalar(_same(thing, kind, days_before).with_for_update())
            if row is not None and row.active:
                raise _twice(days_before)
            if row is None:
                row = ReminderSchedule(
                    consultation_id=thing.consultation.id,
                    event_id=thing.event.id if thing.event else None,
                    questionnaire_id=thing.questionnaire.id if thing.questionnaire else None,
                    kind=kind,
                    days_before=days_before,
                    created_at=now(),
                )
                session.add(row)
            row.at, row.active = at, True
            row.created_by = actor.id if actor.kind is ActorKind.STAFF else None
            session.flush()
            note(session, "schedule_reminder", row, actor)
    except IntegrityError:
        # Somebody else of the team scheduled the same at the same moment.
        raise _twice(days_before) from None
    return row


def _same(thing: Thing, kind: ReminderKind, days_before: int) -> Select[ReminderSchedule]:
    about = ReminderSchedule.event_id == thing.id if thing.event else ReminderSchedule.questionnaire_id == thing.id
    return select(ReminderSchedule).where(about, ReminderSchedule.kind == kind, ReminderSchedule.days_before == days_before)


def change_schedule(*, schedule_id: UUID, days_before: int, at: time, actor: Actor) -> ReminderSchedule:
    """Have a reminder go on another day or at another time. Raises BadScheduleError, AbsentError."""
    found = db.session.get(ReminderSchedule, schedule_id)
    thing = thing_about(found.event_id, found.questionnaire_id) if found else None
    if found is None or thing is None:
        raise AbsentError
    _check(thing, found.kind, days_before, at)
    try:
        with writing() as session:
            row = session.get_one(ReminderSchedule, schedule_id, with_for_update=True, populate_existing=True)
            row.days_before, row.at = days_before, at
            session.flush()
            note(session, "change_reminder", row, actor)
    except IntegrityError:
        raise _twice(days_before) from None
    return row


def switch_schedule(*, schedule_id: UUID, active: bool, actor: Actor) -> ReminderSchedule:
    """Stop a reminder, or have it go again. Doing it twice is doing it once. Raises AbsentError."""
    with writing() as session:
        row = session.get(ReminderSchedule, schedule_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise AbsentError
        if row.active is not active:
            row.active = active
            note(session, "start_reminder" if active else "stop_reminder", row, actor)
    return row


def _check(thing: Thing, kind: ReminderKind, days_before: int, at: time) -> None:
    if (kind is ReminderKind.QUESTIONNAIRE) != (thing.questionnaire is not None):
        raise BadScheduleError(Text("Choose whom it is for.", "Choisissez à qui il s’adresse."), field="kind")
    if not 0 <= days_before <= MOST_DAYS:
        raise BadScheduleError(Text("Enter a number of days from 0 to 60.", "Entrez un nombre de jours de 0 à 60."), field="days_before")
    rules = rules_of(thing.consultation.id)
    if rules.quiet(_zone_of(thing, kind)).covers(at):
        hours = {side: (time_words(rules.quiet_from, side), time_words(rules.quiet_until, side)) for side in ("en", "fr")}
        said = Text(
            "This is in your quiet hours ({hours[en][0]} to {hours[en][1]}).",
            "C’est pendant vos heures de repos (de {hours[fr][0]} à {hours[fr][1]}).",
        )
        raise BadScheduleError(said.format(hours=hours), field="at")


def _twice(days_before: int) -> BadScheduleError:
    said = Text("A reminder goes so many days before already: {days}.", "Un rappel part déjà ce nombre de jours avant\u00a0: {days}.")
    return BadScheduleError(said.format(days=days_before), field="days_before")


def _zone_of(thing: Thing, kind: ReminderKind) -> str:
    return thing.event.zone if kind is ReminderKind.DAY_BEFORE and thing.event else thing.consultation.zone


@dataclass(frozen=True, slots=True)
class Planned:
    """One time at which a schedule goes, and the sittings it is about (none: the deadline)."""

    occasion: Occasion
    sittings: tuple[UUID, ...] = ()


def occasions_of(schedule: ReminderSchedule, thing: Thing) -> list[Planned]:
    """Return every time at which a schedule goes or went, the first first; none without a deadline or a sitting."""
    if schedule.kind is not ReminderKind.DAY_BEFORE:
        if thing.last_day is None:
            return []
        return [Planned(before_deadline(thing.last_day, schedule.days_before, schedule.at, thing.consultation.zone))]
    days: dict[date, Planned] = {}
    zone = _zone_of(thing, schedule.kind)
    for sitting in sorted(thing.sittings, key=lambda each: each.starts_at):
        occasion = before_sitting(sitting.starts_wall, schedule.days_before, schedule.at, zone)
        # Two sittings on one day are one mailing; it is of use until the last of them begins.
        earlier = days.get(occasion.day)
        days[occasion.day] = Planned(occasion, (*(earlier.sittings if earlier else ()), sitting.id))
    return sorted(days.values(), key=lambda planned: planned.occasion.goes_at)


def next_of(schedule: ReminderSchedule, thing: Thing, moment: datetime) -> Planned | None:
    """Return what goes next: due now and not made yet, else the next to come; None where nothing does."""
    found = occasions_of(schedule, thing)
    due = [each for each in found if each.occasion.is_due(moment) and schedule.made_for != each.occasion.day]
    return next(iter([*due, *(each for each in found if each.occasion.is_to_come(moment))]), None)


def whom_it_would_reach(schedule: ReminderSchedule, thing: Thing, planned: Planned | None, moment: datetime) -> Fates:
    """Return what would become of everybody if the schedule went at ``moment``."""
    if schedule.kind is ReminderKind.DAY_BEFORE:
        return who_has_a_seat(thing, planned.sittings if planned else ())
    return who_is_silent(thing, moment=moment)


def was_missed(schedule: ReminderSchedule, thing: Thing, moment: datetime) -> bool:
    """Return whether today's time passed during a pause, so that the team decides whether it still goes."""
    zone = _zone_of(thing, schedule.kind)
    today = on_the_wall(moment, zone).date()
    if not schedule.active or schedule.made_for != today:
        return False
    since = in_utc(datetime.combine(today, time(0)), zone)
    made = select(func.count()).select_from(Mailing).where(Mailing.schedule_id == schedule.id, Mailing.created_at > since)
    return not db.session.scalar(made)


def schedules_of(consultation_id: UUID) -> list[ReminderSchedule]:
    """Return the schedules of a consultation, those with the most days before first."""
    rows = select(ReminderSchedule).where(ReminderSchedule.consultation_id == consultation_id)
    return list(db.session.scalars(rows.order_by(ReminderSchedule.kind, ReminderSchedule.days_before.desc(), ReminderSchedule.id)))


def _may_go(thing: Thing) -> bool:
    """Return whether anything goes by itself about this now."""
    if thing.consultation.status is Status.PAUSED or thing.is_closed:
        return False
    asked = thing.questionnaire
    return asked is None or standing_of(asked, thing.consultation) is Standing.OPEN


def send_what_is_scheduled(moment: datetime | None = None) -> None:
    """Make a mailing of each schedule whose time has come today. A chore of the worker.

    One that cannot go yet (a text is stale) is tried again until its day or its deadline is over.
    """
    moment = moment or now()
    active = select(ReminderSchedule).join(Consultation, Consultation.id == ReminderSchedule.consultation_id)
    open_now = Consultation.status.not_in([Status.PAUSED, Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD])
    for schedule in db.session.scalars(active.where(ReminderSchedule.active, open_now)).all():
        try:
            _send(schedule, moment)
        except Exception as error:  # noqa: BLE001 - one that fails holds up no other.
            db.session.rollback()
            log.error("a scheduled reminder stands still: %s", what_broke(error))  # noqa: TRY400 - no message.


def _send(schedule: ReminderSchedule, moment: datetime) -> None:
    thing = thing_about(schedule.event_id, schedule.questionnaire_id)
    planned = _due(schedule, thing, moment) if thing else None
    if thing is None or planned is None or not _may_go(thing):
        return
    people = [row.person.id for row in whom_it_would_reach(schedule, thing, planned, moment).reminded]
    purpose = DAY_BEFORE if schedule.kind is ReminderKind.DAY_BEFORE else thing.purpose
    mailing = new_reminder(thing, purpose, people, {SITTINGS: " ".join(map(str, planned.sittings))} if planned.sittings else {})
    if not faults_before_sending(mailing):
        _make(schedule.id, mailing, planned, moment)


def _due(schedule: ReminderSchedule, thing: Thing, moment: datetime) -> Planned | None:
    found = occasions_of(schedule, thing)
    return next((each for each in found if each.occasion.is_due(moment) and schedule.made_for != each.occasion.day), None)


def _make(schedule_id: UUID, mailing: Mailing, planned: Planned, moment: datetime) -> None:
    with writing() as session:
        row = session.get(ReminderSchedule, schedule_id, with_for_update=True, populate_existing=True)
        # Another worker was first, or somebody stopped or paused it since we looked.
        if row is None or not row.active or row.made_for == planned.occasion.day or _is_paused(session, row):
            return
        row.made_for = planned.occasion.day
        mailing.schedule_id, mailing.created_by = row.id, row.created_by
        mailing.state, mailing.approved_at, mailing.approved_by = MailingState.APPROVED, moment, row.created_by
        session.add(mailing)
        session.flush()
        note(session, "send_scheduled_reminder", mailing, SYSTEM)
        ring_when_stored(session)


def _is_paused(session: Session, row: ReminderSchedule) -> bool:
    return session.scalar(select(Consultation.status).where(Consultation.id == row.consultation_id)) is Status.PAUSED


def leave_to_the_team(consultation_id: UUID, moment: datetime | None = None) -> None:
    """Let the team decide about reminders whose time came during a pause that ends now, in the current transaction.

    They do not go by themselves any more today; the page of reminders says so.
    """
    moment = moment or now()
    with writing() as session:
        for schedule in _active_in(session, consultation_id):
            thing = thing_about(schedule.event_id, schedule.questionnaire_id)
            planned = _due(schedule, thing, moment) if thing else None
            if planned is not None:
                schedule.made_for = planned.occasion.day
                note(session, "leave_reminder_to_team", schedule, SYSTEM)


def _active_in(session: Session, consultation_id: UUID) -> Sequence[ReminderSchedule]:
    rows = select(ReminderSchedule).where(ReminderSchedule.consultation_id == consultation_id, ReminderSchedule.active)
    return session.scalars(rows.with_for_update()).all()
