"""The database, and the only two ways to be in a transaction: reading, and ``writing()``.

Reading is the default and cannot write: SQLite runs it with ``query_only`` on, PostgreSQL
with ``READ ONLY``. ``writing()`` takes SQLite's write lock at once (BEGIN IMMEDIATE), so
two writers queue instead of failing, and joins the transaction that already writes, so
that one verb can call another. During a GET or HEAD request ``writing()`` refuses: that a
link never changes anything by being fetched is a property of this file.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from engagement.kernel.base import Base
from engagement.kernel.turns import turn_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection


class ReadOnlyRequestError(RuntimeError):
    """Something tried to write while a page was only being fetched."""


# expire_on_commit is off so that a verb's result can be shown after its transaction ended.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_fetching: ContextVar[bool] = ContextVar("fetching", default=False)

SQLITE_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "secure_delete=ON",
    "trusted_schema=OFF",
    # Up to 16 MB of changes wait beside the database: a page that changes often is copied into it once.
    "wal_autocheckpoint=4000",
)


@contextmanager
def writing() -> Iterator[Session]:
    """Open the transaction of a verb: everything in the block is stored, or nothing is.

    Rows that were read before are read again, under the write lock. Inside another
    ``writing()`` it joins that transaction. Raises ReadOnlyRequestError during a GET.
    """
    session = db.session()
    if _writing.get():
        yield session
        return
    if _fetching.get():
        msg = "a page that is only fetched must not write"
        raise ReadOnlyRequestError(msg)
    session.rollback()
    # A rollback forgets nothing where no transaction is open: without this, two verbs in
    # one context would work on what the first one read (27 of 200 updates survived).
    session.expire_all()
    with _turn():
        token = _writing.set(True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _writing.reset(token)


def _turn() -> AbstractContextManager[None]:
    """Return the wait for this writer's turn: SQLite has one writer at a time, PostgreSQL needs none of this."""
    url = db.engine.url
    if url.get_backend_name() != "sqlite":
        return nullcontext()
    in_memory = not url.database or ":memory:" in url.database or "mode" in url.query
    return turn_at(None if in_memory else url.database)


@contextmanager
def fetching() -> Iterator[None]:
    """Forbid every write in the block, as during a GET request."""
    token = _fetching.set(True)
    try:
        yield
    finally:
        _fetching.reset(token)


@contextmanager
def beside_the_request(only: str) -> Iterator[Connection]:
    """Open a second connection that may write during a GET.

    ``only`` names the entry of the closed list that allows it: ``last_seen`` (when a staff
    session was last used) or ``sensitive_read`` (the audit of who looked at what).
    """
    if only not in {"last_seen", "sensitive_read"}:
        msg = f"{only} is not on the closed list of writes during a GET"
        raise ReadOnlyRequestError(msg)
    # Whoever writes already has the turn; a second writer would wait for the first for ever.
    with nullcontext() if _writing.get() else _turn():
        writes, fetches = _writing.set(True), _fetching.set(False)
        try:
            with db.engine.begin() as connection:
                yield connection
        finally:
            _writing.reset(writes)
            _fetching.reset(fetches)


@contextmanager
def migrating() -> Iterator[None]:
    """Let the migrations write: they run on connections of their own."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


def is_writing() -> bool:
    """Return whether the current code runs inside ``writing()``."""
    return _writing.get()


@event.listens_for(Engine, "connect")
def _set_up_connection(connection: Any, record: Any) -> None:  # noqa: ARG001
    if type(connection).__module__.startswith("sqlite3"):
        # The driver's own transaction mode loses updates; the begin event below decides.
        connection.isolation_level = None
        for setting in SQLITE_SETTINGS:
            connection.execute(f"PRAGMA {setting}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    may_write = _writing.get() and not _fetching.get()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if may_write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write else "BEGIN")
    elif not may_write:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
