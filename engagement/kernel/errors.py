"""The two ways in which something that was asked for is refused."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engagement.kernel.bilingual import Text


class AbsentError(LookupError):
    """What was asked for does not exist, or not for whoever asks: the two look the same."""


class DomainError(Exception):
    """A rule of the domain says no.

    ``said`` is one clear line in both languages, shown to the person as it is; ``field``
    names the form field it belongs to, where there is one.
    """

    def __init__(self, said: Text, *, field: str | None = None) -> None:
        """Keep the line and the field."""
        super().__init__(said.en)
        self.said = said
        self.field = field


_ADDRESSES = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")


def without_addresses(words: object) -> str:
    """Return ``words`` of another program for a log: mail servers repeat the address that they refuse."""
    return _ADDRESSES.sub("…", str(words))


def what_broke(error: BaseException) -> str:
    """Return the type of ``error`` and its lines for a log: enough to find the fault, and no message, which could hold a name."""
    return f"{type(error).__qualname__}\n{''.join(traceback.format_tb(error.__traceback__))}"
