"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.accounts.views import POLICY, accounts, current_account, login_manager

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Plug in signing in and out, and let templates know who is signed in."""
    login_manager.init_app(app)
    app.register_blueprint(accounts)
    app.context_processor(lambda: {"account": current_account()})
    return POLICY
