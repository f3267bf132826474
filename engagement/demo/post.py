"""Mail that was sent long ago: what the outbox would hold of it today.

The bytes were dropped a set time after sending, and the links have run out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete

from engagement.invitations.links import draft_link
from engagement.kernel.bulk import store_all
from engagement.mailing.models import Message, MessageEvent, State

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engagement.roster.models import Person

STEPS = ((State.PLANNED, ""), (State.QUEUED, ""), (State.CLAIMED, ""), (State.SENDING, ""), (State.SENT, "250 Ok"))
LINK_LASTS = timedelta(days=90)


def deliver(session: Session, message: Message, person: Person, subject: str, sent_at: datetime) -> None:
    """Turn a message that was planned in this transaction into one that was sent at ``sent_at``."""
    session.execute(delete(MessageEvent).where(MessageEvent.message_id == message.id))
    message.state, message.sent_at, message.outcome = State.SENT, sent_at, "250 Ok"
    message.created_at = message.due_at = sent_at
    message.attempts = 1
    message.to_address, message.subject = person.email, subject
    session.add_all(MessageEvent(message_id=message.id, at=sent_at, state=state, why=why) for state, why in STEPS)
    if message.invitation_id is not None:
        _, link = draft_link(message.invitation_id, sent_at + LINK_LASTS, sent_at)
        store_all(session, [link])
