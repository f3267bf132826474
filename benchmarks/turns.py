"""How long the unluckiest of 200 writers waits: four processes with fifty threads each, all at once, on SQLite.

The limit is how long all of them take together: in a fair line nobody waits longer than for
everybody else. The measure is the wait until a transaction has the write lock.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.frame import ROUNDS, report
from benchmarks.guests import settings_of
from benchmarks.mailings import installation
from config import read_settings
from engagement import create_app
from engagement.consultations.models import Consultation
from engagement.kernel.db import db, writing
from tests.support.given import a_consultation

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

PROCESSES, THREADS = 4, 50


def write_once_each(folder: str, start: Barrier, waits: Any) -> None:
    """Have every thread of this process store one change, and give back how long each waited, and when the last was done."""
    app, found = create_app(read_settings(settings_of(folder, 8000))), []

    def change() -> None:
        with app.app_context():
            asked = time.perf_counter()
            with writing() as session:
                row = session.query(Consultation).one()
                found.append(time.perf_counter() - asked)
                row.contact_phone = f"{len(found)}"
            db.session.remove()

    threads = [threading.Thread(target=change) for _ in range(THREADS)]
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waits.put((found, time.perf_counter() - begun))


def measure() -> tuple[float, float]:
    """Return the longest wait and how long everybody took, in ms."""
    with tempfile.TemporaryDirectory() as folder, installation(folder):
        a_consultation()
        apart = multiprocessing.get_context("spawn")
        start, waits = apart.Barrier(PROCESSES), apart.Queue()
        writers = [apart.Process(target=write_once_each, args=(folder, start, waits)) for _ in range(PROCESSES)]
        for writer in writers:
            writer.start()
        results = [waits.get(timeout=120) for _ in writers]
        for writer in writers:
            writer.join()
    assert sum(len(found) for found, _ in results) == PROCESSES * THREADS
    return max(max(found) for found, _ in results) * 1000, max(seconds for _, seconds in results) * 1000


if __name__ == "__main__":
    rounds = [measure() for _ in range(ROUNDS)]
    report("longest wait of 200 writers in 4 processes", "ms", [wait for wait, _ in rounds], [whole for _, whole in rounds], "at most 1")
