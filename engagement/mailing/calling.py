"""Calling the mail server: TLS with its certificate checked, signing in, and what can be wrong with it.

Where anything of that fails, nothing is sent, and what failed has a name that the team is shown.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from engagement.mailing.xoauth2 import NoTokenError, access_token, drop_token, signs_in_with_token, words_for

if TYPE_CHECKING:
    from config import Settings

_LONGEST_REPLY = 300
_LET_IN = 235


class LineTrouble(StrEnum):
    """Why the mail server cannot be used.

    unreachable (nobody answers, or not as a mail server does), starttls (it offers no
    encryption, which we ask for), certificate (it does not prove who it is), sign_in (it does
    not let us in), token (no access token could be had), refused (it takes nothing from us).
    """

    UNREACHABLE = "unreachable"
    STARTTLS = "starttls"
    CERTIFICATE = "certificate"
    SIGN_IN = "sign_in"
    TOKEN = "token"  # noqa: S105 - a word of ours.
    REFUSED = "refused"


class LineDownError(OSError):
    """The server cannot be used; nothing was sent. ``words`` are the server's last ones, or what else is known."""

    def __init__(self, trouble: LineTrouble, words: str) -> None:
        """Keep what is wrong."""
        super().__init__(f"{_SAID[trouble]}: {words}" if words else _SAID[trouble])
        self.trouble, self.words = trouble, words


_SAID = {
    LineTrouble.UNREACHABLE: "the mail server cannot be reached",
    LineTrouble.STARTTLS: "the mail server does not offer STARTTLS, and MAIL_USE_TLS asks for it; nothing is sent in clear",
    LineTrouble.CERTIFICATE: "the mail server's certificate does not prove who it is; nothing is sent",
    LineTrouble.SIGN_IN: "the mail server does not let us sign in",
    LineTrouble.TOKEN: "no access token for the mail server could be had",
    LineTrouble.REFUSED: "the mail server takes nothing from us",
}


def call_server(server: str, port: int, settings: Settings) -> smtplib.SMTP:
    """Return a connection over which mail can go. Raises LineDownError."""
    host: smtplib.SMTP | None = None
    try:
        # The token first: a server is not kept waiting for it.
        token = access_token(settings) if signs_in_with_token(settings) else ""
        host = _connect(server, port, settings)
        _sign_in(host, settings, token)
        host.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException, NoTokenError, UnicodeError) as error:
        if host is not None:
            host.close()
        raise _named(error) from error
    return host


@cache
def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Return how certificates are checked. Reading whom the machine trusts takes 20 ms: it is done once."""
    return ssl.create_default_context(cafile=ca_file)


def _connect(server: str, port: int, settings: Settings) -> smtplib.SMTP:
    if settings.mail_use_ssl:
        return smtplib.SMTP_SSL(server, port, timeout=settings.mail_timeout, context=_trusting(settings.mail_ca_file))
    host = smtplib.SMTP(server, port, timeout=settings.mail_timeout)
    if settings.mail_use_tls:
        try:
            _encrypt(host, _trusting(settings.mail_ca_file))
        except BaseException:
            host.close()
            raise
    return host


def _encrypt(host: smtplib.SMTP, context: ssl.SSLContext) -> None:
    host.ehlo_or_helo_if_needed()
    if not host.has_extn("starttls"):
        raise LineDownError(LineTrouble.STARTTLS, "")
    code, said = host.starttls(context=context)
    if code != 220:
        raise LineDownError(LineTrouble.STARTTLS, shown(code, said))


def _sign_in(host: smtplib.SMTP, settings: Settings, token: str) -> None:
    if token:
        try:
            _authenticate(host, settings, token)
        except smtplib.SMTPAuthenticationError as error:
            # It may have run out before its time: once, a new one is asked for.
            if error.smtp_code != 535 or not drop_token(settings):
                raise
            _authenticate(host, settings, access_token(settings))
    elif settings.mail_username and settings.mail_password:
        _log_in(host, settings.mail_username, settings.mail_password)


def _log_in(host: smtplib.SMTP, user: str, password: str) -> None:
    if user.isascii() and password.isascii():
        host.login(user, password)
        return
    # smtplib knows ASCII alone; PLAIN speaks UTF-8 (RFC 4616).
    host.ehlo_or_helo_if_needed()
    if "PLAIN" not in str(host.esmtp_features.get("auth", "")).upper().split():
        raise smtplib.SMTPNotSupportedError("the server does not offer PLAIN")
    code, said = host.docmd("AUTH", "PLAIN " + b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != _LET_IN:
        raise smtplib.SMTPAuthenticationError(code, said)


def _authenticate(host: smtplib.SMTP, settings: Settings, token: str) -> None:
    host.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in str(host.esmtp_features.get("auth", "")).upper().split():
        raise smtplib.SMTPNotSupportedError("the server does not offer XOAUTH2")
    # Asked again after a refusal, the answer is empty: only then does the server say its last word.
    host.auth("XOAUTH2", lambda challenge=None: words_for(settings.mail_username, token) if challenge is None else "")


def _named(error: Exception) -> LineDownError:
    """Return the error by its name: the first kind that it is of."""
    if isinstance(error, LineDownError):
        return error
    for kind, trouble, words in _NAMES:
        if isinstance(error, kind):
            return LineDownError(trouble, words(error))
    return LineDownError(LineTrouble.UNREACHABLE, type(error).__name__)


def _reply(error: Any) -> str:
    return shown(error.smtp_code, error.smtp_error)


_NAMES: tuple[tuple[type[Exception], LineTrouble, Callable[[Any], str]], ...] = (
    (NoTokenError, LineTrouble.TOKEN, str),
    (ssl.SSLCertVerificationError, LineTrouble.CERTIFICATE, lambda error: str(error.verify_message)),
    (ssl.SSLError, LineTrouble.CERTIFICATE, lambda _: "the encrypted connection could not be made"),
    (smtplib.SMTPAuthenticationError, LineTrouble.SIGN_IN, _reply),
    (smtplib.SMTPNotSupportedError, LineTrouble.SIGN_IN, lambda _: "it offers no way to sign in that we have"),
    (smtplib.SMTPResponseException, LineTrouble.REFUSED, _reply),
)


def shown(code: int, said: bytes | str) -> str:
    """Return a server's reply as it may stand in a log: it often repeats the address, and the log of a message holds none."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return re.sub(r"\S+@\S+", "…", f"{code} {' '.join(text.split())}")[:_LONGEST_REPLY]
