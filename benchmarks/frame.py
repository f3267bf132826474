"""What every row needs: servers of its own, a loader, and the line that is printed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
CONNECTIONS = 8
SERVING = ["-m", "gunicorn", "--config", "python:engagement.kernel.serving", "app:app"]
BARE = ["-m", "gunicorn", "--config", "benchmarks/bare_serving.py", "benchmarks.bare:app"]


def report(row: str, unit: str, figures: Sequence[float], limits: Sequence[float], aim: str) -> None:
    """Print the line of this row: medians and the ratio of the two."""
    figure, limit = statistics.median(figures), statistics.median(limits)
    line = {"row": row, "unit": unit, "figure": round(figure, 2), "limit": round(limit, 2), "ratio": round(figure / limit, 3), "aim": aim}
    print(json.dumps(line), flush=True)


def free_port() -> int:
    """Return a port of this machine that nobody uses, another one each time."""
    while True:
        with socket.socket() as tried:
            tried.bind(("127.0.0.1", 0))
            port: int = tried.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


_given: set[int] = set()


@contextmanager
def running(command: list[str], port: int, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that serves on ``port`` for the length of the block."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env={**os.environ, "PORT": str(port), **environ}, process_group=0)
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_for(port: int, seconds: float = 120) -> None:
    """Return when somebody answers on ``port``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/static/none")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(port)


Ask = tuple[str, str, bytes | None, dict[str, str]]


def load(port: int, asks: Sequence[Sequence[Ask]]) -> float:
    """Send each list of requests over a connection of its own, all at once; return requests a second.

    Raises AssertionError where an answer is not a success or a redirect.
    """
    failed: list[int] = []

    def drive(requests: Sequence[Ask]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for method, path, body, headers in requests:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                failed.append(answer.status)
        connection.close()

    seconds = _timed(lambda: _at_once([lambda part=part: drive(part) for part in asks]))
    assert not failed, f"{len(failed)} requests failed, the first with {failed[0]}"
    return sum(map(len, asks)) / seconds


def _at_once(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def memory_of(pid: int) -> int:
    """Return the proportional set size of a process and all its descendants, in KiB."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            total = int(line.split()[1])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return total + sum(memory_of(int(child)) for child in children)
