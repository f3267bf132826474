"""What a log must not hold: addresses of people, links that open somebody's page."""

from __future__ import annotations

import logging
import re

# Our own addresses may be named: the sender's, and the mailbox that replies come to.
_ADDRESS = re.compile(r"[\w.+-]+@(?!convoke\.example\b)[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"/(?:r|u|f|p)/[A-Za-z0-9_-]{20,}")


class Keeper(logging.Handler):
    """A handler that keeps every line as it would be written."""

    def __init__(self, lines: list[str]) -> None:
        """Keep what is logged in ``lines``."""
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, but of the tools that the tests themselves stand on."""
        if not record.name.startswith(("sqlalchemy", "mail.log", "asyncio", "hypothesis")):
            self.lines.append(self.format(record))


def secrets_in(lines: list[str]) -> list[str]:
    """Return the lines in which an address or a live link stands."""
    return [line for line in lines if _ADDRESS.search(line) or _LINK.search(line)]
