"""Personal links: secret addresses that open one invitation, stored as SHA-256 only (4-security)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Select, bindparam, select, update

from engagement.invitations.models import Invitation, PersonalLink
from engagement.kernel.bulk import new_row
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.tokens import digest, new_token

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.kernel.bulk import NewRow


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that opens, and the invitation behind it."""

    id: UUID
    invitation: Invitation


def _opening(*conditions: ColumnElement[bool]) -> Select[UUID, Invitation]:
    return (
        select(PersonalLink.id, Invitation)
        .join(Invitation, Invitation.id == PersonalLink.invitation_id)
        .where(
            *conditions,
            PersonalLink.revoked_at.is_(None),
            PersonalLink.expires_at > bindparam("moment"),
            Invitation.withdrawn_at.is_(None),
        )
    )


_BY_TOKEN = _opening(PersonalLink.token_hash == bindparam("token_hash"))
# A link that was opened before, if it still opens its invitation: every page behind it begins with this question.
REOPENED = _opening(PersonalLink.id == bindparam("link_id"), PersonalLink.invitation_id == bindparam("invitation_id"))


def draft_link(invitation_id: UUID, expires_at: datetime, made_at: datetime | None = None) -> tuple[str, NewRow]:
    """Return a new token and the row that recognizes it; the row is not stored yet.

    The token is written into one message and kept nowhere else.
    """
    token = new_token()
    at = made_at or now()
    return token, new_row(PersonalLink, invitation_id=invitation_id, token_hash=digest(token), created_at=at, expires_at=expires_at)


def find_link(token: str) -> OpenedLink | None:
    """Return the link of ``token`` if it opens.

    Unknown, revoked and expired ones and those of a withdrawn invitation are told apart
    neither by what is returned nor by how long it takes: one query finds a row or none.
    """
    row = db.session.execute(_BY_TOKEN, {"token_hash": digest(token), "moment": now()}).one_or_none()
    return OpenedLink(row[0], row[1]) if row else None


def revoke_links_of(person_id: UUID) -> None:
    """Have the links that were sent to a person open nothing any more: whoever reads the address they went to is not them."""
    theirs = PersonalLink.invitation_id.in_(select(Invitation.id).where(Invitation.person_id == person_id))
    with writing() as session:
        session.execute(update(PersonalLink).where(theirs, PersonalLink.revoked_at.is_(None)).values(revoked_at=now()))


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
