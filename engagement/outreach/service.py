"""Verbs of a mailing: what can be sent, choosing people, when it goes, the yes that lets it go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.models import Event, EventStatus
from engagement.events.service import events_of
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered, exists, in_utc, now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.bell import ring_when_stored
from engagement.outreach.facts import mark_of
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.readiness import faults_before_sending
from engagement.outreach.words import ANNOUNCEMENT
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.service import questionnaires_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, time
    from uuid import UUID

    from engagement.consultations.access import Access

EVENT, QUESTIONNAIRE = "event", "questionnaire"
PURPOSE_OF = {EVENT: "event_invitation", QUESTIONNAIRE: "questionnaire_invitation"}
NOTHING = Text("News for those concerned", "Nouvelles pour les personnes intéressées")
__all__ = ["faults_before_sending"]


class NobodyChosenError(DomainError):
    """A mailing needs somebody to go to."""


class NotReadyError(DomainError):
    """What would be sent is stale, half translated, or not there."""


class NotADraftError(DomainError):
    """The mailing was approved or discarded before."""


class BadScheduleError(DomainError):
    """A mailing cannot be sent at this time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be sent: an invitation to an event or a questionnaire, or an announcement.

    An announcement (``announces``) may be about one of them, or about nothing in particular
    (``kind`` is empty then, and there is no id).
    """

    kind: str
    id: UUID | None
    title: Text
    restricted: bool = False
    announces: bool = False

    @property
    def key(self) -> str:
        """Return its part of an address: "event:<id>", "announcement", "announcement:event:<id>"."""
        return ":".join(part for part in (ANNOUNCEMENT if self.announces else "", self.kind, str(self.id or "")) if part)

    @property
    def purpose(self) -> str:
        """Return which kind of mail it is."""
        return ANNOUNCEMENT if self.announces else PURPOSE_OF[self.kind]


def offers_to(access: Access) -> list[Offer]:
    """Return what this member can send: invitations to events that take place and to questionnaires, announcements."""
    events = events_of(access)
    asked = [Offer(QUESTIONNAIRE, each.id, each.text("title")) for each in questionnaires_of(access.consultation.id)]
    return [
        *(Offer(EVENT, each.id, each.title, each.restricted) for each in events if each.status is EventStatus.SCHEDULED),
        *asked,
        Offer("", None, NOTHING, announces=True),
        *(Offer(EVENT, each.id, each.title, each.restricted, announces=True) for each in events),
        *(Offer(each.kind, each.id, each.title, announces=True) for each in asked),
    ]


def find_offer(access: Access, key: str) -> Offer | None:
    """Return what ``key`` names, None where this member cannot send it."""
    return next((offer for offer in offers_to(access) if offer.key == key), None)


def draft_mailing(*, consultation_id: UUID, offer: Offer, people: Sequence[UUID], chosen_by: Mapping[str, str], actor: Actor) -> Mailing:
    """Store whom a mailing is for, to be looked at; nothing is planned. Raises NobodyChosenError."""
    if not people:
        said = Text("Choose at least one person.", "Choisissez au moins une personne.")
        raise NobodyChosenError(said, field="people")
    with writing() as session:
        row = Mailing(
            consultation_id=consultation_id,
            purpose=offer.purpose,
            event_id=offer.id if offer.kind == EVENT else None,
            questionnaire_id=offer.id if offer.kind == QUESTIONNAIRE else None,
            chosen_by=dict(chosen_by),
            people=[str(each) for each in dict.fromkeys(people)],
            people_again=[],
            planned=0,
            round=1,
            created_at=now(),
            created_by=actor.id,
        )
        session.add(row)
        session.flush()
        note(session, "draft_mailing", row, actor)
    return row


def held_mailing(mailing_id: UUID) -> Mailing:
    """Return the mailing, locked until the transaction ends; for use inside writing(). Raises AbsentError."""
    found = db.session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise AbsentError
    return found


def schedule(*, mailing_id: UUID, day: date | None, at: time | None, zone: str, actor: Actor) -> Mailing:
    """Set when a draft goes: on this day at this time on the clocks of ``zone``, or, with neither, as soon as it is approved.

    Raises BadScheduleError (one of the two missing, past, a time that the clocks skip), NotADraftError.
    """
    moment = _moment(day, at, zone)
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if mailing.state is not MailingState.DRAFT:
            raise NotADraftError(Text("This mailing was approved or discarded.", "Cet envoi a été approuvé ou abandonné."))
        mailing.send_at = moment
        note(session, "schedule_mailing", mailing, actor)
    return mailing


def _moment(day: date | None, at: time | None, zone: str) -> datetime | None:
    if day is None and at is None:
        return None
    if day is None:
        raise BadScheduleError(Text("Enter the day as well.", "Entrez aussi le jour."), field="day")
    if at is None:
        raise BadScheduleError(Text("Enter the time as well.", "Entrez aussi l’heure."), field="at")
    if not can_be_entered(day):
        raise BadScheduleError(DATE_OUT_OF_REACH, field="day")
    # Combined from its parts, so that the wall time has no zone of its own.
    wall = on_the_wall(now(), zone).replace(
        year=day.year, month=day.month, day=day.day, hour=at.hour, minute=at.minute, second=0, microsecond=0, tzinfo=None, fold=0
    )
    moment = in_utc(wall, zone)
    if not exists(wall, zone):
        said = Text(
            "The clocks skip this time on that day: choose another one.",
            "Les horloges sautent cette heure ce jour-là\u00a0: choisissez-en une autre.",
        )
        raise BadScheduleError(said, field="at")
    if moment <= now():
        raise BadScheduleError(PAST, field="day")
    return moment


PAST = Text("This time has passed: choose a later one.", "Ce moment est passé\u00a0: choisissez-en un autre.")


def approve(*, mailing_id: UUID, seen: str | None = None, actor: Actor) -> Mailing:
    """Let a mailing go: from its time on everybody it reaches will be invited and written to, once.

    ``seen`` is the mark of what was looked at (``facts.mark_of``). Approving twice is approving once. Raises NotReadyError (also
    where it is not what was looked at any more), NotADraftError (it was discarded).
    """
    found = db.session.get(Mailing, mailing_id)
    if found is None:
        raise AbsentError
    if found.state is MailingState.DRAFT:
        require_ready(found)
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if mailing.state is MailingState.DRAFT and seen is not None and seen != mark_of(mailing):
            raise NotReadyError(LOOK_AGAIN)
        if mailing.state is MailingState.CANCELLED:
            raise NotADraftError(Text("This mailing was discarded.", "Cet envoi a été abandonné."))
        if mailing.state is MailingState.DRAFT:
            mailing.state, mailing.approved_at, mailing.approved_by = MailingState.APPROVED, now(), actor.id
            note(session, "approve_mailing", mailing, actor)
            # The worker plans what this process does not get to.
            ring_when_stored(session)
    return mailing


def require_ready(mailing: Mailing) -> None:
    """Raise NotReadyError with the first thing that keeps a draft from being approved."""
    faults = faults_before_sending(mailing)
    if mailing.state is MailingState.DRAFT and mailing.send_at is not None and mailing.send_at <= now():
        faults.append(TOO_LATE)
    if faults:
        raise NotReadyError(faults[0])


LOOK_AGAIN = Text(
    "Something has changed since you looked at it: look again, then approve.",
    "Quelque chose a changé depuis que vous l’avez vérifié\u00a0: vérifiez de nouveau, puis approuvez.",
)
TOO_LATE = Text("The time set for sending has passed: set another one.", "Le moment prévu pour l’envoi est passé\u00a0: fixez-en un autre.")


def discard(*, mailing_id: UUID, actor: Actor) -> None:
    """Give a draft up. Raises NotADraftError once it was approved."""
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if mailing.state not in {MailingState.DRAFT, MailingState.CANCELLED}:
            raise NotADraftError(Text("This mailing was approved: it is on its way.", "Cet envoi a été approuvé\u00a0: il est en route."))
        mailing.state = MailingState.CANCELLED
        note(session, "discard_mailing", mailing, actor)


def find_mailing(access: Access, mailing_id: UUID) -> Mailing:
    """Return a mailing of this consultation; AbsentError too where it is about what the member may not know of."""
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None or mailing.consultation_id != access.consultation.id or not may_know(access, mailing):
        raise AbsentError
    return mailing


def may_know(access: Access, mailing: Mailing) -> bool:
    """Return whether this member may know what the mailing is about."""
    event = db.session.get(Event, mailing.event_id) if mailing.event_id else None
    return event is None or access.knows(event.id, restricted=event.restricted)


def mailings_of(access: Access) -> list[Mailing]:
    """Return the mailings that this member may know of, the newest first."""
    rows = db.session.scalars(
        select(Mailing).where(Mailing.consultation_id == access.consultation.id).order_by(Mailing.created_at.desc(), Mailing.id)
    )
    return [row for row in rows if may_know(access, row)]


def count_left_to_the_team(access: Access) -> int:
    """Return how many mailings stand paused that nobody of the team paused, of those that this member may know of."""
    left = select(Mailing).where(Mailing.state == MailingState.PAUSED, Mailing.paused_because.is_not(None))
    return sum(may_know(access, row) for row in db.session.scalars(left.where(Mailing.consultation_id == access.consultation.id)))


def title_of(mailing: Mailing) -> Text:
    """Return the title of what the mailing is about; of an announcement, its own subject where one was written."""
    subject = mailing.text("subject")
    if mailing.purpose == ANNOUNCEMENT and subject.whole and "((" not in subject.en + subject.fr:
        return subject
    return about_title(mailing)


def about_title(mailing: Mailing) -> Text:
    """Return the title of the event or the questionnaire that the mailing is about."""
    if mailing.event_id:
        event = db.session.get(Event, mailing.event_id)
        return event.title if event else Text("", "")
    if mailing.questionnaire_id:
        asked = db.session.get(Questionnaire, mailing.questionnaire_id)
        return asked.text("title") if asked else Text("", "")
    return NOTHING
