"""Mail that lies in files: one file, a folder of ``.eml`` files, or a Maildir (new and cur). Nothing is ever deleted here.

What was received of a Maildir moves from ``new`` to ``cur`` with the flag S (seen), and stays
there; any other file stays as it is. Somebody else may move or take files at any moment: what is
gone is passed over, and said.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, count
from typing import TYPE_CHECKING

from engagement.mailing.mboxes import Taken, mails_in, take
from engagement.mailing.receiving import Received, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FLAGS = ":2,"
SEEN = "S"


class NoMailError(ValueError):
    """The path holds no mail, or cannot be read; the message is one line without the path."""


def receive_path(path: Path, passed_over: Callable[[str], None]) -> Iterator[Received]:
    """Receive what lies at ``path``, and give what became of each mail. Raises NoMailError; what was given before stays received.

    ``path`` is a mail, a mailbox (mbox), a folder with ``.eml`` files, or a Maildir. ``passed_over``
    is told, in one line, of each file of a folder that was not received.
    """
    with _said_in_one_line():
        is_folder, is_maildir = path.is_dir(), any((path / each).is_dir() for each in ("new", "cur"))
        if not is_folder and _may_never_end(path):
            raise NoMailError("It is neither a file nor a folder.")
        files = _waiting(path) if is_maildir else _letters_in(path) if is_folder else []
    if not is_folder:
        yield from _one_file(path)
        return
    if not files and not is_maildir:
        raise NoMailError("This folder holds no mail: neither new nor cur (a Maildir), nor a file whose name ends in .eml.")
    for file in files:
        yield from _maildir_file(path, file, passed_over) if is_maildir else _letter_file(file, passed_over)


@contextmanager
def _said_in_one_line() -> Iterator[None]:
    """Raise NoMailError in place of whatever the file system says."""
    try:
        yield
    except FileNotFoundError:
        raise NoMailError("There is no such file or folder.") from None
    except OSError as error:
        raise NoMailError(f"It cannot be read: {error.strerror}.") from None


def _may_never_end(path: Path) -> bool:
    """Return whether reading it might wait for ever: it is a pipe, a socket or a device. Raises OSError."""
    path.stat()
    return path.is_fifo() or path.is_socket() or path.is_char_device()


def _letters_in(path: Path) -> list[Path]:
    """Return the files of a folder that are mails by their name, in the order of their names."""
    named = (file for file in path.iterdir() if file.suffix.lower() == ".eml" and not file.name.startswith("."))
    return sorted(named, key=lambda file: file.name)


def _one_file(path: Path) -> Iterator[Received]:
    """Receive the mail, or the mails, of one file."""
    found = mails_in(path)
    with _said_in_one_line():
        taken = next(found, None)
    _refuse_no_mail(taken)
    while taken is not None:
        yield receive(taken.raw, size=taken.size)
        with _said_in_one_line():
            taken = next(found, None)


def _refuse_no_mail(taken: Taken | None) -> None:
    if taken is None or not taken.raw.strip():
        raise NoMailError("The file is empty.")
    first = re.split(rb"[\r\n]", taken.raw.removeprefix(BOM_UTF8).lstrip(b"\r\n")[:1000], maxsplit=1)[0]
    name = first.partition(b":")[0].rstrip(b" \t")
    begins = b":" in first and name and all(33 <= letter <= 126 for letter in name)
    if not begins and not first.startswith((b"From ", b">From ")):
        raise NoMailError("The file is no mail: it does not begin with a header.")


def _letter_file(file: Path, passed_over: Callable[[str], None]) -> Iterator[Received]:
    """Receive the mail, or the mails, of one file of a folder."""
    found = iter(()) if _is_passed_over(file, passed_over) else mails_in(file)
    while (taken := _next_of(found, passed_over)) is not None:
        yield receive(taken.raw, size=taken.size)


def _maildir_file(path: Path, file: Path, passed_over: Callable[[str], None]) -> Iterator[Received]:
    """Receive the one mail that a file of a Maildir is."""
    found = iter(()) if _is_passed_over(file, passed_over) else (take(each) for each in [file])
    taken = _next_of(found, passed_over)
    if taken is not None:
        received = receive(taken.raw, received_at=_delivered(file), size=taken.size)
        _move_to_seen(path, file, passed_over)
        yield received


def _is_passed_over(file: Path, passed_over: Callable[[str], None]) -> bool:
    try:
        endless = _may_never_end(file)
    except OSError:
        # What is wrong with it is said where it is read.
        return False
    if endless:
        passed_over("Something in it is no file; it stays where it is.")
    return endless


def _next_of(found: Iterator[Taken], passed_over: Callable[[str], None]) -> Taken | None:
    """Return the next mail; None where there is none, or none that can be read."""
    try:
        taken = next(found, None)
    except FileNotFoundError:
        passed_over("A file was gone before it could be read.")
        return None
    except OSError as error:
        passed_over(f"A file cannot be read: {error.strerror}.")
        return None
    if taken is not None and not taken.raw.strip():
        passed_over("A file is empty; it stays where it is.")
        return None
    return taken


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


def _move_to_seen(path: Path, file: Path, passed_over: Callable[[str], None]) -> None:
    base = file.name.partition(FLAGS)[0]
    flags = "".join(sorted({*_flags(file), SEEN}))
    try:
        (path / "cur").mkdir(exist_ok=True)
        wanted = (path / "cur" / f"{base}{again}{FLAGS}{flags}" for again in chain([""], (f"_{number}" for number in count(1))))
        # Names are unique as a rule; where one is not, the mail that has it already stays.
        file.rename(next(each for each in wanted if each == file or not each.exists()))
    except FileNotFoundError:
        passed_over("A file was gone after it had been received.")
    except OSError as error:
        passed_over(f"A file was received and cannot be moved to cur ({error.strerror}); each time it is read again it does nothing.")
