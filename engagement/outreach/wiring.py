"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.policy import join_policies
from engagement.outreach import inbox_views, mailing_views, text_views, unassigned_views, views
from engagement.outreach.history_views import overview, timeline
from engagement.outreach.inbox_history_views import inbox_overview, inbox_timeline
from engagement.outreach.service import plan_what_is_owed
from engagement.outreach.views import outreach

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of mail, what a person's page says of mail, and the worker's share of a mailing."""
    app.register_blueprint(outreach)
    ports.timeline.append(timeline)
    ports.overview.append(overview)
    ports.timeline.append(inbox_timeline)
    ports.overview.append(inbox_overview)
    ports.chores.append(plan_what_is_owed)
    return join_policies(views.POLICY, mailing_views.POLICY, text_views.POLICY, inbox_views.POLICY, unassigned_views.POLICY)
