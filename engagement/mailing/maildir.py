"""Mail that lies in files: one ``.eml`` file, or a Maildir (new and cur). Nothing is ever deleted here.

What was received moves from ``new`` to ``cur`` with the flag S (seen), and stays there. Somebody
else may move or take files at any moment: what is gone is passed over, and said.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from engagement.mailing.mime import HEADER_BYTES
from engagement.mailing.receiving import LARGEST, Received, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLAGS = ":2,"
SEEN = "S"


class NoMailError(ValueError):
    """The path is no mail and no Maildir, or cannot be read; the message is one line without the path."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The bytes of one file, or its headers where it is too large. ``size`` is given for the latter."""

    raw: bytes
    size: int | None


def receive_path(path: Path, passed_over: Callable[[str], None]) -> Iterator[Received]:
    """Receive what lies at ``path``, and give what became of each mail. Raises NoMailError.

    ``passed_over`` is told, in one line, of each file of a Maildir that was not received.
    """
    if path.is_dir():
        if not (path / "new").is_dir() and not (path / "cur").is_dir():
            raise NoMailError("This folder is no Maildir: it has neither new nor cur.")
        yield from _maildir(path, passed_over)
        return
    taken = _one_file(path)
    yield receive(taken.raw, size=taken.size)


def _one_file(path: Path) -> Taken:
    try:
        taken = take(path)
    except FileNotFoundError:
        raise NoMailError("There is no such file or folder.") from None
    except OSError as error:
        raise NoMailError(f"It cannot be read: {error.strerror}.") from None
    if not taken.raw.strip():
        raise NoMailError("The file is empty.")
    first = taken.raw.removeprefix(BOM_UTF8).lstrip(b"\r\n").split(b"\n", 1)[0][:1000]
    name = first.partition(b":")[0].rstrip(b" \t")
    begins = b":" in first and name and all(33 <= letter <= 126 for letter in name)
    if not begins and not first.startswith((b"From ", b">From ")):
        raise NoMailError("The file is no mail: it does not begin with a header.")
    return taken


def take(path: Path) -> Taken:
    """Return what a file holds; of one that is too large, no more than its headers. Raises OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            return Taken(headers_in(file.read(HEADER_BYTES)), size)
        return Taken(file.read(LARGEST + 1), None)


def headers_in(raw: bytes) -> bytes:
    """Return the header block that ``raw`` begins with, its line ends as they are."""
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := raw.find(mark)) >= 0]
    return raw[: min(ends)] if ends else raw


def _maildir(path: Path, passed_over: Callable[[str], None]) -> Iterator[Received]:
    for file in _waiting(path):
        if file.is_fifo() or file.is_socket() or file.is_char_device():
            # Reading it might never end.
            passed_over("Something in it is no file; it stays where it is.")
            continue
        try:
            taken = take(file)
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            passed_over("A file was gone before it could be read." if gone else f"A file cannot be read: {error.strerror}.")
            continue
        if not taken.raw.strip():
            passed_over("A file is empty; it stays where it is.")
            continue
        received = receive(taken.raw, received_at=_delivered(file), size=taken.size)
        if not _move_to_seen(path, file):
            passed_over("A file was gone after it had been received.")
        yield received


def _waiting(path: Path) -> list[Path]:
    """Return the files that were not seen yet, in the order of their names, which is that of their arrival."""
    found = [file for folder in ("new", "cur") if (path / folder).is_dir() for file in (path / folder).iterdir()]
    return sorted((file for file in found if not file.name.startswith(".") and SEEN not in _flags(file)), key=lambda file: file.name)


def _flags(file: Path) -> str:
    return file.name.partition(FLAGS)[2] if file.parent.name == "cur" else ""


def _delivered(file: Path) -> datetime | None:
    """Return when the mail was delivered here, which a Maildir says in the name of the file; None where it does not."""
    seconds = file.name.partition(".")[0]
    return datetime.fromtimestamp(int(seconds), tz=UTC) if re.fullmatch(r"[0-9]{9,10}", seconds) else None


def _move_to_seen(path: Path, file: Path) -> bool:
    base = file.name.partition(FLAGS)[0]
    flags = "".join(sorted({*_flags(file), SEEN}))
    try:
        (path / "cur").mkdir(exist_ok=True)
        wanted = (path / "cur" / f"{base}{again}{FLAGS}{flags}" for again in chain([""], (f"_{number}" for number in count(1))))
        # Names are unique as a rule; where one is not, the mail that has it already stays.
        file.rename(next(each for each in wanted if each == file or not each.exists()))
    except OSError:
        # It will be received again, and then does nothing.
        return False
    return True
