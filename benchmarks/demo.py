"""How long the demonstration takes to load: aimed at less than 30 seconds.

The limit is the least that storing as many rows could take: one process that starts Python and
the application, and inserts as many rows into tables of one column.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.frame import ROOT, ROUNDS, report
from benchmarks.guests import settings_of


def _run(words: list[str], folder: str) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, **settings_of(folder, 8000)}, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def rows_in(folder: str) -> int:
    """Return how many rows the demonstration made."""
    connection = sqlite3.connect(Path(folder) / "convoke.sqlite3")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    total = sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables)
    connection.close()
    return int(total)


def least(folder: str, rows: int) -> float:
    """Return the seconds that starting and storing as many plain rows takes."""
    code = (
        "import sqlite3, sys; from app import app; c = sqlite3.connect(sys.argv[1]); c.execute('CREATE TABLE plain (id)');"
        "c.executemany('INSERT INTO plain VALUES (?)', ((str(n),) for n in range(int(sys.argv[2])))); c.commit()"
    )
    return _run(["-c", code, f"{folder}/plain.sqlite3", str(rows)], folder)


def measure() -> tuple[float, float]:
    """Return the seconds of one load, and of the least."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["-m", "flask", "db", "upgrade"], folder)
        seconds = _run(["-m", "flask", "demo"], folder)
        return seconds, least(folder, rows_in(folder))


if __name__ == "__main__":
    rounds = [measure() for _ in range(ROUNDS)]
    report("flask demo", "s", [ours for ours, _ in rounds], [bare for _, bare in rounds], "under 30 s")
