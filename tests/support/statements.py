"""What is sent to the database in a block, over whichever connection."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Iterator


class Statements:
    """What was sent, and how many rows each statement touched."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.sent: list[tuple[str, int]] = []

    def count(self, beginning: str) -> int:
        """Count the rows that statements of one beginning touched."""
        return sum(number for statement, number in self.sent if statement.lower().startswith(beginning))


@contextmanager
def counted() -> Iterator[Statements]:
    """Collect what is sent to the database in the block."""
    statements = Statements()

    def see(*call: Any) -> None:
        statements.sent.append((call[2], len(call[3]) if call[5] else 1))

    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", see)
