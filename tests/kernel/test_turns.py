"""Turns at writing: in order, one at a time among threads and processes, and never an error where there are none."""

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from engagement.accounts.models import User
from engagement.kernel import turns
from engagement.kernel.db import beside_the_request, db, fetching, writing
from engagement.kernel.turns import DOOR, ROOM, Line, turn_at
from tests.support.given import an_account

ROOT = Path(__file__).resolve().parents[2]


def in_threads(works):
    errors = []

    def guarded(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test wants to see it.
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    return threads, errors


def test_threads_get_their_turn_in_the_order_in_which_they_came():
    line, order = Line(), []
    line.enter()

    def work(number):
        line.enter()
        order.append(number)
        line.leave()

    threads = []
    for number in range(20):
        threads += in_threads([lambda number=number: work(number)])[0]
        while len(line._waiting) <= number:
            time.sleep(0.001)
    line.leave()
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    line.enter()


def test_whoever_gives_up_waiting_holds_up_nobody():
    line = Line()
    line.enter()
    given_up = threading.Lock()
    given_up.acquire()
    line._waiting.append(given_up)
    line._give_up(given_up)
    line.leave()
    line.enter()
    # The turn was handed over in the moment of giving up: it goes on to the next.
    line._give_up(threading.Lock())
    line.enter()


@pytest.mark.slow
def test_200_threads_that_write_at_once_lose_nothing_and_none_of_them_fails(app):
    user_id = an_account(name="0").id
    db.session.remove()

    def count_up():
        with app.app_context():
            with writing() as session:
                user = session.get(User, user_id, with_for_update=True, populate_existing=True)
                user.name = str(int(user.name) + 1)
            db.session.remove()

    threads, errors = in_threads([count_up] * 200)
    for thread in threads:
        thread.join()
    assert errors == []
    db.session.rollback()
    assert db.session.get(User, user_id).name == "200"


WRITES = """
import sys
from app import app
from engagement.accounts.models import User
from engagement.kernel.db import writing
from uuid import UUID
with app.app_context():
    for _ in range(int(sys.argv[2])):
        with writing() as session:
            user = session.get(User, UUID(sys.argv[1]), with_for_update=True, populate_existing=True)
            user.name = str(int(user.name) + 1)
"""


def environment_of(app, data_folder):
    import base64

    settings = app.config["SETTINGS"]
    key = base64.b64encode(next(iter(settings.encryption_keys.values()))).decode()
    return {
        **os.environ, "CONVOKE_DATA": str(data_folder), "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": f"test:{key}", "PYTHONPATH": str(ROOT),
    }  # fmt: skip


@pytest.mark.slow
def test_four_processes_that_write_without_a_pause_lose_nothing_and_none_of_them_fails(app, data_folder):
    user_id = an_account(name="0").id
    db.session.remove()
    command = [sys.executable, "-c", WRITES, str(user_id), "60"]
    writers = [subprocess.Popen(command, env=environment_of(app, data_folder), cwd=ROOT) for _ in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    db.session.rollback()
    assert db.session.get(User, user_id).name == "240"


HOLDS = """
import sys, time
from engagement.kernel.turns import turn_at
with turn_at(sys.argv[1]):
    print("in", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def another_process_that_holds(path, seconds):
    held = subprocess.Popen([sys.executable, "-c", HOLDS, path, str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert held.stdout.readline() == "in\n"
    return held


@pytest.mark.slow
def test_a_process_waits_for_the_turn_of_another_and_a_killed_one_gives_it_back(tmp_path):
    path = str(tmp_path / "database")
    held = another_process_that_holds(path, 30)
    got = threading.Event()

    def wait():
        with turn_at(path):
            got.set()

    (thread,), errors = in_threads([wait])
    assert not got.wait(0.3)
    held.kill()
    held.wait()
    held.stdout.close()
    thread.join(5)
    assert got.is_set()
    assert errors == []


WAITS = """
import sys
from engagement.kernel.turns import turn_at
print("ready", flush=True)
with turn_at(sys.argv[1]):
    print("in", flush=True)
"""


@pytest.mark.slow
def test_whoever_waits_comes_before_the_one_who_was_just_in(tmp_path):
    path = str(tmp_path / "database")
    with turn_at(path):
        other = subprocess.Popen([sys.executable, "-c", WAITS, path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert other.stdout.readline() == "ready\n"
        # It is through the door when nobody else can be.
        while not door_is_taken(path):
            time.sleep(0.01)
    with turn_at(path):
        assert other.stdout.readline() == "in\n"
    other.wait()
    other.stdout.close()


def door_is_taken(path):
    import fcntl

    with Path(path + DOOR).open("ab") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_where_there_are_no_such_locks_writers_stand_in_line_in_their_process_only(tmp_path, monkeypatch):
    def no_such_lock(*_):
        raise OSError

    monkeypatch.setattr(turns, "flock", no_such_lock)
    with turn_at(str(tmp_path / "database")):
        pass
    with turn_at(str(tmp_path / "no" / "such" / "folder" / "database")):
        pass
    with turn_at(None):
        pass


def test_a_turn_ends_with_the_block_whatever_happens_in_it(tmp_path):
    path = str(tmp_path / "database")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turn_at(path):
            raise ZeroDivisionError
    assert not door_is_taken(path)
    assert {each.name for each in tmp_path.iterdir()} == {f"database{DOOR}", f"database{ROOM}"}


def test_a_process_that_was_forked_while_a_thread_was_writing_writes_too(tmp_path):
    path, inside, leave = str(tmp_path / "database"), threading.Event(), threading.Event()

    def hold():
        with turn_at(None):
            inside.set()
            leave.wait(20)

    (thread,), _ = in_threads([hold])
    inside.wait()
    with warnings.catch_warnings():
        # Newer Pythons warn of a fork beside threads, which is what this is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        with turn_at(None), turn_at(path):
            os._exit(7)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_verb_inside_a_verb_and_a_note_beside_a_page_wait_for_nobody(app):
    with writing(), writing():
        an_account("one@example.org")
    with fetching(), beside_the_request("last_seen"):
        pass
