"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.referrals import letter
from engagement.referrals.history import referral_history
from engagement.referrals.joining import forget_through_whom
from engagement.referrals.requests import take_request
from engagement.referrals.views import POLICY, overview, referrals

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of referrals and partners, and the mail to somebody who was named."""
    app.register_blueprint(referrals)
    ports.composers[letter.PURPOSE] = letter.COMPOSER
    ports.sent[letter.PURPOSE] = letter.SENT
    ports.timeline.append(referral_history)
    ports.inbound.append(take_request)
    ports.overview.append(overview)
    ports.sheltered.append(forget_through_whom)
    ports.person_tables["referral"] = "the row stays as a tombstone without the person"
    ports.person_tables["partner"] = "the partner stays, without the contact"
    return POLICY
