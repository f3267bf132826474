"""A second application over the same database, to plant faults in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engagement import create_app
from engagement.kernel.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@pytest.fixture
def planted(app: Flask) -> Iterator[Flask]:
    """Return an application of its own, which a test may spoil."""
    made = create_app(app.config["SETTINGS"])
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
