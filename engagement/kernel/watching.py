"""What the parent of all parts turns into once they are started: it watches them, and ends them together.

Run by its file, with the port, the grace in seconds and ``pid:signal:name`` of each part as
arguments and the greeting on standard input; the parts are its own children. It needs nothing of
the application, which it would otherwise keep in memory for as long as the program runs, and of
the library only what is small.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

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
                _complain(f"{' and '.join(ended)} ended without being asked; stopping the rest.")
                return 1
            if not greeted and answers(port):
                greeted = True
                _say(greeting)
            if not greeted and time.monotonic() > until:
                _complain(f"the web pages did not answer within {PATIENCE:.0f} seconds.")
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
            _complain(f"{name} did not end in time and was killed.")
            try:  # noqa: SIM105 - contextlib is not small.
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                # It ended at the last moment.
                pass
            os.waitpid(pid, 0)


def _say(words: str, *, complaint: bool = False) -> None:
    stream = sys.stderr if complaint else sys.stdout
    # One that was closed from the beginning, or that nobody reads any more, ends nothing.
    if stream is None:
        return
    try:
        stream.write(words)
        stream.flush()
    except (OSError, ValueError):
        pass


def _complain(words: str) -> None:
    _say(f"Convoke: {words}\n", complaint=True)


def main() -> int:
    """Read what is to be watched, and watch it; return the status to end with."""
    port, grace, *parts = sys.argv[1:]
    told = [each.split(":", 2) for each in parts]
    watch = Watch([(int(pid), name, int(stop)) for pid, stop, name in told], float(grace))
    return watch.keep(int(port), sys.stdin.buffer.read().decode())


if __name__ == "__main__":
    sys.exit(main())
