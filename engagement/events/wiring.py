"""What this capability plugs into the application."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engagement.events import rehearsing
from engagement.events.agenda_views import AGENDA_POLICY
from engagement.events.calendar_replies import place_by_mailbox, take_calendar_reply
from engagement.events.cli import events_group
from engagement.events.guest_views import GUEST_POLICY
from engagement.events.happenings import first_step, overview, subjects, timeline
from engagement.events.knowledge import forget_told, remember_perhaps_told, remember_told
from engagement.events.letters import CONFIRMATION_COMPOSER, INVITATION_COMPOSER, link_was_sent
from engagement.events.notices import CANCELLATION_COMPOSER, CHANGE_COMPOSER, WITHDRAWAL_COMPOSER
from engagement.events.reminder import DAY_BEFORE_COMPOSER, REMINDER_COMPOSER
from engagement.events.telling_views import TELLING_POLICY
from engagement.events.tellings import tell_the_rest
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
    ports.composers["event_confirmation"] = replace(CONFIRMATION_COMPOSER, preview=rehearsing.preview_confirmation)
    ports.rehearsal.append(rehearsing.scenes)
    for composer in (CHANGE_COMPOSER, CANCELLATION_COMPOSER, WITHDRAWAL_COMPOSER):
        ports.composers[composer.purpose] = composer
        ports.sent[composer.purpose] = remember_told
    ports.composers["event_reminder"] = REMINDER_COMPOSER
    ports.composers["event_day_before"] = DAY_BEFORE_COMPOSER
    ports.sent["event_invitation"] = ports.sent["event_confirmation"] = link_was_sent
    ports.undelivered.append(forget_told)
    ports.doubtful.append(remember_perhaps_told)
    ports.chores.append(tell_the_rest)
    # Planned to its end, it is held with the rest.
    ports.restored.append(partial(tell_the_rest, None))
    # Before all others: whatever becomes of a mail, it is known which invitation it is about.
    ports.inbound.insert(0, place_by_mailbox)
    ports.inbound.append(take_calendar_reply)
    ports.subjects.append(subjects)
    ports.timeline.append(timeline)
    ports.overview.append(overview)
    ports.first_steps.append(first_step)
    ports.person_tables["attendance"] = "goes with the person"
    ports.person_tables["agenda_part"] = "goes with the person"
    return {**POLICY, **GUEST_POLICY, **AGENDA_POLICY, **TELLING_POLICY}
