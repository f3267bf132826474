"""What is read of submissions and themes, by whoever may read it.

What was asked at a restricted event exists only for members cleared for that event; a
note-taker reads what was said at their own event. Everything else is absent to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, exists, func, select

from engagement.events.service import all_events
from engagement.findings.models import Code, Coding, Prompt, Submission
from engagement.findings.themes import Figure, hide_small, is_small, parents_to_hide, submissions_per_code, submissions_per_parent
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access
    from engagement.events.models import Event

PAGE = 50


def known_events(access: Access) -> dict[UUID, Event]:
    """Return the events that this member knows of, by id."""
    return {event.id: event for event in all_events(access.consultation.id) if access.knows(event.id, restricted=event.restricted)}


def prompts_of(access: Access, permission: Permission) -> list[Prompt]:
    """Return the prompts for which this member holds ``permission``, in their order."""
    known = known_events(access)
    rows = db.session.scalars(select(Prompt).where(Prompt.consultation_id == access.consultation.id).order_by(Prompt.position, Prompt.id))
    return [row for row in rows if _is_open_to(access, permission, row, known)]


def _is_open_to(access: Access, permission: Permission, prompt: Prompt, known: dict[UUID, Event]) -> bool:
    if prompt.event_id is not None and prompt.event_id not in known:
        return False
    return access.may(permission, prompt.event_id)


def find_prompt(access: Access, prompt_id: UUID, permission: Permission) -> Prompt:
    """Return a prompt for which this member holds ``permission``, or raise AbsentError."""
    prompt = db.session.get(Prompt, prompt_id)
    if prompt is None or prompt.consultation_id != access.consultation.id:
        raise AbsentError
    if not _is_open_to(access, permission, prompt, known_events(access)):
        raise AbsentError
    return prompt


def find_submission(access: Access, submission_id: UUID, permission: Permission) -> tuple[Submission, Prompt]:
    """Return a submission and its prompt, if this member holds ``permission`` there; else AbsentError."""
    submission = db.session.get(Submission, submission_id)
    if submission is None or submission.consultation_id != access.consultation.id:
        raise AbsentError
    return submission, find_prompt(access, submission.prompt_id, permission)


def pillars_of(consultation_id: UUID) -> list[Code]:
    """Return the codes that serve all prompts, in their order."""
    return list(
        db.session.scalars(
            select(Code).where(Code.consultation_id == consultation_id, Code.prompt_id.is_(None)).order_by(Code.position, Code.id)
        )
    )


def themes_of(prompt_id: UUID) -> list[Code]:
    """Return the codes of one prompt, in the order of its code book."""
    return list(db.session.scalars(select(Code).where(Code.prompt_id == prompt_id).order_by(Code.position, Code.id)))


def find_code(access: Access, code_id: UUID) -> Code:
    """Return a code that this member may edit, a pillar or a theme, or raise AbsentError."""
    code = db.session.get(Code, code_id)
    if code is None or code.consultation_id != access.consultation.id:
        raise AbsentError
    if code.prompt_id is not None:
        find_prompt(access, code.prompt_id, Permission.CODE_SUBMISSIONS)
    return code


@dataclass(frozen=True, slots=True)
class Progress:
    """How many submissions a prompt has, and how many of them carry no code yet."""

    submissions: int
    uncoded: int


def progress_of(prompt_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """Return how far the coding of each prompt has come, in one question."""
    uncoded = case((_carries_no_code(), 1), else_=0)
    counted = select(Submission.prompt_id, func.count(), func.sum(uncoded)).where(Submission.prompt_id.in_(prompt_ids))
    found = {row[0]: Progress(row[1], int(row[2])) for row in db.session.execute(counted.group_by(Submission.prompt_id))}
    return dict.fromkeys(prompt_ids, Progress(0, 0)) | found


def _carries_no_code() -> ColumnElement[bool]:
    return ~exists().where(Coding.submission_id == Submission.id)


@dataclass(frozen=True, slots=True)
class Listed:
    """A submission with the codes it carries."""

    submission: Submission
    codes: list[Code]


@dataclass(frozen=True, slots=True)
class PageOfSubmissions:
    """One page of a list, counted from 1, with the number of rows in the whole list."""

    rows: list[Listed]
    total: int
    page: int
    size: int = PAGE


def list_submissions(prompt: Prompt, *, code_id: UUID | None = None, uncoded: bool = False, page: int = 1) -> PageOfSubmissions:
    """Return submissions in the order of their numbers; those with one code, or those with none yet."""
    chosen = select(Submission).where(Submission.prompt_id == prompt.id)
    if uncoded:
        chosen = chosen.where(_carries_no_code())
    elif code_id is not None:
        under = select(Code.id).where((Code.id == code_id) | (Code.parent_id == code_id))
        chosen = chosen.where(exists().where(Coding.submission_id == Submission.id, Coding.code_id.in_(under)))
    total = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    last = max(1, -(-total // PAGE))
    page = min(max(page, 1), last)
    rows = list(db.session.scalars(chosen.order_by(Submission.number).limit(PAGE).offset((page - 1) * PAGE)))
    codes = codes_on([row.id for row in rows])
    return PageOfSubmissions([Listed(row, codes.get(row.id, [])) for row in rows], total, page)


def codes_on(submission_ids: list[UUID]) -> dict[UUID, list[Code]]:
    """Return the codes that each of these submissions carries, in the order of the code book."""
    rows = db.session.execute(
        select(Coding.submission_id, Code)
        .join(Code, Code.id == Coding.code_id)
        .where(Coding.submission_id.in_(submission_ids))
        .order_by(Code.position)
    )
    found: dict[UUID, list[Code]] = {}
    for submission_id, code in rows:
        found.setdefault(submission_id, []).append(code)
    return found


def neighbour(prompt_id: UUID, number: int) -> Submission | None:
    """Return the next submission after ``number`` that has no code yet, going round once; None if all have."""
    waiting = select(Submission).where(Submission.prompt_id == prompt_id, _carries_no_code())
    later = db.session.scalar(waiting.where(Submission.number > number).order_by(Submission.number).limit(1))
    return later or db.session.scalar(waiting.where(Submission.number != number).order_by(Submission.number).limit(1))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of themes: the code, its pillar, and its figure."""

    code: Code
    parent: Code | None
    figure: Figure


@dataclass(frozen=True, slots=True)
class ThemeTable:
    """The figures of one prompt. ``submissions`` is N, the base of every percentage; None: from 1 to 4, and not shown to this reader.

    ``hides_small`` says that counts which point at few are left out for this reader.
    """

    prompt: Prompt
    event: Event | None
    submissions: int | None
    themes: list[Line]
    pillars: list[Line]
    hides_small: bool


def table_of(access: Access, prompt: Prompt) -> ThemeTable:
    """Return the themes of a prompt for this reader: the most frequent first, those outside the pillars last.

    Whoever may not read the submissions sees no count where 1 to 4 spoke of a theme, or did not, nor any of fewer than five.
    """
    return tables_of(access, [prompt])[0]


def tables_of(access: Access, prompts: Sequence[Prompt]) -> list[ThemeTable]:
    """Return the tables of several prompts of the consultation, asked for in as many questions as one."""
    ids = [prompt.id for prompt in prompts]
    progress, events = progress_of(ids), known_events(access)
    pillars = {pillar.id: pillar for pillar in pillars_of(access.consultation.id)}
    themes: dict[UUID, list[Code]] = {each: [] for each in ids}
    for code in db.session.scalars(select(Code).where(Code.prompt_id.in_(ids)).order_by(Code.position, Code.id)):
        if code.prompt_id is not None:
            themes[code.prompt_id].append(code)
    codings: dict[UUID, list[tuple[UUID, UUID]]] = {each: [] for each in ids}
    rows = select(Submission.prompt_id, Coding.submission_id, Coding.code_id).join(Submission, Submission.id == Coding.submission_id)
    for prompt_id, submission_id, code_id in db.session.execute(rows.where(Submission.prompt_id.in_(ids))):
        codings[prompt_id].append((submission_id, code_id))
    return [
        _table(
            each,
            Counted(progress[each.id].submissions, codings[each.id], themes[each.id], pillars),
            event=events.get(each.event_id) if each.event_id else None,
            hides=not access.may(Permission.READ_SUBMISSIONS, each.event_id),
        )
        for each in prompts
    ]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a table is made of: how many submissions, (submission, code) pairs, the code book and the pillars by id."""

    total: int
    codings: list[tuple[UUID, UUID]]
    themes: list[Code]
    pillars: dict[UUID, Code]


def _table(prompt: Prompt, counted: Counted, *, event: Event | None, hides: bool) -> ThemeTable:
    total, codings, themes, pillars = counted.total, counted.codings, counted.themes, counted.pillars
    parent_of = {theme.id: theme.parent_id for theme in themes}
    counts = {theme.id: 0 for theme in themes} | submissions_per_code(codings)
    wholes = submissions_per_parent(codings, parent_of)
    shown: dict[UUID, int | None] = {**(hide_small(counts, total) if hides else counts)}
    shown_wholes: dict[UUID, int | None] = {**(hide_small(wholes, total) if hides else wholes)}
    if hides:
        shown_wholes |= dict.fromkeys(parents_to_hide(counts, parent_of, total))
    base = None if hides and is_small(total) else total
    # Hidden counts rank alike: their order would tell which is the larger.
    rank = {code: 1 if n is None else n for code, n in shown.items()}
    ordered = sorted(themes, key=lambda theme: (theme.parent_id is None and bool(wholes), -rank[theme.id], theme.position))
    return ThemeTable(
        prompt,
        event,
        base,
        [Line(theme, pillars.get(theme.parent_id) if theme.parent_id else None, Figure(shown[theme.id], base)) for theme in ordered],
        [Line(pillar, None, Figure(shown_wholes[pillar.id], base)) for pillar in pillars.values() if pillar.id in wholes],
        hides,
    )
