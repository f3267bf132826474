"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.portal.arriving import POLICY_ARRIVING
from engagement.portal.blueprint import portal
from engagement.portal.replies import POLICY_REPLIES

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Plug in the pages behind a personal link."""
    app.register_blueprint(portal)
    return {**POLICY_ARRIVING, **POLICY_REPLIES}
