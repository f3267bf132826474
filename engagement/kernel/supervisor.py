"""Several programs under one parent: started together, stopped together, failing together.

This file knows nothing but the standard library and is run as a script of its own, so that
the parent stays small while the programs do the work. Each part has a process group of its
own: a Ctrl-C reaches the parent only, which then ends each part the way that part likes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# Seconds that parts get to end by themselves, and that the web gets to answer the first time.
GRACE = 15.0
PATIENCE = 60.0
TICK = 0.1


@dataclass(frozen=True)
class Part:
    """One program: what it is called, how it is started, and the signal that ends it politely."""

    name: str
    command: list[str]
    stop: int = signal.SIGTERM


@dataclass(frozen=True)
class Plan:
    """Everything that is run: the parts, the port the web answers on, and what is said when it does."""

    parts: list[Part]
    port: int
    greeting: str

    def written(self) -> str:
        """Return the plan as text, to be handed to the parent."""
        return json.dumps(asdict(self))


def read_plan(written: str) -> Plan:
    """Return the plan that was written."""
    loaded = json.loads(written)
    return Plan([Part(**part) for part in loaded["parts"]], loaded["port"], loaded["greeting"])


def become(plan: Plan, folder: Path) -> None:
    """Turn this process into the parent of ``plan``, working in ``folder``; it does not return."""
    os.chdir(folder)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-P", str(Path(__file__).resolve()), plan.written()])  # noqa: S606 - our own file.


def port_is_free(port: int) -> bool:
    """Return whether nobody listens on this port of this machine."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Parent:
    """The parent while it runs."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan; nothing is started yet."""
        self.plan = plan
        self.running: list[tuple[Part, subprocess.Popen[bytes]]] = []
        self.asked_to_stop = False

    def run(self) -> int:
        """Start all parts and wait. Return 0 after a request to stop, 1 if a part ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for part in self.plan.parts:
                self.running.append((part, subprocess.Popen(part.command, process_group=0)))  # noqa: S603 - our own parts.
            return self._watch()
        finally:
            self._end_all()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.asked_to_stop = True

    def _watch(self) -> int:
        greeted, until = False, time.monotonic() + PATIENCE
        while not self.asked_to_stop:
            for part, process in self.running:
                if process.poll() is not None and not self.asked_to_stop:
                    _say(f"Convoke: {part.name} ended by itself (status {process.returncode}); stopping the rest.")
                    return 1
            if not greeted and answers(self.plan.port):
                greeted = True
                sys.stdout.write(self.plan.greeting)
                sys.stdout.flush()
            if not greeted and time.monotonic() > until:
                _say(f"Convoke: the web did not answer on port {self.plan.port} within {PATIENCE:.0f} seconds.")
                return 1
            time.sleep(TICK)
        return 0

    def _end_all(self) -> None:
        for part, process in self.running:
            if process.poll() is None:
                process.send_signal(part.stop)
        until = time.monotonic() + GRACE
        for part, process in self.running:
            try:
                process.wait(max(TICK, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _say(f"Convoke: {part.name} did not end in time and was killed.")
            _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(Parent(read_plan(sys.argv[1])).run())
