"""Two workers at once, and workers that are killed: nothing is sent twice by itself, nothing is lost."""

import base64
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.quick import Quick
from engagement.mailing import outbox, recording
from engagement.mailing.models import Message, MessageEvent, State
from engagement.mailing.preparing import prepare
from engagement.mailing.sweeping import sweep
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_text
from tests.support.given import a_consultation

ROOT = Path(__file__).resolve().parents[2]


def some_notices(number):
    consultation = a_consultation()
    a_text(consultation)
    return [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(number)]


def at_once(app, number, work):
    """Run ``work`` in so many threads that start together; return what each gave."""
    results, faults, start = [], [], threading.Barrier(number)

    def run():
        with app.app_context():
            start.wait()
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    return results


def test_workers_that_claim_at_once_get_different_messages(app, notices):
    messages = some_notices(24)
    for message in messages:
        prepare(message.id)
    names = iter(["a", "b", "c", "d"])
    claimed = at_once(app, 4, lambda: outbox.claim(next(names), 6))
    flat = [each for some in claimed for each in some]
    assert len(flat) == len(set(flat))
    rest = outbox.claim("e", 100)
    assert sorted([*flat, *rest], key=str) == sorted((message.id for message in messages), key=str)


def test_workers_that_send_at_once_send_each_message_once(app, post, notices):
    some_notices(12)
    counts = at_once(app, 3, send_due)
    assert sum(each["sent"] for each in counts) == 12
    assert sorted(to for _, to in post.envelopes) == sorted(f"p{each}@example.org" for each in range(12))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(MessageEvent).where(MessageEvent.state == State.QUEUED)) == 12


def test_a_message_that_somebody_else_took_over_and_is_sending_goes_once(app, notices):
    message = some_notices(1)[0]
    prepare(message.id)
    slow, quick = f"{'slow':-<57}", f"{'quick':-<57}"
    (mine,) = outbox.in_hand(outbox.claim(slow, 1))
    with writing() as session:
        session.get(Message, message.id).lease_until = now() - timedelta(seconds=1)
    sweep()
    (theirs,) = outbox.in_hand(outbox.claim(quick, 1))
    assert outbox.turn(quick, None, theirs) is State.SENDING
    # The slow one comes to it while the other one has it on the line.
    assert outbox.turn(slow, None, mine) is not State.SENDING
    with Quick() as line:
        assert outbox.quick_turn(line, slow, None, mine) is not State.SENDING
    outbox.turn(quick, outbox.Arrived(theirs, "250 taken"), None)
    db.session.rollback()
    assert db.session.get(Message, message.id, populate_existing=True).state is State.SENT


@pytest.mark.parametrize(
    "late",
    [
        lambda worker, message: recording.record_refused(worker, message.id, "451 later", permanent=False),
        lambda worker, message: recording.record_not_from_us(worker, message.id, "421 later"),
        lambda worker, message: recording.record_unknown(worker, message.id, "the line broke"),
    ],
)
def test_what_a_worker_hears_too_late_says_nothing_of_what_another_is_sending(app, notices, late):
    message = some_notices(1)[0]
    prepare(message.id)
    (mine,) = outbox.in_hand(outbox.claim("suspended", 1))
    assert outbox.turn("suspended", None, mine) is State.SENDING
    with writing() as session:
        row = session.get(Message, message.id)
        row.claimed_by, row.attempts = "another", row.attempts + 1
    late("suspended", message)
    assert db.session.get(Message, message.id, populate_existing=True).state is State.SENDING
    late("another", message)
    assert db.session.get(Message, message.id, populate_existing=True).state in {State.DEFERRED, State.DOUBTFUL}


def installation_of(app):
    """Return the environment in which a process of its own runs the installation under test."""
    settings = app.config["SETTINGS"]
    key = base64.b64encode(next(iter(settings.encryption_keys.values()))).decode()
    return {
        "CONVOKE_DATA": str(settings.data_folder), "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": f"test:{key}", "PYTHONPATH": str(ROOT),
    }  # fmt: skip


KILLED = """
import os, sys
from engagement import create_app
from engagement.mailing import outbox, worker
app = create_app()
with app.app_context():
    app.extensions["mail"].port = int(sys.argv[1])
    turn = outbox.quick_turn
    def dies(quick, worker, arrived, following):
        if (arrived is not None) == (sys.argv[2] == "arrived"):
            os.kill(os.getpid(), 9)
        return turn(quick, worker, arrived, following)
    outbox.quick_turn = dies
    worker._prepare_all = lambda *_: None
    worker.send_due()
"""


@pytest.mark.slow
@pytest.mark.usefixtures("notices")
@pytest.mark.parametrize(("dies_in", "arrived"), [("arrived", 1), ("before", 0)])
def test_a_worker_that_is_killed_leaves_a_row_that_says_how_far_it_came(app, post, data_folder, dies_in, arrived):
    message = some_notices(1)[0]
    prepare(message.id)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(post.port), dies_in],
        env={**os.environ, **installation_of(app)},
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(post.received) == arrived
    with writing() as session:
        row = session.get(Message, message.id, populate_existing=True)
        assert row.state is (State.SENDING if arrived else State.CLAIMED)
        row.lease_until = now() - timedelta(seconds=1)
    counts = send_due()
    db.session.rollback()
    state = db.session.get(Message, message.id, populate_existing=True).state
    assert len(post.received) == 1
    assert (state, counts["doubtful"]) == ((State.DOUBTFUL, 1) if arrived else (State.SENT, 0))
