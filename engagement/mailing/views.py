"""Pages of the local mailbox. They are registered where mail is kept on this machine, and nowhere else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, send_file
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from engagement.consultations.service import all_invented
from engagement.kernel.policy import PUBLIC, Policy
from engagement.kernel.settings import settings
from engagement.mailing.as_html import linked
from engagement.mailing.mailbox import ZONE, file_of, newest, open_mail

mailing = Blueprint("mailing", __name__)
POLICY: Policy = dict.fromkeys(("mailing.mailbox", "mailing.mailbox_mail", "mailing.mailbox_html", "mailing.mailbox_file"), PUBLIC)
# A mail is somebody else's page: it may have styles of its own, and nothing else; its links open beside it.
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
# Their METHOD and STATUS (RFC 5546) in words.
ASKS = {
    ("REQUEST", "CONFIRMED"): _l("To enter it, or to bring it up to date"),
    ("REQUEST", "TENTATIVE"): _l("To enter it, not yet certain"),
    ("CANCEL", "CANCELLED"): _l("To take it out"),
}


@mailing.get("/mailbox")
def mailbox() -> Any:
    """List the mails that were received, the newest first."""
    return render_template("mailing/mailbox.html", mails=newest(settings().mailbox_folder), zone=ZONE, all_invented=all_invented())


@mailing.get("/mailbox/<name>")
def mailbox_mail(name: str) -> Any:
    """Show one mail as text, and its calendar entry; only links of our own can be followed."""
    found = open_mail(settings().mailbox_folder, name)
    if found is None:
        abort(404)
    text = Markup(linked(found.plain, settings().base_url))  # noqa: S704 - linked() escapes everything first.
    return render_template("mailing/mail.html", mail=found, text=text, asks=ASKS, zone=ZONE, all_invented=all_invented())


@mailing.get("/mailbox/<name>/html")
def mailbox_html(name: str) -> Any:
    """Show one mail as a mail program does, under a policy that lets it do nothing but be read."""
    found = open_mail(settings().mailbox_folder, name)
    if found is None or not found.html:
        abort(404)
    return Response(found.html, headers={"Content-Security-Policy": HTML_POLICY, "Content-Type": "text/html; charset=utf-8"})


@mailing.get("/mailbox/<name>/mail.eml")
def mailbox_file(name: str) -> Any:
    """Download one mail as it was received."""
    path = file_of(settings().mailbox_folder, name)
    if path is None:
        abort(404)
    return send_file(path, mimetype="message/rfc822", as_attachment=True, download_name=f"{name}.eml")
