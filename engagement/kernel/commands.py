"""Faults that every command can meet, said in one line instead of a traceback.

Before the tables are made, where the database cannot be reached, and for an argument that is
no text, a command ends with status 2 and a line that says what to do. Anything else is a fault
of the program, and keeps its traceback.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click
from sqlalchemy.exc import DBAPIError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable

NO_TABLES = "The database has no tables yet, or those of an older version. Make them with: flask db upgrade"
# PostgreSQL's undefined_table and undefined_column (its manual, appendix A), and how SQLite says the same.
_MISSING = frozenset({"42P01", "42703"})
_MISSING_WORDS = ("no such table", "no such column")


def say_faults_plainly(group: click.Group) -> None:
    """Have every command of ``group``, and of the groups in it, say those faults in one line. Doing it twice is doing it once."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            say_faults_plainly(command)
        elif "invoke" not in vars(command):
            command.invoke = partial(_plainly, command.invoke)  # type: ignore[method-assign]


def _plainly(invoke: Callable[[click.Context], Any], context: click.Context) -> Any:
    for name, value in context.params.items():
        if isinstance(value, str) and not _is_text(value):
            _end(f"{name.upper()} is not text in UTF-8.")
    try:
        return invoke(context)
    except DBAPIError as error:
        line = _line_for(error)
        if line is None:
            raise
        _end(line)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line_for(error: DBAPIError) -> str | None:
    """Return what to say of an error that has nothing to do with what the command does; None for any other."""
    code, words = getattr(error.orig, "sqlstate", None), str(error.orig).strip()
    if code in _MISSING or words.startswith(_MISSING_WORDS):
        return NO_TABLES
    unreachable = isinstance(error, OperationalError) and ("unable to open database file" in words or "connection failed" in words)
    return f"The database cannot be reached: {words.splitlines()[0]}" if unreachable else None


def _end(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(2)
