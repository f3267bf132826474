"""Calendar objects by the hundred: what the guests of a sitting share is built once, the rest is filled in.

A mould is a calendar object that icalendar built for nobody. For each guest the five lines
that are theirs are written into it: UID, DTSTAMP, SEQUENCE, ORGANIZER and ATTENDEE (RFC 5545).
What comes out is what icalendar gives for that guest, byte for byte; a test holds it to that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engagement.events.calendar import PARTSTAT, Entry, calendar_part, name_words, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

CRLF = b"\r\n"
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


class Moulds:
    """The moulds of one batch, each made when it is first needed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._made: dict[tuple[Entry, str], list[bytes | Callable[[Entry], str]]] = {}

    def part(self, entry: Entry, method: str = "REQUEST") -> bytes:
        """Return the calendar object for one guest and one sitting, as ``calendar_part`` gives it."""
        shared = replace(entry, **_NOBODY), method
        mould = self._made.get(shared)
        if mould is None:
            mould = self._made[shared] = _mould(*shared)
        return b"".join(piece if isinstance(piece, bytes) else folded(piece(entry)) + CRLF for piece in mould)


def _mould(nobody: Entry, method: str) -> list[bytes | Callable[[Entry], str]]:
    """Return a calendar object as the lines that are the same for everybody and those that are to be written."""
    pieces: list[bytes | Callable[[Entry], str]] = []
    for line in calendar_part(nobody, method).replace(CRLF + b" ", b"").removesuffix(CRLF).split(CRLF):
        # No text that was typed begins a line of its own: these names are the properties themselves.
        name = re.split(b"[;:]", line, maxsplit=1)[0]
        pieces.append(_OWN[name] if name in _OWN else folded(line.decode()) + CRLF)
    return pieces


def folded(line: str) -> bytes:
    """Return a content line as it is written: in pieces that split no character and no escape."""
    octets = line.encode()
    pieces, at = [], 0
    while len(octets) - at > _PIECE:
        end = at + _PIECE
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        if octets[end - 1] in b"\\^" and end - at > 1:
            end -= 1
        pieces.append(octets[at:end])
        at = end
    return (CRLF + b" ").join([*pieces, octets[at:]])


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _parameter(value: str) -> str:
    """Return a parameter's value (RFC 6868), in quotes where it needs them."""
    escaped = value.replace("^", "^^")
    return f'"{escaped}"' if _QUOTED.search(escaped) else escaped


def _organizer(entry: Entry) -> str:
    return f"ORGANIZER;CN={_parameter(name_words(entry.organizer_name))}:mailto:replies+{entry.mailbox}@{entry.domain}"


def _attendee(entry: Entry) -> str:
    name, partstat = _parameter(name_words(entry.attendee_name)), PARTSTAT[entry.partstat]
    parameters = f"CN={name};CUTYPE=INDIVIDUAL;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT;RSVP=TRUE"
    return f"ATTENDEE;{parameters}:mailto:{one_line(entry.attendee_address)}"


_OWN: dict[bytes, Callable[[Entry], str]] = {
    b"UID": lambda entry: f"UID:{_text(entry.uid)}",
    b"DTSTAMP": lambda entry: f"DTSTAMP:{entry.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
    b"SEQUENCE": lambda entry: f"SEQUENCE:{entry.sequence}",
    b"ORGANIZER": _organizer,
    b"ATTENDEE": _attendee,
}
