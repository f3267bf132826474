"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.invitations.codes import CODE_COMPOSER, PURPOSE
from engagement.portal.answering import POLICY_ANSWERING
from engagement.portal.arriving import POLICY_ARRIVING
from engagement.portal.blueprint import portal
from engagement.portal.calendar_file import POLICY_CALENDAR
from engagement.portal.coding import POLICY_CODING
from engagement.portal.passing_on import POLICY_PASSING_ON
from engagement.portal.preferences import POLICY_PREFERENCES
from engagement.portal.rehearsing import scenes
from engagement.portal.replies import POLICY_REPLIES
from engagement.portal.unsubscribing import POLICY_UNSUBSCRIBING

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages behind a personal link, and the mail that brings a code."""
    app.register_blueprint(portal)
    ports.composers[PURPOSE] = CODE_COMPOSER
    ports.rehearsal.append(scenes)
    return {
        **POLICY_ARRIVING,
        **POLICY_REPLIES,
        **POLICY_ANSWERING,
        **POLICY_CODING,
        **POLICY_PASSING_ON,
        **POLICY_CALENDAR,
        **POLICY_PREFERENCES,
        **POLICY_UNSUBSCRIBING,
    }
