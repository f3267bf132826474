"""Which workers of this machine live: each holds a lock on a file of its own for as long as it runs.

The system lets go of the lock when a process ends, however it ends. So a worker that was killed
is known at once, and one that lives loses nothing when the clock jumps. Of a worker on another
machine only its lease tells.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from engagement.kernel.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Room for most of what servers say when they take a mail (see outbox): the two share a place in the row.
NAME_LENGTH = 57


def _folder() -> Path:
    folder = settings().data_folder / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def new_name() -> str:
    """Return a name that no other worker has, as long as any other."""
    return f"{os.uname().nodename[:30]}.{os.getpid()}.".ljust(NAME_LENGTH - 16, "-") + secrets.token_hex(8)


@contextmanager
def at_work() -> Iterator[str]:
    """Be a worker for the length of the block, known to the others under the name that it is given."""
    name, folder = new_name(), _folder()
    draft = folder / f".{name}"
    with draft.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Locked before it has its name: nobody ever finds it there without its lock.
        draft.rename(folder / name)
        try:
            yield name
        finally:
            (folder / name).unlink(missing_ok=True)


def lives(name: str) -> bool | None:
    """Return whether this worker lives, None where nothing is known of it here."""
    path = _folder() / name
    if "/" in name or not path.is_file():
        return None
    with suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    return None


def bury(names: Iterable[str]) -> None:
    """Forget workers that live no more, once what they had in hand is settled."""
    for name in names:
        (_folder() / name).unlink(missing_ok=True)


def dead() -> list[str]:
    """Return the names of workers of this machine that ended without saying so."""
    return [path.name for path in _folder().iterdir() if not path.name.startswith(".") and lives(path.name) is False]
