"""Many messages planned at once, by the rule of ``plan``: what was planned before is not said again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engagement.kernel.audit import Actor, note_many
from engagement.kernel.base import new_ids
from engagement.kernel.bulk import in_chunks, insert_all, insert_new
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.settings import settings
from engagement.kernel.tokens import new_mailbox_names
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Message, MessageEvent, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to plan, as ``plan`` takes it; ``details`` holds plain ids and dates, never a name."""

    consultation_id: UUID | None
    person_id: UUID | None
    purpose: str
    language: str
    dedup_key: str
    invitation_id: UUID | None = None
    mailing_id: UUID | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    not_after: datetime | None = None


def plan_many(mails: Sequence[Mail], *, actor: Actor) -> list[UUID]:
    """Plan many mails, and return the ids of the messages that are new.

    The same is stored for each as ``plan`` stores, save that the messages of a mailing are
    written into the audit together: each of them names its mailing. One whose ``dedup_key``
    was planned before, or stands earlier among ``mails``, is left out.
    """
    with writing() as session:
        session.flush()
        by_key: dict[str, Mail] = {}
        for mail in mails:
            by_key.setdefault(mail.dedup_key, mail)
        known = _planned_before(session, list(by_key))
        moment, domain = now(), settings().mail_default_sender.rpartition("@")[2]
        fresh = [mail for key, mail in by_key.items() if key not in known]
        rows = [{**made, **_values(mail, moment)} for made, mail in zip(_made(len(fresh), domain), fresh, strict=True)]
        stored = insert_new(session, Message, rows)
        new = [row for row in rows if row["id"] in stored]
        told = {"at": moment, "state": State.PLANNED, "why": ""}
        ids = [row["id"] for row in new]
        insert_all(session, MessageEvent, [{"id": each, "message_id": of, **told} for each, of in zip(new_ids(len(ids)), ids, strict=True)])
        _note(session, new, actor)
        if new:
            ring_when_stored(session)
        return ids


def _note(session: Session, new: Sequence[Mapping[str, Any]], actor: Actor) -> None:
    alone = [(row["id"], row["consultation_id"]) for row in new if row["mailing_id"] is None]
    note_many(session, "plan_message", Message.__tablename__, alone, actor)
    mailings = {row["mailing_id"]: row["consultation_id"] for row in new if row["mailing_id"] is not None}
    note_many(session, "plan_messages", "mailing", mailings.items(), actor)


def _planned_before(session: Session, keys: Sequence[str]) -> set[str]:
    return {key for chunk in in_chunks(keys) for key in session.scalars(select(Message.dedup_key).where(Message.dedup_key.in_(chunk)))}


def _made(number: int, domain: str) -> list[dict[str, Any]]:
    """Return what is made anew for each of so many messages."""
    made = zip(new_ids(number), new_ids(number), new_mailbox_names(number), strict=True)
    return [{"id": row_id, "rfc_message_id": f"<{other.hex}@{domain}>", "bounce_token": token} for row_id, other, token in made]


def _values(mail: Mail, moment: datetime) -> dict[str, Any]:
    return {
        "consultation_id": mail.consultation_id,
        "person_id": mail.person_id,
        "invitation_id": mail.invitation_id,
        "mailing_id": mail.mailing_id,
        "purpose": mail.purpose,
        "details": dict(mail.details),
        "language": mail.language,
        "dedup_key": mail.dedup_key,
        "state": State.PLANNED,
        "due_at": mail.due_at or moment,
        "not_after": mail.not_after,
        "attempts": 0,
        "outcome": "",
        "created_at": moment,
    }
