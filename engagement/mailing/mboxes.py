"""Mails that lie in one file: a mail by itself, or a mailbox in the mbox format (RFC 4155), in which each begins with "From address date".

A line of a text that begins with "From " is no boundary: one stands at the beginning of the file
or below an empty line, says a date, and a header follows it. Programs that write mailboxes put a
">" before such lines; it is taken off again, so that a mail is the same however it came.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from engagement.mailing.mime import HEADER_BYTES
from engagement.mailing.receiving import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# So much of one line is read at once.
LINE_BYTES = 256 * 1024
_DAYS, _MONTHS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_BOUNDARY = re.compile(rb"From .{0,400}?\b" + _DAYS + rb",? (?=.*\b" + _MONTHS + rb"\b)(?=.*\b\d{1,2}:\d\d\b)(?=.*\b\d{4}\b).{10,80}")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
_QUOTED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class Taken:
    """The bytes of one mail, or its headers where it is too large. ``size`` is given for the latter."""

    raw: bytes
    size: int | None


@dataclass(slots=True)
class _Collected:
    """A mail of a mailbox as far as it was read (of one that is too large, its beginning), and how long it is."""

    whole: bytearray = field(default_factory=bytearray)
    size: int = 0

    def add(self, line: bytes) -> None:
        self.size += len(line)
        if self.size <= LARGEST:
            self.whole += line
        else:
            del self.whole[HEADER_BYTES:]

    def taken(self) -> Taken:
        raw = bytes(self.whole)
        return Taken(raw, None) if self.size <= LARGEST else Taken(headers_in(raw), self.size)


def take(path: Path) -> Taken:
    """Return the one mail that a file is; of one that is too large, no more than its headers. Raises OSError."""
    with path.open("rb") as file:
        return _whole(file)


def mails_in(path: Path) -> Iterator[Taken]:
    """Give the mails that a file holds, in their order: one, or each of a mailbox. Raises OSError."""
    with path.open("rb") as file:
        first = file.readline(LINE_BYTES).removeprefix(BOM_UTF8)
        while first in {b"\n", b"\r\n"}:
            first = file.readline(LINE_BYTES)
        if _BOUNDARY.fullmatch(first.rstrip(b"\r\n")):
            yield from _split(file)
        else:
            file.seek(0)
            yield _whole(file)


def _whole(file: IO[bytes]) -> Taken:
    size = os.fstat(file.fileno()).st_size
    return Taken(headers_in(file.read(HEADER_BYTES)), size) if size > LARGEST else Taken(file.read(LARGEST + 1), None)


def headers_in(raw: bytes) -> bytes:
    """Return the header block that ``raw`` begins with, its line ends as they are."""
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := raw.find(mark)) >= 0]
    return raw[: min(ends)] if ends else raw


def _split(file: IO[bytes]) -> Iterator[Taken]:
    """Give each mail of a mailbox whose first line has been read."""
    mail, below_empty, begins_line, boundary = _Collected(), False, True, b""
    while line := file.readline(LINE_BYTES):
        if boundary and _HEADER.match(line):
            yield from _if_any(mail)
            mail = _Collected()
        elif boundary:
            mail.add(boundary)
        bare = line.rstrip(b"\r\n")
        boundary = line if begins_line and below_empty and _BOUNDARY.fullmatch(bare) else b""
        if not boundary:
            mail.add(line[1:] if begins_line and _QUOTED.match(line) else line)
        below_empty, begins_line = begins_line and not bare, line.endswith(b"\n")
    if boundary:
        mail.add(boundary)
    yield from _if_any(mail)


def _if_any(mail: _Collected) -> Iterator[Taken]:
    taken = mail.taken()
    if taken.raw.strip():
        yield taken
