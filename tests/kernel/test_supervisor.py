"""Parts under one parent: they start together, stop together, and fail together."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from engagement.kernel.start import WITHOUT_DRIVER

ROOT = Path(__file__).resolve().parents[2]
BEGIN = """
import importlib.util, os, signal, socket, sys, time
from pathlib import Path

# By its file, since the rest of the program is not needed here.
spec = importlib.util.spec_from_file_location("supervisor", "engagement/kernel/supervisor.py")
supervisor = sys.modules["supervisor"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(supervisor)
run_together, Part = supervisor.run_together, supervisor.Part
folder = Path(sys.argv[1])
NOBODY = 1

def note(name, what):
    (folder / f"{name}.{what}").write_text(str(os.getpid()))

def works(name):
    def run():
        note(name, "began")
        try:
            while True:
                time.sleep(0.05)
        except KeyboardInterrupt:
            note(name, "was interrupted")
    return run

def is_deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    works("deaf")()

def fails():
    time.sleep(0.3)
    sys.exit(3)

def breaks():
    raise ZeroDivisionError

def stops_its_parent():
    os.kill(os.getppid(), signal.SIGTERM)
    works("one")()

def answers():
    with socket.create_server(("127.0.0.1", int(sys.argv[2]))) as listening:
        note("one", "began")
        while True:
            caller, _ = listening.accept()
            with caller:
                caller.recv(100)
                caller.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
"""


@contextmanager
def parent(folder, code, port=0):
    """Run a parent of the parts that ``code`` names, and end all of it whatever happens."""
    script = textwrap.dedent(BEGIN) + code
    with (folder / "said").open("w") as said, (folder / "faults").open("w") as faults:
        process = subprocess.Popen([sys.executable, "-c", script, str(folder), str(port)], cwd=ROOT, stdout=said, stderr=faults)
    try:
        yield process
    finally:
        for pid in [*pids(folder), process.pid]:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def is_alive(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc").exists() else os.kill(pid, 0) is None
    except OSError:
        return False


def pids(folder):
    # A file that is there may not have been written yet.
    return [int(said) for path in folder.glob("*.began") if (said := path.read_text())]


TWO = "run_together([Part('one', answers), Part('two', works('two'), signal.SIGINT)], int(sys.argv[2]), 'ready', 2)"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_ends_every_part_its_own_way(tmp_path, number):
    with parent(tmp_path, TWO, free_port()) as process:
        wait_for(lambda: len(pids(tmp_path)) == 2 and (tmp_path / "said").read_text())
        process.send_signal(number)
        assert process.wait(30) == 0
    assert (tmp_path / "said").read_text() == "ready"
    assert (tmp_path / "faults").read_text() == ""
    assert (tmp_path / "two.was interrupted").exists()
    assert not any(is_alive(pid) for pid in pids(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(("part", "told"), [("fails", ""), ("breaks", "ZeroDivisionError")])
def test_when_one_part_ends_the_whole_ends_and_says_which(tmp_path, part, told):
    code = f"run_together([Part('one', works('one')), Part('the failing one', {part})], NOBODY, '', 2)"
    with parent(tmp_path, code) as process:
        assert process.wait(30) == 1
    faults = (tmp_path / "faults").read_text()
    assert "the failing one ended without being asked" in faults
    assert told in faults
    assert not any(is_alive(pid) for pid in pids(tmp_path))


@pytest.mark.slow
def test_a_request_to_stop_that_comes_while_the_parts_are_started_is_not_lost(tmp_path):
    code = "run_together([Part('one', stops_its_parent), Part('two', works('two'))], NOBODY, '', 2)"
    with parent(tmp_path, code) as process:
        assert process.wait(30) == 0
    assert (tmp_path / "faults").read_text() == ""
    assert not any(is_alive(pid) for pid in pids(tmp_path))


@pytest.mark.slow
def test_a_part_whose_words_nobody_reads_any_more_ends_no_other(tmp_path):
    chatters = """
def chatters():
    sys.stdout = open(1, "w", closefd=False)
    print("a line that stays in the buffer")
    works("chatting")()
out, into = os.pipe()
os.dup2(into, 1)
os.close(into)
os.close(out)
run_together([Part('one', works('one'), signal.SIGINT), Part('chatting', chatters, signal.SIGINT)], NOBODY, '', 5)
"""
    with parent(tmp_path, chatters) as process:
        wait_for(lambda: len(pids(tmp_path)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (tmp_path / "one.was interrupted").exists()
    assert (tmp_path / "chatting.was interrupted").exists()
    assert (tmp_path / "faults").read_text() == ""


@pytest.mark.slow
def test_without_a_place_to_write_to_all_parts_run(tmp_path):
    with parent(tmp_path, "sys.stdout = None\nos.close(1)\n" + TWO, free_port()) as process:
        wait_for(lambda: len(pids(tmp_path)) == 2)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (tmp_path / "faults").read_text() == ""


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="SIGKILL leaves the parent no last word; only Linux has a call, prctl(2), by which the system tells its parts instead",
)
def test_when_the_parent_is_killed_every_part_ends_its_own_way(tmp_path):
    with parent(tmp_path, TWO, free_port()) as process:
        wait_for(lambda: len(pids(tmp_path)) == 2 and (tmp_path / "said").read_text())
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        wait_for(lambda: not any(is_alive(pid) for pid in pids(tmp_path)))
    assert (tmp_path / "two.was interrupted").exists()


@pytest.mark.slow
def test_a_part_that_does_not_listen_is_killed(tmp_path):
    code = "run_together([Part('the deaf one', is_deaf)], NOBODY, '', 1)"
    with parent(tmp_path, code) as process:
        wait_for(lambda: len(pids(tmp_path)) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "the deaf one did not end in time" in (tmp_path / "faults").read_text()
    assert not any(is_alive(pid) for pid in pids(tmp_path))


@pytest.mark.slow
def test_a_taken_port_is_said_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "flask", "start"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "CONVOKE_DATA": str(tmp_path), "PORT": port},
        )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {port} is in use" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("first", "loaded"), [(WITHOUT_DRIVER, False), ("", True)])
def test_what_runs_on_sqlite_keeps_nothing_of_postgresql_in_memory_and_every_other_process_knows_both(tmp_path, first, loaded):
    asks = "import sys; {}; import app; from sqlalchemy import Index; from engagement.kernel.base import Base; "
    asks += "found = [i for t in Base.metadata.tables.values() for i in t.indexes if 'sqlite_where' in list(i.kwargs)]; "
    asks += "print('sqlalchemy.dialects.postgresql' in sys.modules, {'postgresql_where' in list(i.kwargs) for i in found})"
    environment = {**os.environ, "CONVOKE_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", asks.replace("{}", first or "pass")], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[-2] == f"{loaded} {{{loaded}}}"
