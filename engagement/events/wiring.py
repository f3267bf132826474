"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.events.agenda_views import AGENDA_POLICY
from engagement.events.cli import events_group
from engagement.events.guest_views import GUEST_POLICY
from engagement.events.happenings import overview, subjects, timeline
from engagement.events.letters import CONFIRMATION_COMPOSER, INVITATION_COMPOSER, invitation_was_sent
from engagement.events.reminder import DAY_BEFORE_COMPOSER, REMINDER_COMPOSER
from engagement.events.views import POLICY, events

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages, mails and command of events, and what they tell other rooms."""
    app.register_blueprint(events)
    app.cli.add_command(events_group)
    ports.composers["event_invitation"] = INVITATION_COMPOSER
    ports.composers["event_confirmation"] = CONFIRMATION_COMPOSER
    ports.composers["event_reminder"] = REMINDER_COMPOSER
    ports.composers["event_day_before"] = DAY_BEFORE_COMPOSER
    ports.sent["event_invitation"] = invitation_was_sent
    ports.subjects.append(subjects)
    ports.timeline.append(timeline)
    ports.overview.append(overview)
    ports.person_tables["attendance"] = "goes with the person"
    ports.person_tables["agenda_part"] = "goes with the person"
    return {**POLICY, **GUEST_POLICY, **AGENDA_POLICY}
