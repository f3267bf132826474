"""Rows to begin with: a questionnaire that takes answers, people who were asked, answers that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.questionnaires.models import Question, QuestionKind, Questionnaire, Response, ResponseState, Section
from engagement.roster.models import IdentifiedThrough, Person
from engagement.roster.service import add_person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from engagement.consultations.models import Consultation


def a_questionnaire(
    consultation: Consultation, name: str = "views", *, nominations: bool = True, forwarding: bool = True, open_call: bool = True
) -> Questionnaire:
    """Store a questionnaire of one question, whole in both languages."""
    with writing() as session:
        questionnaire = Questionnaire(
            consultation_id=consultation.id, name=name, allows_nominations=nominations, allows_forwarding=forwarding,
            open_call=open_call, sufficient_answers=1, version=1, created_at=now(),
        )  # fmt: skip
        questionnaire.with_texts(
            title=Text("Your views", "Votre avis"), introduction=Text("Hello.", "Bonjour."), thanks=Text("Thanks.", "Merci.")
        )
        session.add(questionnaire)
        section = Section(questionnaire_id=questionnaire.id, position=1).with_texts(title=Text("One", "Un"))
        session.add(section)
        session.flush()
        session.add(
            Question(
                questionnaire_id=questionnaire.id, section_id=section.id, position=1, code="q1", kind=QuestionKind.SHORT, sensitive=False
            ).with_texts(wording=Text("What do you think?", "Qu’en pensez-vous?"))
        )
    return questionnaire


def somebody(
    consultation: Consultation,
    name: str = "Ada Lovelace",
    *,
    sector: str | None = None,
    region: str | None = None,
    batch_id: UUID | None = None,
) -> Person:
    """Store a person with an address made of their name."""
    given, _, family = name.partition(" ")
    return add_person(
        consultation_id=consultation.id, given_name=given, family_name=family, email=f"{given}.{family or 'x'}@example.org".lower(),
        sector=sector, region=region, language="en", identified_through=IdentifiedThrough.STAFF, batch_id=batch_id, actor=SYSTEM,
    )  # fmt: skip


def asked(
    questionnaire: Questionnaire, person: Person, *, wave: int = 0, distributed: bool = True, bounced: bool = False, withdrawn: bool = False
) -> Invitation:
    """Store that a person was asked to answer, and (unless said otherwise) that the mail has gone."""
    moment = now()
    with writing() as session:
        invitation = Invitation(
            consultation_id=questionnaire.consultation_id, person_id=person.id, questionnaire_id=questionnaire.id, wave=wave,
            created_at=moment, distributed_at=moment if distributed else None, bounced_at=moment if bounced else None,
            withdrawn_at=moment if withdrawn else None,
        )  # fmt: skip
        session.add(invitation)
    return invitation


def answered(invitation: Invitation, state: ResponseState = ResponseState.SUBMITTED, *, at: datetime | None = None) -> Response:
    """Store a response to the invitation."""
    assert invitation.questionnaire_id is not None
    with writing() as session:
        response = Response(
            questionnaire_id=invitation.questionnaire_id, invitation_id=invitation.id, state=state, version=1, language="en",
            started_at=at or now(), submitted_at=None if state is ResponseState.IN_PROGRESS else at or now(),
        )  # fmt: skip
        session.add(response)
    return response
