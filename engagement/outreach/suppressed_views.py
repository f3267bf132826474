"""The page that lists whom the team does not write to, with the reason and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.mailing.suppressions import allow_again, suppress_by_staff
from engagement.outreach.forms import SuppressAddressForm
from engagement.outreach.suppressed import find_suppression, knows_address, not_written_to
from engagement.outreach.views import outreach
from engagement.roster.particulars import BadPersonError, clean_address

if TYPE_CHECKING:
    from uuid import UUID

POLICY: Policy = {
    "outreach.suppressed": member(Permission.SEE_MAIL),
    "outreach.suppress_address": member(Permission.EDIT_ROSTER),
    "outreach.allow_suppressed": member(Permission.EDIT_ROSTER),
}


@outreach.get("/c/<slug>/mail/suppressed")
def suppressed(slug: str) -> Any:  # noqa: ARG001
    """List them."""
    return _show(SuppressAddressForm(formdata=None))


def _show(form: SuppressAddressForm) -> Any:
    access, search = current_access(), request.args.get("search", "")
    found = not_written_to(access, search, request.args.get("page", 1, type=int))
    return render_template("outreach/suppressed.html", found=found, search=search, form=form, may_change=access.may(Permission.EDIT_ROSTER))


@outreach.post("/c/<slug>/mail/suppressed/add")
def suppress_address(slug: str) -> Any:
    """Take an address off that somebody typed in; whether it was off before is not told."""
    form = SuppressAddressForm()
    if not form.validate():
        return _show(form)
    try:
        known = _suppress(form.address.data or "", form.why.data or "")
    except DomainError as error:
        form.refuse(error)
        return _show(form)
    flash(
        gettext("It is not written to any more.")
        if known
        else gettext("It is not written to any more. You know of nobody on the roster who has it.")
    )
    return redirect(url_for(".suppressed", slug=slug))


def _suppress(address: str, why: str) -> bool:
    access = current_access()
    try:
        known = knows_address(access, clean_address(address) or "")
    except BadPersonError as error:
        raise BadPersonError(error.said, field="address") from None
    suppress_by_staff(address=address, why=why, consultation_id=access.consultation.id, known=known, actor=access.actor)
    return known


@outreach.post("/c/<slug>/mail/suppressed/<uuid:suppression_id>/allow")
def allow_suppressed(slug: str, suppression_id: UUID) -> Any:
    """Let an address on the list be written to again."""
    access = current_access()
    find_suppression(access, suppression_id)
    if allow_again(suppression_id=suppression_id, consultation_id=access.consultation.id, actor=access.actor):
        flash(gettext("This address may be written to again."))
    return redirect(url_for(".suppressed", slug=slug))
