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
from typing import TYPE_CHECKING, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as RoutingSession
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from engagement.kernel.base import Base
from engagement.kernel.turns import turn_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Select
    from sqlalchemy.orm import Session

T = TypeVar("T")


class NeedsSessionError(RuntimeError):
    """A verb was called in a transaction that has no session; the caller begins again with one."""


class ReadOnlyRequestError(RuntimeError):
    """Something tried to write while a page was only being fetched."""


_writing: ContextVar[bool] = ContextVar("writing", default=False)
# The transaction without a session that is open now (``kernel.quick``).
quick_now: ContextVar[object | None] = ContextVar("quick_now", default=None)
_fetching: ContextVar[bool] = ContextVar("fetching", default=False)
# The engine whose connections write, on SQLite: a connection that changes between reading and writing
# forgets its prepared statements each time, and preparing them again is half the work of a small page.
WRITERS = "writers"


class _Session(RoutingSession):
    """A session that reads over one connection and writes over another, in two transactions as ever."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:  # noqa: ARG002
        """Return the engine for what is asked now."""
        engines = self._db.engines
        return engines[WRITERS if _writing.get() and WRITERS in engines else None]


# expire_on_commit is off so that a verb's result can be shown after its transaction ended.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": _Session})


def engine_settings(url: str) -> dict[str, object]:
    """Return what Flask-SQLAlchemy needs to know of the database at ``url``."""
    # The text of a database's error would print what was being stored: names, addresses.
    options = {"hide_parameters": True}
    found: dict[str, object] = {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    return found | {"SQLALCHEMY_BINDS": {WRITERS: {"url": url, **options}}} if url.startswith("sqlite") else found


def close_connections(*, forked: bool = False) -> None:
    """Close every connection; ``forked``: forget those that belong to the process that this one was forked from."""
    for engine in db.engines.values():
        engine.dispose(close=not forked)


_MAY_WRITE = "may_write"
CHECKPOINT_PAGES = 4000
SQLITE_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "secure_delete=ON",
    "trusted_schema=OFF",
    # Up to 16 MB of changes wait beside the database: a page that changes often is copied into it once.
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
)


@contextmanager
def writing() -> Iterator[Session]:
    """Open the transaction of a verb: everything in the block is stored, or nothing is.

    Rows that were read before are read again, under the write lock. Inside another
    ``writing()`` it joins that transaction. Raises ReadOnlyRequestError during a GET.
    """
    if quick_now.get() is not None:
        raise NeedsSessionError
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
    with waits_for_its_turn():
        token = _writing.set(True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _writing.reset(token)


def waits_for_its_turn() -> AbstractContextManager[None]:
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
    with nullcontext() if _writing.get() else waits_for_its_turn():
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


@contextmanager
def unless_stored_already(session: Session) -> Iterator[None]:
    """Store what is added in the block at once; if another transaction was faster, only the block is undone.

    Raises IntegrityError then. On SQLite nobody can be faster, since whoever writes holds the
    only lock, and no savepoint is needed.
    """
    with session.begin_nested() if db.engine.dialect.name == "postgresql" else nullcontext():
        yield
        session.flush()


def stored_once(session: Session, row: T, chosen: Select[T]) -> T:
    """Store ``row`` and return it; where another transaction was faster, what ``chosen`` finds of it.

    Raises IntegrityError where ``chosen`` finds nothing: then it was another constraint. Only ``row`` is undone.
    """
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        there = session.scalar(chosen)
        if there is None:
            raise
        return there
    return row


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
        # Said to the driver itself, since every transaction begins here.
        driver: Any = connection.connection.driver_connection
        if connection.info.get(_MAY_WRITE) is not may_write:
            # Only where it changes: SQLite forgets its prepared statements each time.
            driver.execute(f"PRAGMA query_only={'OFF' if may_write else 'ON'}")
            connection.info[_MAY_WRITE] = may_write
        driver.execute("BEGIN IMMEDIATE" if may_write else "BEGIN")
    elif not may_write:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
