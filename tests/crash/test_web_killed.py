"""The web is killed while replies come in: every reply that was acknowledged is there afterwards."""

import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import pytest

from tests.journeys.program import ROOT, settings_for, started

pytestmark = pytest.mark.slow

SERVE = ["-m", "gunicorn", "--config", "python:engagement.kernel.serving", "app:app"]
GUESTS = 6
KILLS = 3


def links(environ):
    """Make an installation with guests, in a process of its own, and return their links."""
    code = "import json, os; from benchmarks.guests import links_of_guests; print(json.dumps(links_of_guests(dict(os.environ), %d)))"
    done = subprocess.run([sys.executable, "-c", code % GUESTS], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Guest(threading.Thread):
    """Somebody who replies again and again, and counts the replies that the server said it has."""

    def __init__(self, port, link):
        super().__init__(daemon=True)
        self.port, self.link = port, link
        self.acknowledged = 0
        self.enough = False

    def run(self):
        while not self.enough:
            try:
                self._visit()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    def _visit(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        cookies, path = {}, self.link
        path = self._ask(connection, cookies, "GET", path)[0]
        page = self._ask(connection, cookies, "GET", f"{path}/change")[1]
        hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
        hidden |= dict(re.findall(r'name="([a-z_]+)" type="hidden" value="([^"]*)"', page))
        for choice in ("online", "maybe") * 5:
            location, _ = self._ask(connection, cookies, "POST", f"{path}/change", urlencode({**hidden, "choice": choice}))
            if location:
                self.acknowledged += 1
        connection.close()

    def _ask(self, connection, cookies, method, path, body=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, held = value.partition(";")[0].partition("=")
                cookies[key] = held
        return answer.getheader("Location"), text


def test_no_acknowledged_reply_is_lost_when_the_web_is_killed(tmp_path):
    environ = settings_for(tmp_path, BASE_URL="http://127.0.0.1")
    guests = [Guest(int(environ["PORT"]), link) for link in links(environ)]
    for number in range(KILLS):
        with started(SERVE, environ, tmp_path / "web.log") as process:
            if number == 0:
                for guest in guests:
                    guest.start()
            time.sleep(2 + 0.37 * number)
            os.killpg(process.pid, signal.SIGKILL)
    for guest in guests:
        guest.enough = True
    for guest in guests:
        guest.join(15)
    acknowledged = sum(guest.acknowledged for guest in guests)
    with sqlite3.connect(tmp_path / "convoke.sqlite3") as connection:
        (stored,) = connection.execute("SELECT count(*) FROM reply").fetchone()
        (whole,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert whole == "ok"
    assert acknowledged > GUESTS
    # What was stored and not yet acknowledged when the end came may be there too.
    assert stored >= acknowledged
    assert stored <= acknowledged + KILLS * GUESTS
