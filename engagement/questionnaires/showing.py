"""An answer in words: the labels of what was chosen, the text that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.wording import number_words
from engagement.questionnaires.definition import NO, YES
from engagement.questionnaires.models import QuestionKind

if TYPE_CHECKING:
    from engagement.questionnaires.answering import Value
    from engagement.questionnaires.definition import QuestionAsked

YES_NO = {YES: Text("Yes", "Oui"), NO: Text("No", "Non")}


def answer_in_words(question: QuestionAsked, value: Value, language: str) -> str:
    """Return ``value`` as people read it, one chosen option a line."""
    if isinstance(value, int):
        return number_words(value, language)
    if question.kind is QuestionKind.YES_NO:
        return YES_NO[str(value)].in_(language) if value in YES_NO else str(value)
    labels = {option.code: option.label.in_(language) for option in question.options}
    if isinstance(value, tuple):
        return "\n".join(labels.get(code, code) for code in value)
    return labels.get(value, value) if question.kind is QuestionKind.SINGLE else value
