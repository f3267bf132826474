"""What the database knows of the people who were invited to one thing: the facts by which they are reminded or not.

A few statements over all of them, however many they are, or over some of them while a
mailing is planned step by step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from engagement.invitations.models import Choice, Invitation
from engagement.kernel.db import db
from engagement.mailing.models import ContactTask, Message, State, Suppression, TaskState
from engagement.mailing.outbox import SENT_AGAIN
from engagement.outreach.nominees import silent_nominees
from engagement.outreach.reach import may_be_mailed
from engagement.outreach.reminders import EVENT_REMINDER, QUESTIONNAIRE_REMINDER, Facts, Limits
from engagement.outreach.rules import rules_of
from engagement.questionnaires.models import Response, ResponseState
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select

CAME_TO_NOTHING = (State.CANCELLED, State.FAILED, State.SUPPRESSED)
STILL_TO_GO = (State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING, State.DEFERRED)
BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Asked:
    """One person who was asked, and what is known of them. ``begun``: a draft of theirs is kept."""

    person: Person
    invitation: Invitation
    facts: Facts
    begun: bool = False


@dataclass(slots=True)
class _Known:
    """What was found about many people, by person or by invitation."""

    refused: set[UUID] = field(default_factory=set)
    bounced: set[UUID] = field(default_factory=set)
    nominated: set[UUID] = field(default_factory=set)
    written: dict[UUID, list[datetime]] = field(default_factory=dict)
    reminders: dict[UUID, int] = field(default_factory=dict)
    responses: dict[UUID, ResponseState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About whom is asked, and when.

    ``about`` is the condition on Invitation. ``ids``: these people only. What the mailing
    ``but_mailing`` itself has planned does not count.
    """

    consultation_id: UUID
    about: ColumnElement[bool]
    deadline: datetime | None
    limits: Limits
    moment: datetime
    ids: Sequence[UUID] | None = None
    but_mailing: UUID | None = None

    def whose(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that ``column`` is one of these people."""
        if self.ids is not None:
            return column.in_(self.ids)  # type: ignore[no-any-return]
        return column.in_(select(Invitation.person_id).where(self.about))  # type: ignore[no-any-return]

    def other_mailing(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a message or task is not of the mailing that is being planned."""
        return or_(column.is_(None), column != self.but_mailing)


def asked_about(question: Question) -> list[Asked]:
    """Return everybody who was asked, in the order of the roster, with what is known of them."""
    rows = db.session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(question.about, question.whose(Person.id))
        .order_by(Person.name_key, Person.id)
    ).all()
    known = _Known()
    _find_refusals(question, known)
    _find_messages(question, known)
    _find_tasks(question, known)
    here = Message.consultation_id == question.consultation_id
    known.nominated |= set(db.session.scalars(silent_nominees(here, question.whose(Invitation.person_id))))
    responses = select(Response.invitation_id, Response.state).join(Invitation, Invitation.id == Response.invitation_id)
    found = db.session.execute(responses.where(question.about, question.whose(Invitation.person_id)))
    known.responses = {invitation_id: state for invitation_id, state in found if invitation_id is not None}
    return [_asked(question, invitation, person, known) for invitation, person in rows]


def _asked(question: Question, invitation: Invitation, person: Person, known: _Known) -> Asked:
    response = known.responses.get(invitation.id)
    submitted = response is not None and response is not ResponseState.IN_PROGRESS
    facts = Facts(
        language=person.language,
        has_address=may_be_mailed(person),
        withdrawn=invitation.withdrawn_at is not None,
        answered=submitted or invitation.choice is not None,
        declined=invitation.choice is Choice.DECLINED,
        distributed=invitation.distributed_at is not None,
        nominated=person.id in known.nominated,
        opted_out=person.do_not_contact or not person.wants_reminders or not person.wants_mailings or person.id in known.refused,
        bounced=invitation.bounced_at is not None or person.id in known.bounced,
        reminders=known.reminders.get(invitation.id, 0),
        written_at=tuple(known.written.get(person.id, ())),
        deadline=question.deadline,
    )
    return Asked(person, invitation, facts, begun=response is ResponseState.IN_PROGRESS)


def _find_refusals(question: Question, known: _Known) -> None:
    suppressed = select(Person.id, Suppression.reason).join(Suppression, Suppression.address_index == Person.email_index)
    for person_id, reason in db.session.execute(suppressed.where(question.whose(Person.id))):
        (known.bounced if reason == BOUNCED else known.refused).add(person_id)
    # A wish holds for the address, whichever consultation heard it.
    other = aliased(Person)
    elsewhere = select(Person.id).join(other, other.email_index == Person.email_index)
    known.refused |= set(db.session.scalars(elsewhere.where(question.whose(Person.id), other.do_not_contact)))
    came_back = select(Person.id).join(Message, Message.person_id == Person.id)
    same_address = or_(Message.address_index.is_(None), Message.address_index == Person.email_index)
    known.bounced |= set(db.session.scalars(came_back.where(question.whose(Person.id), Message.bounced_at.is_not(None), same_address)))


def _find_messages(question: Question, known: _Known) -> None:
    counted = select(Message.invitation_id, func.count()).join(Invitation, Invitation.id == Message.invitation_id)
    counted = counted.where(
        question.about,
        question.whose(Message.person_id),
        Message.purpose.in_([EVENT_REMINDER, QUESTIONNAIRE_REMINDER]),
        Message.state.not_in(CAME_TO_NOTHING),
        question.other_mailing(Message.mailing_id),
    )
    grouped = db.session.execute(counted.group_by(Message.invitation_id))
    known.reminders = {invitation_id: number for invitation_id, number in grouped if invitation_id is not None}
    apart = timedelta(days=question.limits.days_apart)
    near = or_(
        and_(Message.state == State.SENT, Message.sent_at > question.moment - apart, Message.sent_at < question.moment + apart),
        and_(Message.state.in_(STILL_TO_GO), Message.due_at < question.moment + apart),
        # Nobody knows whether it arrived: it may have.
        and_(Message.state == State.DOUBTFUL, Message.due_at > question.moment - apart),
    )
    written = select(Message.person_id, Message.state, Message.sent_at, Message.due_at).where(
        Message.consultation_id == question.consultation_id,
        question.whose(Message.person_id),
        question.other_mailing(Message.mailing_id),
        near,
    )
    for person_id, state, sent_at, due_at in db.session.execute(written):
        # One that should have gone by now goes any minute.
        at = max(due_at, question.moment) if state in STILL_TO_GO else sent_at or due_at
        if person_id is not None:
            known.written.setdefault(person_id, []).append(at)


def _find_tasks(question: Question, known: _Known) -> None:
    """Count a call or a letter as the mail that it stands for."""
    tasks = select(ContactTask.person_id, ContactTask.invitation_id, ContactTask.purpose, ContactTask.settled_at)
    theirs = tasks.where(
        ContactTask.consultation_id == question.consultation_id,
        question.whose(ContactTask.person_id),
        ContactTask.state != TaskState.DROPPED,
        question.other_mailing(ContactTask.mailing_id),
    )
    for person_id, invitation_id, purpose, settled_at in db.session.execute(theirs):
        known.written.setdefault(person_id, []).append(settled_at or question.moment)
        if purpose in {EVENT_REMINDER, QUESTIONNAIRE_REMINDER} and invitation_id is not None:
            known.reminders[invitation_id] = known.reminders.get(invitation_id, 0) + 1


def written_to_meanwhile(message: Message, moment: datetime) -> bool:
    """Return whether its person was written to since a reminder was planned, and so lately that it is one too many at ``moment``.

    A call or a letter counts as the mail that it stands for.
    """
    if message.purpose not in {EVENT_REMINDER, QUESTIONNAIRE_REMINDER} or message.consultation_id is None:
        return False
    if message.outcome == SENT_AGAIN:
        return False
    since = max(message.created_at, moment - timedelta(days=rules_of(message.consultation_id).days_apart))
    mails = _of_another_mailing(Message, message).where(Message.id != message.id, Message.state == State.SENT, Message.sent_at > since)
    calls = _of_another_mailing(ContactTask, message).where(ContactTask.state == TaskState.DONE, ContactTask.settled_at > since)
    return any(db.session.scalar(each.limit(1)) is not None for each in (mails, calls))


def _of_another_mailing(row: type[Message | ContactTask], message: Message) -> Select[UUID]:
    """Return the query for what else its person was told in the consultation."""
    return select(row.id).where(
        row.person_id == message.person_id,
        row.consultation_id == message.consultation_id,
        or_(row.mailing_id.is_(None), row.mailing_id != message.mailing_id),
    )
