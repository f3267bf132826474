"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.findings.letters import take_letter
from engagement.findings.views import POLICY, findings, overview

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of themes, submissions and coding."""
    app.register_blueprint(findings)
    ports.overview.append(overview)
    ports.inbound.append(take_letter)
    return POLICY
