"""Signing in to the mail server, and to the mailbox of IMAP_URL, with an access token (XOAUTH2) in place of a password.

The token is asked for where MAIL_OAUTH_TOKEN_URL says (RFC 6749: client credentials, or a
refresh token) and kept in memory until shortly before it runs out.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config import Settings

# So many seconds before it runs out, a token is not used any more.
MARGIN = 120
# What a server leaves out (RFC 6749, 5.1) is taken to be this.
USUAL_SECONDS = 3600
LARGEST_ANSWER = 64 * 1024


class NoTokenError(Exception):
    """No access token could be had; the message says why and holds no secret."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirect could carry the secret elsewhere: it is an error."""

    def redirect_request(self, *_: Any, **__: Any) -> NoReturn:
        raise NoTokenError("the token address redirects elsewhere")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the monotonic time up to which it is used."""

    value: str
    until: float


_held: dict[tuple[str | None, ...], Token] = {}
_one_at_a_time = threading.Lock()


def signs_in_with_token(settings: Settings) -> bool:
    """Return whether this installation signs in with XOAUTH2."""
    return settings.mail_oauth_token_url is not None


def words_for(user: str | None, token: str) -> str:
    """Return what XOAUTH2 says to the server."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def access_token(settings: Settings) -> str:
    """Return a token that is good for some time yet, asking for one where there is none. Raises NoTokenError."""
    with _one_at_a_time:
        held = _held.get(_key(settings))
        if held is None or held.until <= time.monotonic():
            held = _held[_key(settings)] = _ask(settings)
        return held.value


def drop_token(settings: Settings) -> bool:
    """Forget the token, which the server did not take; returns whether there was one."""
    with _one_at_a_time:
        return _held.pop(_key(settings), None) is not None


def _key(settings: Settings) -> tuple[str | None, ...]:
    return (settings.mail_oauth_token_url, settings.mail_oauth_client_id, settings.mail_oauth_scope, settings.mail_username)


def _ask(settings: Settings) -> Token:
    asked = time.monotonic()
    said = _answer_to(settings, _question(settings))
    value, seconds = said.get("access_token"), said.get("expires_in", USUAL_SECONDS)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise NoTokenError("the token server's answer holds no access token")
    try:
        lasts = float(seconds)
    except (TypeError, ValueError):
        lasts = USUAL_SECONDS
    return Token(value, asked + max(0.0, lasts - MARGIN))


def _question(settings: Settings) -> dict[str, str]:
    fields = {
        "client_id": settings.mail_oauth_client_id,
        "client_secret": settings.mail_oauth_client_secret,
        "scope": settings.mail_oauth_scope,
        "refresh_token": settings.mail_oauth_refresh_token,
        "grant_type": "refresh_token" if settings.mail_oauth_refresh_token else "client_credentials",
    }
    return {name: value for name, value in fields.items() if value}


def _answer_to(settings: Settings, question: Mapping[str, str]) -> dict[str, Any]:
    # The address was checked with the settings: https, or this machine.
    request = Request(str(settings.mail_oauth_token_url), urlencode(question).encode(), {"Accept": "application/json"})  # noqa: S310
    try:
        with build_opener(_NoRedirects).open(request, timeout=settings.mail_timeout) as answer:
            said = json.loads(answer.read(LARGEST_ANSWER))
    except HTTPError as error:
        raise NoTokenError(f"the token server answers {error.code}") from None
    except (OSError, ValueError) as error:
        raise NoTokenError(f"the token server cannot be used: {type(error).__name__}") from None
    if not isinstance(said, dict):
        raise NoTokenError("the token server's answer is no object")
    return said
