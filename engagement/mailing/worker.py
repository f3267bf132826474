"""The worker: writes and sends what is due, woken by the bell and once a minute by the clock.

huey carries only "there is work" and the tick; what it loses costs a minute. The outbox is
the truth, so that any number of workers, and ``flask mail send`` beside them, send each
message once.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from huey import PostgresHuey, SqliteHuey, crontab

from engagement.kernel.db import db
from engagement.kernel.errors import what_broke, without_addresses
from engagement.kernel.ports import ports
from engagement.mailing import alive, guard
from engagement.mailing.batches import prepare_many
from engagement.mailing.models import State
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.rounds import Round
from engagement.mailing.sweeping import sweep
from engagement.mailing.transport import LineDownError, open_line

if TYPE_CHECKING:
    from huey.api import Huey

    from config import Settings

COUNTED = (State.SENT, State.DEFERRED, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.DOUBTFUL)
# What writing can come to, apart from bytes that are stored.
UNSENDABLE = frozenset({State.DEFERRED, State.FAILED, State.SUPPRESSED, State.CANCELLED})
QUEUE_NAME = "convoke"

log = logging.getLogger(__name__)


def _log(error: LineDownError) -> None:
    log.warning("%s; what is due waits for the next tick", without_addresses(error))


def send_due(
    stop: Callable[[], bool] = lambda: False, done: Callable[[], None] = lambda: None, down: Callable[[LineDownError], None] = _log
) -> dict[str, int]:
    """Write and send all that is due now, then return how many messages came into which state.

    ``stop`` is asked between two messages; what was claimed by then goes back. ``done`` is
    called after each message, ``down`` where the mail server cannot be used; why that is so is
    also written down for the team.
    """
    counts: Counter[str] = Counter()
    with alive.at_work() as worker:
        # Before anything else: a database that was put back must not even settle what it holds.
        guard.stand()
        counts.update(sweep())
        _do_chores()
        _prepare_all(counts, stop)
        try:
            with open_line() as line:
                Round(worker, line, counts, stop, done).go()
        except LineDownError as error:
            down(error)
            guard.note_trouble(error.trouble, error.words)
    return {state.value: counts[state] for state in COUNTED}


def _do_chores() -> None:
    for chore in ports().chores:
        try:
            chore()
        except Exception as error:  # noqa: BLE001 - a chore holds up no mail.
            db.session.rollback()
            log.error("a chore failed and is tried again at the next tick: %s", what_broke(error))  # noqa: TRY400 - no message.


def _prepare_all(counts: Counter[str], stop: Callable[[], bool]) -> None:
    while not stop() and (waiting := due_to_be_written()):
        # Where another worker was faster, what it came to is counted there.
        counts.update(state for state in prepare_many(waiting) if state in UNSENDABLE)


class Queue:
    """The queue of one application: made when it is first needed, and not before."""

    def __init__(self, settings_now: Settings, app_context: Callable[[], AbstractContextManager[Any]]) -> None:
        """Remember the application's settings and how to stand in it."""
        self._settings, self._app_context = settings_now, app_context
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._huey: Huey | None = None
        self._work: Any = None

    @property
    def huey(self) -> Huey:
        """Return the queue, opening it the first time."""
        with self._lock:
            if self._huey is None:
                self._huey = _open_queue(self._settings)
                self._work = self._huey.task(name="work")(self._run)
                self._huey.periodic_task(crontab(minute="*"), name="tick")(self._run)
        return self._huey

    def ring(self) -> None:
        """Say that there is work; several rings before the worker comes are one."""
        if not self.huey.pending_count():
            self._work()

    def _run(self) -> None:
        with self._app_context():
            send_due(self.stopping.is_set)

    def consume(self) -> None:
        """Work until SIGINT or SIGTERM; the message in hand is finished first."""
        # The periodic tick is all that keeps time, so one look a second is soon enough.
        consumer = self.huey.create_consumer(workers=1, max_delay=1.0, backoff=1.5, check_worker_health=True)
        finish = consumer._handle_signal  # noqa: SLF001 - huey has no other way to hear of a signal.

        def stop(signum: int, frame: Any) -> None:
            self.stopping.set()
            # SIGTERM would drop the running task; both end it after the message in hand.
            finish(signal.SIGINT, frame) if signum == signal.SIGTERM else finish(signum, frame)

        consumer._handle_signal = stop  # noqa: SLF001
        self.ring()
        consumer.run()


def _open_queue(chosen: Settings) -> Huey:
    if chosen.database_url.startswith("postgresql"):
        return PostgresHuey(QUEUE_NAME, dsn=chosen.database_url.replace("postgresql+psycopg://", "postgresql://", 1), results=False)
    return SqliteHuey(QUEUE_NAME, filename=str(chosen.work_queue_file), results=False, cache_mb=1)
