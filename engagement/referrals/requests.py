"""Somebody asks for the questionnaire by mail: who is on the roster gets their own link, and everybody else waits for the team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.crypto import address_index
from engagement.kernel.db import writing
from engagement.mailing.inbound import Arrival, Kind, Verdict, done, waits
from engagement.mailing.models import Message
from engagement.mailing.suppressions import why_suppressed
from engagement.questionnaires.letter import PURPOSE
from engagement.questionnaires.models import Questionnaire, ResponseState
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.service import ask_to_answer, questionnaires_of, response_to
from engagement.questionnaires.wholeness import faults_of
from engagement.referrals.joining import send_link_again
from engagement.roster.models import Person
from engagement.roster.safe_hours import hours_of

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

NOT_KNOWN = "somebody who is on no roster asks for the questionnaire"
NONE_OPEN = "it asks for the questionnaire, and none is open"
SEVERAL_OPEN = "it asks for the questionnaire, and several are open"
ANSWERED = "it asks for the questionnaire, and that has been answered"
NOT_TO_CONTACT = "it asks for the questionnaire, and this person had asked not to be written to"
NO_MAIL_GOES = "it asks for the questionnaire, and no mail may go to this person"
BY_TELEPHONE = "it asks for the questionnaire, and this person is reached by telephone only"
SENT_TODAY = "it asks for the questionnaire, which was sent to them today: it seems not to reach them"
SENT = "the questionnaire goes to them by mail"


def take_request(arrival: Arrival) -> Verdict | None:
    """Send the questionnaire to whoever asks for it, if it is certain who and which."""
    if arrival.kind is not Kind.REQUEST:
        return None
    with writing() as session:
        person = session.get(Person, arrival.person_id) if arrival.person_id else None
        # The link goes to the address on the roster; the mail must come from there.
        if person is None or person.email_index != address_index(arrival.sender):
            return waits(NOT_KNOWN)
        if person.do_not_contact:
            return waits(NOT_TO_CONTACT)
        offered = _offered(session, person)
        if len(offered) != 1:
            return waits(SEVERAL_OPEN if offered else NONE_OPEN)
        sending = send_questionnaire(session, person=person, questionnaire=offered[0])
        arrival.invitation_id = sending.invitation_id or arrival.invitation_id
    return waits(sending.why_not) if sending.why_not else done("asked", SENT)


def _offered(session: Session, person: Person) -> list[Questionnaire]:
    """Return what can be answered now: of several, what this person was asked to answer."""
    consultation = session.get_one(Consultation, person.consultation_id)
    offered = [
        each
        for each in questionnaires_of(consultation.id)
        if standing_of(each, consultation) in {Standing.OPEN, Standing.PAUSED} and not faults_of(each.id)
    ]
    mine = select(Invitation.questionnaire_id).where(Invitation.person_id == person.id, Invitation.withdrawn_at.is_(None))
    asked = set(session.scalars(mine))
    return [each for each in offered if each.id in asked] or offered


@dataclass(frozen=True, slots=True)
class Sending:
    """Whether the questionnaire goes to somebody by mail. ``why_not`` says why it does not, empty where it does."""

    invitation_id: UUID | None = None
    why_not: str = ""


def send_questionnaire(session: Session, *, person: Person, questionnaire: Questionnaire, actor: Actor = SYSTEM) -> Sending:
    """Plan the mail with this person's own link, unless they have answered or no mail would reach them; then nothing is changed."""
    there = session.scalar(
        select(Invitation).where(
            Invitation.person_id == person.id, Invitation.questionnaire_id == questionnaire.id, Invitation.withdrawn_at.is_(None)
        )
    )
    response = response_to(there.id) if there is not None else None
    if response is not None and response.state is not ResponseState.IN_PROGRESS:
        return Sending(None, ANSWERED)
    held = _held_back(person)
    if held:
        return Sending(None, held)
    asked = there or ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=actor)
    goes = send_link_again(session, asked, actor, though_sent=True)
    return Sending(asked.id) if goes else Sending(None, SENT_TODAY)


def _held_back(person: Person) -> str:
    """Return why a mail with the questionnaire would not go to this person, by the rules that the outbox has; nothing where it would."""
    if not person.email:
        return NO_MAIL_GOES
    asked = Message(purpose=PURPOSE, person_id=person.id, consultation_id=person.consultation_id)
    if why_suppressed(asked, person.email):
        return NO_MAIL_GOES
    return BY_TELEPHONE if hours_of(person).calls_only else ""
