"""The demonstration, loaded once for all tests of this folder that only read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engagement.kernel.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.support.databases import Database


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command and return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def demo(the_app: Flask, database: Database) -> Iterator[Flask]:
    """Return the application with the demonstration loaded; tests that use it change nothing."""
    with the_app.app_context():
        database.empty()
        code, said = run(the_app, "demo")
        assert code == 0, said
        yield the_app
        db.session.remove()
