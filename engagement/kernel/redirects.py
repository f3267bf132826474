"""Where a page may send a browser next: only to an address of this program."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_next(wanted: str | None, otherwise: str) -> str:
    """Return ``wanted`` if it is a plain local path, else ``otherwise``.

    Local means: begins with one slash, has no host, scheme, backslash or control character.
    Browsers read a backslash as a slash, and drop tabs and line ends before they look.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return otherwise
    if any(ord(character) < ord("!") or ord(character) == 0x7F for character in wanted):
        return otherwise
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else wanted
