"""Calendar objects by the hundred: what the guests of a sitting share is built once, the rest is filled in.

A mould is a calendar object that icalendar built for nobody. For each guest the five lines
that are theirs are written into it: UID, DTSTAMP, SEQUENCE, ORGANIZER and ATTENDEE (RFC 5545).
What comes out is what icalendar gives for that guest, byte for byte; a test holds it to that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from engagement.events.calendar import PARTSTAT, Entry, calendar_part, name_words, one_line

if TYPE_CHECKING:
    from engagement.invitations.models import Choice

CRLF = "\r\n"
# A line has at most 75 octets, and a folded one begins with a space (RFC 5545, 3.1).
_PIECE = 74
_NOBODY: dict[str, Any] = {
    "uid": "",
    "mailbox": "",
    "sequence": 0,
    "stamp": datetime(2000, 1, 1, tzinfo=UTC),
    "attendee_name": "",
    "attendee_address": "",
    "partstat": None,
}
# What makes a parameter's value stand in quotes, as icalendar does it.
_QUOTED = re.compile("[,;:’ ']")
_OWN = ("UID", "DTSTAMP", "SEQUENCE", "ORGANIZER", "ATTENDEE")


class Guest(NamedTuple):
    """What is one guest's own in a calendar object; ``stamp`` (UTC) is when this revision was made."""

    uid: str
    mailbox: str
    sequence: int
    stamp: datetime
    name: str
    address: str
    partstat: Choice | None = None


class Mould:
    """The calendar object of one sitting, for guests to be filled in."""

    def __init__(self, entry: Entry, method: str = "REQUEST") -> None:
        """Take from ``entry`` what is the same for everybody."""
        nobody = replace(entry, **_NOBODY)
        start = f"ORGANIZER;CN={_parameter(name_words(entry.organizer_name))}:mailto:"
        # One mailbox for all guests, or one for each, named between the two pieces.
        self._one_mailbox = bool(entry.organizer_address)
        self._organizer = (f"{start}{entry.organizer_address}", "") if self._one_mailbox else (f"{start}replies+", f"@{entry.domain}")
        # The text, and the names of the lines that are to be written, by turns.
        self._pieces: list[str] = [""]
        for line in calendar_part(nobody, method).decode().replace(CRLF + " ", "").removesuffix(CRLF).split(CRLF):
            # No text that was typed begins a line of its own: these names are the properties themselves.
            name = re.split("[;:]", line, maxsplit=1)[0]
            if name in _OWN:
                self._pieces += [name, ""]
            else:
                self._pieces[-1] += folded(line) + CRLF

    def filled(self, guest: Guest) -> bytes:
        """Return the calendar object for one guest, as ``calendar_part`` gives it."""
        name, partstat = _parameter(name_words(guest.name)), PARTSTAT[guest.partstat]
        before, after = self._organizer
        own = {
            "UID": f"UID:{_text(guest.uid)}",
            "DTSTAMP": f"DTSTAMP:{guest.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            "SEQUENCE": f"SEQUENCE:{guest.sequence}",
            "ORGANIZER": f"{before}{'' if self._one_mailbox else guest.mailbox}{after}",
            "ATTENDEE": f"ATTENDEE;CN={name};CUTYPE=INDIVIDUAL;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT;RSVP=TRUE"
            f":mailto:{one_line(guest.address)}",
        }
        return "".join([folded(own[piece]) + CRLF if at % 2 else piece for at, piece in enumerate(self._pieces)]).encode()


def folded(line: str) -> str:
    """Return a content line as it is written: in pieces that split no character and no escape."""
    octets = line.encode()
    if len(octets) <= _PIECE:
        return line
    pieces, at = [], 0
    while len(octets) - at > _PIECE:
        end = at + _PIECE
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        if octets[end - 1] in b"\\^" and end - at > 1:
            end -= 1
        pieces.append(octets[at:end])
        at = end
    return b"\r\n ".join([*pieces, octets[at:]]).decode()


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _parameter(value: str) -> str:
    """Return a parameter's value (RFC 6868), in quotes where it needs them."""
    escaped = value.replace("^", "^^")
    return f'"{escaped}"' if _QUOTED.search(escaped) else escaped
