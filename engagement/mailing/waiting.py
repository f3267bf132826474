"""What waits: how much is due now."""

from __future__ import annotations

from sqlalchemy import and_, func, select

from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.due import in_time, not_held
from engagement.mailing.models import Message, State


def count_due() -> int:
    """Return how many messages are due now and wait to be written or to go."""
    moment = now()
    waits = Message.state.in_([State.PLANNED, State.QUEUED, State.DEFERRED])
    chosen = and_(waits, Message.held_because.is_(None), Message.due_at <= moment, in_time(moment), not_held())
    number = db.session.scalar(select(func.count()).select_from(Message).where(chosen)) or 0
    db.session.rollback()
    return number
