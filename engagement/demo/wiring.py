"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.demo.cli import demo

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Plug in the command that loads the demonstration; it has no pages."""
    app.cli.add_command(demo)
    return {}
