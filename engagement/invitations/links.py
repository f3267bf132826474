"""Personal links: secret addresses that open one invitation, stored as SHA-256 only (4-security)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.invitations.models import Invitation, PersonalLink
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.tokens import digest, new_token

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that opens, and the invitation behind it."""

    id: UUID
    invitation: Invitation


def draft_link(invitation_id: UUID, expires_at: datetime) -> tuple[str, PersonalLink]:
    """Return a new token and the row that recognizes it; the row is not stored yet.

    The token is written into one message and kept nowhere else.
    """
    token = new_token()
    link = PersonalLink(invitation_id=invitation_id, token_hash=digest(token), created_at=now(), expires_at=expires_at)
    return token, link


def find_link(token: str) -> OpenedLink | None:
    """Return the link of ``token`` if it opens.

    Unknown, revoked and expired ones and those of a withdrawn invitation are told apart
    neither by what is returned nor by how long it takes: one query finds a row or none.
    """
    return _one_that_opens(PersonalLink.token_hash == digest(token))


def open_link(token: str) -> Invitation | None:
    """Return the invitation that ``token`` opens, or None for whatever reason it does not."""
    found = find_link(token)
    return found.invitation if found else None


def reopen_link(link_id: UUID, invitation_id: UUID) -> OpenedLink | None:
    """Return a link that was opened before, if it still opens this invitation."""
    return _one_that_opens(PersonalLink.id == link_id, PersonalLink.invitation_id == invitation_id)


def was_not_revoked(link_id: UUID, invitation_id: UUID) -> bool:
    """Return whether this link opened this invitation once and nobody took it back; its time may be over."""
    return (
        db.session.scalar(
            select(PersonalLink.id)
            .join(Invitation, Invitation.id == PersonalLink.invitation_id)
            .where(
                PersonalLink.id == link_id,
                PersonalLink.invitation_id == invitation_id,
                PersonalLink.revoked_at.is_(None),
                Invitation.withdrawn_at.is_(None),
            )
        )
        is not None
    )


def _one_that_opens(*conditions: object) -> OpenedLink | None:
    row = db.session.execute(
        select(PersonalLink.id, Invitation)
        .join(Invitation, Invitation.id == PersonalLink.invitation_id)
        .where(
            *conditions,  # type: ignore[arg-type]
            PersonalLink.revoked_at.is_(None),
            PersonalLink.expires_at > now(),
            Invitation.withdrawn_at.is_(None),
        )
    ).one_or_none()
    return OpenedLink(row[0], row[1]) if row else None
