"""Sending queued invitations with calendar parts (about 12 kB) to a raw sink, with one worker.

Three limits: one smtplib connection that pushes the same bytes, with one durable commit for
each on SQLite with the same settings and on the same disk; Flask-Mail's ``connect()``, which
builds each message, with its calendar part from the icalendar library; and ourselves with 1,000 queued, for 50,000.

``python -m benchmarks.sending [MESSAGES]`` or BENCHMARK_MESSAGES takes fewer than 10,000 (and 50,000) messages.
"""

from __future__ import annotations

import os
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import icalendar
from flask import Flask
from flask_mail import Mail, Message

from benchmarks.frame import ROOT, ROUNDS, report
from benchmarks.guests import settings_of
from benchmarks.queued import DESCRIPTION, installation, letter_to
from engagement.kernel.crypto import keys
from engagement.kernel.db import SQLITE_SETTINGS
from engagement.mailing.builder import build

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BENCHMARK_MESSAGES", "10000"))
FEW, MANY = MESSAGES // 10, MESSAGES * 5
# So many are built by Flask-Mail in a round: each takes as long as the others.
BUILT = max(100, MESSAGES // 20)


@contextmanager
def a_sink() -> Iterator[int]:
    """Run the sink as a process of its own; give its port."""
    command = [sys.executable, "-m", "tests.support.sink"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.terminate()
    process.wait(30)


def ours(folder: str, port: int, queued: int) -> float:
    """Return the messages a second of a new installation that sends all that is queued."""
    app = installation({**settings_of(folder, 8000), "MAIL_PORT": str(port)}, queued)
    return sent_by(app, queued)


def sent_by(app: Flask, howmany: int) -> float:
    """Have an installation send so many of what is queued; return how many a second."""
    from engagement.mailing.worker import send_due  # noqa: PLC0415 - what is measured.

    gone: list[int] = []
    with app.app_context():
        begun = time.perf_counter()
        counts = send_due(stop=lambda: len(gone) >= howmany, done=lambda: gone.append(1))
        seconds = time.perf_counter() - begun
    assert counts["sent"] == howmany
    return howmany / seconds


def flatness(port: int) -> tuple[list[float], list[float]]:
    """Return the messages a second with many queued, a fifth in each round, and in the same rounds with few."""
    with tempfile.TemporaryDirectory() as folder:
        app = installation({**settings_of(folder, 8000), "MAIL_PORT": str(port)}, MANY)
        many, few = [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as other:
                few.append(ours(other, port, FEW))
            keys.use(app.config["SETTINGS"].encryption_keys)
            many.append(sent_by(app, MANY // ROUNDS))
    return many, few


def pushed(folder: str, port: int, howmany: int) -> float:
    """Return the messages a second of one smtplib connection with one durable commit for each message."""
    letters = [(number, letter.to_address, build(letter)) for number, letter in ((each, letter_to(each)) for each in range(howmany))]
    database = sqlite3.connect(f"{folder}/pushed.sqlite3", isolation_level=None)
    for setting in SQLITE_SETTINGS:
        database.execute(f"PRAGMA {setting}")
    database.execute("CREATE TABLE sent (id INTEGER PRIMARY KEY, state TEXT)")
    database.execute("BEGIN")
    database.executemany("INSERT INTO sent VALUES (?, 'queued')", [(number,) for number in range(howmany)])
    database.execute("COMMIT")
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as line:
        for number, to, raw in letters:
            line.sendmail("bounces@convoke.example", [to], raw)
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE sent SET state = 'sent' WHERE id = ?", (number,))
            database.execute("COMMIT")
    seconds = time.perf_counter() - begun
    database.close()
    return howmany / seconds


def built_by_flask_mail(port: int, howmany: int) -> float:
    """Return the messages a second of Flask-Mail over one connection, each built with its calendar part."""
    app = Flask(__name__)
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_DEFAULT_SENDER="consultations@convoke.example")
    mail = Mail(app)
    letters = [letter_to(each) for each in range(howmany)]
    with app.app_context():
        begun = time.perf_counter()
        with mail.connect() as line:
            for number, letter in enumerate(letters):
                message = Message(letter.subject, [letter.to_address], letter.plain, letter.html)
                ics = calendar_of(number, letter.to_address)
                message.alts["calendar; method=REQUEST"] = ics.decode()
                message.attach("invite.ics", "application/ics", ics)
                line.send(message)
        return howmany / (time.perf_counter() - begun)


def calendar_of(number: int, to: str) -> bytes:
    """Return the calendar part of one guest as the library builds it: what is queued holds the same."""
    calendar = icalendar.Calendar({"VERSION": "2.0", "PRODID": "-//Convoke//EN", "METHOD": "REQUEST"})
    entry = icalendar.Event()
    entry.add("uid", f"{number}@convoke.example")
    entry.add("dtstamp", datetime(2026, 11, 1, 12, tzinfo=UTC))
    entry.add("dtstart", datetime(2026, 12, 8, 18, tzinfo=UTC))
    entry.add("dtend", datetime(2026, 12, 8, 20, tzinfo=UTC))
    entry.add("summary", "Roundtable")
    entry.add("sequence", 0)
    organizer, attendee = icalendar.vCalAddress(f"mailto:replies+{number}@convoke.example"), icalendar.vCalAddress(f"mailto:{to}")
    organizer.params["CN"] = "Department of Examples"
    attendee.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    entry.add("organizer", organizer)
    entry.add("attendee", attendee)
    entry.add("description", DESCRIPTION)
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def measure() -> tuple[float, float, float]:
    """Return the figures of one round, in messages a second: ours, pushed, and Flask-Mail's."""
    with a_sink() as port, tempfile.TemporaryDirectory() as folder:
        limit = pushed(folder, port, MESSAGES)
        return ours(folder, port, MESSAGES), limit, built_by_flask_mail(port, BUILT)


if __name__ == "__main__":
    figures, limits, built = zip(*(measure() for _ in range(ROUNDS)), strict=True)
    unit = "messages/s"
    report("sending, beside smtplib with a durable commit for each message", unit, figures, limits, "at least 0.6")
    report("sending, beside Flask-Mail that builds each message", unit, figures, built, "at least 5")
    with a_sink() as at:
        report(f"sending with {MANY} queued, beside {FEW}", unit, *flatness(at), "flat")
