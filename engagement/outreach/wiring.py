"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.policy import join_policies
from engagement.outreach import mailing_views, suppressed_views, text_views, views, wish_views
from engagement.outreach.history_views import overview, timeline
from engagement.outreach.person_views import mail_panel, wishes_timeline
from engagement.outreach.planning import plan_what_is_owed
from engagement.outreach.views import outreach

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of mail, what a person's page says of mail, and the worker's share of a mailing."""
    app.register_blueprint(outreach)
    ports.timeline.append(timeline)
    ports.timeline.append(wishes_timeline)
    ports.person_panels.append(mail_panel)
    ports.overview.append(overview)
    ports.chores.append(plan_what_is_owed)
    return join_policies(views.POLICY, mailing_views.POLICY, text_views.POLICY, suppressed_views.POLICY, wish_views.POLICY)
