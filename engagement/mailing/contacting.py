"""Verbs of calls and letters: make one of a message, write down what came of it, drop what is not needed any more."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, select, update

from engagement.consultations.models import Consultation
from engagement.kernel.audit import SYSTEM, Actor, ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.composing import Composed, Dropped
from engagement.mailing.models import ContactTask, Message, State, TaskChannel, TaskOutcome, TaskReason, TaskState
from engagement.mailing.outbox import NotNowError
from engagement.mailing.tasks import NOT_TO_BE_WRITTEN_TO, Instead, compose_again, script_of, take_over, text_for
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

# Where a message can stand that somebody makes a call or a letter of.
MAY_BECOME_A_TASK = frozenset({State.PLANNED, State.QUEUED, State.DEFERRED, State.FAILED, State.SUPPRESSED, State.DOUBTFUL})
# The next try may succeed: another hour, another number.
STAYS_OPEN = frozenset({TaskOutcome.NO_ANSWER, TaskOutcome.WRONG_NUMBER})
TOLD = frozenset({TaskOutcome.REACHED, TaskOutcome.LEFT_MESSAGE, TaskOutcome.LETTER_SENT})
# These speak of the mail and not of what it is about: a call is still needed.
ABOUT_THE_MAIL = frozenset({NOT_TO_BE_WRITTEN_TO, "there is no address", "there is no mail address"})
NOT_NEEDED = "not needed, says the team"
LAST_MOMENT = "its last moment has passed"
LONGEST_NOTE = 2000
READ_IT_AGAIN = Text(
    "What has to be said has changed since you opened this page: read it again, tell the person how it stands now, then record it.",
    "Ce qu’il faut dire a changé depuis l’ouverture de cette page\u00a0: relisez-le, dites à la personne ce qui vaut maintenant, "
    "puis notez le résultat.",
)
LOOKED_AT_ONCE = 50
# So many scripts are read anew while somebody who edits waits; more are left to the worker.
READ_AT_ONCE = 25
# Well under 200 ms of write lock.
DROPPED_AT_ONCE = 100
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LOOKED_AT_EVERY = timedelta(minutes=5)

log = logging.getLogger(__name__)


class NotOpenError(DomainError):
    """The task was done or dropped before."""


class BadOutcomeError(DomainError):
    """What was written down about a call or a letter cannot be."""


def make_task(*, message_id: UUID, channel: TaskChannel, actor: Actor) -> ContactTask:
    """Make a call or a letter of a message that did not go, or of which nobody knows; the message is cancelled.

    Raises NotNowError where it went, is not needed any more or cannot be written yet, or where
    the person asked not to be contacted at all.
    """
    message = db.session.get(Message, message_id)
    if message is None or message.consultation_id is None or message.person_id is None:
        raise AbsentError
    said = compose_again(message)
    if not isinstance(said, Composed):
        raise _not_now(said.reason if isinstance(said, Dropped) else "")
    written = script_of(message.language, said.values, text_for(message))
    day = today(db.session.get_one(Consultation, message.consultation_id).zone)
    instead = Instead(TaskReason.STAFF, day, written.subject, written.plain.strip(), channel, said.details)
    with writing() as session:
        row = session.get(Message, message_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise AbsentError
        if row.state not in MAY_BECOME_A_TASK:
            raise NotNowError(Text("This message has gone, or is on its way.", "Ce courriel est parti ou en route."))
        return take_over(session, row, instead, actor)


def _not_now(reason: str) -> NotNowError:
    if reason == NOT_TO_BE_WRITTEN_TO:
        return NotNowError(Text("This person asked not to be contacted.", "Cette personne a demandé qu’on ne communique pas avec elle."))
    if reason:
        return NotNowError(Text("This message is not needed any more.", "Ce courriel n’est plus nécessaire."))
    return NotNowError(Text("This message cannot be written yet.", "Ce courriel ne peut pas encore être rédigé."))


def mark_of(task: ContactTask) -> str:
    """Return a mark of what a task says: two that are alike were read from the same script."""
    return sha256(f"{task.subject}\n{task.script}".encode()).hexdigest()[:16]


def record_outcome(*, task_id: UUID, outcome: TaskOutcome, remark: str = "", seen: str | None = None, actor: Actor) -> ContactTask:
    """Write down what came of a call or a letter.

    After no answer or a wrong number it stays open, one try more. Whoever was told counts as
    written to: their invitation is distributed. ``seen`` is the mark of the script that was
    read. Raises NotOpenError, BadOutcomeError (the remark is too long, or somebody was told
    what does not hold any more), AbsentError.
    """
    if len(remark.strip()) > LONGEST_NOTE:
        said = Text("The note takes at most 2,000 characters.", "La note compte au plus 2\u00a0000 caractères.")
        raise BadOutcomeError(said, field="note")
    with writing() as session:
        task = _open_task(session, task_id)
        if outcome in TOLD and seen is not None and seen != mark_of(task):
            raise BadOutcomeError(READ_IT_AGAIN)
        task.outcome, task.note = outcome, remark.strip()
        if outcome in STAYS_OPEN:
            task.tries += 1
        else:
            dropped = outcome is TaskOutcome.NOT_NEEDED
            _settle(task, TaskState.DROPPED if dropped else TaskState.DONE, actor, NOT_NEEDED if dropped else "")
        session.flush()
        if outcome in TOLD:
            _was_told(session, task)
        note(session, "record_contact", task, actor)
    return task


def _was_told(session: Session, task: ContactTask) -> None:
    message = session.get(Message, task.message_id) if task.message_id else None
    then = ports().sent.get(task.purpose)
    if message is not None and then is not None:
        then(message)


def change_channel(*, task_id: UUID, channel: TaskChannel, actor: Actor) -> ContactTask:
    """Make a letter of a call, or a call of a letter. Raises NotOpenError, AbsentError."""
    with writing() as session:
        task = _open_task(session, task_id)
        if task.channel is not channel:
            task.channel = channel
            note(session, "change_contact_channel", task, actor)
    return task


def _open_task(session: Session, task_id: UUID) -> ContactTask:
    task = session.get(ContactTask, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise AbsentError
    if task.state is not TaskState.OPEN:
        raise NotOpenError(Text("This was settled meanwhile.", "Cette tâche a été réglée entre-temps."))
    return task


def _settle(task: ContactTask, state: TaskState, actor: Actor, why: str = "") -> None:
    task.state, task.settled_at, task.why = state, now(), why
    task.settled_by = actor.id if actor.kind is ActorKind.STAFF else None


def drop_task_of(session: Session, message_id: UUID, why: str) -> None:
    """Drop the open task that stands for a message, in the current transaction."""
    task = session.scalar(select(ContactTask).where(ContactTask.message_id == message_id, ContactTask.state == TaskState.OPEN))
    if task is not None:
        _drop(session, task, why)


def not_yet_said(mailing_id: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition on ContactTask for the calls and letters of a mailing that are still to be made in place of its mails."""
    instead = exists().where(Message.id == ContactTask.message_id, Message.state == State.CANCELLED)
    return and_(ContactTask.mailing_id == mailing_id, ContactTask.state == TaskState.OPEN, instead)


def drop_some_tasks(mailing_id: UUID, why: str) -> int:
    """Drop some more calls and letters of a mailing that are still to be made; returns how many."""
    chosen = select(ContactTask).where(not_yet_said(mailing_id)).order_by(ContactTask.id).limit(DROPPED_AT_ONCE)
    with writing() as session:
        tasks = session.scalars(chosen.with_for_update(of=ContactTask)).all()
        for task in tasks:
            _drop(session, task, why)
    return len(tasks)


def _drop(session: Session, task: ContactTask, why: str) -> None:
    _settle(task, TaskState.DROPPED, SYSTEM, why[:500])
    note(session, "drop_contact", task, SYSTEM)


def _read_again(task: ContactTask) -> str:
    """Have a task say what its message would say now, in the language that its person has by now.

    Return why it is not needed any more, nothing where it is or nobody can say.
    """
    message = db.session.get(Message, task.message_id) if task.message_id else None
    if message is None:
        return ""
    if message.not_after is not None and message.not_after <= now():
        return LAST_MOMENT
    language = db.session.scalar(select(Person.language).where(Person.id == task.person_id)) or "both"
    said = compose_again(message, language)
    if isinstance(said, Composed):
        task.language, script = language, script_of(language, said.values, text_for(message))
        if (task.subject, task.script) != (script.subject, script.plain.strip()):
            task.subject, task.script = script.subject, script.plain.strip()
            # Whoever is told counts as knowing what was read to them.
            message.details = {**message.details, **said.details}
    return said.reason if isinstance(said, Dropped) and said.reason not in ABOUT_THE_MAIL else ""


def read_anew(session: Session, which: ColumnElement[bool]) -> None:
    """Have those of the open tasks say what holds now, in the current transaction; many are left to the worker."""
    theirs = and_(which, ContactTask.state == TaskState.OPEN)
    ids = session.scalars(select(ContactTask.id).where(theirs).order_by(ContactTask.id).limit(READ_AT_ONCE + 1)).all()
    if len(ids) > READ_AT_ONCE:
        session.execute(update(ContactTask).where(theirs).values(looked_at=LONG_AGO).execution_options(synchronize_session=False))
        ring_when_stored(session)
        return
    for task in session.scalars(select(ContactTask).where(ContactTask.id.in_(ids)).with_for_update()).all():
        why = _look_at(session, task)
        if why:
            _drop(session, task, why)


def read_theirs_anew(person_id: UUID) -> None:
    """Have the open tasks for one person say what holds now: their name, language or wishes were changed."""
    with writing() as session:
        read_anew(session, ContactTask.person_id == person_id)


_OPEN = select(ContactTask).where(ContactTask.invitation_id == bindparam("invitation_id"), ContactTask.state == TaskState.OPEN)


def look_again(session: Session, invitation_id: UUID, *, spoken: Actor | None = None) -> None:
    """Settle the open tasks that what has just happened to an invitation makes needless, in the current transaction.

    ``spoken``: who wrote down a reply that came by telephone or letter; then the task is done
    and the person was told. Else it is dropped.
    """
    for task in session.scalars(_OPEN, {"invitation_id": invitation_id}).all():
        why = _look_at(session, task)
        if why and spoken is not None:
            task.outcome = TaskOutcome.REACHED
            _settle(task, TaskState.DONE, spoken)
            _was_told(session, task)
            note(session, "record_contact", task, spoken)
        elif why:
            _drop(session, task, why)


def _look_at(session: Session, task: ContactTask) -> str:
    """Return why a task is not needed any more; nothing where it is, or where nobody can say."""
    task.looked_at = now()
    try:
        with session.begin_nested():
            return _read_again(task)
    except Exception as error:  # noqa: BLE001 - a reply is recorded whatever a composer says of a call.
        log.error("a task of the kind %s cannot be looked at: %s", task.purpose, what_broke(error))  # noqa: TRY400 - no message.
        return ""


def look_at_open_tasks() -> None:
    """Drop open tasks that are not needed any more, those that were looked at longest ago first. A chore of the worker."""
    for task_id in _to_be_looked_at():
        with writing() as session:
            task = session.get(ContactTask, task_id, with_for_update=True, populate_existing=True)
            why = _look_at(session, task) if task is not None and task.state is TaskState.OPEN else ""
            if task is not None and why:
                _drop(session, task, why)


def _to_be_looked_at() -> Sequence[UUID]:
    stale = (ContactTask.state == TaskState.OPEN, ContactTask.looked_at < now() - LOOKED_AT_EVERY)
    return db.session.scalars(select(ContactTask.id).where(*stale).order_by(ContactTask.looked_at).limit(LOOKED_AT_ONCE)).all()
