"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.policy import join_policies
from engagement.outreach import mailing_views, reminder_views, task_views, text_views, views
from engagement.outreach.history_views import overview, overview_of_tasks, timeline, timeline_of_tasks
from engagement.outreach.rules import quiet_for
from engagement.outreach.schedules import leave_to_the_team, send_what_is_scheduled
from engagement.outreach.service import plan_what_is_owed
from engagement.outreach.views import outreach

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of mail, what a person's page says of mail, and the worker's share of mailings and reminders."""
    app.register_blueprint(outreach)
    ports.timeline.append(timeline)
    ports.overview.append(overview)
    ports.timeline.append(timeline_of_tasks)
    ports.overview.append(overview_of_tasks)
    ports.quiet_hours = quiet_for
    ports.resumed.append(leave_to_the_team)
    # What is scheduled is made first, so that the same round of the worker plans it.
    ports.chores += [send_what_is_scheduled, plan_what_is_owed]
    return join_policies(views.POLICY, mailing_views.POLICY, text_views.POLICY, reminder_views.POLICY, task_views.POLICY)
