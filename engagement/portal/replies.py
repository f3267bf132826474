"""The reply page of an invitation to an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template

from engagement.kernel.policy import LINK, Policy
from engagement.portal.blueprint import portal
from engagement.portal.session import opened_invitation

if TYPE_CHECKING:
    from uuid import UUID

POLICY_REPLIES: Policy = {"portal.reply_page": LINK}


@portal.get("/i/<uuid:invitation_id>")
@opened_invitation
def reply_page(invitation_id: UUID) -> Any:  # noqa: ARG001
    """Show what the invitation is to."""
    return render_template("portal/contact.html")
