"""Processes to be killed: real ones, forked from one that has loaded the application, so that a new one is there at once.

``python -m tests.crash.program`` is that parent: for each line of its input it forks a child
that does what the line says, and prints the child's process id.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from tests.journeys.program import ROOT
from tests.support.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def send_again_and_again() -> None:
    """Be ``flask mail send``, over and over."""
    from app import app

    while True:
        app.cli.main(args=["mail", "send", "--json"], standalone_mode=False, obj=_info(app))
        time.sleep(0.05)


def receive_again_and_again(path: str) -> None:
    """Be ``flask mail receive PATH``, over and over."""
    from app import app

    while True:
        app.cli.main(args=["mail", "receive", path, "--json"], standalone_mode=False, obj=_info(app))
        time.sleep(0.01)


def _info(app):
    from flask.cli import ScriptInfo

    return ScriptInfo(create_app=lambda: app)


def approve_and_plan(mailing_id: str) -> None:
    """Be the page on which a mailing is approved."""
    from app import app
    from engagement.kernel.audit import SYSTEM
    from engagement.outreach.planning import plan_rest
    from engagement.outreach.service import approve

    with app.app_context():
        approve(mailing_id=UUID(mailing_id), actor=SYSTEM)
        plan_rest(UUID(mailing_id))


DEEDS = {"send": send_again_and_again, "receive": receive_again_and_again, "plan": approve_and_plan}


def main() -> None:
    """Fork a child for each line."""
    import app  # noqa: F401 - loaded here, once.

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        name, *words = line.split()
        pid = os.fork()
        if not pid:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            try:
                DEEDS[name](*words)
            finally:
                os._exit(0)
        print(pid, flush=True)  # noqa: T201


@dataclass
class Parent:
    """The parent of processes that are to be killed."""

    process: subprocess.Popen[str]
    living: set[int] = field(default_factory=set)

    def start(self, *words: str) -> int:
        """Have a process do something; return its id."""
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        pid = int(self.process.stdout.readline())
        self.living.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End a process as a power cut would, and wait until it is gone."""
        self.living.discard(pid)
        try:
            os.kill(pid, signal.SIGKILL)
            while True:
                os.kill(pid, 0)
                time.sleep(0.001)
        except ProcessLookupError:
            return


@contextmanager
def a_parent(environ: dict[str, str]) -> Iterator[Parent]:
    """Run the parent for the length of the block; its children end with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.program"],
        cwd=ROOT, env={**os.environ, **environ}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    parent = Parent(process)
    try:
        assert process.stdout.readline() == "ready\n"
        yield parent
    finally:
        for pid in list(parent.living):
            parent.kill(pid)
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


@dataclass(frozen=True)
class Installation:
    """An installation in a folder of its own, and the server that takes its mail."""

    environ: dict[str, str]
    sink: Sink


@contextmanager
def an_installation(folder: Path, messages: int) -> Iterator[Installation]:
    """Make an installation on SQLite in which so many invitations wait to go."""
    from benchmarks.guests import settings_of

    with Sink() as sink:
        environ = {**os.environ, **settings_of(folder, 8000), "MAIL_PORT": str(sink.port)}
        code = "import os; from benchmarks.queued import installation; installation(dict(os.environ), %d)"
        subprocess.run([sys.executable, "-c", code % messages], cwd=ROOT, env=environ, check=True, capture_output=True)
        yield Installation(environ, sink)


def run(installation: Installation, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of an installation to its end."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=installation.environ, check=True, capture_output=True, text=True, timeout=120
    )


if __name__ == "__main__":
    main()
