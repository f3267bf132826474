"""A database that was put back to an older state, or that nobody sent from for long, sends nothing by itself."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from engagement.consultations.models import Status
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing import guard, outbox
from engagement.mailing.guard import Stamp, was_restored
from engagement.mailing.models import Hold, MailGuard, MailHold, Message, State
from engagement.mailing.preparing import prepare
from engagement.mailing.service import send_again
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_text, begin_sending, state_of
from tests.mailing.test_sending import change, stored
from tests.mailing.test_two_workers import installation_of
from tests.support.given import a_consultation


def notices_to(*names, **more):
    consultation = a_consultation()
    a_text(consultation)
    return [a_notice(a_person(consultation, f"{name}@example.org"), **more) for name in names]


def put_back():
    """Do to the database's own count what putting back a backup does to it: it falls behind the file's."""
    with writing() as session:
        session.execute(update(MailGuard).values(generation=MailGuard.generation - 1))


def hold_of(message):
    return stored(message).held_because


def test_a_restored_database_sends_nothing_of_before_and_everything_new(post, notices):
    sent, *rest = notices_to("a", "b", "c", "d", "e")
    planned, queued, deferred, later = rest
    send_first = [each.id for each in rest]
    with writing() as session:
        session.execute(update(Message).where(Message.id.in_(send_first)).values(due_at=now() + timedelta(days=1)))
    send_due()
    send_due()
    prepare(queued.id)
    prepare(deferred.id)
    for each in (planned, queued, deferred):
        change(each, due_at=now())
    change(deferred, state=State.DEFERRED)
    put_back()
    assert send_due()["sent"] == 0
    assert {hold_of(each) for each in (planned, queued, deferred, later)} == {Hold.RESTORED}
    assert hold_of(sent) is None
    other = a_consultation("other")
    a_text(other)
    a_notice(a_person(other, "z@example.org"))
    assert send_due()["sent"] == 1
    assert len(post.received) == 2


def _consultation_of(message):
    from engagement.consultations.models import Consultation

    return db.session.get(Consultation, message.consultation_id)


def test_what_was_being_sent_in_the_restored_state_is_doubtful_and_what_was_claimed_is_held(post, notices, app, monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mail_resend_doubtful=True))
    first, second = notices_to("a", "b")
    guard.stand()
    for each in (first, second):
        prepare(each.id)
    assert len(outbox.claim("one of then")) == 2
    begin_sending(first.id, "one of then")
    put_back()
    send_due()
    assert (state_of(first), hold_of(first)) == (State.DOUBTFUL, None)
    assert (state_of(second), hold_of(second)) == (State.QUEUED, Hold.RESTORED)
    assert not post.received
    send_again(message_id=first.id, actor=SYSTEM)
    assert send_due()["sent"] == 1


def test_a_file_of_another_installation_or_none_beside_a_database_that_has_sent_is_a_restore_too(post, notices):
    send_due()
    for spoil in (
        lambda: guard.stamp_file().unlink(),
        lambda: guard.stamp_file().write_text(json.dumps({"installation": str(uuid4()), "generation": 1})),
        lambda: guard.stamp_file().write_text("not JSON"),
    ):
        consultation = a_consultation(f"c{uuid4().hex[:8]}")
        a_text(consultation)
        message = a_notice(a_person(consultation))
        spoil()
        assert send_due()["sent"] == 0
        assert hold_of(message) is Hold.RESTORED
    assert not post.received


def test_a_new_database_sends_whatever_file_it_finds(post, notices):
    notices_to("a")
    guard.stamp_file().write_text(json.dumps({"installation": str(uuid4()), "generation": 5000}))
    assert send_due()["sent"] == 1
    assert guard.read_stamp().generation < 5000


def test_a_copy_made_before_anything_was_ever_sent_sends_nothing_twice(post, notices):
    message = notices_to("a")[0]
    send_due()
    with writing() as session:
        session.execute(update(MailGuard).values(generation=0, ran_at=None))
    change(message, state=State.PLANNED, sent_at=None)
    assert send_due()["sent"] == 0
    assert hold_of(message) is Hold.RESTORED


def test_the_generation_rises_with_every_handful_and_the_file_is_never_ahead(post, notices):
    notices_to("a", "b")
    seen = []
    for _ in range(3):
        send_due()
        db.session.rollback()
        seen.append(db.session.scalar(select(MailGuard.generation)))
        assert guard.read_stamp().generation <= seen[-1]
    assert seen == sorted(set(seen))


def test_a_database_that_is_put_back_while_a_worker_runs_sends_nothing_more_of_before(app, post, notices):
    messages = notices_to("a", "b")
    guard.stand()
    for each in messages:
        prepare(each.id)
    outbox.claim("w", 1)
    outbox.release("w")
    put_back()
    with pytest.raises(guard.RestoredError):
        outbox.claim("w", 1)
    assert {state_of(each) for each in messages} == {State.QUEUED}
    assert send_due()["sent"] == 0
    assert {hold_of(each) for each in messages} == {Hold.RESTORED}


def test_a_worker_that_is_killed_between_the_two_writes_holds_nothing_and_forgets_nothing(post, notices, monkeypatch):
    send_due()
    with monkeypatch.context() as patched:
        patched.setattr(guard, "_write", lambda _: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            guard.stand()
    message = notices_to("a")[0]
    assert send_due()["sent"] == 1
    assert state_of(message) is State.SENT


def test_a_hold_that_was_ordered_and_not_carried_out_still_stands(post, notices, monkeypatch):
    from engagement.mailing import holding

    send_due()
    messages = notices_to("a", "b", "c")
    put_back()
    with monkeypatch.context() as patched:
        patched.setattr(guard, "carry_out", lambda: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send_due()
    assert {hold_of(each) for each in messages} == {None}
    assert outbox.claim("another", 5) == []
    monkeypatch.setattr(holding, "AT_ONCE", 1)
    send_due()
    assert {hold_of(each) for each in messages} == {Hold.RESTORED}
    assert not db.session.scalars(select(MailHold)).all()


def nobody_was_there_for(hours):
    with writing() as session:
        session.execute(update(MailGuard).values(ran_at=now() - timedelta(hours=hours)))


def test_what_was_due_for_long_with_nobody_there_waits_for_the_team(post, notices):
    send_due()
    old, recent, retried = notices_to("a", "b", "c")
    change(old, due_at=now() - timedelta(hours=80))
    change(recent, due_at=now() - timedelta(hours=10))
    prepare(retried.id)
    change(retried, state=State.DEFERRED, due_at=now() - timedelta(hours=1))
    nobody_was_there_for(79)
    assert send_due()["sent"] == 2
    assert (state_of(old), hold_of(old)) == (State.PLANNED, Hold.TOO_OLD)


def test_what_a_worker_could_not_send_for_long_is_not_too_old(post, notices, app):
    message = notices_to("a")[0]
    send_due()
    change(message, state=State.QUEUED, sent_at=None, due_at=now() - timedelta(days=30))
    assert send_due()["sent"] == 1


def test_an_installation_whose_worker_starts_late_asks_first(post, notices):
    old = notices_to("a")[0]
    change(old, due_at=now() - timedelta(days=10))
    assert send_due()["sent"] == 0
    assert hold_of(old) is Hold.TOO_OLD


def test_messages_of_a_paused_consultation_are_not_lost_to_a_hold(post, notices):
    message = notices_to("a")[0]
    send_due()
    change(message, state=State.QUEUED, sent_at=None)
    change(_consultation_of(message), status=Status.PAUSED)
    put_back()
    send_due()
    assert hold_of(message) is Hold.RESTORED


@given(stored_at=st.integers(0, 9), kept_at=st.integers(0, 9), same=st.booleans(), there=st.booleans())
def test_only_a_new_database_or_one_at_least_as_far_as_its_file_is_trusted(stored_at, kept_at, same, there):
    own = uuid4()
    kept = Stamp(own if same else uuid4(), kept_at) if there else None
    trusted = stored_at >= kept_at if there and same else stored_at == 0
    assert was_restored(Stamp(own, stored_at), kept) is not trusted


SEND = ["-m", "flask", "mail", "send", "--json"]


@pytest.mark.slow
def test_a_real_copy_of_the_database_that_is_put_back_sends_nothing_twice(tmp_path):
    """The whole of it, with files and processes: back up, send, put back, send."""
    from tests.crash.program import an_installation, run

    with an_installation(tmp_path, 20) as installation:
        database = tmp_path / "convoke.sqlite3"
        shutil.copyfile(database, tmp_path / "backup")
        first = json.loads(run(installation, SEND).stdout)
        assert first["sent"] == 20
        for ending in ("-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        shutil.copyfile(tmp_path / "backup", database)
        again = json.loads(run(installation, SEND).stdout)
        assert (again["sent"], again["held"]) == (0, {"restored": 20})
        assert len(installation.sink.arrived) == 20
        released = run(installation, ["-m", "flask", "mail", "release", "--everything", "--cancel", "--yes"]).stdout
        assert "20 messages cancelled" in released


def test_two_first_workers_of_a_new_installation_hold_nothing(app, post, notices, data_folder):
    with writing() as session:
        session.execute(delete(MailGuard))
    notices_to(*"abcdef")
    from tests.mailing.test_two_workers import at_once

    counts = at_once(app, 3, send_due)
    assert sum(each["sent"] for each in counts) == len(post.received) == 6


@pytest.mark.slow
def test_a_worker_killed_while_it_begins_leaves_the_next_one_free_to_send(app, post, notices, data_folder):
    notices_to("a")
    code = (
        "import os; from engagement import create_app; from engagement.mailing import guard, worker\n"
        "app = create_app(); guard.carry_out = lambda: os.kill(os.getpid(), 9)\n"
        "with app.app_context(): worker.send_due()"
    )
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, **installation_of(app)}, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert send_due()["sent"] == 1
