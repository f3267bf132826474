"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.policy import join_policies
from engagement.outreach import (
    announcements,
    backlog_views,
    choosing_views,
    inbox_views,
    mailing_views,
    package_views,
    progress_views,
    rehearsal_views,
    reminder_views,
    suppressed_views,
    task_views,
    text_views,
    trying,
    unassigned_views,
    views,
    wish_views,
    words_views,
)
from engagement.outreach.history_views import overview, overview_of_tasks, timeline, timeline_of_tasks
from engagement.outreach.inbox_history_views import inbox_overview, inbox_timeline
from engagement.outreach.interrupted import wait_after_absence, wait_after_pause, wait_after_restore
from engagement.outreach.person_views import mail_panel, wishes_timeline
from engagement.outreach.planning import plan_what_is_owed
from engagement.outreach.rules import quiet_among
from engagement.outreach.schedules import leave_to_the_team, send_what_is_scheduled
from engagement.outreach.silence import written_to_meanwhile
from engagement.outreach.steering import finish_what_was_begun
from engagement.outreach.views import outreach
from engagement.outreach.words import mailing_text

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of mail, what a person's page says of mail, and the worker's share of mailings and reminders."""
    app.register_blueprint(outreach)
    ports.timeline.append(timeline)
    ports.timeline.append(wishes_timeline)
    ports.person_panels.append(mail_panel)
    ports.overview.append(overview)
    ports.timeline.append(inbox_timeline)
    ports.overview.append(inbox_overview)
    ports.timeline.append(timeline_of_tasks)
    ports.overview.append(overview_of_tasks)
    ports.quiet_hours = quiet_among
    ports.too_soon = written_to_meanwhile
    ports.resumed += [leave_to_the_team, wait_after_pause]
    ports.restored.append(wait_after_restore)
    ports.absent.append(wait_after_absence)
    # What is scheduled is made first, so that the same round of the worker plans it.
    ports.chores += [finish_what_was_begun, send_what_is_scheduled, plan_what_is_owed]
    ports.composers[announcements.COMPOSER.purpose] = announcements.COMPOSER
    ports.composers[trying.COMPOSER.purpose] = trying.COMPOSER
    ports.mailing_text = mailing_text
    ports.person_tables["approval_package"] = "kept as it was signed, as long as its mailing"
    pages = (
        views,
        choosing_views,
        mailing_views,
        words_views,
        rehearsal_views,
        package_views,
        progress_views,
        text_views,
        suppressed_views,
        wish_views,
        inbox_views,
        unassigned_views,
        reminder_views,
        task_views,
        backlog_views,
    )
    return join_policies(*(each.POLICY for each in pages))
