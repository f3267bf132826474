"""Handing bytes to the SMTP server, over Flask-Mail, with its traps closed.

Flask-Mail 0.10 waits for ever, does not check certificates, hides the real error when it says
goodbye, and cannot tell a refusal from a line that broke after the message had gone. Here a
message's bytes go as they are stored, one recipient each, over one line that is kept.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_mail import Connection, Mail, Message

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

TIMEOUT_SECONDS = 30
# A server that has the whole text may take this long to answer for it (RFC 5321, 4.5.3.2.6).
FINAL_REPLY_SECONDS = 600
# What says that the recipient's address is no address (RFC 3463); 5.1.7 and 5.1.8 are about the sender's.
_NO_SUCH_ADDRESS = re.compile(r"5[0-9]{2} 5\.1\.(?:1|2|3|6|10)(?![0-9.])")
# The server wants us to sign in, or does not let us: nothing about the recipient (RFC 4954).
_NOT_LET_IN = frozenset({530, 534, 535, 538})
_LONGEST_REPLY = 300

mail = Mail()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the message and answers for it."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server did not take the message; ``permanent`` if it never will."""

    reply: str
    permanent: bool
    no_such_address: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The line broke after the bytes had gone and before the server's word: nobody knows."""

    reply: str


@dataclass(frozen=True, slots=True)
class NotFromUs:
    """The server takes no mail from us now; it says nothing about the recipient."""

    reply: str


class LineDownError(OSError):
    """The server cannot be reached, or does not let us in; nothing was sent."""


class StoredMessage(Message):
    """A message whose bytes were made before: Flask-Mail sends them and builds nothing."""

    def __init__(self, raw: bytes, to_address: str, envelope_from: str) -> None:
        """Keep the bytes."""
        super().__init__(recipients=[to_address], sender=envelope_from)
        self.raw, self.to_address, self.envelope_from = raw, to_address, envelope_from

    def as_bytes(self) -> bytes:
        """Return the stored bytes."""
        return self.raw


class Line(Connection):
    """One connection to the server, kept for a run; opened when first needed, and again if it broke."""

    host: Any

    def __enter__(self) -> Self:
        """Begin a run; the server is called with the first message."""
        self.host = None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Say goodbye; a server that does not answer that changes nothing."""
        self.hang_up()

    def configure_host(self) -> smtplib.SMTP:
        """Call the server: with a timeout, its certificate checked. Raises LineDownError."""
        settings = self.mail
        context = ssl.create_default_context()
        host: smtplib.SMTP | None = None
        try:
            if settings.use_ssl:
                host = smtplib.SMTP_SSL(settings.server, settings.port, timeout=TIMEOUT_SECONDS, context=context)
            else:
                host = smtplib.SMTP(settings.server, settings.port, timeout=TIMEOUT_SECONDS)
            if settings.use_tls:
                host.starttls(context=context)
            if settings.username and settings.password:
                host.login(settings.username, settings.password)
            host.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            if host is not None:
                host.close()
            raise LineDownError(f"the mail server cannot be used: {type(error).__name__}") from error
        return host

    def hang_up(self) -> None:
        """End the connection, politely if it still stands."""
        if self.host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.host.quit()
            self.host.close()
            self.host = None

    def call(self) -> None:
        """Have a connection that stands. Raises LineDownError."""
        if self.host is not None:
            try:
                if self.host.noop()[0] == 250:
                    return
            except (OSError, smtplib.SMTPException):
                pass
            self.hang_up()
        self.host = self.configure_host()

    def deliver(self, message: StoredMessage) -> Accepted | Refused | Unknown | NotFromUs:
        """Send one message and return what became of it; an open line is needed (``call``)."""
        if message.has_bad_headers() or len(message.recipients) != 1:
            return Refused("the envelope is not usable", permanent=True)
        try:
            code, said = self.host.mail(message.envelope_from)
            if code != 250:
                return self._not_from_us(code, said)
            code, said = self.host.rcpt(message.to_address)
            if code not in {250, 251}:
                return self._refused(code, said, names_address=True)
            code, said = self.host.docmd("DATA")
            if code != 354:
                return self._refused(code, said, names_address=False)
        except (OSError, smtplib.SMTPException) as error:
            # Nothing of the message has gone yet: trying again cannot double it.
            self.hang_up()
            return Refused(f"the line broke before sending: {type(error).__name__}", permanent=False)
        return self._send_bytes(message.as_bytes())

    def _send_bytes(self, raw: bytes) -> Accepted | Refused | Unknown | NotFromUs:
        lines = re.sub(rb"(?m)^\.", b"..", raw)
        try:
            self.host.send(lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            self.host.sock.settimeout(FINAL_REPLY_SECONDS)
            code, said = self.host.getreply()
            self.host.sock.settimeout(TIMEOUT_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            return Unknown(f"the line broke after sending: {type(error).__name__}")
        if code == 250:
            return Accepted(_shown(code, said))
        return self._refused(code, said, names_address=True)

    def _not_from_us(self, code: int, said: bytes) -> NotFromUs:
        self.hang_up()
        return NotFromUs(_shown(code, said))

    def _refused(self, code: int, said: bytes, *, names_address: bool) -> Refused | NotFromUs:
        if code in _NOT_LET_IN:
            return self._not_from_us(code, said)
        reply = _shown(code, said)
        if code == 421:
            self.hang_up()
        else:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.host.rset()
        permanent = 500 <= code < 600
        return Refused(reply, permanent, permanent and names_address and bool(_NO_SUCH_ADDRESS.match(reply)))


def _shown(code: int, said: bytes) -> str:
    words = " ".join(said.decode("utf-8", "replace").split())
    # A server's reply often repeats the address; the log of a message holds none.
    return re.sub(r"\S+@\S+", "…", f"{code} {words}")[:_LONGEST_REPLY]


def open_line() -> Line:
    """Return a line to the server of the current application, for a ``with`` block."""
    return Line(mail.connect().mail)


def envelope_sender(bounce_token: str, sender: str) -> str:
    """Return the envelope sender of one message (VERP), by which its bounce is matched."""
    return f"bounces+{bounce_token}@{sender.rpartition('@')[2]}"
