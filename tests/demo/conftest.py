"""What the tests of the demonstration share."""

from __future__ import annotations

from typing import TYPE_CHECKING

# The demonstration, loaded once and copied for each module; tests that use it change nothing.
from tests.app.conftest import furnished as demo  # noqa: F401

if TYPE_CHECKING:
    from flask import Flask


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command and return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output
