"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.tracking.cli import track
from engagement.tracking.views import POLICY, overview_panel, tracking

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the response page and ``flask track``."""
    app.register_blueprint(tracking)
    app.cli.add_command(track)
    ports.overview_panels.append(overview_panel)
    return POLICY
