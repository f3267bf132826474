"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from engagement.consultations.cli import users
from engagement.consultations.views import POLICY, consultations

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Plug in the pages of a consultation, and let templates know what its reader may do."""
    app.register_blueprint(consultations)
    app.cli.add_command(users)
    app.context_processor(lambda: {"access": g.get("access")})
    return POLICY
