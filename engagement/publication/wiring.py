"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.throttle import Throttle
from engagement.publication.views import EXTENSION, POLICY, publication

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Plug in the public pages, and how often their form may be sent."""
    app.extensions[EXTENSION] = Throttle()
    app.register_blueprint(publication)
    return POLICY
