"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.roster import filling_views
from engagement.roster.cli import roster_commands
from engagement.roster.timeline import history_of, subjects_of
from engagement.roster.views import POLICY, first_step, overview, roster

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages and commands of the roster, its part of a person's history, and its batches."""
    app.register_blueprint(roster)
    app.cli.add_command(roster_commands)
    ports.timeline.append(history_of)
    ports.subjects.append(subjects_of)
    ports.overview.append(overview)
    ports.first_steps.append(first_step)
    ports.person_tables |= {"person": "delete", "batch_member": "delete with the person"}
    return POLICY | filling_views.POLICY
