"""Rows to begin with: "given a questionnaire that somebody was asked to answer"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import writing
from engagement.questionnaires.models import Option, Question, QuestionKind, Questionnaire, Response, Section
from engagement.questionnaires.service import Typed, save_answers, start_response, submit
from engagement.roster.models import IdentifiedThrough, Person

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.models import Consultation


def a_person(
    consultation: Consultation, given_name: str = "Ines", *, sector: str | None = "ngo", region: str | None = "QC", **more
) -> Person:
    """Store a person with an address."""
    email = more.pop("email", f"{given_name.lower()}@people.example")
    with writing() as session:
        person = Person(
            consultation_id=consultation.id, given_name=given_name, family_name="Roy", name_key=f"roy {given_name.lower()}",
            email=email, email_index=address_index(email) if email else None, sector=sector, region=region,
            identified_through=IdentifiedThrough.STAFF, created_at=now(), **more,
        )  # fmt: skip
        session.add(person)
    return person


def a_question(questionnaire: Questionnaire, section: Section, position: int, code: str, kind: QuestionKind, **more) -> Question:
    """Make a question with two options, a and b, where its kind has options; not stored."""
    question = Question(
        questionnaire_id=questionnaire.id, section_id=section.id, position=position, code=code, kind=kind, **more,
    )  # fmt: skip
    return question.with_texts(wording=Text(f"The question {code}?", f"La question {code}?"))


def a_questionnaire(consultation: Consultation, name: str = "survey", *, sufficient_answers: int = 1, **more) -> Questionnaire:
    """Store a questionnaire of two sections with one question of each kind, whole in both languages.

    Section 1: ``pick`` (single: a, b), ``many`` (multiple: a, b), ``agree`` (yes/no).
    Section 2: ``count`` (0 to 10), ``brief`` (short; asked only if pick is a), ``story`` (long, sensitive).
    """
    with writing() as session:
        made = Questionnaire(
            consultation_id=consultation.id, name=name, version=1, created_at=now(), sufficient_answers=sufficient_answers, **more
        )
        session.add(made.with_texts(title=Text("What do you think?", "Qu’en pensez-vous?")))
        session.flush()
        first, second = (Section(questionnaire_id=made.id, position=number) for number in (1, 2))
        session.add_all([first.with_texts(title=Text("To begin", "Pour commencer")), second.with_texts(title=Text("To end", "Pour finir"))])
        session.flush()
        pick = a_question(made, first, 1, "pick", QuestionKind.SINGLE)
        many = a_question(made, first, 2, "many", QuestionKind.MULTIPLE)
        session.add_all([pick, many, a_question(made, first, 3, "agree", QuestionKind.YES_NO)])
        session.flush()
        session.add_all(
            [
                a_question(made, second, 1, "count", QuestionKind.NUMBER, least=0, most=10),
                a_question(made, second, 2, "brief", QuestionKind.SHORT, condition_question_id=pick.id, condition_value="a"),
                a_question(made, second, 3, "story", QuestionKind.LONG, sensitive=True),
            ]
        )
        for question in (pick, many):
            for position, code in enumerate(("a", "b"), start=1):
                option = Option(question_id=question.id, position=position, code=code)
                session.add(option.with_texts(label=Text(f"Choice {code.upper()}", f"Choix {code.upper()}")))
    return made


def an_invitation(questionnaire: Questionnaire, person: Person, *, wave: int = 0) -> Invitation:
    """Store that this person was asked to answer."""
    with writing() as session:
        invitation = Invitation(
            consultation_id=person.consultation_id, person_id=person.id, questionnaire_id=questionnaire.id,
            wave=wave, created_at=now(), distributed_at=now(),
        )  # fmt: skip
        session.add(invitation)
    return invitation


def a_response(questionnaire: Questionnaire, person: Person, answers: dict[str, Typed], *, wave: int = 0, sent: bool = True) -> Response:
    """Answer as this person would, and submit."""
    invitation = an_invitation(questionnaire, person, wave=wave)
    response = start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
    saved = save_answers(response_id=response.id, typed=answers, actor=by_link(invitation.id))
    assert not saved.problems
    return submit(response_id=response.id, language="en", actor=SYSTEM) if sent else response


def question_id(questionnaire: Questionnaire, code: str) -> UUID:
    """Return the id of the question with this code."""
    from engagement.questionnaires.service import definition_of

    return definition_of(questionnaire.id).question(code).id
