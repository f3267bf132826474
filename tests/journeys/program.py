"""The program as the journeys run it: real processes, on ports and in a folder of their own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180


@dataclass(frozen=True)
class Program:
    """A running installation: where it answers, and its settings."""

    url: str
    environ: dict[str, str]

    def flask(self, *words: str) -> str:
        """Run a command of the same installation and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def settings_for(folder: Path, **changes: str) -> dict[str, str]:
    """Return an environment with none of this shell's settings but a folder and ports of its own."""
    ours = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV"}}
    return {
        **ours,
        "CONVOKE_DATA": str(folder),
        "PORT": str(free_port()),
        "MAIL_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
        **changes,
    }


@contextmanager
def started(command: list[str], environ: dict[str, str], log: Path, *, tls: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until it answers, for the length of the block; its output goes to ``log``."""
    with log.open("ab") as lines:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environ, stdout=lines, stderr=subprocess.STDOUT, process_group=0
        )
    try:
        _wait(process, int(environ["PORT"]), log, tls=tls)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, *, tls: bool) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        if _answers(port, tls=tls):
            return
        time.sleep(0.2)
    raise TimeoutError(log.read_text(encoding="utf-8"))


def _answers(port: int, *, tls: bool) -> bool:
    context = ssl._create_unverified_context() if tls else None  # noqa: S323 - our own certificate, on this machine.
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    )
    try:
        connection.request("GET", "/static/convoke.css")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def whole_program(folder: Path, **changes: str) -> Iterator[Program]:
    """Run everything that ``make run`` runs, the demonstration loaded."""
    environ = settings_for(folder, **changes)
    with started(["-m", "flask", "start"], environ, folder / "journey.log"):
        yield Program(f"http://127.0.0.1:{environ['PORT']}", environ)
