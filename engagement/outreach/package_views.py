"""Pages for those who decide on paper: the package, its document, and what is recorded of their yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.outreach.document import as_pdf
from engagement.outreach.facts import why_void
from engagement.outreach.forms import ApprovalForm
from engagement.outreach.models import ApprovalPackage, Mailing
from engagement.outreach.package import find_package, make_package, packages_of, read_content, record_approval, stands
from engagement.outreach.planning import plan_rest
from engagement.outreach.progress import note_reading
from engagement.outreach.service import find_mailing, title_of
from engagement.outreach.steering import resume_messages
from engagement.outreach.views import outreach

if TYPE_CHECKING:
    from engagement.consultations.access import Access

PLANNED_AT_ONCE = 2.0

POLICY: Policy = {
    "outreach.package": member(Permission.INVITE),
    "outreach.make_package_now": member(Permission.INVITE),
    "outreach.package_file": member(Permission.INVITE),
}


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/package", methods=["GET", "POST"])
def package(slug: str, mailing_id: UUID) -> Any:
    """Show the packages of a mailing, and record a yes to the newest one that still stands."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    form = ApprovalForm()
    if form.validate_on_submit():
        try:
            _record(access, found, form)
            return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
        except DomainError as error:
            form.refuse(error)
    return render_template(
        "outreach/package.html", mailing=found, title=title_of(found), form=form, made=_rows(access, found), void=why_void(found)
    )


def _record(access: Access, found: Mailing, form: ApprovalForm) -> None:
    record_approval(
        access=access,
        mailing_id=found.id,
        package_id=_id(form.package_id.data),
        start_of_hash=form.start_of_hash.data or "",
        approver=form.approver.data or "",
        approved_on=form.approved_on.data,
        file_number=form.file_number.data or "",
    )
    flash(gettext("Recorded. The mailing goes as it was approved."))
    resume_messages(found.id)
    plan_rest(found.id, at_most=PLANNED_AT_ONCE)


def _id(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        raise AbsentError from None


def _rows(access: Access, found: Mailing) -> list[tuple[ApprovalPackage, bool, int]]:
    """Return the packages that this member may read: each with whether it still stands, and how many it names."""
    rows = []
    for each in packages_of(found):
        try:
            find_package(access, found, each.id)
        except AbsentError:
            continue
        rows.append((each, stands(found, each), len(read_content(each)["recipients"])))
    return rows


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/package/make")
def make_package_now(slug: str, mailing_id: UUID) -> Any:
    """Make a package of the mailing as it is now."""
    access = current_access()
    find_mailing(access, mailing_id)
    with refusals_said():
        make_package(access=access, mailing_id=mailing_id)
        flash(gettext("The package is made. Download the document, and have it signed."))
    return redirect(url_for(".package", slug=slug, mailing_id=mailing_id))


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/package/<uuid:package_id>.pdf")
def package_file(slug: str, mailing_id: UUID, package_id: UUID) -> Any:
    """Give the document of a package."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    row = find_package(access, found, package_id)
    note_reading(access, mailing_id, "download_approval_package")
    response = Response(as_pdf(row), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{gettext('approval')}-{row.hash[:8]}.pdf")
    return response
