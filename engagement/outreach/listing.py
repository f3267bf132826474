"""Which messages a member may see, and what each of them is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, or_, select

from engagement.events.models import Event
from engagement.invitations.models import Invitation
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Message, MessageEvent, State
from engagement.outreach.models import Mailing
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Select

    from engagement.consultations.access import Access

PAGE = 50
MAILING_TEST = "mailing_test"


@dataclass(frozen=True, slots=True)
class Row:
    """A message and the person it is for; None where the person was erased."""

    message: Message
    person: Person | None


@dataclass(frozen=True, slots=True)
class PageOfMessages:
    """One page of the list; ``page`` counts from 1."""

    rows: Sequence[Row]
    total: int
    page: int
    size: int = PAGE


def mailings_hidden_from(access: Access) -> Select[UUID]:
    """Return the mailings about restricted events that this member is not cleared for.

    An announcement about such an event reaches people who were not invited to it: its mailing tells.
    """
    return select(Mailing.id).join(Event, Event.id == Mailing.event_id).where(_hidden(access))


def invitations_hidden_from(access: Access) -> Select[UUID]:
    """Return the invitations to restricted events that this member is not cleared for."""
    return select(Invitation.id).join(Event, Event.id == Invitation.event_id).where(_hidden(access))


def _hidden(access: Access) -> ColumnElement[bool]:
    known = access.cleared | access.event_roles.keys()
    return and_(Event.consultation_id == access.consultation.id, Event.restricted, Event.id.not_in(known))


def seen_by(access: Access) -> ColumnElement[bool]:
    """Return the condition for messages that this member may know of.

    Hidden are those about a restricted event they are not cleared for, and those to people
    whom they know only through a restricted batch. A test, which went to one account, is no
    message of the consultation.
    """
    return and_(
        Message.consultation_id == access.consultation.id,
        Message.purpose != MAILING_TEST,
        or_(Message.mailing_id.is_(None), Message.mailing_id.not_in(mailings_hidden_from(access))),
        or_(Message.invitation_id.is_(None), Message.invitation_id.not_in(invitations_hidden_from(access))),
        or_(Message.person_id.is_(None), Message.person_id.in_(select(Person.id).where(visible(access)))),
    )


def messages_of(access: Access, state: State | None, mailing_id: UUID | None, page: int) -> PageOfMessages:
    """Return one page of the messages in ``state`` (of one mailing), the newest first."""
    conditions = [seen_by(access)]
    if state is not None:
        conditions.append(Message.state == state)
    if mailing_id is not None:
        conditions.append(Message.mailing_id == mailing_id)
    total = db.session.scalar(select(func.count()).select_from(Message).where(*conditions)) or 0
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    rows = db.session.execute(
        select(Message, Person)
        .outerjoin(Person, Person.id == Message.person_id)
        .where(*conditions)
        .order_by(Message.created_at.desc(), Message.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return PageOfMessages([Row(message, person) for message, person in rows], total, page)


def states_of(access: Access, mailing_id: UUID | None = None) -> dict[State, int]:
    """Return how many messages stand in each state that occurs, in the order of a message's life."""
    of_mailing = [Message.mailing_id == mailing_id] if mailing_id is not None else []
    rows = db.session.execute(select(Message.state, func.count()).where(seen_by(access), *of_mailing).group_by(Message.state)).all()
    counted = {state: number for state, number in rows}  # noqa: C416 - rows are not pairs to mypy.
    return {state: counted[state] for state in State if state in counted}


def find_message(access: Access, message_id: UUID) -> Row:
    """Return one message that this member may know of, or raise AbsentError."""
    found = db.session.execute(
        select(Message, Person).outerjoin(Person, Person.id == Message.person_id).where(Message.id == message_id, seen_by(access))
    ).first()
    if found is None:
        raise AbsentError
    return Row(found[0], found[1])


def history_of(message_id: UUID) -> Sequence[MessageEvent]:
    """Return every change of a message's state, the first first."""
    return db.session.scalars(select(MessageEvent).where(MessageEvent.message_id == message_id).order_by(MessageEvent.at)).all()


def messages_to(access: Access, person_id: UUID) -> Sequence[Message]:
    """Return the messages to a person that this member may know of."""
    return db.session.scalars(select(Message).where(Message.person_id == person_id, seen_by(access)).order_by(Message.created_at)).all()


def count_refused_by_policy(access: Access) -> int:
    """Return how many messages a rule of the receiving side refused for good (RFC 3463: 5.7.x); the address is not at fault."""
    refused = and_(Message.state == State.FAILED, Message.outcome.like("5__ 5.7.%"))
    return db.session.scalar(select(func.count()).select_from(Message).where(seen_by(access), refused)) or 0
