"""A questionnaire as one frozen tree: what is asked, in both languages, read in four queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.questionnaires.models import Option, Question, QuestionKind, Questionnaire, Section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

YES, NO = "yes", "no"
NO_WORDS = Text("", "")


@dataclass(frozen=True, slots=True)
class OptionAsked:
    """One choice of a question."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Condition:
    """The question is asked only if ``question_id`` was answered with ``value``."""

    question_id: UUID
    value: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """One question. ``least`` and ``most`` bound a number, both included."""

    id: UUID
    code: str
    kind: QuestionKind
    wording: Text
    help: Text = NO_WORDS
    sensitive: bool = False
    least: int | None = None
    most: int | None = None
    options: tuple[OptionAsked, ...] = ()
    condition: Condition | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Return the values that can be chosen, in order; none where the answer is written."""
        if self.kind is QuestionKind.YES_NO:
            return (YES, NO)
        return tuple(option.code for option in self.options)


@dataclass(frozen=True, slots=True)
class SectionAsked:
    """One area: a page of questions."""

    id: UUID
    title: Text
    introduction: Text
    questions: tuple[QuestionAsked, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole questionnaire."""

    id: UUID
    consultation_id: UUID
    name: str
    title: Text
    introduction: Text
    thanks: Text
    version: int
    sufficient_answers: int
    sections: tuple[SectionAsked, ...] = ()

    def questions(self) -> Iterator[QuestionAsked]:
        """Give all questions in the order in which they are asked."""
        for section in self.sections:
            yield from section.questions

    def question(self, code: str) -> QuestionAsked:
        """Return the question with this code, or raise AbsentError."""
        for question in self.questions():
            if question.code == code:
                return question
        raise AbsentError


def definition_of(questionnaire_id: UUID) -> Definition:
    """Return the questionnaire as a tree, in four queries however long it is; AbsentError if there is none."""
    row = db.session.get(Questionnaire, questionnaire_id)
    if row is None:
        raise AbsentError
    sections = db.session.scalars(select(Section).where(Section.questionnaire_id == row.id).order_by(Section.position)).all()
    questions = _questions(questionnaire_id)
    return Definition(
        id=row.id,
        consultation_id=row.consultation_id,
        name=row.name,
        title=row.text("title"),
        introduction=row.text("introduction"),
        thanks=row.text("thanks"),
        version=row.version,
        sufficient_answers=row.sufficient_answers,
        sections=tuple(
            SectionAsked(section.id, section.text("title"), section.text("introduction"), tuple(questions[section.id]))
            for section in sections
        ),
    )


def _questions(questionnaire_id: UUID) -> dict[UUID, list[QuestionAsked]]:
    """Return the questions of each section, in order."""
    mine = select(Question.id).where(Question.questionnaire_id == questionnaire_id)
    options: dict[UUID, list[OptionAsked]] = defaultdict(list)
    for option in db.session.scalars(select(Option).where(Option.question_id.in_(mine)).order_by(Option.position)):
        options[option.question_id].append(OptionAsked(option.code, option.text("label")))
    found: dict[UUID, list[QuestionAsked]] = defaultdict(list)
    rows = select(Question).where(Question.questionnaire_id == questionnaire_id).order_by(Question.position)
    for row in db.session.scalars(rows):
        found[row.section_id].append(_question(row, tuple(options[row.id])))
    return found


def _question(row: Question, options: tuple[OptionAsked, ...]) -> QuestionAsked:
    condition = None
    if row.condition_question_id is not None and row.condition_value is not None:
        condition = Condition(row.condition_question_id, row.condition_value)
    return QuestionAsked(
        id=row.id,
        code=row.code,
        kind=row.kind,
        wording=row.text("wording"),
        help=row.text("help"),
        sensitive=row.sensitive,
        least=row.least,
        most=row.most,
        options=options,
        condition=condition,
    )
