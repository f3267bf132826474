"""Turns at writing a SQLite file: in one process first come, first served; among processes nobody is passed over.

SQLite's own queue is none: whoever finds the file locked sleeps and asks again, and the unlucky
sleep longer than ``busy_timeout``. Threads of one process stand in line here. Processes meet at
two files beside the database, a door and a room (``flock``): whoever is in the room can come
back only through the door, and the next one holds it already. The kernel ends the turn of a
process that dies. Where a file system knows no ``flock``, SQLite's own queue is all there is.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from fcntl import LOCK_EX, flock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DOOR, ROOM = ".next", ".turn"


class Line:
    """The threads of one process, the longest waiting first."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.reset()

    def reset(self) -> None:
        """Forget everybody: a process that was forked has none of its parent's threads."""
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self) -> None:
        """Return when it is this thread's turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            # Released by whoever leaves: the turn is handed over, and nobody can slip in between.
            mine.acquire()
        except BaseException:
            self._give_up(mine)
            raise

    def _give_up(self, mine: threading.Lock) -> None:
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self.leave()

    def leave(self) -> None:
        """Hand the turn to the next, if there is one."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_lines: dict[str, Line] = {}
_making = threading.Lock()


def _line_at(path: str) -> Line:
    with _making:
        return _lines.setdefault(path, Line())


def _forked() -> None:
    global _making  # noqa: PLW0603 - a lock that another thread held at the fork would never be released.
    _making = threading.Lock()
    for line in _lines.values():
        line.reset()


os.register_at_fork(after_in_child=_forked)


@contextmanager
def turn_at(path: str | None) -> Iterator[None]:
    """Wait until it is this writer's turn at the database in ``path`` (None: in memory), for the length of the block."""
    line = _line_at(path or "")
    line.enter()
    try:
        with _room_beside(path) if path else ExitStack():
            yield
    finally:
        line.leave()


def _room_beside(path: str) -> ExitStack:
    """Return the room of ``path`` once nobody else is in it; it is left when the stack is closed."""
    with ExitStack() as held, suppress(OSError):
        with ExitStack() as door:
            _lock(path + DOOR, door)
            _lock(path + ROOM, held)
        return held.pop_all()
    return ExitStack()


def _lock(path: str, held: ExitStack) -> None:
    # Opened anew for each turn, so that no process shares it with the one that it was forked from.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held.callback(os.close, handle)
    flock(handle, LOCK_EX)
