"""Verbs of mail: plan a message, send it again, settle a doubtful one, cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engagement.kernel.audit import Actor, note
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.settings import settings
from engagement.kernel.tokens import new_mailbox_name
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Message, MessageEvent, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


def plan(
    *,
    consultation_id: UUID | None,
    person_id: UUID | None,
    purpose: str,
    language: str,
    dedup_key: str,
    invitation_id: UUID | None = None,
    mailing_id: UUID | None = None,
    details: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    not_after: datetime | None = None,
    actor: Actor,
) -> Message | None:
    """Plan one mail to one person; it is written and sent when ``due_at`` (now) has come.

    ``language`` is "en", "fr" or "both". Returns None where ``dedup_key`` was planned before:
    the same thing is never said twice. ``details`` holds plain ids and dates, never a name.
    """
    with writing() as session:
        if session.scalar(select(Message.id).where(Message.dedup_key == dedup_key)) is not None:
            return None
        moment = now()
        message = Message(
            consultation_id=consultation_id,
            person_id=person_id,
            invitation_id=invitation_id,
            mailing_id=mailing_id,
            purpose=purpose,
            details=dict(details or {}),
            language=language,
            dedup_key=dedup_key,
            rfc_message_id=f"<{uuid4().hex}@{settings().mail_default_sender.rpartition('@')[2]}>",
            bounce_token=new_mailbox_name(),
            state=State.PLANNED,
            due_at=due_at or moment,
            not_after=not_after,
            attempts=0,
            outcome="",
            created_at=moment,
        )
        try:
            with session.begin_nested():
                session.add(message)
        except IntegrityError:
            # Somebody else planned the same at the same moment (PostgreSQL lets two write).
            if session.scalar(select(Message.id).where(Message.dedup_key == dedup_key)) is None:
                raise
            return None
        session.add(MessageEvent(message_id=message.id, at=moment, state=State.PLANNED, why=""))
        note(session, "plan_message", message, actor)
        ring_when_stored(session)
    return message
