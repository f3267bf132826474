"""Fetching from the IMAP mailbox (IMAP_URL): by UID, marked as seen only once a mail is stored.

A mail that somebody of the team opened first is not overlooked: besides what is unseen, everything
after the last UID that was received is fetched. Whatever is fetched twice acts once. A mail that
cannot be had holds up no other: it is said, and asked for again the next time.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engagement.kernel.db import db, writing
from engagement.kernel.settings import settings
from engagement.mailing.imap_line import Address, BadMailboxError, MailboxDownError, address_of, broken, is_an_answer, open_mailbox
from engagement.mailing.inbound_models import InboundCursor
from engagement.mailing.receiving import LARGEST, Received, go_on, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The worker sends as well: of a full mailbox it takes this much in one go.
WORKER_SECONDS = 20.0
BETWEEN_FETCHES = 50.0
# A server may break off at one mail each time that it is asked for it; it is called again for those behind it.
MOST_CALLS = 4
CANNOT_MARK = "The mailbox of IMAP_URL does not let mails be marked as seen: they are fetched again each time, and act once."
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_WHEN = "%d-%b-%Y %H:%M:%S %z"

log = logging.getLogger(__name__)


class _NotGivenError(Exception):
    """The server does not do what it is asked for one mail; the line to it stands."""


@contextmanager
def _talking(about: str = "") -> Iterator[None]:
    """Raise MailboxDownError where the line breaks, and _NotGivenError where the server refuses what it is asked ``about`` a mail."""
    try:
        yield
    except broken() as error:
        if about and is_an_answer(error):
            raise _NotGivenError from None
        raise MailboxDownError(f"the mailbox of IMAP_URL broke off{about}: {type(error).__name__}") from None


@dataclass(slots=True)
class _Round:
    """One way through a mailbox: what may stop it, whom what goes wrong is told to, which mails were tried, and what broke."""

    address: Address
    stop: Callable[[], bool]
    passed_over: Callable[[str], None]
    tried: set[int] = field(default_factory=set)
    marks: bool = True
    # A mail that somebody opened could not be had, and does not stay among the unseen ones: what comes after it is fetched again.
    keeps_cursor: bool = False

    def says_it_cannot_mark(self) -> None:
        if self.marks:
            self.passed_over(CANNOT_MARK)
        self.marks = False


def fetch(stop: Callable[[], bool] = lambda: False, passed_over: Callable[[str], None] = log.warning) -> Iterator[Received]:
    """Receive what is new in the configured mailbox, and give what became of each mail.

    What came since the last time goes first, what is unseen of before after it; each in its order.
    ``stop`` is asked before each; ``passed_over`` is told, in one line, of each mail that could not
    be had. Raises BadMailboxError, and MailboxDownError: also at the end, where the line broke at a
    mail and those behind it were received. What was given before stays received.
    """
    chosen = settings()
    going = _Round(address_of(chosen.imap_url or "", chosen.mail_ca_file, chosen), stop, passed_over)
    broke: MailboxDownError | None = None
    for _ in range(MOST_CALLS):
        before = len(going.tried)
        try:
            yield from _call(going)
            break
        except MailboxDownError as error:
            broke = broke or error
            if len(going.tried) == before:
                # Not at a mail: to call again would change nothing.
                break
    if broke is not None:
        raise broke


def _call(going: _Round) -> Iterator[Received]:
    """Receive what is new and was not tried yet, over one line."""
    address = going.address
    with open_mailbox(address) as box:
        with _talking():
            validity = _validity(box)
        after = _cursor(address, validity)
        if after is None:
            # What was there and read before the first time is none of ours.
            _move_cursor(address, validity, max(_uids(box, "ALL"), default=0))
        later = [uid for uid in _uids(box, f"UID {after + 1}:*") if uid > after] if after is not None else []
        unseen = set(_uids(box, "UNSEEN"))
        # What came since the last time goes first: a mail that can never be had must not hold up what is new.
        for uid in [*later, *sorted(unseen - set(later))]:
            if uid in going.tried:
                continue
            if going.stop():
                return
            going.tried.add(uid)
            yield from _one(going, box, uid, validity, seen=uid not in unseen)


def _one(going: _Round, box: Any, uid: int, validity: int, *, seen: bool) -> Iterator[Received]:
    """Receive one mail, move the cursor, mark it as seen, and give what became of it."""
    try:
        received = _receive(box, uid)
    except _NotGivenError:
        going.passed_over(f"The mailbox of IMAP_URL does not give out the mail with the UID {uid}; it is asked for again the next time.")
        kept, going.keeps_cursor = going.keeps_cursor, going.keeps_cursor or seen
        if seen and _mark(going, box, uid, seen=False):
            going.keeps_cursor = kept
        return
    except MailboxDownError:
        going.keeps_cursor |= seen
        raise
    if received is None:
        return
    if not going.keeps_cursor:
        _move_cursor(going.address, validity, uid)
    broke: MailboxDownError | None = None
    try:
        _mark(going, box, uid, seen=True)
    except MailboxDownError as error:
        broke = error
    # It is stored: whatever became of the line, it is told.
    yield received
    if broke is not None:
        raise broke


def _mark(going: _Round, box: Any, uid: int, *, seen: bool) -> bool:
    """Mark a mail as seen, or as not seen; return whether the server did so."""
    try:
        # Not box.flag(): that expunges, too, whatever others have marked as deleted.
        with _talking(f" at the mail with the UID {uid}"):
            state, _ = box.client.uid("store", str(uid), "+FLAGS" if seen else "-FLAGS", "(\\Seen)")
    except _NotGivenError:
        state = "NO"
    if state != "OK":
        going.says_it_cannot_mark()
        # The library would refuse to go on with a mailbox that has turned out to be read-only.
        box.client.is_readonly = True
    return bool(state == "OK")


def _uids(box: Any, wanted: str) -> list[int]:
    with _talking():
        return sorted(int(uid) for uid in box.uids(wanted) if str(uid).isdigit())


def _receive(box: Any, uid: int) -> Received | None:
    """Receive one mail; None where it was taken out of the mailbox meanwhile."""
    about, _ = _ask(box, uid, "(RFC822.SIZE INTERNALDATE)")
    size = _SIZE.search(about)
    if size is None:
        return None
    too_large = int(size[1]) > LARGEST
    _, raw = _ask(box, uid, "(BODY.PEEK[HEADER])" if too_large else "(BODY.PEEK[])")
    if raw is None:
        return None
    return receive(raw, received_at=_arrived(about), size=int(size[1]) if too_large else None)


def _ask(box: Any, uid: int, what: str) -> tuple[bytes, bytes | None]:
    """Return what the server says of a mail beside its bytes, and these."""
    with _talking(f" at the mail with the UID {uid}"):
        state, told = box.client.uid("fetch", str(uid), what)
    if state != "OK":
        raise _NotGivenError
    said = b" ".join(part if isinstance(part, bytes) else part[0] for part in told or () if part)
    raw = next((part[1] for part in told or () if isinstance(part, tuple)), None)
    return said, raw


def _arrived(about: bytes) -> datetime | None:
    """Return when the server says that a mail reached it; what the mail itself says of its time is not asked."""
    found = _ARRIVED.search(about)
    try:
        return datetime.strptime(found[1].decode("ascii").strip(), _WHEN).astimezone(UTC) if found else None
    except ValueError:
        return None


def _validity(box: Any) -> int:
    _, told = box.client.response("UIDVALIDITY")
    return int(told[0]) if told and told[0] else 0


def _cursor(address: Address, validity: int) -> int | None:
    row = db.session.scalar(select(InboundCursor).where(InboundCursor.mailbox == address.digest).execution_options(populate_existing=True))
    return row.last_uid if row is not None and row.uid_validity == validity else None


def _move_cursor(address: Address, validity: int, uid: int) -> None:
    with writing() as session:
        row = session.scalar(select(InboundCursor).where(InboundCursor.mailbox == address.digest).with_for_update())
        if row is None:
            session.add(InboundCursor(mailbox=address.digest, uid_validity=validity, last_uid=uid))
        else:
            row.last_uid = max(uid, row.last_uid) if row.uid_validity == validity else uid
            row.uid_validity = validity


_fetched_at = 0.0


def fetch_each_minute() -> None:
    """Receive what is new, at most once a minute and for no longer than sending can wait; the worker's share of mail that comes in."""
    global _fetched_at  # noqa: PLW0603 - one worker process, one mailbox.
    go_on()
    started = time.monotonic()
    if not settings().imap_url or (_fetched_at and started - _fetched_at < BETWEEN_FETCHES):
        return
    _fetched_at = started
    try:
        for _ in fetch(stop=lambda: time.monotonic() - started > WORKER_SECONDS):
            pass
    except (MailboxDownError, BadMailboxError) as error:
        log.warning("%s; it is tried again in a minute", error)
