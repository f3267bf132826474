"""One worker's round over what is due: it takes some in hand, and they go one after the other over one line."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from engagement.kernel.clock import now
from engagement.kernel.errors import without_addresses
from engagement.kernel.quick import Quick
from engagement.kernel.settings import settings
from engagement.mailing import domains, guard, outbox, recording
from engagement.mailing.hand import Arrived, Outgoing, in_hand
from engagement.mailing.models import State
from engagement.mailing.transport import (
    Accepted,
    Line,
    LineDownError,
    LineTrouble,
    NotFromUs,
    Refused,
    StoredMessage,
    envelope_sender,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

# So many are claimed, read and opened at once.
IN_HAND = 200
# Seconds between two tries to store what the server said, where somebody holds the database's lock.
TRIES = (0.1, 0.5, 1.0, 2.0, 5.0)
# For so many seconds a round waits for a domain's next share; the next tick is not far.
PATIENCE = 45.0
NAP = 0.25
NO_SHARE = "its domain takes no more mail for now"

log = logging.getLogger(__name__)


class Round:
    """Sends what is due until nothing is left, or until it is asked to stop; what it did not begin goes back."""

    def __init__(self, worker: str, line: Line, counts: Counter[str], stop: Callable[[], bool], done: Callable[[], None]) -> None:
        """Keep the worker's name, its line, and whom to tell."""
        self.worker, self.line, self.counts, self.stop, self.done = worker, line, counts, stop, done
        # What the server took, and is stored together with the beginning of the next one.
        self.arrived: Arrived | None = None
        self.well = False
        self.chosen = settings()

    def go(self) -> None:
        """Send all that is due. Raises LineDownError."""
        try:
            with Quick() as self.quick:
                try:
                    while not self.stop() and (ids := self._claim()):
                        self._send_all(in_hand(ids))
                finally:
                    self._settle()
        finally:
            outbox.release(self.worker)

    def _claim(self) -> list[UUID]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                ids = outbox.claim(self.worker, IN_HAND)
            except guard.RestoredError:
                guard.stand()
                continue
            opens = domains.next_share(now()) if not ids and domains.per_minute() else None
            if ids or opens is None or not self._wait_for(opens, until):
                return ids

    def _wait_for(self, opens: datetime, until: float) -> bool:
        """Wait until a domain gets its next share; False where that is too long for this round."""
        self._settle()
        seconds = max(0.0, (opens - now()).total_seconds())
        if time.monotonic() + seconds > until:
            return False
        while seconds > 0 and not self.stop():
            time.sleep(min(NAP, seconds))
            seconds -= NAP
        return not self.stop()

    def _send_all(self, hand: list[Outgoing]) -> None:
        passed_over: set[bytes] = set()
        for at, outgoing in enumerate(hand):
            if self.stop():
                break
            if outgoing.message.domain_index in passed_over:
                continue
            state = self._send(outgoing)
            self.counts[state] += 1
            self.done()
            index = outgoing.message.domain_index
            if state is not State.SENT and index and domains.is_shut(index):
                # Those behind it of the same domain go back at once, and hold up nobody.
                passed_over.add(index)
                outbox.put_back(self.worker, [each.id for each in hand[at + 1 :] if each.message.domain_index == index], NO_SHARE)
        self._settle()

    def _send(self, outgoing: Outgoing) -> State:
        if not self.line.ready:
            # Calling takes its time: what arrived is stored before.
            self._settle()
            # And the server is called before anything begins: where it cannot be reached, the message stays claimed.
            self.line.call()
            self._is_well()
        state = self._turn(outgoing)
        if state is not State.SENDING:
            return state or State.CANCELLED
        sender = envelope_sender(outgoing.bounce_token, self.chosen)
        said = self.line.deliver(StoredMessage(outgoing.raw, outgoing.to_address, sender, outgoing.bounce_token))
        if isinstance(said, Accepted):
            self.arrived = Arrived(outgoing, said.reply)
            return State.SENT
        if isinstance(said, NotFromUs):
            recording.record_not_from_us(self.worker, outgoing.id, said.reply)
            raise LineDownError(LineTrouble.REFUSED, said.reply)
        if isinstance(said, Refused):
            return self._refused(outgoing, said)
        recording.record_unknown(self.worker, outgoing.id, said.reply)
        return State.DOUBTFUL

    def _refused(self, outgoing: Outgoing, said: Refused) -> State:
        if said.permanent and " 5.7." in said.reply:
            log.warning("a message was refused by policy, which the team has to look at: %s", without_addresses(said.reply))
        return recording.record_refused(
            self.worker,
            outgoing.id,
            said.reply,
            permanent=said.permanent,
            no_such_address=said.no_such_address,
            shuts_domain=said.shuts_domain,
            domain=outgoing.domain,
        )

    def _settle(self) -> None:
        if self.arrived is not None:
            self._turn(None)

    def _turn(self, following: Outgoing | None) -> State | None:
        """Store what arrived and what begins. What the server said is not lost because somebody else holds the lock."""
        for seconds in (*TRIES, None):
            try:
                state = self._store(following)
            except OperationalError:
                if seconds is None:
                    raise
                time.sleep(seconds)
            else:
                self.arrived = None
                return state
        return None

    def _store(self, following: Outgoing | None) -> State | None:
        if self.chosen.mail_per_domain_per_minute:
            return outbox.turn(self.worker, self.arrived, following)
        return outbox.quick_turn(self.quick, self.worker, self.arrived, following)

    def _is_well(self) -> None:
        if not self.well:
            self.well = True
            guard.note_trouble("")
