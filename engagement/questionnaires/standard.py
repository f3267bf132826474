"""The questionnaire to begin with: the eight areas of the model case, in our own words.

The areas and what they ask about are those of the 2018 consultation on ending human
trafficking (Public Safety Canada, consultation report); the wording is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.audit import Actor, note
from engagement.kernel.clock import now
from engagement.kernel.db import stored_once, writing
from engagement.questionnaires.models import Option, Question, Questionnaire, Section
from engagement.questionnaires.standard_texts import AREAS, INTRODUCTION, THANKS, TITLE

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.questionnaires.standard_texts import Area, Ask

SUFFICIENT_ANSWERS = 3


def install_standard(*, consultation_id: UUID, name: str = "questionnaire", actor: Actor) -> Questionnaire:
    """Give a consultation the questionnaire of eight areas; one that stands under this name is returned as it is."""
    with writing() as session:
        wanted = select(Questionnaire).where(Questionnaire.consultation_id == consultation_id, Questionnaire.name == name)
        there = session.scalar(wanted)
        if there is not None:
            return there
        questionnaire = Questionnaire(
            consultation_id=consultation_id,
            name=name,
            version=1,
            allows_forwarding=True,
            allows_nominations=False,
            open_call=True,
            sufficient_answers=SUFFICIENT_ANSWERS,
            created_at=now(),
        )
        stored = stored_once(session, questionnaire.with_texts(title=TITLE, introduction=INTRODUCTION, thanks=THANKS), wanted)
        if stored is not questionnaire:
            return stored
        ids: dict[str, UUID] = {}
        for position, area in enumerate(AREAS, start=1):
            _add_area(session, questionnaire, area, position, ids)
        note(session, "install_standard", questionnaire, actor)
    return questionnaire


def _add_area(session: Session, questionnaire: Questionnaire, area: Area, position: int, ids: dict[str, UUID]) -> None:
    section = Section(questionnaire_id=questionnaire.id, position=position)
    session.add(section.with_texts(title=area.title, introduction=area.introduction))
    session.flush()
    for place, ask in enumerate(area.questions, start=1):
        ids[ask.code] = _add_question(session, section, ask, place, ids).id


def _add_question(session: Session, section: Section, ask: Ask, position: int, ids: dict[str, UUID]) -> Question:
    question = Question(
        questionnaire_id=section.questionnaire_id,
        section_id=section.id,
        position=position,
        code=ask.code,
        kind=ask.kind,
        sensitive=ask.sensitive,
        least=ask.least,
        most=ask.most,
    )
    if ask.condition is not None:
        question.condition_question_id, question.condition_value = ids[ask.condition[0]], ask.condition[1]
    session.add(question.with_texts(wording=ask.wording, help=ask.help))
    session.flush()
    for place, (code, label) in enumerate(ask.options.items(), start=1):
        session.add(Option(question_id=question.id, position=place, code=code).with_texts(label=label))
    return question
