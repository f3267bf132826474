"""The web server's own log holds no address that opens somebody's page."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from gunicorn.config import Config

from config import ROOT
from engagement.kernel.serving_log import CleanLogger, without_secrets

pytestmark = pytest.mark.slow

LIVE_LINK = "q7Zt3VxYb1mN5kLpR8sWcE2uHdJfGa4oTi6yXvBnMzQ"


@pytest.mark.parametrize("place", ["r", "u", "f", "p"])
def test_a_line_says_what_happened_and_not_to_which_link(place):
    line = without_secrets(f"Error handling request /{place}/{LIVE_LINK[:12]}?next=/i/someone&lang=en")
    assert line == f"Error handling request /{place}/…"
    assert LIVE_LINK not in without_secrets(f"Invalid HTTP request line: 'GET {LIVE_LINK}'")
    assert without_secrets("Worker (pid:17) was sent SIGTERM!") == "Worker (pid:17) was sent SIGTERM!"


def test_a_traceback_says_where_it_broke_and_not_for_which_link():
    told = []
    logger = CleanLogger(Config())
    handler = logging.Handler()
    handler.emit = lambda record: told.append(logging.Formatter().format(record))
    logger.error_log.handlers = [handler]
    try:
        int(f"GET /r/{LIVE_LINK}")
    except ValueError:
        logger.exception("Error handling request %s", f"/r/{LIVE_LINK}")
    assert "test_serving_log.py" in told[0]
    assert "ValueError: " in told[0]
    assert "GET /r/…" in told[0]
    assert LIVE_LINK not in told[0]


@contextlib.contextmanager
def a_running_server(folder):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environ = {"PATH": os.environ["PATH"], "CONVOKE_DATA": str(folder), "PORT": str(port)}
    command = [sys.executable, "-m", "gunicorn", "--config", "python:engagement.kernel.serving", "--workers", "1", "app:app"]
    running = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield port, running
    finally:
        running.terminate()
        running.wait(timeout=20)
        running.stdout.close()


def ask(port, line):
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
            caller.sendall(line.encode() + b"\r\n\r\n")
            return caller.recv(4096).decode("latin-1")
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_a_request_that_cannot_be_read_is_not_quoted(tmp_path):
    with a_running_server(tmp_path) as (port, running):
        assert "400 Bad Request" in ask(port, f"GET /r/{LIVE_LINK}")
        assert "400 Bad Request" in ask(port, f"GET {LIVE_LINK} HTTP/1.1")
        running.send_signal(signal.SIGTERM)
        told = running.stdout.read()
    assert "Invalid" in told
    assert LIVE_LINK not in told
    assert LIVE_LINK[:20] not in told
