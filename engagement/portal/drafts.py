"""A questionnaire that somebody is answering: what is asked of them, and what this visit may read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g
from sqlalchemy import func, select

from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.portal.session import may_read_back, remember_typed
from engagement.questionnaires.completeness import Progress, SectionShown, progress, sections_shown
from engagement.questionnaires.definition import Definition, definition_of
from engagement.questionnaires.models import Answer, Questionnaire, Response, ResponseState
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.service import answers_of, response_to

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from engagement.questionnaires.answering import Given

KEY = "answers"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the pages of a questionnaire show to one person."""

    questionnaire: Questionnaire
    standing: Standing
    definition: Definition
    response: Response | None
    answers: dict[UUID, Given]

    @property
    def submitted(self) -> bool:
        """Return whether it was sent."""
        return self.response is not None and self.response.state is not ResponseState.IN_PROGRESS

    @property
    def progress(self) -> Progress:
        """Return how far it has come."""
        return progress(self.definition, self.answers)

    @property
    def sections(self) -> list[SectionShown]:
        """Return the sections in which something is asked."""
        return sections_shown(self.definition, self.answers)

    def section(self, number: int) -> SectionShown:
        """Return a section by its number, be it that nothing in it is asked any more; AbsentError beyond the last."""
        if not 1 <= number <= len(self.definition.sections):
            raise AbsentError
        found = next((each for each in self.sections if each.number == number), None)
        return found or SectionShown(number, self.definition.sections[number - 1], ())

    def after(self, number: int) -> SectionShown | None:
        """Return the section that follows, None after the last."""
        return next((each for each in self.sections if each.number > number), None)

    def before(self, number: int) -> SectionShown | None:
        """Return the section before, None before the first."""
        return next((each for each in reversed(self.sections) if each.number < number), None)

    def first_open(self) -> SectionShown | None:
        """Return the first section in which something is not answered yet."""
        given = self.answers
        return next((each for each in self.sections if any(not (q.id in given and given[q.id].settled) for q in each.questions)), None)


def draft_here() -> Draft:
    """Return the questionnaire of the opened invitation; AbsentError for an invitation to an event."""
    if g.invitation.questionnaire_id is None:
        raise AbsentError
    questionnaire = db.session.get_one(Questionnaire, g.invitation.questionnaire_id)
    response = response_to(g.invitation.id)
    return Draft(
        questionnaire,
        standing_of(questionnaire, g.consultation),
        definition_of(questionnaire.id),
        response,
        answers_of(response.id) if response else {},
    )


def _last_change(response: Response) -> datetime | None:
    return db.session.scalar(select(func.max(Answer.saved_at)).where(Answer.response_id == response.id))


def is_locked(draft: Draft) -> bool:
    """Return whether the six digits are needed: something is stored that was not typed in this visit."""
    if draft.response is None:
        return False
    changed = _last_change(draft.response)
    return changed is not None and not may_read_back(KEY, changed)


def remember_saved(response: Response) -> None:
    """Remember that all that is stored now was typed during this visit."""
    changed = _last_change(response)
    if changed is not None:
        remember_typed(KEY, changed)
