"""Memory of the idle program (pages with two workers, mail worker) beside a bare Flask application's.

Proportional set size, so that shared pages count once; the local mailbox is not counted.
"""

from __future__ import annotations

import http.client
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.frame import BARE, CONNECTIONS, ROUNDS, free_port, memory_of, report, running

MAILBOX = "convoke mailbox"


def settled(port: int, path: str, pid: int) -> int:
    """Return the memory of a program of which both workers answered a few times, and that has come to rest."""
    # Asked one after the other, one worker may answer all: then the other has not begun to work.
    with ThreadPoolExecutor(CONNECTIONS) as guests:
        list(guests.map(lambda _: fetch(port, path), range(10 * CONNECTIONS)))
    time.sleep(3)
    return memory_of(pid) - sum(memory_of(child) for child in _mailboxes(pid))


def fetch(port: int, path: str) -> None:
    """Fetch a page over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()


def _mailboxes(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return [child for child in children if Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == MAILBOX]


def measure() -> tuple[int, int]:
    """Return both figures of one round, in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with running(["-m", "flask", "start", "--no-demo"], port, CONVOKE_DATA=folder, MAIL_PORT=str(free_port())) as program:
            ours = settled(port, "/sign-in", program.pid)
        port = free_port()
        with running(BARE, port, BARE_DATABASE=f"{folder}/bare.sqlite3") as program:
            return ours, settled(port, "/static/none", program.pid)


if __name__ == "__main__":
    rounds = [measure() for _ in range(ROUNDS)]
    report("memory of the idle program", "KiB", [ours for ours, _ in rounds], [bare for _, bare in rounds], "at most 3")
