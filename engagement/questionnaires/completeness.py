"""How far a response has come, counted over the questions that are asked of this person.

Complete: every asked question is answered or declined. Sufficient: at least as many questions
are answered as the team said make a partial response worth counting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.questionnaires.answering import NOTHING
from engagement.questionnaires.conditions import asked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from engagement.questionnaires.answering import Given
    from engagement.questionnaires.definition import Definition, QuestionAsked, SectionAsked


@dataclass(frozen=True, slots=True)
class Progress:
    """What is asked, and how much of it is done. Numbers of questions."""

    asked: int
    answered: int
    declined: int
    sufficient_answers: int

    @property
    def open(self) -> int:
        """Return how many asked questions have neither an answer nor "prefer not to say"."""
        return self.asked - self.answered - self.declined

    @property
    def complete(self) -> bool:
        """Return whether nothing that is asked is left open."""
        return self.asked > 0 and self.open == 0

    @property
    def sufficient(self) -> bool:
        """Return whether it counts when it is submitted as it is."""
        return self.complete or (self.answered > 0 and self.answered >= self.sufficient_answers)


def progress(definition: Definition, answers: Mapping[UUID, Given]) -> Progress:
    """Return how far these answers (question id to what was given) go."""
    open_to = asked(definition.questions(), answers)
    given = [answers.get(question_id, NOTHING) for question_id in open_to]
    return Progress(
        asked=len(open_to),
        answered=sum(each.value is not None for each in given),
        declined=sum(each.value is None and each.declined for each in given),
        sufficient_answers=definition.sufficient_answers,
    )


@dataclass(frozen=True, slots=True)
class SectionShown:
    """A section as one person sees it: its number among all, and the questions asked of them."""

    number: int
    section: SectionAsked
    questions: tuple[QuestionAsked, ...]


def sections_shown(definition: Definition, answers: Mapping[UUID, Given]) -> list[SectionShown]:
    """Return the sections in which something is asked, with only the questions that are."""
    open_to = asked(definition.questions(), answers)
    shown = [
        SectionShown(number, section, tuple(question for question in section.questions if question.id in open_to))
        for number, section in enumerate(definition.sections, start=1)
    ]
    return [each for each in shown if each.questions]


def counting(definition: Definition, answers: Mapping[UUID, Given]) -> dict[UUID, Given]:
    """Return the answers that count: those to questions that are asked."""
    open_to = asked(definition.questions(), answers)
    return {question_id: given for question_id, given in answers.items() if question_id in open_to}
