"""Several programs under one parent: started together, stopped together, failing together.

The parts are forked from a parent that has loaded the application once, so that all of them
share its memory. Each has a process group of its own: a Ctrl-C reaches the parent only,
which then ends each part the way that part likes.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

# Seconds that parts get to end by themselves, and that the web gets to answer the first time.
GRACE = 15.0
PATIENCE = 60.0
TICK = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Part:
    """One program: what it is called, what it does until it is stopped, and the signal that stops it politely."""

    name: str
    run: Callable[[], object]
    stop: int = signal.SIGTERM


def port_is_free(port: int) -> bool:
    """Return whether nobody listens on this port of this machine."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Return whether a web server answers on this port, whatever it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("HEAD", "/sign-in")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class Parent:
    """The parent of some parts. ``ready`` is asked until it says yes; then ``greeting`` is printed."""

    def __init__(self, parts: Sequence[Part], ready: Callable[[], bool], greeting: str = "", grace: float = GRACE) -> None:
        """Keep what is to be run; nothing is started yet."""
        self.parts = parts
        self.ready = ready
        self.greeting = greeting
        self.grace = grace
        self.running: dict[int, Part] = {}
        self.asked_to_stop = False

    def run(self) -> int:
        """Start all parts and wait. Return 0 after a request to stop, 1 if a part ended by itself."""
        # What is loaded stays out of every later collection, and so stays shared.
        gc.collect()
        gc.freeze()
        for number in SIGNALS:
            signal.signal(number, self._ask_to_stop)
        try:
            for part in self.parts:
                self.running[_fork(part)] = part
            return self._watch()
        finally:
            self._end_all()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.asked_to_stop = True

    def _watch(self) -> int:
        greeted, until = False, time.monotonic() + PATIENCE
        while not self.asked_to_stop:
            ended = self._ended()
            if ended and not self.asked_to_stop:
                _say(f"Convoke: {' and '.join(ended)} ended without being asked; stopping the rest.")
                return 1
            if not greeted and self.ready():
                greeted = True
                sys.stdout.write(self.greeting)
                sys.stdout.flush()
            if not greeted and time.monotonic() > until:
                _say(f"Convoke: the web pages did not answer within {PATIENCE:.0f} seconds.")
                return 1
            time.sleep(TICK)
        return 0

    def _ended(self) -> list[str]:
        """Return the names of parts that have ended since this was asked last."""
        ended = [pid for pid in self.running if os.waitpid(pid, os.WNOHANG)[0]]
        return [self.running.pop(pid).name for pid in ended]

    def _end_all(self) -> None:
        for pid, part in self.running.items():
            os.kill(pid, part.stop)
        until = time.monotonic() + self.grace
        while time.monotonic() < until and self.running:
            self._ended()
            time.sleep(TICK / 2)
        for pid, part in self.running.items():
            _say(f"Convoke: {part.name} did not end in time and was killed.")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork(part: Part) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        # Both sides set it, so that it is set whichever runs first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return pid
    return _be(part)


def _be(part: Part) -> NoReturn:
    """Be this part from now on; the process ends with it."""
    status = 1
    try:
        os.setpgid(0, 0)
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        _take_name(part.name)
        part.run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        status = 0
    except BaseException:  # noqa: BLE001 - the process ends here, and says why.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _take_name(name: str) -> None:
    """Let the process list tell the parts apart, where the system can (Linux: 15 letters)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"convoke {name}"[:15], encoding="ascii")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
