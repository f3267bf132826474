"""The page for administrators that says how our sending looks from outside, and what the mail administrator must set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request

from engagement.kernel.policy import ADMINISTRATOR, Policy
from engagement.kernel.settings import settings
from engagement.mailing.domain_findings import Finding, Grade

if TYPE_CHECKING:
    from config import Settings

sending = Blueprint("sending", __name__)
SENDING_POLICY: Policy = {"sending.mail_settings": ADMINISTRATOR}


@sending.route("/administration/mail", methods=["GET", "POST"])
def mail_settings() -> Any:
    """Show what is set; asked to ("Check now"), look at the domain and the server too. Nothing is stored."""
    chosen = settings()
    found = _found(chosen) if request.method == "POST" else None
    domain = chosen.mail_default_sender.rpartition("@")[2]
    return render_template("mailing/sending.html", found=found, settings=chosen, domain=domain, Grade=Grade)


def _found(chosen: Settings) -> list[Finding]:
    from engagement.mailing.domain_checks import check_sending  # noqa: PLC0415 - it asks the DNS: large, and wanted now and then.

    return check_sending(chosen)
