"""Fetching from the IMAP mailbox (IMAP_URL): by UID, marked as seen only once a mail is stored.

A mail that somebody of the team opened first is not overlooked: besides what is unseen, everything
after the last UID that was received is fetched. Whatever is fetched twice acts once.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from engagement.kernel.db import db, writing
from engagement.kernel.settings import settings
from engagement.mailing.inbound_models import InboundCursor
from engagement.mailing.receiving import LARGEST, Received, go_on, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT_SECONDS = 15
# The worker sends as well: of a full mailbox it takes this much in one go.
WORKER_SECONDS = 20.0
BETWEEN_FETCHES = 50.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_WHEN = "%d-%b-%Y %H:%M:%S %z"

log = logging.getLogger(__name__)


class MailboxDownError(OSError):
    """The mailbox cannot be reached or does not let us in; the message is one line without name or password."""


class BadMailboxError(ValueError):
    """IMAP_URL names no mailbox; the message is one line without name or password."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the mailbox is. ``password`` may be given by another way than the URL (see ``sign_in``)."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    folder: str

    @property
    def digest(self) -> str:
        """Return what the cursor of this mailbox is known by."""
        return hashlib.sha256(f"{self.user}@{self.host}:{self.port}/{self.folder}".encode()).hexdigest()


def address_of(url: str) -> Address:
    """Return the mailbox that ``imaps://user:password@host/folder`` names. Raises BadMailboxError.

    Without TLS (``imap://``) only this machine is called. What cannot stand in a URL is written as %XX.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadMailboxError("IMAP_URL must look like imaps://user:password@host/folder.") from None
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or parts.query or parts.fragment:
        raise BadMailboxError("IMAP_URL must look like imaps://user:password@host/folder.")
    encrypted = parts.scheme == "imaps"
    if not encrypted and parts.hostname not in LOOPBACK:
        raise BadMailboxError("IMAP_URL must begin with imaps://, except for a server on this machine.")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    name, password = unquote(parts.username), unquote(parts.password or "")
    return Address(parts.hostname, port or (993 if encrypted else 143), encrypted, name, password, folder)


# How to sign in where it is not with the password of IMAP_URL: takes the mailbox and its address (XOAUTH2).
sign_in: Callable[[Any, Address], None] | None = None


@contextmanager
def _open(address: Address) -> Iterator[Any]:
    from imap_tools import MailBox, MailBoxUnencrypted  # noqa: PLC0415 - the pages do without it.
    from imap_tools.errors import ImapToolsError  # noqa: PLC0415

    box: Any = None
    try:
        kind = MailBox if address.encrypted else MailBoxUnencrypted
        box = kind(address.host, address.port, timeout=TIMEOUT_SECONDS)
        if sign_in is not None:
            sign_in(box, address)
        else:
            box.login(address.user, address.password, initial_folder=None)
        box.folder.set(address.folder)
    except (OSError, ImapToolsError, _imap_error()) as error:
        _hang_up(box)
        raise MailboxDownError(f"the mailbox of IMAP_URL cannot be used: {type(error).__name__}") from None
    try:
        yield box
    except (ImapToolsError, _imap_error()) as error:
        raise MailboxDownError(f"the mailbox of IMAP_URL broke off: {type(error).__name__}") from None
    finally:
        _hang_up(box)


def _imap_error() -> type[Exception]:
    import imaplib  # noqa: PLC0415

    return imaplib.IMAP4.error


def _hang_up(box: Any) -> None:
    if box is not None:
        try:
            box.logout()
        except Exception:  # noqa: BLE001 - a goodbye that is not heard changes nothing.
            log.debug("the mailbox did not answer our goodbye")


def fetch(stop: Callable[[], bool] = lambda: False) -> Iterator[Received]:
    """Receive what is new in the configured mailbox, the oldest first, and give what became of each mail.

    ``stop`` is asked before each. Raises MailboxDownError, BadMailboxError; what was given before stays received.
    """
    address = address_of(settings().imap_url or "")
    with _open(address) as box:
        validity = _validity(box)
        after = _cursor(address, validity)
        if after is None:
            # What was there and read before the first time is none of ours.
            _move_cursor(address, validity, max(_uids(box, "ALL"), default=0))
        for uid in _new(box, after):
            if stop():
                return
            received = _receive(box, uid)
            if received is None:
                continue
            _move_cursor(address, validity, uid)
            box.flag([str(uid)], ["\\Seen"], True)
            yield received


def _uids(box: Any, wanted: str) -> list[int]:
    return sorted(int(uid) for uid in box.uids(wanted) if str(uid).isdigit())


def _new(box: Any, after: int | None) -> list[int]:
    """Return what was not received yet: what is unseen, and what came after the last that was received."""
    later = [uid for uid in _uids(box, f"UID {after + 1}:*") if uid > after] if after is not None else []
    return sorted({*_uids(box, "UNSEEN"), *later})


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
    state, told = box.client.uid("fetch", str(uid), what)
    if state != "OK":
        raise MailboxDownError("the mailbox of IMAP_URL gives a mail not out")
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
