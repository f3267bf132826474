"""Pages of the local mailbox. They are registered where mail is kept on this machine, and nowhere else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, send_file
from markupsafe import Markup

from engagement.consultations.service import all_invented
from engagement.kernel.policy import PUBLIC, Policy
from engagement.kernel.settings import settings
from engagement.mailing.letters import linked
from engagement.mailing.mailbox import file_of, newest, open_mail

mailing = Blueprint("mailing", __name__)
POLICY: Policy = {"mailing.mailbox": PUBLIC, "mailing.mailbox_mail": PUBLIC, "mailing.mailbox_file": PUBLIC}


@mailing.get("/mailbox")
def mailbox() -> Any:
    """List the mails that were received, the newest first."""
    return render_template("mailing/mailbox.html", mails=newest(settings().mailbox_folder), all_invented=all_invented())


@mailing.get("/mailbox/<name>")
def mailbox_mail(name: str) -> Any:
    """Show one mail as text; only links of our own can be followed."""
    found = open_mail(settings().mailbox_folder, name)
    if found is None:
        abort(404)
    text = Markup(linked(found.plain, settings().base_url))  # noqa: S704 - linked() escapes everything first.
    return render_template("mailing/mail.html", mail=found, text=text, all_invented=all_invented())


@mailing.get("/mailbox/<name>/mail.eml")
def mailbox_file(name: str) -> Any:
    """Download one mail as it was received."""
    path = file_of(settings().mailbox_folder, name)
    if path is None:
        abort(404)
    return send_file(path, mimetype="message/rfc822", as_attachment=True, download_name=f"{name}.eml")
