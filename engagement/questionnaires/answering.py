"""What was answered to one question, how it is checked, and how it is stored.

A text keeps to 500 characters (short) or 20,000 (long); a number is whole and lies between
the least and the most of its question; what is chosen is one of the options.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import keys
from engagement.kernel.errors import DomainError
from engagement.questionnaires.models import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.questionnaires.definition import QuestionAsked

Value: TypeAlias = str | int | tuple[str, ...]
Raw: TypeAlias = "str | int | Sequence[str]"

LONGEST = {QuestionKind.SHORT: 500, QuestionKind.LONG: 20_000}
LARGEST_NUMBER = 999_999_999_999
# Digits with an optional minus; spaces of every kind may group them, as in "1 234".
_NUMBER = re.compile(r"[-\u2212]?[0-9]{1,15}")
_SPACES = re.compile(r"\s+")


class BadAnswerError(DomainError):
    """This cannot be an answer to that question."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one question was answered with: a value, "prefer not to say", or nothing (any more)."""

    value: Value | None = None
    declined: bool = False

    @property
    def settled(self) -> bool:
        """Return whether the person has said something, be it that they prefer not to."""
        return self.value is not None or self.declined


NOTHING = Given()
DECLINED = Given(declined=True)


def check(question: QuestionAsked, raw: Raw | None, *, declined: bool = False) -> Given:
    """Return what ``raw`` answers to ``question``: NOTHING where it is empty.

    Raises BadAnswerError, on the field named by the question's code.
    """
    given = NOTHING if raw is None else Given(_CHECKS[question.kind](question, raw))
    if not declined:
        return given
    if not question.sensitive:
        raise _bad(question, "This question must be answered or left empty.", "Répondez à cette question ou laissez-la vide.")
    if given.value is not None:
        raise _bad(
            question,
            "Give an answer or choose “Prefer not to say”, not both.",
            "Donnez une réponse ou choisissez «\u00a0Je préfère ne pas répondre\u00a0», pas les deux.",
        )
    return DECLINED


def _one(question: QuestionAsked, raw: Raw) -> Value | None:
    chosen = str(raw)
    if not chosen:
        return None
    if chosen not in question.values:
        raise _bad(question, "Choose one of the options.", "Choisissez une des options.")
    return chosen


def _several(question: QuestionAsked, raw: Raw) -> Value | None:
    chosen = {raw} if isinstance(raw, str | int) else set(raw)
    chosen.discard("")
    if not chosen <= set(question.values):
        raise _bad(question, "Choose among the options.", "Choisissez parmi les options.")
    return tuple(code for code in question.values if code in chosen) or None


def _number(question: QuestionAsked, raw: Raw) -> Value | None:
    typed = _SPACES.sub("", str(raw))
    if not typed:
        return None
    if not _NUMBER.fullmatch(typed):
        raise _bad(question, "Enter a whole number, such as 12.", "Entrez un nombre entier, par exemple 12.")
    number = int(typed.replace("\u2212", "-"))
    least = -LARGEST_NUMBER if question.least is None else question.least
    most = LARGEST_NUMBER if question.most is None else question.most
    if number < least:
        raise _bad(question, f"Enter a number of {least} or more.", f"Entrez un nombre égal ou supérieur à {least}.")
    if number > most:
        raise _bad(question, f"Enter a number of {most} or less.", f"Entrez un nombre égal ou inférieur à {most}.")
    return number


def _written(question: QuestionAsked, raw: Raw) -> Value | None:
    typed = str(raw).replace("\r\n", "\n").strip()
    longest = LONGEST[question.kind]
    if len(typed) > longest:
        over = len(typed) - longest
        raise _bad(
            question,
            f"Shorten this text: it may have {longest:,} characters, and has {over:,} too many.",
            f"Raccourcissez ce texte\u00a0: il peut compter {_groups(longest)} caractères et en compte {_groups(over)} de trop.",
        )
    return typed or None


_CHECKS = {
    QuestionKind.SINGLE: _one,
    QuestionKind.YES_NO: _one,
    QuestionKind.MULTIPLE: _several,
    QuestionKind.NUMBER: _number,
    QuestionKind.SHORT: _written,
    QuestionKind.LONG: _written,
}


def _groups(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")


def _bad(question: QuestionAsked, en: str, fr: str) -> BadAnswerError:
    return BadAnswerError(Text(en, fr), field=question.code)


def to_json(value: Value | None) -> str:
    """Return how a value is stored; nothing is stored as the empty text."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def from_json(stored: str) -> Value | None:
    """Return the value that ``to_json`` stored."""
    if not stored:
        return None
    value = json.loads(stored)
    return tuple(value) if isinstance(value, list) else value


def mark(given: Given) -> str:
    """Return a keyed fingerprint of an answer, by which a page knows later what it had shown."""
    return keys.blind_index(f"answer {given.declined} {to_json(given.value)}").hex()[:24]
