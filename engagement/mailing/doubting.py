"""A message of which nobody knows whether it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.kernel.clock import now
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.moving import move

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def doubt(session: Session, message: Message, why: str) -> None:
    """Put ``message`` into ``doubtful``; by the setting it goes once more with the same bytes.

    Whoever may have read it is told of what changes from now on: other rooms hear of it.
    """
    earlier = session.scalar(
        select(func.count()).select_from(MessageEvent).where(MessageEvent.message_id == message.id, MessageEvent.state == State.DOUBTFUL)
    )
    move(session, message, State.DOUBTFUL, why)
    session.flush()
    for tell in ports().doubtful:
        tell(message)
    if settings().mail_resend_doubtful and not earlier:
        message.due_at = now()
        move(session, message, State.QUEUED, "the same bytes once more, by the setting MAIL_RESEND_DOUBTFUL")
