"""Pages of a consultation for its team: all of mine, a new one, overview, edit, team, documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from engagement.consultations.forms import (
    ROLE_LABELS,
    STATUS_LABELS,
    ClearanceForm,
    ConsultationForm,
    MemberForm,
    NewConsultationForm,
)
from engagement.consultations.gate import current_access
from engagement.consultations.models import ClearedFor
from engagement.consultations.service import (
    admit,
    clear,
    consultations_of,
    create_consultation,
    dismiss,
    edit_consultation,
    find_document,
    team_of,
)
from engagement.kernel.audit import staff
from engagement.kernel.errors import DomainError
from engagement.kernel.forms import options
from engagement.kernel.policy import SIGNED_IN, Permission, Policy, member
from engagement.kernel.ports import Subject, ports
from engagement.kernel.web import said
from engagement.kernel.wording import ZONES

if TYPE_CHECKING:
    from engagement.consultations.access import Access

consultations = Blueprint("consultations", __name__)
POLICY: Policy = {
    "consultations.index": SIGNED_IN,
    "consultations.new": SIGNED_IN,
    "consultations.overview": member(Permission.VIEW_FIGURES),
    "consultations.edit": member(Permission.EDIT_CONSULTATION),
    "consultations.team": member(Permission.MANAGE_TEAM),
    "consultations.dismiss_member": member(Permission.MANAGE_TEAM),
    "consultations.clear_member": member(Permission.MANAGE_TEAM),
}


@consultations.app_context_processor
def _labels() -> dict[str, object]:
    return {"STATUS_LABELS": STATUS_LABELS, "ROLE_LABELS": ROLE_LABELS}


@consultations.get("/consultations")
def index() -> Any:
    """List the consultations that this account is a member of."""
    return render_template("consultations/index.html", consultations=consultations_of(current_user.account.id))


@consultations.route("/consultations/new", methods=["GET", "POST"])
def new() -> Any:
    """Create a consultation."""
    form = NewConsultationForm()
    _name_zones(form)
    if form.validate_on_submit():
        try:
            made = create_consultation(
                slug=form.slug.data, particulars=form.particulars(), documents=form.documents(), actor=staff(current_user.account.id)
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(url_for(".overview", slug=made.slug))
    return render_template("consultations/edit.html", form=form, consultation=None)


@consultations.get("/c/<slug>/")
def overview(slug: str) -> Any:  # noqa: ARG001
    """Show where the consultation stands and what is to be done next."""
    access = current_access()
    consultation = access.consultation
    documents = {language: find_document(consultation.id, language) for language in ("en", "fr")}
    lines = [line for give in ports().overview for line in give(access)]
    return render_template("consultations/overview.html", consultation=consultation, documents=documents, lines=lines)


@consultations.route("/c/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> Any:
    """Change the particulars, seeing which translations are stale."""
    access = current_access()
    form = ConsultationForm(obj=access.consultation)
    _name_zones(form)
    if form.validate_on_submit():
        try:
            edit_consultation(
                consultation_id=access.consultation.id, particulars=form.particulars(), documents=form.documents(), actor=access.actor
            )
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."))
            return redirect(url_for(".overview", slug=slug))
    return render_template("consultations/edit.html", form=form, consultation=access.consultation)


def _name_zones(form: ConsultationForm) -> None:
    form.zone.choices = options((zone, f"{said(name)} ({zone.partition('/')[2].replace('_', ' ')})") for zone, name in ZONES.items())


@consultations.route("/c/<slug>/team", methods=["GET", "POST"])
def team(slug: str) -> Any:
    """Show and extend the team."""
    access = current_access()
    subjects = _subjects(access)
    form, clearance = MemberForm(), ClearanceForm(formdata=None)
    form.offer_events([(str(subject.id), said(subject.title)) for subject in subjects if subject.kind == "event"])
    if form.validate_on_submit():
        try:
            admit(consultation_id=access.consultation.id, actor=access.actor, **form.membership())
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Added to the team."))
            return redirect(url_for(".team", slug=slug))
    members = team_of(access.consultation.id)
    return render_template("consultations/team.html", form=form, clearance=clearance, members=members, subjects=subjects)


def _subjects(access: Access) -> list[Subject]:
    return [subject for give in ports().subjects for subject in give(access)]


@consultations.post("/c/<slug>/team/<uuid:membership_id>/dismiss")
def dismiss_member(slug: str, membership_id: UUID) -> Any:
    """End a membership."""
    access = current_access()
    try:
        dismiss(consultation_id=access.consultation.id, membership_id=membership_id, actor=access.actor)
        flash(gettext("Removed from the team."))
    except DomainError as error:
        flash(said(error.said))
    return redirect(url_for(".team", slug=slug))


@consultations.post("/c/<slug>/team/clear")
def clear_member(slug: str) -> Any:
    """Let a member know of a restricted event or batch; only somebody who knows of it can."""
    access = current_access()
    known = {str(subject.id): subject for subject in _subjects(access) if subject.restricted}
    members = {str(each.user.id): each.user.id for each in team_of(access.consultation.id)}
    subject = known.get(request.form.get("subject_id", ""))
    user_id = members.get(request.form.get("user_id", ""))
    if subject is None or user_id is None:
        abort(404)
    kind = ClearedFor(subject.kind)
    clear(consultation_id=access.consultation.id, user_id=user_id, kind=kind, subject_id=subject.id, actor=access.actor)
    flash(gettext("Cleared."))
    return redirect(url_for(".team", slug=slug))
