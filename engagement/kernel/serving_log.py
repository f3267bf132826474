"""The web server's own log: what it says of a request holds no address of a personal link.

It quotes requests that it cannot read, and names the address of one that failed in its
hands: a live link may stand in either.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from gunicorn.glogging import Logger

# Paths that hold a token; query strings; whatever else is as long as one.
_LINKS = re.compile(r"(/(?:r|u|f|p|i|mails)/)[^\s'\"]+", re.IGNORECASE)
_QUERIES = re.compile(r"\?[^\s'\"]+")
_TOKENS = re.compile(r"[A-Za-z0-9_%-]{30,}")


def without_secrets(words: str) -> str:
    """Return ``words`` without what could open somebody's page."""
    return _TOKENS.sub("…", _QUERIES.sub("?…", _LINKS.sub(r"\1…", words)))


class _Cleaned(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        if record.exc_info:
            # A formatter shows this text in place of the exception.
            record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
        return True


class CleanLogger(Logger):
    """gunicorn's logger, but that no line of it opens a page."""

    def setup(self, cfg: Any) -> None:
        """Clean every line before any handler sees it."""
        super().setup(cfg)
        self.error_log.addFilter(_Cleaned())
