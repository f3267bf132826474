"""What time settles: workers that were lost, last moments that have passed, texts that are kept no longer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.settings import settings
from engagement.mailing import alive
from engagement.mailing.domains import forget_quiet_ones
from engagement.mailing.due import not_held
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.moving import SETTLED, move
from engagement.mailing.outbox import LEASE, doubt, requeue

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

# So many rows of a kind are settled at each look; the rest at the next one.
AT_ONCE = 100
IN_HAND = (State.CLAIMED, State.SENDING)
# Clocks of two machines lie apart by less.
CLOCKS_APART = timedelta(minutes=5)


def sweep() -> dict[str, int]:
    """Settle what time has settled; returns how many became doubtful and cancelled."""
    moment = now()
    dead = alive.dead()
    lost = _lost(moment, dead)
    requeue(and_(Message.state == State.CLAIMED, lost), "its worker was lost before sending")
    doubtful = _each(and_(Message.state == State.SENDING, lost), _lost_while_sending)
    alive.bury(dead if doubtful < AT_ONCE else [])
    late = and_(Message.state.in_([State.PLANNED, State.QUEUED, State.DEFERRED]), Message.not_after <= moment, not_held())
    cancelled = _each(late, _too_late)
    _drop_old_bytes(moment)
    forget_quiet_ones()
    return {"doubtful": doubtful, "cancelled": cancelled}


def _lost(moment: datetime, dead: list[str]) -> ColumnElement[bool]:
    """Return the condition on a message in some worker's hand that this worker is lost.

    A worker of this machine is lost when it has ended, whatever the clock says. Of another one
    only the lease tells. A lease that runs longer than any can was given before the clock was
    put back: it gets its length anew, so that it neither lasts for days nor ends too soon.
    """
    held_by = db.session.scalars(select(Message.claimed_by).where(Message.state.in_(IN_HAND)).distinct()).all()
    here = [name for name in held_by if name and alive.lives(name)]
    elsewhere = Message.claimed_by.not_in(here)
    too_long = and_(Message.state.in_(IN_HAND), Message.lease_until > moment + LEASE + CLOCKS_APART, elsewhere)
    if db.session.scalar(select(Message.id).where(too_long).limit(1)) is not None:
        with writing() as session:
            session.execute(update(Message).where(too_long).values(lease_until=moment + LEASE).execution_options(synchronize_session=False))
    return and_(elsewhere, or_(Message.claimed_by.in_(dead), Message.lease_until < moment))


def _each(condition: ColumnElement[bool], settle: Any) -> int:
    ids = db.session.scalars(select(Message.id).where(condition).limit(AT_ONCE)).all()
    settled = 0
    for message_id in ids:
        with writing() as session:
            message = session.scalar(
                select(Message).where(Message.id == message_id, condition).with_for_update().execution_options(populate_existing=True)
            )
            if message is not None:
                settle(session, message)
                settled += 1
    return settled


def _lost_while_sending(session: Session, message: Message) -> None:
    doubt(session, message, "its worker was lost while sending")


def _too_late(session: Session, message: Message) -> None:
    move(session, message, State.CANCELLED, "its last moment has passed")


def _drop_old_bytes(moment: datetime) -> None:
    """Drop text, subject and address of what was settled so many days ago (MAIL_KEEP_DAYS)."""
    before = moment - timedelta(days=settings().mail_keep_days)
    last = select(func.max(MessageEvent.at)).where(MessageEvent.message_id == Message.id).scalar_subquery()
    kept = or_(Message.raw_sealed.is_not(None), Message.subject_sealed.is_not(None), Message.to_address_sealed.is_not(None))
    old = and_(kept, Message.state.in_(SETTLED), Message.created_at < before, last < before)
    ids = db.session.scalars(select(Message.id).where(old).limit(200)).all()
    if not ids:
        return
    with writing() as session:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), old)
            .values(raw_sealed=None, subject_sealed=None, to_address_sealed=None, address_index=None, domain_index=None)
            .execution_options(synchronize_session=False)
        )
