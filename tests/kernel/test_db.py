"""Transactions: reading cannot write, writers queue, and nothing is lost."""

import fcntl
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engagement.accounts.models import User
from engagement.consultations.models import Consultation
from engagement.kernel.clock import now
from engagement.kernel.db import ReadOnlyRequestError, beside_the_request, db, fetching, stored_once, writing
from engagement.mailing.models import Suppression, Why
from tests.support.given import a_consultation, an_account

THREADS, ROUNDS = 8, 25


def test_a_block_that_fails_stores_nothing(app):
    a_consultation()

    def fail():
        with writing() as session:
            session.scalar(select(Consultation)).contact_phone = "changed"
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.session.scalar(select(Consultation.contact_phone)) == ""


def test_a_verb_inside_a_verb_joins_its_transaction(app):
    def fail():
        with writing():
            a_consultation()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.session.scalar(select(func.count()).select_from(Consultation)) == 0


def test_outside_writing_the_database_itself_refuses(app):
    a_consultation()
    db.session.rollback()
    with pytest.raises(DBAPIError):
        db.session.execute(text("UPDATE consultation SET contact_phone = 'changed'"))
    db.session.rollback()
    assert db.session.scalar(select(Consultation.contact_phone)) == ""


def test_a_fetch_cannot_open_a_writing_transaction(app):
    with fetching(), pytest.raises(ReadOnlyRequestError), writing():
        pass


def test_only_the_closed_list_is_written_beside_a_fetch(app):
    with pytest.raises(ReadOnlyRequestError), beside_the_request("anything"):
        pass


def test_rows_are_read_again_under_the_write_lock(app):
    consultation = a_consultation()
    assert db.session.get(Consultation, consultation.id).contact_phone == ""

    def change():
        with app.app_context(), writing() as session:
            session.get(Consultation, consultation.id).contact_phone = "555-0100"

    in_threads(change, 1)
    with writing() as session:
        assert session.get(Consultation, consultation.id).contact_phone == "555-0100"


def in_threads(work, count=THREADS):
    """Run ``work`` in threads and return the errors that it raised."""
    errors = []

    def guarded():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it.
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.slow
def test_no_update_is_lost_among_eight_threads(app, pytestconfig):
    user_id = an_account(name="0").id
    db.session.remove()

    def count_up():
        with app.app_context():
            for _ in range(ROUNDS):
                with writing() as session:
                    # SQLite holds the write lock from the start; PostgreSQL is told which row is meant.
                    user = session.scalar(select(User).where(User.id == user_id).with_for_update())
                    user.name = str(int(user.name) + 1)

    assert in_threads(count_up) == []
    assert db.session.get(User, user_id).name == str(THREADS * ROUNDS)


def test_sqlite_is_set_up_to_survive_a_crash(app, pytestconfig):
    if pytestconfig.getoption("--database") != "sqlite":
        return
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "trusted_schema": 0}
    with db.engine.connect() as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_a_page_that_writes_while_it_is_fetched_fails(planted):
    from flask import Blueprint

    from engagement.kernel.policy import PUBLIC
    from tests.app.house import policy

    room = Blueprint("planted", __name__)

    @room.route("/by-verb", methods=["GET", "POST"])
    def by_verb():
        an_account("planted@example.org")
        return "written"

    @room.get("/past-the-verb")
    def past_the_verb():
        db.session.execute(text("UPDATE consultation SET contact_phone = 'changed'"))
        db.session.commit()
        return "written"

    planted.register_blueprint(room)
    policy(planted).update({"planted.by_verb": PUBLIC, "planted.past_the_verb": PUBLIC})
    a_consultation()
    client = planted.test_client()
    for address in ("/by-verb", "/past-the-verb"):
        with pytest.raises((ReadOnlyRequestError, DBAPIError)):
            client.get(address)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(User)) == 0
    assert db.session.scalar(select(Consultation.contact_phone)) == ""
    assert client.post("/by-verb").text == "written"


def test_the_error_of_a_database_tells_no_values(app):
    with pytest.raises(DBAPIError) as raised, writing() as session:
        session.execute(text("SELECT * FROM no_such_table WHERE name = :name"), {"name": "Ada Lovelace"})
    assert "Lovelace" not in str(raised.value)


def test_a_writer_waits_for_its_turn_among_whole_processes(app):
    """Another process is another open file: on SQLite whoever holds the turn is waited for, on PostgreSQL nobody is."""
    waits = db.engine.dialect.name == "sqlite"
    stored = threading.Event()

    def write():
        with app.app_context():
            a_consultation()
            stored.set()
            db.session.remove()

    writer = threading.Thread(target=write)
    with Path(f"{app.config['SETTINGS'].data_folder}/convoke.sqlite3.turn").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        writer.start()
        assert stored.wait(0.3 if waits else 20) is not waits
    writer.join(20)
    assert db.session.scalar(select(func.count()).select_from(Consultation)) == 1


def test_whoever_has_written_reads_again_without_being_able_to_write(app):
    for number in range(3):
        a_consultation(f"number-{number}")
        with pytest.raises(DBAPIError):
            db.session.execute(text("UPDATE consultation SET contact_phone = 'changed'"))
        db.session.rollback()
    assert set(db.session.scalars(select(Consultation.contact_phone))) == {""}


def test_what_is_there_already_is_found_and_the_rest_of_the_transaction_stands(app):
    with writing() as session:
        first = stored_once(session, a_suppression(b"1"), suppressed(b"1"))
        session.add(a_suppression(b"2"))
        assert stored_once(session, a_suppression(b"1"), suppressed(b"1")) is first
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 2


def test_a_row_that_breaks_another_rule_than_the_one_it_is_looked_up_by_is_refused_alone(app):
    with writing() as session:
        session.add(a_suppression(b"1"))
        with pytest.raises(IntegrityError):
            stored_once(session, a_suppression(b"1"), suppressed(b"3"))
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 1


def a_suppression(index):
    return Suppression(address_index=index * 32, reason=Why.STAFF, at=now())


def suppressed(index):
    return select(Suppression).where(Suppression.address_index == index * 32)
