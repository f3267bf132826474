"""What each guest was last told of a sitting: kept when a mail has gone, so that who knows an older version can be asked.

What a mail says is written into its details when its bytes are made, sealed for the entry that
it will be kept in; whatever is edited between writing and sending does not change what was said.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.events.models import CalendarEntry
from engagement.kernel.clock import now
from engagement.kernel.crypto import keys, place_of
from engagement.kernel.db import db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engagement.events.shown import Shown
    from engagement.mailing.composing import CalendarPart
    from engagement.mailing.models import Message

FACTS = "facts"


def _sealed(entry: CalendarEntry, shown: Shown) -> bytes:
    return keys.seal(shown.as_facts().encode(), place_of(entry.__tablename__, "told_facts_sealed", entry.id))


def told_details(entry: CalendarEntry | None, shown: Shown, calendar: CalendarPart | None) -> dict[str, str]:
    """Return what is kept with a message until it has gone: what it says, and which METHOD it carries."""
    if entry is None:
        return {}
    return {
        "told": shown.mark,
        FACTS: b64encode(_sealed(entry, shown)).decode(),
        "method": calendar.method if calendar else "",
        "sequence": str(entry.sequence),
    }


def remember_told(message: Message) -> None:
    """Keep what ``message`` told its guest, in the transaction that marks it as sent."""
    details, sitting_id = message.details, message.details.get("sitting_id")
    if "told" not in details or FACTS not in details or sitting_id is None:
        return
    entry = db.session.scalar(
        select(CalendarEntry).where(CalendarEntry.invitation_id == message.invitation_id, CalendarEntry.sitting_id == UUID(sitting_id))
    )
    if entry is None or _came_too_late(entry, details):
        return
    at = message.sent_at or now()
    entry.told, entry.told_at = details["told"], at
    entry.told_facts_sealed = b64decode(details[FACTS])
    if details["method"] == "REQUEST":
        entry.requested_at, entry.cancelled_at = at, None
    elif details["method"] == "CANCEL":
        entry.cancelled_at = at
    message.details = {name: value for name, value in details.items() if name != FACTS}


def _came_too_late(entry: CalendarEntry, details: Mapping[str, str]) -> bool:
    """Return whether a calendar that has read the CANCEL passes over this older revision."""
    return entry.cancelled_at is not None and int(details["sequence"]) < entry.sequence


def count_as_told(entry: CalendarEntry, shown: Shown, at: datetime) -> None:
    """Keep what a guest was told at ``at`` (UTC) otherwise than by a mail that was sent from here: in a conversation."""
    entry.told, entry.told_at = shown.mark, at
    entry.told_facts_sealed = _sealed(entry, shown)
