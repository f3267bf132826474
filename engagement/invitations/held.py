"""Forms that came too late: what was typed is kept, sealed, until the link is opened again.

Nothing held counts as a reply or an answer. It takes effect when the person presses
"Send this now".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engagement.invitations.models import HeldForm, Invitation
from engagement.kernel.audit import by_link, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

LARGEST = 512 * 1024


class TooLargeToHoldError(DomainError):
    """More was sent than a form of ours holds."""


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody had typed: the page (endpoint and the variable parts of its address) and its fields."""

    id: UUID
    endpoint: str
    arguments: dict[str, str]
    fields: tuple[tuple[str, str], ...]
    held_at: datetime


def hold_form(*, invitation_id: UUID, endpoint: str, arguments: dict[str, str], fields: Iterable[tuple[str, str]]) -> None:
    """Keep what was typed on one page, in place of what was kept from that page before.

    Raises TooLargeToHoldError over 512 kB: no form of ours grows so large.
    """
    content = json.dumps({"arguments": arguments, "fields": list(fields)}).encode()
    if len(content) > LARGEST:
        raise TooLargeToHoldError(Text("This is more than the form takes.", "C’est plus que ce que le formulaire peut recevoir."))
    with writing() as session:
        for earlier in _rows_of(invitation_id, endpoint):
            if _read(earlier).arguments == arguments:
                session.delete(earlier)
        row = HeldForm(invitation_id=invitation_id, endpoint=endpoint[:100], held_at=now())
        row.fields = content
        session.add(row)
        invitation = session.get_one(Invitation, invitation_id)
        note(session, "hold_form", row, by_link(invitation_id), invitation.consultation_id)


def held_forms(invitation_id: UUID) -> list[Held]:
    """Return everything that is kept for an invitation, the latest first."""
    rows = db.session.scalars(select(HeldForm).where(HeldForm.invitation_id == invitation_id).order_by(HeldForm.held_at.desc()))
    return [_read(row) for row in rows]


def let_go(held_id: UUID, invitation_id: UUID) -> None:
    """Drop what was kept, because it was sent or is not wanted any more; another invitation's stays."""
    with writing() as session:
        session.execute(delete(HeldForm).where(HeldForm.id == held_id, HeldForm.invitation_id == invitation_id))


def _rows_of(invitation_id: UUID, endpoint: str) -> list[HeldForm]:
    query = select(HeldForm).where(HeldForm.invitation_id == invitation_id, HeldForm.endpoint == endpoint)
    return list(db.session.scalars(query.order_by(HeldForm.held_at.desc())))


def _read(row: HeldForm) -> Held:
    content = json.loads(row.fields or b"{}")
    fields = tuple((str(name), str(value)) for name, value in content.get("fields", ()))
    return Held(row.id, row.endpoint, dict(content.get("arguments", {})), fields, row.held_at)
