"""How the questions of a questionnaire are made and changed, with their options and conditions.

A question that somebody has answered can be worded anew; its kind, its limits and the options
that were offered stay, so that what was answered keeps its meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.questionnaires.definition import NO_WORDS
from engagement.questionnaires.design import (
    InUseError,
    change_places,
    changed,
    get_questionnaire,
    get_section,
    require_order,
)
from engagement.questionnaires.models import Answer, Option, Question, QuestionKind
from engagement.questionnaires.reading import ABOUT

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
WITH_OPTIONS = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE})


class BadQuestionError(DomainError):
    """This question, option or condition cannot be."""


@dataclass(frozen=True, kw_only=True)
class QuestionGiven:
    """A question as it is entered. ``condition`` is (code of an earlier question, value)."""

    code: str
    kind: QuestionKind
    wording: Text
    help: Text = NO_WORDS
    sensitive: bool = False
    least: int | None = None
    most: int | None = None
    condition: tuple[str, str] | None = None
    confirmed: bool = False


def find_question(session: Session, questionnaire_id: UUID, question_id: UUID) -> Question:
    """Return a question of this questionnaire, or raise AbsentError."""
    row = session.get(Question, question_id)
    if row is None or row.questionnaire_id != questionnaire_id:
        raise AbsentError
    return row


def has_answers(session: Session, question_id: UUID) -> bool:
    """Return whether anybody has answered this question."""
    return session.scalar(select(Answer.id).where(Answer.question_id == question_id).limit(1)) is not None


def add_question(
    *, questionnaire_id: UUID, section_id: UUID, given: QuestionGiven, labels: tuple[Text, ...] = (), actor: Actor
) -> Question:
    """Add a question at the end of a section, with options where it has them. Raises BadQuestionError."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        section = get_section(session, questionnaire_id, section_id)
        last = session.scalar(select(func.max(Question.position)).where(Question.section_id == section.id))
        row = Question(questionnaire_id=questionnaire_id, section_id=section.id, position=(last or 0) + 1)
        _write(session, row, given)
        session.add(row)
        session.flush()
        if given.kind in WITH_OPTIONS:
            for position, label in enumerate(labels, start=1):
                option = Option(question_id=row.id, position=position, code=f"option_{position}")
                session.add(option.with_texts(label=label))
        require_order(session, questionnaire_id)
        changed(session, questionnaire)
        note(session, "add_question", row, actor, questionnaire.consultation_id)
    return row


def edit_question(*, questionnaire_id: UUID, question_id: UUID, given: QuestionGiven, actor: Actor) -> Question:
    """Change a question. Raises BadQuestionError, and InUseError for what an answered one keeps."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_question(session, questionnaire_id, question_id)
        if has_answers(session, question_id):
            _keep_meaning(row, given)
        if given.kind is not row.kind and session.scalar(select(Question.id).where(Question.condition_question_id == row.id).limit(1)):
            raise InUseError(_HUNG_ON, field="kind")
        _write(session, row, given)
        session.flush()
        require_order(session, questionnaire_id)
        changed(session, questionnaire)
        note(session, "edit_question", row, actor, questionnaire.consultation_id)
    return row


_HUNG_ON = Text(
    "Another question hangs on an answer to this one: change that first.",
    "Une autre question dépend d’une réponse à celle-ci\u00a0: modifiez-la d’abord.",
)
_ANSWERED = Text(
    "Somebody has answered this question: it can be worded anew, but this stays.",
    "Quelqu’un a répondu à cette question\u00a0: vous pouvez la reformuler, mais ceci reste.",
)


def _keep_meaning(row: Question, given: QuestionGiven) -> None:
    for field in ("kind", "code", "sensitive"):
        if getattr(given, field) != getattr(row, field) and not (field == "sensitive" and given.sensitive):
            raise InUseError(_ANSWERED, field=field)
    narrower_least = given.least is not None and (row.least is None or given.least > row.least)
    narrower_most = given.most is not None and (row.most is None or given.most < row.most)
    if narrower_least or narrower_most:
        raise InUseError(_ANSWERED, field="least" if narrower_least else "most")


def _write(session: Session, row: Question, given: QuestionGiven) -> None:
    if not CODE.fullmatch(given.code):
        said = Text(
            "The code begins with a lower-case letter and takes letters, digits and underscores, up to 40.",
            "Le code commence par une minuscule; il se compose de lettres sans accent, "
            "de chiffres et de traits de soulignement, 40 au plus.",
        )
        raise BadQuestionError(said, field="code")
    if given.code in ABOUT and given.code != row.code:
        said = Text(
            "“{code}” is a column of its own in the file of answers: choose another code.",
            "«\u00a0{code}\u00a0» est déjà une colonne du fichier des réponses\u00a0: choisissez un autre code.",
        )
        raise BadQuestionError(said.format(code=given.code), field="code")
    same = select(Question.id).where(Question.questionnaire_id == row.questionnaire_id, Question.code == given.code, Question.id != row.id)
    if session.scalar(same):
        raise BadQuestionError(Text("This code is taken.", "Ce code est déjà pris."), field="code")
    is_number = given.kind is QuestionKind.NUMBER
    if is_number and given.least is not None and given.most is not None and given.most < given.least:
        said = Text("The most is smaller than the least.", "Le maximum est inférieur au minimum.")
        raise BadQuestionError(said, field="most")
    row.code, row.kind, row.sensitive = given.code, given.kind, given.sensitive
    row.least, row.most = (given.least, given.most) if is_number else (None, None)
    row.set_text("wording", given.wording, confirmed=given.confirmed)
    row.set_text("help", given.help, confirmed=given.confirmed)
    _set_condition(session, row, given.condition)


def _set_condition(session: Session, row: Question, condition: tuple[str, str] | None) -> None:
    row.condition_question_id, row.condition_value = None, None
    if condition is None:
        return
    code, value = condition
    other = session.scalar(select(Question).where(Question.questionnaire_id == row.questionnaire_id, Question.code == code))
    if other is None or other.id == row.id or value not in _values(session, other):
        said = Text("Choose an answer to an earlier question.", "Choisissez une réponse à une question précédente.")
        raise BadQuestionError(said, field="condition")
    row.condition_question_id, row.condition_value = other.id, value


def _values(session: Session, question: Question) -> set[str]:
    if question.kind is QuestionKind.YES_NO:
        return {"yes", "no"}
    return set(session.scalars(select(Option.code).where(Option.question_id == question.id)))


def remove_question(*, questionnaire_id: UUID, question_id: UUID, actor: Actor) -> None:
    """Remove a question that nobody has answered and nothing hangs on; InUseError otherwise."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_question(session, questionnaire_id, question_id)
        if has_answers(session, question_id):
            said = Text(
                "Somebody has answered this question: it cannot be removed.",
                "Quelqu’un a répondu à cette question\u00a0: elle ne peut pas être retirée.",
            )
            raise InUseError(said)
        if session.scalar(select(Question.id).where(Question.condition_question_id == question_id).limit(1)):
            raise InUseError(_HUNG_ON)
        note(session, "remove_question", row, actor, questionnaire.consultation_id)
        session.delete(row)
        changed(session, questionnaire)


def move_question(*, questionnaire_id: UUID, question_id: UUID, up: bool, actor: Actor) -> None:
    """Let a question change places with its neighbour. Raises InUseError where a condition would look ahead."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_question(session, questionnaire_id, question_id)
        rows = session.scalars(select(Question).where(Question.section_id == row.section_id).order_by(Question.position)).all()
        if change_places(session, rows, row, up=up):
            require_order(session, questionnaire_id)
            changed(session, questionnaire)
            note(session, "move_question", row, actor, questionnaire.consultation_id)


def find_option(session: Session, question: Question, option_id: UUID) -> Option:
    """Return an option of this question, or raise AbsentError."""
    row = session.get(Option, option_id)
    if row is None or row.question_id != question.id:
        raise AbsentError
    return row


def add_option(*, questionnaire_id: UUID, question_id: UUID, label: Text, actor: Actor) -> Option:
    """Add an option at the end. Raises BadQuestionError where the question has none by its kind."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        question = find_question(session, questionnaire_id, question_id)
        if question.kind not in WITH_OPTIONS:
            said = Text("This kind of question has no options.", "Ce genre de question n’a pas de choix de réponse.")
            raise BadQuestionError(said, field="kind")
        taken = set(session.scalars(select(Option.code).where(Option.question_id == question_id)))
        last = session.scalar(select(func.max(Option.position)).where(Option.question_id == question_id))
        number = len(taken) + 1
        while f"option_{number}" in taken:
            number += 1
        row = Option(question_id=question_id, position=(last or 0) + 1, code=f"option_{number}").with_texts(label=label)
        session.add(row)
        session.flush()
        changed(session, questionnaire)
        note(session, "add_option", row, actor, questionnaire.consultation_id)
    return row


def edit_option(
    *, questionnaire_id: UUID, question_id: UUID, option_id: UUID, label: Text, confirmed: bool = False, actor: Actor
) -> Option:
    """Change the words of an option."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_option(session, find_question(session, questionnaire_id, question_id), option_id)
        row.set_text("label", label, confirmed=confirmed)
        changed(session, questionnaire)
        note(session, "edit_option", row, actor, questionnaire.consultation_id)
    return row


def remove_option(*, questionnaire_id: UUID, question_id: UUID, option_id: UUID, actor: Actor) -> None:
    """Remove an option of a question that nobody has answered and no condition waits for; InUseError otherwise."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_option(session, find_question(session, questionnaire_id, question_id), option_id)
        if has_answers(session, question_id):
            said = Text(
                "Somebody has answered this question: its options stay.",
                "Quelqu’un a répondu à cette question\u00a0: ses choix de réponse restent.",
            )
            raise InUseError(said)
        waits = select(Question.id).where(Question.condition_question_id == question_id, Question.condition_value == row.code)
        if session.scalar(waits.limit(1)):
            raise InUseError(_HUNG_ON)
        note(session, "remove_option", row, actor, questionnaire.consultation_id)
        session.delete(row)


def move_option(*, questionnaire_id: UUID, question_id: UUID, option_id: UUID, up: bool, actor: Actor) -> None:
    """Let an option change places with its neighbour."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = find_option(session, find_question(session, questionnaire_id, question_id), option_id)
        rows = session.scalars(select(Option).where(Option.question_id == question_id).order_by(Option.position)).all()
        if change_places(session, rows, row, up=up):
            note(session, "move_option", row, actor, questionnaire.consultation_id)
