"""The checked settings of the running application, for code that knows no web framework."""

from __future__ import annotations

from flask import current_app

from config import Settings


def settings() -> Settings:
    """Return the settings of the current application."""
    found: Settings = current_app.config["SETTINGS"]
    return found
