"""Which messages may go: each condition said once, for whoever claims, writes or sends."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, exists, not_, or_, select

from engagement.consultations.models import Consultation, Status
from engagement.kernel.base import UTCDateTime
from engagement.mailing.models import MailDomain, MailHold, Message, State, Suppression
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


def not_held() -> ColumnElement[bool]:
    """Return the condition on Message that its consultation is not paused, and that no order to hold it stands."""
    paused = select(Consultation.id).where(Consultation.status == Status.PAUSED)
    ordered = exists().where(or_(MailHold.consultation_id.is_(None), MailHold.consultation_id == Message.consultation_id))
    return and_(or_(Message.consultation_id.is_(None), Message.consultation_id.not_in(paused)), not_(ordered))


def in_time(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on Message that its last moment has not come."""
    return or_(Message.not_after.is_(None), Message.not_after > moment)


def shut(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on MailDomain that nothing goes to it now.

    What was shut at a moment that has not come yet was shut by a clock that has been put back
    since: it counts as open.
    """
    turned_away = and_(MailDomain.shut_until > moment, MailDomain.shut_at <= moment)
    had_its_share = and_(MailDomain.empty_until > moment, MailDomain.filled_at <= moment)
    return or_(turned_away, had_its_share)


def domain_open(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on Message that its domain takes mail now."""
    closed = select(MailDomain.domain_index).where(shut(moment))
    return or_(Message.domain_index.is_(None), Message.domain_index.not_in(closed))


def due(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on a written message that nobody holds it and that it may go at ``moment``."""
    return and_(
        Message.held_because.is_(None),
        Message.raw_sealed.is_not(None),
        Message.due_at <= moment,
        in_time(moment),
        not_held(),
        domain_open(moment),
    )


def next_due(session: Session, moment: datetime, limit: int) -> list[UUID]:
    """Return up to ``limit`` messages that may go next, the longest due first, locked; however many wait behind them.

    Each of the two states is asked for by itself: so the index of states and times gives them in
    their order, and nothing has to be sorted. PostgreSQL skips the rows that another worker holds.
    """
    found: list[tuple[datetime, UUID]] = []
    for asked in FIRST_DUE.values():
        rows = session.execute(asked, {"this_moment": moment, "this_many": limit})
        found += [(due_at, id_) for due_at, id_ in rows]
    return [id_ for _, id_ in sorted(found, key=itemgetter(0))[:limit]]


def _first_due(state: State) -> Select[datetime, UUID]:
    this_moment, this_many = bindparam("this_moment", type_=UTCDateTime()), bindparam("this_many", type_=Integer())
    chosen = select(Message.due_at, Message.id).where(Message.state == state, due(this_moment))
    return chosen.order_by(Message.due_at).limit(this_many).with_for_update(skip_locked=True, of=Message)


def nothing_against() -> ColumnElement[bool]:
    """Return the condition on Message that nothing at all speaks against writing to its address.

    Where it does not hold, ``why_suppressed`` and ``stopped_at_the_door`` say whether what was
    found keeps this message back.
    """
    suppressed = exists().where(Suppression.address_index == Message.address_index)
    theirs = or_(Person.id == Message.person_id, Person.email_index == Message.address_index)
    unwilling = or_(Person.do_not_contact, not_(Person.wants_mailings), not_(Person.wants_reminders), Person.safe_hours_sealed.is_not(None))
    return and_(Message.address_index.is_not(None), not_(suppressed), not_(exists().where(theirs, unwilling)))


# Made once: putting them together takes longer than asking them.
FIRST_DUE = {state: _first_due(state) for state in (State.QUEUED, State.DEFERRED)}
