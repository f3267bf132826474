"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.events.cli import events_group
from engagement.events.happenings import subjects
from engagement.events.letters import CONFIRMATION_COMPOSER, INVITATION_COMPOSER, invitation_was_sent

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the mails, the command and the subjects of events."""
    app.cli.add_command(events_group)
    ports.composers["event_invitation"] = INVITATION_COMPOSER
    ports.composers["event_confirmation"] = CONFIRMATION_COMPOSER
    ports.sent["event_invitation"] = invitation_was_sent
    ports.subjects.append(subjects)
    ports.person_tables["attendance"] = "goes with the person"
    ports.person_tables["agenda_part"] = "goes with the person"
    return {}
