"""What the parent of all parts turns into once they are started: it watches them, and ends them together.

Run by its file with a JSON object on standard input, ``{"parts": [[pid, name, signal], …], "port",
"greeting", "grace"}``; the parts are its own children. It needs nothing of the application, which
it would otherwise keep in memory for as long as the program runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

# Seconds that the web gets to answer the first time.
PATIENCE = 60.0
TICK = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK = b"HEAD /sign-in HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"


def answers(port: int) -> bool:
    """Return whether a web server answers on this port, whatever it says."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(LOOK)
            return line.recv(5) == b"HTTP/"
    except OSError:
        return False


class Watch:
    """The watch over some running parts, by process id."""

    def __init__(self, parts: list[tuple[int, str, int]], grace: float) -> None:
        """Listen to requests to stop from now on, also to one that came before."""
        self.running = {pid: (name, stop) for pid, name, stop in parts}
        self.grace = grace
        self.asked_to_stop = False
        for number in SIGNALS:
            signal.signal(number, self._ask_to_stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _ask_to_stop(self, number: int, frame: object) -> None:  # noqa: ARG002
        self.asked_to_stop = True

    def keep(self, port: int, greeting: str) -> int:
        """Wait until it is over, and end what is left. Return 0 after a request to stop, 1 if a part ended by itself."""
        try:
            return self._wait(port, greeting)
        finally:
            self._end_all()

    def _wait(self, port: int, greeting: str) -> int:
        greeted, until = False, time.monotonic() + PATIENCE
        while not self.asked_to_stop:
            ended = self._ended()
            if ended and not self.asked_to_stop:
                _say(f"Convoke: {' and '.join(ended)} ended without being asked; stopping the rest.\n", sys.stderr)
                return 1
            if not greeted and answers(port):
                greeted = True
                _say(greeting, sys.stdout)
            if not greeted and time.monotonic() > until:
                _say(f"Convoke: the web pages did not answer within {PATIENCE:.0f} seconds.\n", sys.stderr)
                return 1
            time.sleep(TICK)
        return 0

    def _ended(self) -> list[str]:
        """Return the names of parts that have ended since this was asked last."""
        ended = [pid for pid in self.running if os.waitpid(pid, os.WNOHANG)[0]]
        return [self.running.pop(pid)[0] for pid in ended]

    def _end_all(self) -> None:
        for pid, (_, stop) in self.running.items():
            os.kill(pid, stop)
        until = time.monotonic() + self.grace
        while time.monotonic() < until and self.running:
            self._ended()
            time.sleep(TICK / 2)
        for pid, (name, _) in self.running.items():
            _say(f"Convoke: {name} did not end in time and was killed.\n", sys.stderr)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _say(words: str, stream: TextIO | None) -> None:
    # One that was closed from the beginning, or that nobody reads any more, ends nothing.
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        stream.write(words)
        stream.flush()


def main() -> int:
    """Read what is to be watched, and watch it; return the status to end with."""
    told = json.load(sys.stdin)
    return Watch(told["parts"], told["grace"]).keep(told["port"], told["greeting"])


if __name__ == "__main__":
    sys.exit(main())
