"""Verbs of a mailing: choosing people, the yes that lets it go, planning what was approved."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

from engagement.consultations.models import Consultation
from engagement.events.letters import PAST_INVITING, is_over
from engagement.events.models import Event, EventStatus
from engagement.events.posting import ask_to_come
from engagement.events.service import events_of, sittings_of, texts_agree
from engagement.kernel.audit import Actor, note, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.texts import text_of
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.reach import GETS_IT, Reach, survey
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.reminding import remind_some
from engagement.outreach.vocabulary import REASONS
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.service import ask_to_answer, questionnaires_of
from engagement.questionnaires.wholeness import faults_of
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

EVENT, QUESTIONNAIRE = "event", "questionnaire"
PURPOSE_OF = {EVENT: "event_invitation", QUESTIONNAIRE: "questionnaire_invitation"}
# So many people are asked in one transaction: well under 200 ms of write lock.
AT_ONCE = 10

log = logging.getLogger(__name__)


class NobodyChosenError(DomainError):
    """A mailing needs somebody to go to."""


class NotReadyError(DomainError):
    """What would be sent is stale, half translated, or not there."""


class NotADraftError(DomainError):
    """The mailing was approved or discarded before."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that people can be invited to."""

    kind: str
    id: UUID
    title: Text
    restricted: bool = False

    @property
    def key(self) -> str:
        """Return its part of an address: "event:<id>"."""
        return f"{self.kind}:{self.id}"


def offers_to(access: Access) -> list[Offer]:
    """Return what this member can invite people to: events that take place, and questionnaires."""
    events = [event for event in events_of(access) if event.status is EventStatus.SCHEDULED]
    return [
        *(Offer(EVENT, event.id, event.title, event.restricted) for event in events),
        *(Offer(QUESTIONNAIRE, each.id, each.text("title")) for each in questionnaires_of(access.consultation.id)),
    ]


def find_offer(access: Access, key: str) -> Offer | None:
    """Return what ``key`` names, None where this member cannot invite to it."""
    return next((offer for offer in offers_to(access) if offer.key == key), None)


def draft_mailing(*, consultation_id: UUID, offer: Offer, people: Sequence[UUID], chosen_by: Mapping[str, str], actor: Actor) -> Mailing:
    """Store whom a mailing is for, to be looked at; nothing is planned. Raises NobodyChosenError."""
    if not people:
        said = Text("Choose at least one person.", "Choisissez au moins une personne.")
        raise NobodyChosenError(said, field="people")
    with writing() as session:
        row = Mailing(
            consultation_id=consultation_id,
            purpose=PURPOSE_OF[offer.kind],
            event_id=offer.id if offer.kind == EVENT else None,
            questionnaire_id=offer.id if offer.kind == QUESTIONNAIRE else None,
            chosen_by=dict(chosen_by),
            people=[str(each) for each in dict.fromkeys(people)],
            planned=0,
            created_at=now(),
            created_by=actor.id,
        )
        session.add(row)
        session.flush()
        note(session, "draft_mailing", row, actor)
    return row


def faults_before_sending(mailing: Mailing) -> list[Text]:
    """Return what keeps a mailing from being sent, a line each; nothing when it may go."""
    found: list[Text] = []
    text = text_of(mailing.consultation_id, mailing.purpose)
    if not (text.subject.whole and text.body.whole):
        found.append(Text("The text of the mail is missing in one language.", "Le texte du courriel manque dans une langue."))
    elif text.stale:
        found.append(_older(next(iter(text.stale.values()))))
    if mailing.event_id:
        found += _faults_of_event(mailing.event_id)
    elif mailing.questionnaire_id:
        found += _faults_of_questionnaire(mailing.questionnaire_id)
    return found


def _faults_of_event(event_id: UUID) -> Iterator[Text]:
    event = db.session.get(Event, event_id)
    consultation = db.session.get(Consultation, event.consultation_id) if event else None
    if event is None or consultation is None or event.status is not EventStatus.SCHEDULED:
        yield Text("The event does not take place.", "L’événement n’a pas lieu.")
    elif consultation.status in PAST_INVITING:
        yield REASONS["the consultation does not invite any more"]
    elif is_over(sittings_of(event.id)):
        yield Text("The event is over.", "L’événement a déjà eu lieu.")
    elif not texts_agree(event):
        yield Text(
            "The event’s texts are not the same in both languages.",
            "Les textes de l’événement ne concordent pas dans les deux langues.",
        )


def _faults_of_questionnaire(questionnaire_id: UUID) -> Iterator[Text]:
    asked = db.session.get(Questionnaire, questionnaire_id)
    consultation = db.session.get(Consultation, asked.consultation_id) if asked else None
    if asked is not None and consultation is not None and standing_of(asked, consultation) is Standing.CLOSED:
        yield REASONS["the questionnaire is closed"]
    yield from faults_of(questionnaire_id)


def _older(side: str) -> Text:
    if side == "fr":
        return Text(
            "The French text of the mail is older than the English one.", "Le texte français du courriel est plus ancien que l’anglais."
        )
    return Text(
        "The English text of the mail is older than the French one.", "Le texte anglais du courriel est plus ancien que le français."
    )


def approve(*, mailing_id: UUID, actor: Actor) -> Mailing:
    """Let a mailing go: from now on everybody it reaches will be invited and written to, once.

    Approving twice is approving once. Raises NotReadyError, NotADraftError (it was discarded).
    """
    found = db.session.get(Mailing, mailing_id)
    if found is None:
        raise AbsentError
    faults = faults_before_sending(found) if found.state is MailingState.DRAFT else []
    if faults:
        raise NotReadyError(faults[0])
    with writing() as session:
        mailing = session.get_one(Mailing, mailing_id, with_for_update=True, populate_existing=True)
        if mailing.state is MailingState.CANCELLED:
            raise NotADraftError(Text("This mailing was discarded.", "Cet envoi a été abandonné."))
        if mailing.state is MailingState.DRAFT:
            mailing.state, mailing.approved_at, mailing.approved_by = MailingState.APPROVED, now(), actor.id
            note(session, "approve_mailing", mailing, actor)
            # The worker plans what this process does not get to.
            ring_when_stored(session)
    return mailing


def discard(*, mailing_id: UUID, actor: Actor) -> None:
    """Give a draft up. Raises NotADraftError once it was approved."""
    with writing() as session:
        mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
        if mailing is None:
            raise AbsentError
        if mailing.state is MailingState.APPROVED:
            raise NotADraftError(Text("This mailing was approved: it is on its way.", "Cet envoi a été approuvé\u00a0: il est en route."))
        mailing.state = MailingState.CANCELLED
        note(session, "discard_mailing", mailing, actor)


def plan_rest(mailing_id: UUID, *, at_most: float = float("inf")) -> int:
    """Invite and plan what is still owed of an approved mailing; returns how many people were gone through.

    ``at_most`` is how many seconds may pass before the last step begins: a page does not keep
    anybody waiting for 500 people.

    It goes in short transactions, each of which moves the durable cursor ``planned``. Whoever
    comes next (this process, another, the worker after a crash) goes on where it stands, so
    that all of an approved mailing is planned, and nobody twice.
    """
    gone, until = 0, time.monotonic() + at_most
    while time.monotonic() < until and (step := _plan_some(mailing_id)):
        gone += step
    return gone


def _plan_some(mailing_id: UUID) -> int:
    with writing() as session:
        mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
        if mailing is None or mailing.state is not MailingState.APPROVED:
            return 0
        ids = mailing.people[mailing.planned : mailing.planned + AT_ONCE]
        actor = staff(mailing.approved_by) if mailing.approved_by else staff(mailing.id)
        if mailing.purpose in REMINDERS:
            remind_some(session, mailing, [UUID(each) for each in ids], actor)
            mailing.planned += len(ids)
            return len(ids)
        people = people_of(ids)
        groups = survey(mailing, people).groups
        for reach in (*GETS_IT, Reach.TELEPHONE):
            for person in groups.get(reach, []):
                _ask(mailing, person, actor)
        mailing.planned += len(ids)
        return len(ids)


def _ask(mailing: Mailing, person: Person, actor: Actor) -> None:
    # Somebody without an address is asked too: their message becomes a call when it is due.
    if mailing.event_id:
        ask_to_come(event_id=mailing.event_id, person_id=person.id, mailing_id=mailing.id, actor=actor)
    elif mailing.questionnaire_id:
        ask_to_answer(questionnaire_id=mailing.questionnaire_id, person_id=person.id, mailing_id=mailing.id, actor=actor)


def people_of(ids: Sequence[str], access: Access | None = None) -> list[Person]:
    """Return the people with these ids in the order of the roster, those that ``access`` may know of."""
    found: list[Person] = []
    for at in range(0, len(ids), 500):
        chosen = select(Person).where(Person.id.in_([UUID(each) for each in ids[at : at + 500]]))
        found += db.session.scalars(chosen if access is None else chosen.where(visible(access)))
    return sorted(found, key=lambda person: (person.name_key, person.id))


def plan_what_is_owed() -> None:
    """Go on with every approved mailing that is not planned to its end, the first approved first.

    Run by the worker before it sends. One that cannot go on stands still, keeps its place and
    holds up nobody; its page says why (``faults_before_sending``).
    """
    owed = select(Mailing.id).where(Mailing.state == MailingState.APPROVED, _unfinished()).order_by(Mailing.approved_at, Mailing.id)
    for mailing_id in db.session.scalars(owed).all():
        try:
            plan_rest(mailing_id)
        except DomainError as error:
            db.session.rollback()
            log.warning("mailing %s stands still: %s", mailing_id, type(error).__qualname__)
        except Exception as error:  # noqa: BLE001 - whatever it is, those behind it go on.
            db.session.rollback()
            log.error("mailing %s stands still: %s", mailing_id, what_broke(error))  # noqa: TRY400 - no message.


def _unfinished() -> ColumnElement[bool]:
    return Mailing.planned < func.json_array_length(Mailing.people)


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


def title_of(mailing: Mailing) -> Text:
    """Return the title of what people are invited to."""
    if mailing.event_id:
        event = db.session.get(Event, mailing.event_id)
        return event.title if event else Text("", "")
    asked = db.session.get(Questionnaire, mailing.questionnaire_id) if mailing.questionnaire_id else None
    return asked.text("title") if asked else Text("", "")
