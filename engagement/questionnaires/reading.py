"""What came back: how many were asked and answered, the responses, and each as a row of an export.

Only what was submitted is read here; a draft is its author's. Names are shown to members
who may see people, and of people they know of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import lazyload

from engagement.invitations.models import Invitation
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import Permission
from engagement.questionnaires.answering import Given, from_json
from engagement.questionnaires.completeness import counting
from engagement.questionnaires.models import Answer, QuestionKind, Response, ResponseState
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select

    from engagement.consultations.access import Access
    from engagement.kernel.tables import Cell
    from engagement.questionnaires.definition import Definition, QuestionAsked

ABOUT = ("response", "sector", "region", "language", "wave", "state", "submitted", "version")
DECLINED = "prefer_not_to_say"
PAGE = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one questionnaire: people asked, and responses opened, submitted in full and in part."""

    asked: int
    opened: int
    complete: int
    partial: int

    @property
    def answered(self) -> int:
        """Return how many responses were submitted."""
        return self.complete + self.partial


def figures_of(consultation_id: UUID) -> dict[UUID, Figures]:
    """Return the figures of every questionnaire that somebody was asked to answer, in one query."""
    state = Response.state
    rows = db.session.execute(
        select(
            Invitation.questionnaire_id,
            func.count(Invitation.id),
            func.count(Response.id),
            func.sum(case((state == ResponseState.SUBMITTED, 1), else_=0)),
            func.sum(case((state == ResponseState.SUBMITTED_IN_PART, 1), else_=0)),
        )
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(Invitation.consultation_id == consultation_id, Invitation.questionnaire_id.is_not(None))
        .where((Invitation.withdrawn_at.is_(None)) | (Response.id.is_not(None)))
        .group_by(Invitation.questionnaire_id)
    )
    return {each[0]: Figures(each[1], each[2], int(each[3]), int(each[4])) for each in rows}


NOBODY = Figures(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Returned:
    """A submitted response.

    ``number`` counts from 1, in the order of submission, those that the reader is given: a gap
    would tell of one that they are not. ``name`` is empty where it is not shown.
    """

    number: int
    response: Response
    sector: str | None
    region: str | None
    wave: int
    name: str = ""
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PageOfResponses:
    """One page of what was submitted, counted from 1, with the number of responses on all of them."""

    rows: list[Returned]
    total: int
    page: int
    size: int = PAGE


def responses_to(questionnaire_id: UUID, access: Access | None = None) -> list[Returned]:
    """Return what was submitted, the first first, as far as ``access`` may know of it (None: the operator, everything without names).

    Who may see people is not given the responses of people whom they may not know of: among
    names, a row without one would be somebody of a restricted batch. Who sees no names gets
    every response; of those people sector and region are not known.
    """
    return _returned(_read_by(questionnaire_id, access), access, 1)


def page_of_responses(questionnaire_id: UUID, access: Access, page: int) -> PageOfResponses:
    """Return one page of ``responses_to``; past the end is the last page."""
    readable = _read_by(questionnaire_id, access)
    total = _how_many(readable)
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    before = (page - 1) * PAGE
    return PageOfResponses(_returned(readable.limit(PAGE).offset(before), access, before + 1), total, page)


def _named(access: Access | None) -> bool:
    return access is not None and access.may(Permission.SEE_PEOPLE)


def _read_by(questionnaire_id: UUID, access: Access | None) -> Select[Response, Invitation, Person, bool]:
    """Return the query for what this reader is given, in the order of submission, and whether they may know of its person."""
    known = and_(Person.id.is_not(None), visible(access)) if access is not None else Person.id.is_not(None)
    chosen = (
        select(Response, Invitation, Person, known)
        .outerjoin(Invitation, Invitation.id == Response.invitation_id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .where(*_submitted(questionnaire_id))
        .order_by(Response.submitted_at, Response.id)
        .options(lazyload(Person.organization))
    )
    return chosen.where(or_(Person.id.is_(None), known)) if _named(access) else chosen


def _how_many(chosen: Select[Response, Invitation, Person, bool]) -> int:
    ids = chosen.with_only_columns(Response.id, maintain_column_froms=True).order_by(None)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _returned(chosen: Select[Response, Invitation, Person, bool], access: Access | None, first: int) -> list[Returned]:
    named, found = _named(access), []
    for number, (response, invitation, person, may_know) in enumerate(db.session.execute(chosen), first):
        known = person if may_know else None
        sector, region = (known.sector, known.region) if known else (None, None)
        name, person_id = (known.name, known.id) if known and named else ("", None)
        found.append(Returned(number, response, sector, region, invitation.wave if invitation else 0, name, person_id))
    return found


def submitted_to(questionnaire_id: UUID) -> int:
    """Return how many responses were submitted, whoever may read them."""
    return db.session.scalar(select(func.count()).select_from(Response).where(*_submitted(questionnaire_id))) or 0


def _submitted(questionnaire_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Response.questionnaire_id == questionnaire_id, Response.state != ResponseState.IN_PROGRESS


def find_returned(questionnaire_id: UUID, response_id: UUID, access: Access) -> Returned:
    """Return one submitted response, or raise AbsentError."""
    readable = _read_by(questionnaire_id, access)
    this = db.session.execute(readable.where(Response.id == response_id)).one_or_none()
    if this is None:
        raise AbsentError
    at, response = this[0].submitted_at, this[0].id
    earlier = or_(Response.submitted_at < at, and_(Response.submitted_at == at, Response.id < response))
    return _returned(readable.where(Response.id == response_id), access, _how_many(readable.where(earlier)) + 1)[0]


def answers_to(questionnaire_id: UUID) -> dict[UUID, dict[UUID, Given]]:
    """Return all answers that were submitted, by response and question, in one query."""
    found: dict[UUID, dict[UUID, Given]] = {}
    rows = db.session.scalars(select(Answer).join(Response, Response.id == Answer.response_id).where(*_submitted(questionnaire_id)))
    for row in rows:
        found.setdefault(row.response_id, {})[row.question_id] = Given(from_json(row.value), row.declined)
    return found


def export_header(definition: Definition) -> list[str]:
    """Return the columns of an export: what is known about a response, then one for each question.

    A multiple choice has one for each option, "code.option".
    """
    return [*ABOUT, *(name for question in definition.questions() for name in _columns(question))]


def export_rows(definition: Definition, zone: str, access: Access | None) -> Iterator[list[Cell]]:
    """Give one row for each submitted response that ``access`` may read (None: the operator, all of them).

    What hangs on a condition that is not met is empty.
    """
    answers = answers_to(definition.id)
    for each in responses_to(definition.id, access):
        counted = counting(definition, answers.get(each.response.id, {}))
        yield [*_about(each, zone), *(cell for question in definition.questions() for cell in _cells(question, counted))]


def _about(each: Returned, zone: str) -> list[Cell]:
    submitted = each.response.submitted_at
    return [
        each.number,
        each.sector or "",
        each.region or "",
        each.response.language,
        each.wave,
        "complete" if each.response.state is ResponseState.SUBMITTED else "partial",
        on_the_wall(submitted, zone).date().isoformat() if submitted else "",
        each.response.version,
    ]


def _columns(question: QuestionAsked) -> list[str]:
    if question.kind is QuestionKind.MULTIPLE:
        return [f"{question.code}.{option.code}" for option in question.options]
    return [question.code]


def _cells(question: QuestionAsked, counted: Mapping[UUID, Given]) -> list[Cell]:
    given = counted.get(question.id)
    columns = len(_columns(question))
    if given is None or not given.settled:
        return [""] * columns
    if given.value is None:
        return [DECLINED] * columns
    if question.kind is QuestionKind.MULTIPLE:
        chosen = given.value if isinstance(given.value, tuple) else ()
        return [int(option.code in chosen) for option in question.options]
    return [given.value if isinstance(given.value, int | str) else ""]
