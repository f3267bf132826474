"""Whether a questionnaire takes answers on a day.

Late answers are taken until the end of ``received_until``, else of ``closes_on``; where the
questionnaire has no dates of its own, those of its consultation hold. A day ends in the
consultation's zone. A paused consultation takes nothing, and loses nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from engagement.consultations.models import Status
from engagement.kernel.clock import today

if TYPE_CHECKING:
    from datetime import date

    from engagement.consultations.models import Consultation
    from engagement.questionnaires.models import Questionnaire


class Standing(StrEnum):
    """Whether it takes answers now."""

    NOT_YET = "not_yet"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


def last_day(questionnaire: Questionnaire, consultation: Consultation) -> date | None:
    """Return the last day on which answers are taken; None where there is no end."""
    own = questionnaire.received_until or questionnaire.closes_on
    return own or consultation.received_until or consultation.closes_on


def announced_day(questionnaire: Questionnaire, consultation: Consultation) -> date | None:
    """Return the closing day that people are told; late answers may still be taken after it."""
    return questionnaire.closes_on or questionnaire.received_until or consultation.closes_on


def standing(status: Status, opens: date | None, last: date | None, day: date) -> Standing:
    """Return whether answers are taken on ``day``.

    While the team already analyses, only answers within a stated last day are still taken.
    """
    if status is Status.PAUSED:
        return Standing.PAUSED
    if status in {Status.REPORTED, Status.NOT_GOING_FORWARD} or (last is not None and day > last):
        return Standing.CLOSED
    if status is Status.ANALYSING and last is None:
        return Standing.CLOSED
    if status is Status.PLANNED or (opens is not None and day < opens):
        return Standing.NOT_YET
    return Standing.OPEN


def standing_of(questionnaire: Questionnaire, consultation: Consultation) -> Standing:
    """Return whether the questionnaire takes answers today."""
    opens = questionnaire.opens_on or consultation.opens_on
    return standing(consultation.status, opens, last_day(questionnaire, consultation), today(consultation.zone))
