"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.accounts.service import demo_accounts
from engagement.accounts.views import DEMO_PASSWORD, POLICY, accounts, current_account, login_manager

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in signing in and out, and let templates know who is signed in."""
    login_manager.init_app(app)
    app.register_blueprint(accounts)
    app.context_processor(lambda: {"account": current_account()})
    if not app.config["SETTINGS"].production:
        ports.greetings.append(_greet)
    return POLICY


def _greet() -> list[str]:
    accounts_shown = [f"  {user.email}" for user in demo_accounts()]
    return [f"Sign in with the password {DEMO_PASSWORD} as one of:", *accounts_shown] if accounts_shown else []
