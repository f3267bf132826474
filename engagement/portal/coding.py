"""The page that asks for six digits before something sensitive is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.invitations.codes import check_code, is_on_its_way, send_code
from engagement.kernel.audit import by_link
from engagement.kernel.errors import DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import LINK, Policy
from engagement.kernel.redirects import safe_next
from engagement.portal.blueprint import portal
from engagement.portal.forms import CodeForm
from engagement.portal.session import opened_invitation, unlock

if TYPE_CHECKING:
    from uuid import UUID

POLICY_CODING: Policy = {"portal.code": LINK, "portal.send_new_code": LINK}


@portal.route("/i/<uuid:invitation_id>/code", methods=["GET", "POST"])
@opened_invitation
def code(invitation_id: UUID) -> Any:
    """Take the six digits, and go on to what they open."""
    form = CodeForm()
    if request.method == "POST" and form.validate():
        try:
            check_code(invitation_id=invitation_id, digits=form.digits.data or "", actor=by_link(invitation_id))
        except DomainError as error:
            form.refuse(error)
        else:
            unlock()
            return redirect(_where_next(invitation_id))
    return render_template("portal/code.html", form=form, sent=is_on_its_way(invitation_id))


@portal.post("/i/<uuid:invitation_id>/code/send")
@opened_invitation
def send_new_code(invitation_id: UUID) -> Any:
    """Send a code to the invited address."""
    try:
        send_code(invitation_id=invitation_id, language=current_language(), actor=by_link(invitation_id))
    except DomainError as error:
        form = CodeForm(formdata=None)
        form.refuse(error)
        return render_template("portal/code.html", form=form, sent=is_on_its_way(invitation_id))
    flash(gettext("A code is on its way to the address that we invited. It can take a minute."))
    return redirect(url_for("portal.code", invitation_id=invitation_id, next=request.args.get("next")))


def _where_next(invitation_id: UUID) -> str:
    """Return the page of this same invitation that was asked for, else its first page."""
    own = url_for("portal.reply_page", invitation_id=invitation_id)
    wanted = safe_next(request.args.get("next"), own)
    inside = wanted == own or wanted.startswith(f"{own}/")
    return wanted if inside and "/../" not in wanted and "/./" not in wanted else own
