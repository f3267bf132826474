"""The guard of the outbox: a database that was put back to an older state sends nothing by itself.

A generation rises each time that a worker takes messages in hand. It is stored in the database
and, before any of them goes, in a file that is no part of the database or of its backups. The
database is written first, so that the file is never ahead of it, however a worker ends. A file
that is ahead was written by a later state of this database, one that has sent what this one
still holds to be unsent. A file of another installation, or none beside a database that has
sent, says that the database came from elsewhere; it is treated the same.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import and_, func, select, update

from engagement.kernel.clock import now
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.holding import UNSENT, carry_out
from engagement.mailing.models import Hold, MailGuard, MailHold, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

# An order with this end is not settled: what is owed of before is still to be planned.
NOT_YET = datetime(9999, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


class RestoredError(RuntimeError):
    """This database was put back to an older state while a worker ran; nothing more may go before ``stand`` was called."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """How far an installation has come with sending."""

    installation: UUID
    generation: int


def stand() -> None:
    """Hold what must not go by itself, before anything goes: what is of before a restore, and what nobody was there to send."""
    # One after the other: a second worker must not find the database written and the file not yet.
    with _alone():
        with writing() as session:
            row = _row(session)
            kept = read_stamp()
            if row.generation == 0 and (kept is None or kept.installation != row.id):
                # A new installation. The file comes first here alone: there is nothing yet that could be of before.
                kept = _write(Stamp(row.id, 0))
            _order(session, row, kept)
            stamp = Stamp(row.id, row.generation)
        _write(stamp)
    _hold_what_is_owed()
    carry_out()


def _order(session: Session, row: MailGuard, kept: Stamp | None) -> None:
    """Order in this transaction what is to be held, and count one generation up."""
    moment = now()
    if was_restored(Stamp(row.id, row.generation), kept):
        log.warning("the database was put back to an older state, or comes from elsewhere: what it holds unsent waits for the team")
        session.add(MailHold(because=Hold.RESTORED, until=NOT_YET))
        row.generation = max(row.generation, kept.generation if kept else 0)
    elif row.ran_at is None or row.ran_at <= moment - backlog_limit():
        _hold_what_is_too_old(session, moment - backlog_limit())
    row.generation += 1
    row.ran_at = moment


def was_restored(stored: Stamp, kept: Stamp | None) -> bool:
    """Return whether a database that says ``stored`` is older than the file that says ``kept``, or from elsewhere."""
    if kept is not None and kept.installation == stored.installation:
        return kept.generation > stored.generation
    # A new database has never sent.
    return stored.generation > 0


def backlog_limit() -> timedelta:
    """Return for how long something may be due with nobody there, before the team decides on it."""
    return timedelta(hours=settings().mail_backlog_hours)


def _hold_what_is_too_old(session: Session, limit: datetime) -> None:
    late = select(Message.id).where(Message.state.in_(UNSENT), Message.held_because.is_(None), Message.due_at < limit)
    if session.scalar(late.limit(1)) is not None:
        session.add(MailHold(because=Hold.TOO_OLD, until=limit))
    for wait in ports().absent:
        wait(limit)


def _hold_what_is_owed() -> None:
    """Have what the restored state owes be planned, or wait: the order to hold covers it then. Until that is done, nothing goes."""
    unsettled = and_(MailHold.because == Hold.RESTORED, MailHold.until == NOT_YET)
    if db.session.scalar(select(MailHold.id).where(unsettled).limit(1)) is None:
        return
    for wait in ports().restored:
        wait()
    with writing() as session:
        newest = session.scalar(select(func.max(Message.created_at)).where(Message.state.in_(UNSENT)))
        until = max(now(), newest or now())
        session.execute(update(MailHold).where(unsettled).values(until=until).execution_options(synchronize_session=False))


def raise_generation(session: Session) -> Stamp:
    """Count one generation up in this transaction, and return it for ``keep_stamp``. Raises RestoredError."""
    risen = update(MailGuard).values(generation=MailGuard.generation + 1).returning(MailGuard.id, MailGuard.generation)
    risen = risen.execution_options(synchronize_session=False)
    found = session.execute(risen).first()
    if found is None:
        _row(session)
        found = session.execute(risen).one()
    stamp = Stamp(*found)
    kept = read_stamp()
    if kept is not None and kept.installation == stamp.installation and kept.generation >= stamp.generation:
        raise RestoredError
    return stamp


def _row(session: Session) -> MailGuard:
    chosen = select(MailGuard).with_for_update().execution_options(populate_existing=True)
    row = session.scalar(chosen)
    if row is None:
        row = MailGuard(the_only_one=True, generation=0, trouble="", trouble_words="")
        # Two workers of a new installation may come at the same moment.
        row = stored_once(session, row, chosen)
    return row


def stamp_file() -> Path:
    """Return the file beside the database that says how far this machine has come with sending."""
    return settings().data_folder / "mail-generation.json"


def read_stamp() -> Stamp | None:
    """Return what the file says; None where there is none, or none that can be read."""
    try:
        said = json.loads(stamp_file().read_text(encoding="ascii"))
        return Stamp(UUID(said["installation"]), int(said["generation"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep_stamp(stamp: Stamp) -> None:
    """Have the file say ``stamp``, on the disk, unless it says a later generation already."""
    try:
        with _alone():
            kept = read_stamp()
            if kept is None or kept.installation != stamp.installation or kept.generation < stamp.generation:
                _write(stamp)
    except OSError as error:
        log.error("the generation of the outbox cannot be kept in the data folder: %s", type(error).__name__)  # noqa: TRY400 - no trace.


def _write(stamp: Stamp) -> Stamp:
    path = stamp_file()
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="ascii") as file:
        json.dump({"installation": str(stamp.installation), "generation": stamp.generation}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return stamp


@contextmanager
def _alone() -> Iterator[None]:
    """Keep the other workers of this machine from writing the file at the same time."""
    with stamp_file().with_suffix(".lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def note_trouble(name: str, words: str = "") -> None:
    """Write down for the team why the mail server cannot be used; an empty name says that it can."""
    seen = db.session.execute(select(MailGuard.trouble, MailGuard.trouble_words)).first()
    if seen is not None and (seen.trouble, seen.trouble_words) == (name, words):
        return
    with writing() as session:
        row = _row(session)
        row.trouble_since = (row.trouble_since if row.trouble else now()) if name else None
        row.trouble, row.trouble_words = name, words[:300]


def trouble() -> MailGuard | None:
    """Return the guard's row where it says why the mail server cannot be used; None where it can."""
    return db.session.scalar(select(MailGuard).where(MailGuard.trouble != ""))
