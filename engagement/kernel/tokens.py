"""Secrets that are handed out: what goes into a link, and what is stored of it."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as 43 characters that are safe in an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return the only form in which a token is stored: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_mailbox_name() -> str:
    """Return a random lower-case name (100 bits, base32) that opens nothing, for mail that comes back."""
    return base64.b32encode(secrets.token_bytes(13)).decode().rstrip("=").lower()[:20]


def new_mailbox_names(number: int) -> list[str]:
    """Return such names for rows that are stored together: the first 15 bits are the same, 85 are each one's own."""
    beginning = new_mailbox_name()[:3]
    return [beginning + new_mailbox_name()[3:] for _ in range(number)]


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"
