"""Calls and letters that wait, as a member may see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from sqlalchemy import and_, case, func, or_, select

from engagement.kernel.clock import today
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import ContactTask, TaskChannel, TaskReason, TaskState
from engagement.outreach.listing import invitations_hidden_from, mailings_hidden_from
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

PAGE = 50
MOST_LETTERS = 200
EVERY_STATE = "all"
DUE_NOW = "now"


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What is asked of the list. Empty parts ask nothing; ``state`` is "open" unless the address says otherwise."""

    state: str = TaskState.OPEN.value
    reason: str = ""
    channel: str = ""
    language: str = ""
    due: str = ""
    mailing_id: UUID | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str], mailing_id: UUID | None = None) -> Self:
        """Return the filter that an address asks for; a word that is on no list asks nothing."""
        state = query.get("state", "")
        return cls(
            state=state if state in {EVERY_STATE, *TaskState} else TaskState.OPEN.value,
            reason=_known(query.get("reason", ""), set(TaskReason)),
            channel=_known(query.get("channel", ""), set(TaskChannel)),
            language=_known(query.get("language", ""), {"en", "fr", "both"}),
            due=_known(query.get("due", ""), {DUE_NOW}),
            mailing_id=mailing_id,
        )


def _known(word: str, words: set[str] | set[TaskReason] | set[TaskChannel]) -> str:
    return word if word in words else ""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task and the person it is for."""

    task: ContactTask
    person: Person


@dataclass(frozen=True, slots=True)
class PageOfTasks:
    """One page of the list; ``page`` counts from 1."""

    rows: Sequence[TaskRow]
    total: int
    page: int
    size: int = PAGE


def tasks_seen_by(access: Access) -> ColumnElement[bool]:
    """Return the condition for tasks that this member may know of: neither event nor person is hidden from them."""
    return and_(
        ContactTask.consultation_id == access.consultation.id,
        or_(ContactTask.mailing_id.is_(None), ContactTask.mailing_id.not_in(mailings_hidden_from(access))),
        or_(ContactTask.invitation_id.is_(None), ContactTask.invitation_id.not_in(invitations_hidden_from(access))),
        ContactTask.person_id.in_(select(Person.id).where(visible(access))),
    )


def _chosen(access: Access, asked: TaskFilter) -> list[ColumnElement[bool]]:
    conditions = [tasks_seen_by(access)]
    if asked.state != EVERY_STATE:
        conditions.append(ContactTask.state == TaskState(asked.state))
    if asked.reason:
        conditions.append(ContactTask.reason == TaskReason(asked.reason))
    if asked.channel:
        conditions.append(ContactTask.channel == TaskChannel(asked.channel))
    if asked.language:
        conditions.append(ContactTask.language == asked.language)
    if asked.due == DUE_NOW:
        conditions.append(ContactTask.due_on <= today(access.consultation.zone))
    if asked.mailing_id is not None:
        conditions.append(ContactTask.mailing_id == asked.mailing_id)
    return conditions


def list_tasks(access: Access, asked: TaskFilter, page: int = 1, size: int = PAGE) -> PageOfTasks:
    """Return one page of the tasks that ``asked`` chooses, open ones first, the longest due first; past the end is the last."""
    conditions = _chosen(access, asked)
    total = db.session.scalar(select(func.count()).select_from(ContactTask).where(*conditions)) or 0
    page = max(1, min(page, (total - 1) // size + 1 if total else 1))
    open_first = case((ContactTask.state == TaskState.OPEN, 0), else_=1)
    rows = db.session.execute(
        select(ContactTask, Person)
        .join(Person, Person.id == ContactTask.person_id)
        .where(*conditions)
        .order_by(open_first, ContactTask.due_on, Person.name_key, ContactTask.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return PageOfTasks([TaskRow(task, person) for task, person in rows], total, page, size)


def letters_to_print(access: Access, asked: TaskFilter) -> PageOfTasks:
    """Return the open letters that ``asked`` chooses, at most MOST_LETTERS of them."""
    wanted = replace(asked, state=TaskState.OPEN.value, channel=TaskChannel.LETTER.value)
    return list_tasks(access, wanted, size=MOST_LETTERS)


def find_task(access: Access, task_id: UUID) -> TaskRow:
    """Return one task that this member may know of, or raise AbsentError."""
    found = db.session.execute(
        select(ContactTask, Person).join(Person, Person.id == ContactTask.person_id).where(ContactTask.id == task_id, tasks_seen_by(access))
    ).first()
    if found is None:
        raise AbsentError
    return TaskRow(found[0], found[1])


def task_of_message(access: Access, message_id: UUID) -> ContactTask | None:
    """Return the task that stands for a message, if this member may know of it."""
    return db.session.scalar(select(ContactTask).where(ContactTask.message_id == message_id, tasks_seen_by(access)))


def tasks_of(access: Access, mailing_id: UUID) -> dict[TaskState, int]:
    """Return how many people of a mailing are called or written to, by how it stands; of those the member may know of."""
    rows = db.session.execute(
        select(ContactTask.state, func.count())
        .where(ContactTask.mailing_id == mailing_id, tasks_seen_by(access))
        .group_by(ContactTask.state)
    )
    counted = {state: number for state, number in rows}  # noqa: C416 - rows are not pairs to mypy.
    return {state: counted[state] for state in TaskState if state in counted}


def waiting_tasks(access: Access) -> int:
    """Return how many people wait for a call or a letter, of those the member may know of."""
    return db.session.scalar(select(func.count()).select_from(ContactTask).where(*_chosen(access, TaskFilter()))) or 0


def tasks_for(access: Access, person_id: UUID) -> Sequence[ContactTask]:
    """Return the calls and letters to a person that this member may know of."""
    return db.session.scalars(select(ContactTask).where(ContactTask.person_id == person_id, tasks_seen_by(access))).all()
