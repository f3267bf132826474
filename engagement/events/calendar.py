"""What a guest's calendar is told (RFC 5545, RFC 5546, RFC 7986): one guest, one sitting, one UID.

Nobody sees another guest: there is one ATTENDEE. ORGANIZER is a mailbox that we read, fixed
for the life of the UID, since the next revision must repeat it. Times go out in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select, update

from engagement.events.models import CalendarEntry
from engagement.invitations.models import Choice
from engagement.kernel.base import new_ids
from engagement.kernel.bulk import in_chunks, insert_new
from engagement.kernel.tokens import new_mailbox_name, new_mailbox_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from icalendar import vCalAddress, vUri
    from sqlalchemy.orm import Session

    from engagement.invitations.inviting import Invited

PRODID = "-//Convoke//Convoke//EN"
PARTSTAT = {None: "NEEDS-ACTION", Choice.ACCEPTED: "ACCEPTED", Choice.TENTATIVE: "TENTATIVE", Choice.DECLINED: "DECLINED"}
METHODS = ("REQUEST", "CANCEL")
# Control characters and the Unicode line ends; tab and line feed are kept for long text only.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One guest's entry for one sitting. Moments are UTC; ``stamp`` is when this revision was made.

    ``online_link`` is given only for a guest who holds an online seat. ``organizer_address`` is
    our one mailbox where there are no others; replies+<mailbox>@<domain> if left out.
    """

    uid: str
    mailbox: str
    domain: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    description: str
    organizer_name: str
    attendee_name: str
    attendee_address: str
    partstat: Choice | None = None
    online_link: str = ""
    organizer_address: str = ""


def calendar_part(entry: Entry, method: str = "REQUEST") -> bytes:
    """Return the calendar object for one guest and one sitting; ``method`` is REQUEST or CANCEL.

    The lines are folded and end in CR LF; no text that was typed can begin a line of its own.
    """
    if method not in METHODS:
        msg = f"we send no {method}"
        raise ValueError(msg)
    # Loaded when a mail is written: the idle program does without its 3 MB.
    from icalendar import Calendar, vText  # noqa: PLC0415
    from icalendar import Event as VEvent  # noqa: PLC0415

    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = VEvent()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp.replace(microsecond=0))
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", vText(one_line(entry.summary)))
    place = ", ".join(part for part in (one_line(entry.location), entry.online_link) if part)
    if place:
        event.add("location", vText(place))
    said = "\n\n".join(part for part in (_long(entry.description), entry.online_link) if part)
    if said:
        event.add("description", vText(said))
    if entry.online_link:
        event.add("conference", _conference(entry.online_link))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _organizer(entry))
    event.add("attendee", _attendee(entry), encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _conference(link: str) -> vUri:
    from icalendar import vUri  # noqa: PLC0415

    # One FEATURE only: clients read no list there.
    return vUri(link, params={"VALUE": "URI", "FEATURE": "VIDEO"})


def _organizer(entry: Entry) -> vCalAddress:
    from icalendar import vCalAddress  # noqa: PLC0415

    address = vCalAddress(f"mailto:{entry.organizer_address or f'replies+{entry.mailbox}@{entry.domain}'}")
    address.params["CN"] = name_words(entry.organizer_name)
    return address


def _attendee(entry: Entry) -> vCalAddress:
    from icalendar import vCalAddress  # noqa: PLC0415

    address = vCalAddress(f"mailto:{one_line(entry.attendee_address)}")
    address.params["CN"] = name_words(entry.attendee_name)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = PARTSTAT[entry.partstat]
    address.params["RSVP"] = "TRUE"
    return address


def one_line(text: str) -> str:
    """Return ``text`` on one line, without anything that cannot be seen."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _long(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def name_words(text: str) -> str:
    """Return a name as a parameter can hold it."""
    # RFC 5545, 3.2: a parameter's value cannot hold a double quote at all. A backslash means nothing there, but
    # some programs take it for an escape of what follows: the end of the name.
    return one_line(text).replace('"', "'").replace("\\", "/") or "–"


def find_entry(session: Session, invitation_id: UUID, sitting_id: UUID) -> CalendarEntry | None:
    """Return the stored entry of a guest and a sitting."""
    return session.scalar(select(CalendarEntry).where(CalendarEntry.invitation_id == invitation_id, CalendarEntry.sitting_id == sitting_id))


def entry_for(session: Session, invitation_id: UUID, sitting_id: UUID, domain: str) -> CalendarEntry:
    """Return the stored entry of a guest and a sitting, made now if this is the first time.

    It is made before anything is rendered, so that a mail that is sent again repeats its UID.
    """
    found = find_entry(session, invitation_id, sitting_id)
    if found is None:
        found = CalendarEntry(
            invitation_id=invitation_id, sitting_id=sitting_id, uid=f"{uuid4()}@{domain}", mailbox=new_mailbox_name(), sequence=0
        )
        session.add(found)
    return found


def entries_for(session: Session, asked: Sequence[Invited], sitting_ids: Sequence[UUID], domain: str) -> None:
    """Have each of these guests have an entry for each of these sittings, made now where there is none.

    Who has not replied yet (or was invited again) has not replied in the calendar either.
    """
    for some in in_chunks(asked):
        of_them = CalendarEntry.invitation_id.in_([each.id for each in some])
        there = {tuple(row) for row in session.execute(select(CalendarEntry.invitation_id, CalendarEntry.sitting_id).where(of_them))}
        silent = [each.id for each in some if each.choice is None] if there else []
        if silent:
            unsaid = update(CalendarEntry).where(CalendarEntry.invitation_id.in_(silent), CalendarEntry.sitting_id.in_(sitting_ids))
            session.execute(unsaid.values(partstat=None))
        missing = [(each.id, sitting_id) for each in some for sitting_id in sitting_ids if (each.id, sitting_id) not in there]
        made = zip(new_ids(len(missing)), new_ids(len(missing)), new_mailbox_names(len(missing)), missing, strict=True)
        rows = [
            {"id": row_id, "invitation_id": whose, "sitting_id": which, "uid": f"{uid}@{domain}", "mailbox": mailbox, "sequence": 0}
            for row_id, uid, mailbox, (whose, which) in made
        ]
        insert_new(session, CalendarEntry, rows)
