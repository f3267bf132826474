"""What people are reminded of, whom a reminder would reach now, and planning it person by person.

A reminder is a mailing like any other: drafted, looked at, approved, planned in steps. Each
step asks the rule again (``reminders.fate_of``), and the mail's composer once more when it is due.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.gathering import standing_among
from engagement.events.letters import PAST_INVITING, is_over
from engagement.events.models import Event, EventStatus, Seat, SeatState
from engagement.events.service import sittings_of
from engagement.invitations.models import Invitation
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.service import plan
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.reach import Reach, Survey
from engagement.outreach.reminders import DAY_BEFORE, EVENT_REMINDER, QUESTIONNAIRE_REMINDER, REMINDED, Fate, day_before_fate, fate_of
from engagement.outreach.rules import rules_of
from engagement.outreach.silence import Asked, Question, asked_about
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, announced_day, standing_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access
    from engagement.events.models import Sitting

EVENT, QUESTIONNAIRE = "event", "questionnaire"
# The mailing knows by this key which sittings it is about.
SITTINGS = "sittings"


class NobodyToRemindError(DomainError):
    """Everybody has answered, or must not be reminded."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What people are reminded of: an event or a questionnaire, with its consultation."""

    consultation: Consultation
    event: Event | None = None
    questionnaire: Questionnaire | None = None
    sittings: tuple[Sitting, ...] = ()

    @property
    def kind(self) -> str:
        """Return "event" or "questionnaire", as in an address."""
        return EVENT if self.event else QUESTIONNAIRE

    @property
    def id(self) -> UUID:
        """Return the id of the event or questionnaire."""
        about = self.event or self.questionnaire
        assert about is not None  # noqa: S101 - it is one of the two.
        return about.id

    @property
    def title(self) -> Text:
        """Return its title in both languages."""
        about = self.event or self.questionnaire
        return about.text("title") if about else Text("", "")

    @property
    def purpose(self) -> str:
        """Return the purpose of a reminder to the silent."""
        return EVENT_REMINDER if self.event else QUESTIONNAIRE_REMINDER

    @property
    def about(self) -> ColumnElement[bool]:
        """Return the condition for invitations to it."""
        return Invitation.event_id == self.id if self.event else Invitation.questionnaire_id == self.id

    @property
    def last_day(self) -> date | None:
        """Return the last day on which people are told to answer."""
        if self.event:
            return self.event.reply_by
        return announced_day(self.questionnaire, self.consultation) if self.questionnaire else None

    @property
    def deadline(self) -> datetime | None:
        """Return the last moment at which a reminder to answer is of use."""
        ends = [end_of_day(self.last_day, self.consultation.zone)] if self.last_day else []
        if self.sittings:
            ends.append(max(sitting.starts_at for sitting in self.sittings))
        return min(ends, default=None)

    @property
    def is_closed(self) -> bool:
        """Return whether nobody is reminded of it any more: cancelled, over, closed, or its consultation is."""
        if self.consultation.status in PAST_INVITING:
            return True
        if self.event:
            return self.event.status is EventStatus.CANCELLED or is_over(self.sittings)
        return self.questionnaire is None or standing_of(self.questionnaire, self.consultation) is Standing.CLOSED


def thing_about(event_id: UUID | None, questionnaire_id: UUID | None) -> Thing | None:
    """Return what a mailing or a schedule is about; None where it is gone."""
    event = db.session.get(Event, event_id) if event_id else None
    questionnaire = db.session.get(Questionnaire, questionnaire_id) if questionnaire_id else None
    about = event or questionnaire
    consultation = db.session.get(Consultation, about.consultation_id) if about else None
    if consultation is None:
        return None
    return Thing(consultation, event, questionnaire, standing_among(sittings_of(event.id)) if event else ())


def find_thing(access: Access, kind: str, thing_id: UUID) -> Thing:
    """Return an event or a questionnaire of this consultation that the member may know of, or raise AbsentError."""
    thing = thing_about(thing_id if kind == EVENT else None, thing_id if kind == QUESTIONNAIRE else None)
    if thing is None or thing.consultation.id != access.consultation.id:
        raise AbsentError
    if thing.event is not None and not access.knows(thing.event.id, restricted=thing.event.restricted):
        raise AbsentError
    return thing


@dataclass(frozen=True, slots=True)
class Fates:
    """Everybody who was asked to one thing by what becomes of them in a reminder."""

    groups: dict[Fate, list[Asked]] = field(default_factory=dict)

    def of(self, fate: Fate) -> list[Asked]:
        """Return the people whom this becomes of, in the order of the roster."""
        return self.groups.get(fate, [])

    @property
    def reminded(self) -> list[Asked]:
        """Return those who are reminded, by mail or by telephone."""
        return [row for fate in REMINDED for row in self.of(fate)]


def _question(thing: Thing, moment: datetime, ids: Sequence[UUID] | None, but_mailing: UUID | None) -> Question:
    return Question(
        consultation_id=thing.consultation.id,
        about=thing.about,
        deadline=thing.deadline,
        limits=rules_of(thing.consultation.id).limits,
        moment=moment,
        ids=ids,
        but_mailing=but_mailing,
    )


def who_is_silent(
    thing: Thing, *, moment: datetime | None = None, ids: Sequence[UUID] | None = None, but_mailing: UUID | None = None
) -> Fates:
    """Return what would become of everybody (or of ``ids``) if a reminder went at ``moment`` (now)."""
    question = _question(thing, moment or now(), ids, but_mailing)
    groups: dict[Fate, list[Asked]] = {}
    for row in asked_about(question):
        groups.setdefault(fate_of(row.facts, question.limits, question.moment), []).append(row)
    return Fates(groups)


def who_has_a_seat(thing: Thing, sitting_ids: Sequence[UUID], *, ids: Sequence[UUID] | None = None) -> Fates:
    """Return what would become of the guests (or of ``ids``) in the note before these sittings."""
    seats = select(Seat.invitation_id).where(Seat.sitting_id.in_(sitting_ids), Seat.state == SeatState.TAKEN)
    holders = set(db.session.scalars(seats))
    groups: dict[Fate, list[Asked]] = {}
    for row in asked_about(_question(thing, now(), ids, None)):
        groups.setdefault(day_before_fate(row.facts, holds_seat=row.invitation.id in holders), []).append(row)
    return Fates(groups)


def draft_reminder(*, thing: Thing, actor: Actor, moment: datetime | None = None) -> Mailing:
    """Store whom a reminder to the silent is for, to be looked at; nothing is planned.

    Raises NobodyToRemindError.
    """
    chosen = who_is_silent(thing, moment=moment).reminded
    if not chosen or thing.is_closed:
        raise NobodyToRemindError(Text("There is nobody to remind now.", "Il n’y a personne à qui faire un rappel pour le moment."))
    with writing() as session:
        row = new_reminder(thing, thing.purpose, [each.person.id for each in chosen])
        row.created_by = actor.id
        session.add(row)
        session.flush()
        note(session, "draft_mailing", row, actor)
    return row


def new_reminder(thing: Thing, purpose: str, people: Sequence[UUID], chosen_by: Mapping[str, str] | None = None) -> Mailing:
    """Return a draft that is not stored yet."""
    return Mailing(
        consultation_id=thing.consultation.id,
        purpose=purpose,
        event_id=thing.event.id if thing.event else None,
        questionnaire_id=thing.questionnaire.id if thing.questionnaire else None,
        chosen_by=dict(chosen_by or {}),
        people=[str(each) for each in dict.fromkeys(people)],
        planned=0,
        state=MailingState.DRAFT,
        created_at=now(),
    )


def fates_in(mailing: Mailing, ids: Sequence[UUID]) -> Fates:
    """Return what becomes of these people of a reminder mailing now."""
    thing = thing_about(mailing.event_id, mailing.questionnaire_id)
    if thing is None:
        return Fates()
    if mailing.purpose == DAY_BEFORE:
        return who_has_a_seat(thing, _sitting_ids(mailing), ids=ids)
    return who_is_silent(thing, moment=max(now(), mailing.send_at or now()), ids=ids, but_mailing=mailing.id)


def _sitting_ids(mailing: Mailing) -> list[UUID]:
    return [UUID(each) for each in mailing.chosen_by.get(SITTINGS, "").split()]


def survey_of_reminder(mailing: Mailing, people: Sequence[Person]) -> Survey:
    """Return what becomes of the people of a reminder in the words of a mailing's page."""
    fates = fates_in(mailing, [person.id for person in people])
    as_reach = {
        Fate.ENGLISH: Reach.ENGLISH,
        Fate.FRENCH: Reach.FRENCH,
        Fate.BOTH: Reach.BOTH,
        Fate.TELEPHONE: Reach.TELEPHONE,
        Fate.OPTED_OUT: Reach.OPTED_OUT,
        Fate.BOUNCED: Reach.BOUNCED,
    }
    groups: dict[Reach, list[Person]] = {}
    for fate in Fate:
        for row in fates.of(fate):
            groups.setdefault(as_reach.get(fate, Reach.NOT_REMINDED), []).append(row.person)
    return Survey(groups, len(mailing.people) - len(people))


def remind_some(session: Session, mailing: Mailing, ids: Sequence[UUID], actor: Actor) -> None:
    """Plan the reminders of those among ``ids`` who are still to be reminded, in the current transaction.

    Their rows are locked meanwhile, so that two mailings that are planned at once do not both
    find that nothing else was sent to somebody.
    """
    thing = thing_about(mailing.event_id, mailing.questionnaire_id)
    if thing is None or thing.is_closed:
        return
    list(session.scalars(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()))
    for row in fates_in(mailing, ids).reminded:
        if mailing.purpose == DAY_BEFORE:
            _plan_notes(thing, mailing, row, actor)
        else:
            _plan(mailing, row, actor, key=str(mailing.id), details={}, not_after=thing.deadline)


def _plan_notes(thing: Thing, mailing: Mailing, row: Asked, actor: Actor) -> None:
    seats = select(Seat.sitting_id).where(Seat.invitation_id == row.invitation.id, Seat.state == SeatState.TAKEN)
    held = set(db.session.scalars(seats)) & set(_sitting_ids(mailing))
    for sitting in thing.sittings:
        if sitting.id in held:
            starts_at = sitting.starts_at.isoformat()
            details = {"sitting_id": str(sitting.id), "starts_at": starts_at}
            _plan(mailing, row, actor, key=f"{sitting.id}:{starts_at}", details=details, not_after=sitting.starts_at)


def _plan(mailing: Mailing, row: Asked, actor: Actor, *, key: str, details: dict[str, str], not_after: datetime | None) -> None:
    plan(
        consultation_id=mailing.consultation_id,
        person_id=row.person.id,
        purpose=mailing.purpose,
        language=row.person.language or "both",
        dedup_key=f"{mailing.purpose}:{row.invitation.id}:{key}",
        invitation_id=row.invitation.id,
        mailing_id=mailing.id,
        details=details,
        due_at=mailing.send_at,
        not_after=not_after,
        actor=actor,
    )
