"""Handing bytes to the SMTP server, over Flask-Mail, with its traps closed.

Flask-Mail 0.10 waits for ever, does not check certificates, hides the real error when it says
goodbye, and cannot tell a refusal from a line that broke after the message had gone. Here a
message's bytes go as they are stored, one recipient each, over one line that is kept.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_mail import Connection, Mail, Message

from engagement.kernel.settings import settings
from engagement.mailing.calling import LineDownError, LineTrouble, call_server, shown

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from config import Settings

# A server that has the whole text may take this long to answer for it (RFC 5321, 4.5.3.2.6).
FINAL_REPLY_SECONDS = 600
# Replies by their first digit (RFC 5321, 4.2.1): done; go on; not now or never.
YES, GO_ON, NO = range(200, 300), range(300, 400), range(400, 600)
# A line that was quiet for longer is asked whether it still stands, before a message is begun.
QUIET_SECONDS = 5.0
GOODBYE_SECONDS = 5
LONGEST_LINE = 8192
# What says that the recipient's address is no address (RFC 3463); 5.1.7 and 5.1.8 are about the sender's.
_NO_SUCH_ADDRESS = re.compile(r"5[0-9]{2} 5\.1\.(?:1|2|3|6|10)(?![0-9.])")
# The recipient's domain wants no more mail from us for now (RFC 3463: security and policy).
_WANTS_NO_MORE = re.compile(r"421(?![0-9])|4[0-9]{2} 4\.7\.[0-9]+")
# The server wants us to sign in, or does not let us: nothing about the recipient (RFC 4954).
_NOT_LET_IN = frozenset({530, 534, 535, 538})
# What can stand in an envelope. Whatever ends the line or the brackets would be a command of its own.
_ENVELOPE = re.compile(r"[!-;=?-~]{1,320}")
_DOT_AT_START = re.compile(rb"(?m)^\.")

__all__ = ["Line", "LineDownError", "LineTrouble", "mail"]

mail = Mail()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the message and answers for it."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server did not take the message; ``permanent`` if it never will.

    ``shuts_domain``: the recipient's domain is to get nothing from us for a while.
    """

    reply: str
    permanent: bool
    no_such_address: bool = False
    shuts_domain: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The line broke after the bytes had gone and before the server's word: nobody knows."""

    reply: str


@dataclass(frozen=True, slots=True)
class NotFromUs:
    """The server takes no mail from us now; it says nothing about the recipient."""

    reply: str


class StoredMessage(Message):
    """A message whose bytes were made before: Flask-Mail sends them and builds nothing."""

    def __init__(self, raw: bytes, to_address: str, envelope_from: str, envelope_id: str = "") -> None:
        """Keep the bytes."""
        # Flask-Mail's own constructor makes a Message-ID, and asks the network for this machine's name to do so.
        self.raw, self.to_address, self.envelope_from, self.envelope_id = raw, to_address, envelope_from, envelope_id

    def as_bytes(self) -> bytes:
        """Return the stored bytes."""
        return self.raw

    def has_usable_envelope(self) -> bool:
        """Return whether both addresses can be said to a server as they are."""
        return bool(_ENVELOPE.fullmatch(self.to_address) and _ENVELOPE.fullmatch(self.envelope_from))


class Line(Connection):
    """One connection to the server, kept for a run; opened when first needed, and again if it broke."""

    host: Any

    def __enter__(self) -> Self:
        """Begin a run; the server is called with the first message."""
        self.host, self.chosen = None, settings()
        self.sent, self.used_at = 0, 0.0
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Say goodbye; a server that does not answer that changes nothing."""
        self.hang_up()

    def configure_host(self) -> smtplib.SMTP:
        """Call the server, its certificate checked, and sign in. Raises LineDownError."""
        return call_server(self.mail.server, self.mail.port, self.chosen)

    def hang_up(self) -> None:
        """End the connection, politely if it still stands."""
        if self.host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self.host.sock is not None:
                    self.host.sock.settimeout(min(GOODBYE_SECONDS, self.chosen.mail_timeout))
                    self.host.quit()
            self.host.close()
            self.host = None

    @property
    def ready(self) -> bool:
        """Return whether the next message can go over the line as it stands, without asking the server."""
        fresh = time.monotonic() - self.used_at < QUIET_SECONDS
        return self.host is not None and fresh and self.sent < self.chosen.mail_per_connection

    def call(self) -> None:
        """Have a connection that stands. Raises LineDownError."""
        if self.ready:
            return
        if self.host is not None and self.sent < self.chosen.mail_per_connection:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self.host.noop()[0] == 250:
                    self.used_at = time.monotonic()
                    return
        self.hang_up()
        self.host = self.configure_host()
        self.sent, self.used_at = 0, time.monotonic()

    def deliver(self, message: StoredMessage) -> Accepted | Refused | Unknown | NotFromUs:
        """Send one message and return what became of it; an open line is needed (``call``)."""
        if not message.has_usable_envelope():
            return Refused("the envelope is not usable", permanent=True)
        self.sent += 1
        try:
            refused = self._envelope(message)
        except (OSError, smtplib.SMTPException) as error:
            # Nothing of the message has gone yet: trying again cannot double it.
            self.hang_up()
            return Refused(f"the line broke before sending: {type(error).__name__}", permanent=False)
        said = refused or self._send_bytes(message.as_bytes())
        self.used_at = time.monotonic()
        return said

    def _envelope(self, message: StoredMessage) -> Refused | NotFromUs | None:
        """Say from whom and to whom; all in one go where the server allows it (RFC 2920)."""
        commands = self._commands(message)
        if not self.host.has_extn("pipelining"):
            replies = (self.host.docmd(command) for command in commands)
            return self._judge(*next(replies), from_us=True) or self._judge(*next(replies)) or self._judge(*next(replies), wanted=GO_ON)
        self.host.send("".join(f"{command}\r\n" for command in commands))
        sender = self._reply()
        # Who says 421 hangs up: no other answer comes.
        recipient = self._reply() if sender[0] != 421 else sender
        data = self._reply() if recipient[0] != 421 else recipient
        if data[0] in GO_ON and not (sender[0] in YES and recipient[0] in YES):
            # It waits for a text that it has no recipient for: an empty one, which it refuses.
            self.host.send(".\r\n")
            self._reply()
        return self._judge(*sender, from_us=True) or self._judge(*recipient) or self._judge(*data, wanted=GO_ON)

    def _reply(self) -> tuple[int, bytes]:
        """Return the server's next reply; one of a single line, as nearly all are, without a detour."""
        incoming = self.host.file
        first: bytes = incoming.readline(LONGEST_LINE) if incoming is not None else b""
        # The words after the code may be left out, with the space before them (RFC 5321, 4.2).
        if first[3:4] in {b" ", b"\r", b"\n"} and first[:3].isdigit() and first.endswith(b"\n"):
            return int(first[:3]), first[4:].strip()
        if first[3:4] != b"-" or not first[:3].isdigit():
            self.host.close()
            raise smtplib.SMTPServerDisconnected("the server says nothing that can be understood")
        code, rest = self.host.getreply()
        return code, first[4:].strip() + b"\n" + rest

    def _commands(self, message: StoredMessage) -> tuple[str, str, str]:
        sender, recipient = f"MAIL FROM:<{message.envelope_from}>", f"RCPT TO:<{message.to_address}>"
        if self.host.has_extn("size"):
            sender += f" SIZE={len(message.raw)}"
        if self.host.has_extn("dsn"):
            # RFC 3461: tell us of failure and delay, with the headers alone.
            sender += " RET=HDRS" + (f" ENVID={message.envelope_id}" if message.envelope_id else "")
            recipient += " NOTIFY=FAILURE,DELAY"
        return sender, recipient, "DATA"

    def _judge(self, code: int, said: bytes, *, from_us: bool = False, wanted: range = YES) -> Refused | NotFromUs | None:
        if code in wanted:
            return None
        # A text that is too long for it is refused with the sender already (RFC 1870): nothing is wrong with us.
        of_us = from_us and code != 552
        return self._not_from_us(code, said) if of_us else self._refused(code, said, names_address=not from_us and wanted is YES)

    def _send_bytes(self, raw: bytes) -> Accepted | Refused | Unknown | NotFromUs:
        # A dot at the start of a line is doubled (RFC 5321, 4.5.2); looking for one first is quicker.
        lines = _DOT_AT_START.sub(b"..", raw) if b"\n." in raw or raw.startswith(b".") else raw
        try:
            self.host.send(lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            self.host.sock.settimeout(FINAL_REPLY_SECONDS)
            code, said = self._reply()
            self.host.sock.settimeout(self.chosen.mail_timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            return Unknown(f"the line broke after sending: {type(error).__name__}")
        if code in YES:
            return Accepted(shown(code, said))
        if code not in NO:
            self.hang_up()
            return Unknown(f"the server’s answer to the text says neither yes nor no: {shown(code, said)}")
        return self._refused(code, said, names_address=True)

    def _not_from_us(self, code: int, said: bytes) -> NotFromUs:
        self.hang_up()
        return NotFromUs(shown(code, said))

    def _refused(self, code: int, said: bytes, *, names_address: bool) -> Refused | NotFromUs:
        if code in _NOT_LET_IN:
            return self._not_from_us(code, said)
        reply = shown(code, said)
        if code == 421:
            self.hang_up()
        else:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.host.rset()
        permanent = 500 <= code < 600
        no_such_address = permanent and names_address and bool(_NO_SUCH_ADDRESS.match(reply))
        return Refused(reply, permanent, no_such_address, shuts_domain=bool(_WANTS_NO_MORE.match(reply)))


def open_line() -> Line:
    """Return a line to the server of the current application, for a ``with`` block."""
    return Line(mail.connect().mail)


def envelope_sender(bounce_token: str, chosen: Settings) -> str:
    """Return the envelope sender of one message (VERP), by which its bounce is matched.

    Where one ordinary mailbox must do (MAIL_ONE_MAILBOX), it is that mailbox.
    """
    sender = chosen.mail_default_sender
    return sender if chosen.mail_one_mailbox else f"bounces+{bounce_token}@{sender.rpartition('@')[2]}"
