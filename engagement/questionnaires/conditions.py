"""Which questions are asked, given what was answered so far.

A question has at most one condition: it is asked only if an earlier question was itself asked
and was answered with one certain value (of a multiple choice: with that value among those
chosen). So a chain falls as soon as one link of it does. What was answered to a question that
is no longer asked stays stored, and neither counts nor opens anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from engagement.questionnaires.answering import Given
    from engagement.questionnaires.definition import Condition, QuestionAsked


def is_met(condition: Condition, given: Given | None) -> bool:
    """Return whether ``given`` is the answer that ``condition`` waits for."""
    if given is None or given.value is None:
        return False
    if isinstance(given.value, tuple):
        return condition.value in given.value
    return given.value == condition.value


def asked(questions: Iterable[QuestionAsked], answers: Mapping[UUID, Given]) -> frozenset[UUID]:
    """Return the ids of the questions that are asked; ``questions`` stand in the order of asking.

    A condition on a later question, or on one that is gone, is never met.
    """
    found: set[UUID] = set()
    for question in questions:
        condition = question.condition
        if condition is None or (condition.question_id in found and is_met(condition, answers.get(condition.question_id))):
            found.add(question.id)
    return frozenset(found)
