"""Pages of received mail that belongs to no consultation yet: administrators give it to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import staff
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.forms import options
from engagement.kernel.policy import ADMINISTRATOR, Policy
from engagement.kernel.web import refusals_said, said
from engagement.mailing.inbox import assign, dismiss, files_listed, find_unassigned, unassigned
from engagement.outreach.inbox_forms import AssignForm
from engagement.outreach.inbox_views import download
from engagement.outreach.reading import mail_without_links, without_links
from engagement.outreach.views import outreach

POLICY: Policy = {
    "outreach.unassigned_mail": ADMINISTRATOR,
    "outreach.unassigned_one": ADMINISTRATOR,
    "outreach.unassigned_raw": ADMINISTRATOR,
    "outreach.unassigned_dismiss": ADMINISTRATOR,
}
# Times on these pages are Eastern time: no consultation's zone is known yet.
ZONE = "America/Toronto"


@outreach.get("/mail/inbox")
def unassigned_mail() -> Any:
    """List the mail that waits and belongs to no consultation."""
    found = unassigned(request.args.get("page", 1, type=int))
    return render_template("outreach/unassigned.html", found=found, mails=found.mails, zone=ZONE)


@outreach.route("/mail/inbox/<uuid:inbound_id>", methods=["GET", "POST"])
def unassigned_one(inbound_id: UUID) -> Any:
    """Show such a mail, and give it to a consultation."""
    mail = find_unassigned(inbound_id)
    form = AssignForm()
    everything = db.session.scalars(select(Consultation).order_by(Consultation.slug))
    form.consultation_id.choices = options([("", "–"), *((str(each.id), said(each.text("title"))) for each in everything)])
    if form.validate_on_submit():
        try:
            assign(inbound_id=inbound_id, consultation_id=UUID(form.consultation_id.data), actor=staff(current_user.account.id))
            flash(gettext("It waits in the consultation’s own inbox now."))
            return redirect(url_for(".unassigned_mail"))
        except DomainError as error:
            form.refuse(error)
    text = without_links(mail.text)
    return render_template("outreach/unassigned_one.html", mail=mail, text=text, form=form, files=files_listed(mail), zone=ZONE)


@outreach.get("/mail/inbox/<uuid:inbound_id>/mail.eml")
def unassigned_raw(inbound_id: UUID) -> Any:
    """Hand over such a mail as it was received, without what opens somebody's page."""
    raw = find_unassigned(inbound_id).raw
    return download(mail_without_links(raw) if raw is not None else None, "mail.eml")


@outreach.post("/mail/inbox/<uuid:inbound_id>/dismiss")
def unassigned_dismiss(inbound_id: UUID) -> Any:
    """Write down that such a mail asks nothing of anybody."""
    find_unassigned(inbound_id)
    with refusals_said():
        dismiss(inbound_id=inbound_id, actor=staff(current_user.account.id))
        flash(gettext("It does not wait any more."))
    return redirect(url_for(".unassigned_mail"))
