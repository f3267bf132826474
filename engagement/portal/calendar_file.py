"""A guest's own calendar file, for those whose mail program offers no button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from engagement.events.downloads import guest_file
from engagement.kernel.languages import current_language
from engagement.kernel.policy import LINK, Policy
from engagement.portal.blueprint import portal
from engagement.portal.session import opened_invitation

if TYPE_CHECKING:
    from uuid import UUID

POLICY_CALENDAR: Policy = {"portal.calendar_file": LINK}


@portal.get("/i/<uuid:invitation_id>/calendar/<uuid:sitting_id>.ics")
@opened_invitation
def calendar_file(invitation_id: UUID, sitting_id: UUID) -> Any:
    """Give one sitting that the guest said yes or maybe to, as a file for any calendar."""
    content = guest_file(invitation_id, sitting_id, "fr" if current_language() == "fr" else "en")
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    # The name stands in a list of downloads that others may see: it tells nothing.
    answer.headers.set("Content-Disposition", "attachment", filename="reunion.ics" if current_language() == "fr" else "meeting.ics")
    return answer
