"""What each guest was last told of a sitting: kept when a mail has gone, so that who knows an older version can be asked.

What a mail says is written into its details when its bytes are made, sealed for the entry that
it will be kept in; whatever is edited between writing and sending does not change what was said.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, or_, select, update

from engagement.events.models import CalendarEntry
from engagement.events.shown import Shown
from engagement.kernel.base import UTCDateTime
from engagement.kernel.clock import now
from engagement.kernel.crypto import keys, place_of
from engagement.kernel.db import db
from engagement.kernel.prepared import Prepared
from engagement.kernel.quick import Quick, in_this_transaction

if TYPE_CHECKING:
    from datetime import datetime

    from engagement.mailing.composing import CalendarPart
    from engagement.mailing.models import Message

FACTS = "facts"
TAKEN_OUT = "taken out"
# The mark of a guest who knows one of two things: it is that of nothing that can be told.
NOT_SURE = ""


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


def known_before(entry: CalendarEntry | None) -> dict[str, str]:
    """Return what is kept with a notice of what its guest knew before: where it comes back, they know that still."""
    if entry is None or entry.told is None or entry.told_facts_sealed is None:
        return {}
    return {"known": entry.told, "known_facts": b64encode(entry.told_facts_sealed).decode()}


_ENTRY = cast("Table", CalendarEntry.__table__)
_AT = bindparam("this_moment", type_=UTCDateTime())
# A calendar that has read the CANCEL passes over an older revision.
_KEEP = (
    update(_ENTRY)
    .where(
        _ENTRY.c.invitation_id == bindparam("this_invitation"),
        _ENTRY.c.sitting_id == bindparam("this_sitting"),
        or_(_ENTRY.c.cancelled_at.is_(None), _ENTRY.c.sequence <= bindparam("this_sequence")),
    )
    .values(told=bindparam("this_mark"), told_at=_AT, told_facts_sealed=bindparam("these_facts"))
)
# By the METHOD that the mail carried.
_KEPT = {
    "": Prepared(_KEEP),
    "REQUEST": Prepared(_KEEP.values(requested_at=_AT, cancelled_at=None)),
    "CANCEL": Prepared(_KEEP.values(cancelled_at=_AT)),
    # A CANCEL to somebody who wants no entry any more: the sitting takes place, and they go on being told of it.
    TAKEN_OUT: Prepared(_KEEP.values(requested_at=None)),
}


def remember_told(message: Message) -> None:
    """Keep what ``message`` told its guest, in the transaction that marks it as sent."""
    details, sitting_id = message.details, message.details.get("sitting_id")
    if "told" not in details or FACTS not in details or sitting_id is None:
        return
    with in_this_transaction() as transaction:
        _KEPT[details["method"]].run(
            transaction,
            this_invitation=message.invitation_id,
            this_sitting=UUID(sitting_id),
            this_sequence=int(details["sequence"]),
            this_mark=details["told"],
            this_moment=message.sent_at or now(),
            these_facts=b64decode(details[FACTS]),
        )
        if not isinstance(transaction, Quick):
            _forget_entries()


def remember_perhaps_told(message: Message) -> None:
    """Count a guest who knew nothing of a sitting as told by a message that may have arrived: their calendar may hold it.

    Else they would hear neither of a change nor of a cancellation. Where they knew something else
    before, nobody knows which of the two they know: whatever holds, they are told once more rather than not at all.
    """
    sitting_id = message.details.get("sitting_id")
    if sitting_id is None or message.details.get("method") in {"CANCEL", TAKEN_OUT}:
        return
    theirs = (CalendarEntry.invitation_id == message.invitation_id, CalendarEntry.sitting_id == UUID(sitting_id))
    entry = db.session.scalar(select(CalendarEntry).where(*theirs).with_for_update())
    if entry is None or "told" not in message.details or FACTS not in message.details:
        return
    if entry.told is None:
        remember_told(message)
    elif _says_something_else(entry, message):
        entry.told = NOT_SURE
        db.session.flush()


def _says_something_else(entry: CalendarEntry, message: Message) -> bool:
    """Return whether a mail says another time, place, link or title than its guest was told before."""
    sealed = b64decode(message.details[FACTS])
    facts = keys.open(sealed, place_of(entry.__tablename__, "told_facts_sealed", entry.id)).decode()
    before, perhaps = Shown.from_facts(entry.told_facts), Shown.from_facts(facts)
    if before is None or perhaps is None:
        return False
    return (before.as_calendars_see, before.title) != (perhaps.as_calendars_see, perhaps.title)


def forget_told(message: Message) -> None:
    """Take back what a notice that did not arrive told its guest: they know what they knew before, and their calendar holds it.

    Where they were told something else meanwhile, that stands.
    """
    details, sitting_id = message.details, message.details.get("sitting_id")
    if "known" not in details or sitting_id is None:
        return
    theirs = (CalendarEntry.invitation_id == message.invitation_id, CalendarEntry.sitting_id == UUID(sitting_id))
    entry = db.session.scalar(select(CalendarEntry).where(*theirs, CalendarEntry.told == details.get("told")).with_for_update())
    if entry is None:
        return
    entry.told, entry.told_facts_sealed = details["known"], b64decode(details["known_facts"])
    if details.get("method") == "CANCEL":
        entry.cancelled_at = None
    if details.get("method") == TAKEN_OUT:
        entry.requested_at = entry.told_at
    db.session.flush()


def _forget_entries() -> None:
    """Have the session read entries again: what it holds of them was changed past it."""
    session = db.session()
    for row in [each for each in session.identity_map.values() if isinstance(each, CalendarEntry)]:
        session.expire(row)


def count_as_told(entry: CalendarEntry, shown: Shown, at: datetime) -> None:
    """Keep what a guest was told at ``at`` (UTC) otherwise than by a mail that was sent from here: in a conversation."""
    entry.told, entry.told_at = shown.mark, at
    entry.told_facts_sealed = _sealed(entry, shown)
