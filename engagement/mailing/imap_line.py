"""The line to the IMAP mailbox (IMAP_URL): over TLS to a server that proves who it is, signed in with a password or an access token."""

from __future__ import annotations

import hashlib
import logging
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from engagement.mailing.xoauth2 import NoTokenError, access_token, drop_token, signs_in_with_token, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Settings

TIMEOUT_SECONDS = 15
# The kind of a MailboxDownError where the server was not even asked.
NO_TOKEN = "no access token"  # noqa: S105 - words of ours.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

log = logging.getLogger(__name__)


class MailboxDownError(OSError):
    """The mailbox cannot be reached or does not let us in; the message is one line without name or password.

    ``kind`` names what happened; ``refused``: a server answered, and said no.
    """

    def __init__(self, said: str, kind: str = "", *, refused: bool = False) -> None:
        """Keep what happened."""
        super().__init__(said)
        self.kind, self.refused = kind, refused


class BadMailboxError(ValueError):
    """IMAP_URL names no mailbox; the message is one line without name or password."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the mailbox is.

    ``ca_file`` holds whom to trust for a private certificate, besides those whom the machine trusts.
    ``tokens`` says where an access token is given (XOAUTH2): it is shown where there is no password.
    """

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    folder: str
    ca_file: str | None = None
    tokens: Settings | None = None

    @property
    def digest(self) -> str:
        """Return what the cursor of this mailbox is known by."""
        return hashlib.sha256(f"{self.user}@{self.host}:{self.port}/{self.folder}".encode()).hexdigest()


def address_of(url: str, ca_file: str | None = None, tokens: Settings | None = None) -> Address:
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
    return Address(parts.hostname, port or (993 if encrypted else 143), encrypted, name, password, folder, ca_file, tokens)


@contextmanager
def open_mailbox(address: Address) -> Iterator[Any]:
    """Give the mailbox, signed in and with its folder open. Raises MailboxDownError."""
    box: Any = None
    try:
        box = _connected(address)
        _sign_in(box, address)
        box.folder.set(address.folder)
    except NoTokenError as error:
        _hang_up(box)
        raise MailboxDownError(f"no access token for the mailbox of IMAP_URL could be had: {error}", NO_TOKEN) from None
    except broken() as error:
        _hang_up(box)
        called = type(error).__name__
        raise MailboxDownError(f"the mailbox of IMAP_URL cannot be used: {called}", called, refused=is_an_answer(error)) from None
    try:
        yield box
    finally:
        _hang_up(box)


def _sign_in(box: Any, address: Address) -> None:
    if not address.password and address.tokens is not None and signs_in_with_token(address.tokens):
        _sign_in_with_token(box, address.user, address.tokens)
    elif f"{address.user}{address.password}".isascii():
        box.login(address.user, address.password, initial_folder=None)
    else:
        box.login_utf8(address.user, address.password, initial_folder=None)


def _sign_in_with_token(box: Any, user: str, tokens: Settings) -> None:
    import imaplib  # noqa: PLC0415

    def show(token: str) -> None:
        # Asked again after a refusal, the answer is empty: only then does the server say its last word.
        box.client.authenticate("XOAUTH2", lambda asked: b"" if asked else words_for(user, token).encode())

    token = access_token(tokens)
    try:
        show(token)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        # It may have run out before its time: once, a new one is asked for.
        if not drop_token(tokens):
            raise
        show(access_token(tokens))


def _connected(address: Address) -> Any:
    """Return a line to the server; an encrypted one only where its certificate holds for its name."""
    from imap_tools import MailBox, MailBoxUnencrypted  # noqa: PLC0415 - the pages do without it.

    if not address.encrypted:
        return MailBoxUnencrypted(address.host, address.port, timeout=TIMEOUT_SECONDS)
    # Without a context of ours, the library takes any certificate.
    trusted = ssl.create_default_context()
    if address.ca_file:
        trusted.load_verify_locations(address.ca_file)
    return MailBox(address.host, address.port, timeout=TIMEOUT_SECONDS, ssl_context=trusted)


def look_in(address: Address) -> None:
    """Sign in to a mailbox and open its folder, and leave it as it is. Raises MailboxDownError."""
    with open_mailbox(address):
        pass


def broken() -> tuple[type[Exception], ...]:
    """Return what is raised while a server is talked to."""
    import imaplib  # noqa: PLC0415

    from imap_tools.errors import ImapToolsError  # noqa: PLC0415

    # A host's name that cannot be one is no line either.
    return (OSError, UnicodeError, ImapToolsError, imaplib.IMAP4.error)


def is_an_answer(error: Exception) -> bool:
    """Return whether a server said no: whatever is no end of the line."""
    import imaplib  # noqa: PLC0415

    return not isinstance(error, (OSError, UnicodeError, imaplib.IMAP4.abort))


def _hang_up(box: Any) -> None:
    if box is not None:
        try:
            box.logout()
        except Exception:  # noqa: BLE001 - a goodbye that is not heard changes nothing.
            log.debug("the mailbox did not answer our goodbye")
            with suppress(Exception):
                box.client.shutdown()
