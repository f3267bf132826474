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
    ConsultationForm,
    MemberForm,
    NewConsultationForm,
)
from engagement.consultations.gate import current_access
from engagement.consultations.models import ClearedFor, Status
from engagement.consultations.service import (
    admit,
    clear,
    clearances_of,
    consultations_of,
    create_consultation,
    dismiss,
    edit_consultation,
    find_document,
    is_publishable,
    revoke_clearance,
    team_of,
)
from engagement.kernel.audit import staff
from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError
from engagement.kernel.forms import Form, options
from engagement.kernel.policy import SIGNED_IN, Permission, Policy, member
from engagement.kernel.ports import Step, Subject, ports
from engagement.kernel.web import refusals_said, said
from engagement.kernel.wording import ZONES

if TYPE_CHECKING:
    from engagement.accounts.models import User
    from engagement.consultations.access import Access
    from engagement.consultations.models import Consultation, Document

consultations = Blueprint("consultations", __name__)
POLICY: Policy = {
    "consultations.index": SIGNED_IN,
    "consultations.new": SIGNED_IN,
    "consultations.overview": member(Permission.VIEW_FIGURES),
    "consultations.edit": member(Permission.EDIT_CONSULTATION),
    "consultations.team": member(Permission.MANAGE_TEAM),
    "consultations.dismiss_member": member(Permission.MANAGE_TEAM),
    "consultations.clear_member": member(Permission.MANAGE_TEAM),
    "consultations.revoke_member": member(Permission.MANAGE_TEAM),
}

TEXTS = Text("Write why, who and what, in English and in French", "Rédiger le pourquoi, le qui et le quoi, en français et en anglais")
MATES = Text("Add others to the team", "Ajouter d’autres personnes à l’équipe")
PUBLIC_PAGE = Text("Show the public page", "Afficher la page publique")


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
            flash(gettext("The consultation is created."))
            return redirect(url_for(".overview", slug=made.slug))
    return render_template("consultations/edit.html", form=form, consultation=None, documents={})


def _documents(consultation: Consultation) -> dict[str, Document | None]:
    return {language: find_document(consultation.id, language) for language in ("en", "fr")}


@consultations.get("/c/<slug>/")
def overview(slug: str) -> Any:  # noqa: ARG001
    """Show where the consultation stands and what is to be done next."""
    access = current_access()
    consultation = access.consultation
    lines = [line for give in ports().overview for line in give(access)]
    panels = [panel for give in ports().overview_panels for panel in give(access)]
    return render_template(
        "consultations/overview.html", consultation=consultation, documents=_documents(consultation), lines=lines, panels=panels,
        steps=_first_steps(access),
    )  # fmt: skip


def _first_steps(access: Access) -> list[Step]:
    """Return what is to be done before the consultation opens, to those who prepare it; nothing once it is open."""
    consultation = access.consultation
    if consultation.status is not Status.PLANNED or not access.may(Permission.EDIT_CONSULTATION):
        return []
    edit = url_for(".edit", slug=consultation.slug)
    mates = Step(MATES, len(team_of(consultation.id)) > 1, url_for(".team", slug=consultation.slug), optional=True)
    others = [step for give in ports().first_steps for step in give(access)]
    shown = Step(PUBLIC_PAGE, consultation.is_public, edit, optional=True)
    return [Step(TEXTS, is_publishable(consultation), edit), mates, *others, shown]


@consultations.route("/c/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> Any:
    """Change the particulars, seeing which translations are stale."""
    access = current_access()
    form, fresh = ConsultationForm(obj=access.consultation), ConsultationForm(formdata=None, obj=access.consultation)
    _name_zones(form)
    _name_zones(fresh)
    if form.validate_on_submit() and form.still_stands(fresh):
        try:
            edit_consultation(
                consultation_id=access.consultation.id, particulars=form.particulars(), documents=form.documents(), actor=access.actor
            )
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."))
            return redirect(url_for(".overview", slug=slug))
    return _edit_page(form, access.consultation)


def _edit_page(form: ConsultationForm, consultation: Consultation) -> str:
    return render_template("consultations/edit.html", form=form, consultation=consultation, documents=_documents(consultation))


def _name_zones(form: ConsultationForm) -> None:
    form.zone.choices = options((zone, f"{said(name)} ({zone.partition('/')[2].replace('_', ' ')})") for zone, name in ZONES.items())


@consultations.route("/c/<slug>/team", methods=["GET", "POST"])
def team(slug: str) -> Any:
    """Show and extend the team."""
    access = current_access()
    subjects = _subjects(access)
    form = MemberForm()
    form.offer_events([(str(subject.id), said(subject.title)) for subject in subjects if subject.kind == "event"])
    if form.validate_on_submit():
        try:
            admit(consultation_id=access.consultation.id, actor=access.actor, **form.membership())
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Added to the team."))
            return redirect(url_for(".team", slug=slug))
    members, cleared = team_of(access.consultation.id), _cleared(access, subjects)
    return render_template("consultations/team.html", form=form, members=members, subjects=subjects, cleared=cleared)


def _cleared(access: Access, subjects: list[Subject]) -> list[tuple[User, Subject]]:
    known = {subject.id: subject for subject in subjects if subject.restricted}
    return [(user, known[subject_id]) for user, subject_id in clearances_of(access.consultation.id) if subject_id in known]


def _subjects(access: Access) -> list[Subject]:
    return [subject for give in ports().subjects for subject in give(access)]


@consultations.route("/c/<slug>/team/<uuid:membership_id>/dismiss", methods=["GET", "POST"])
def dismiss_member(slug: str, membership_id: UUID) -> Any:
    """Ask whether a membership is to end, and end it."""
    access = current_access()
    leaving = next((each for each in team_of(access.consultation.id) if each.membership.id == membership_id), None)
    if leaving is None:
        abort(404)
    form = Form()
    if form.validate_on_submit():
        try:
            dismiss(consultation_id=access.consultation.id, membership_id=membership_id, actor=access.actor)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Removed from the team."))
            return redirect(url_for(".team", slug=slug))
    titles: dict[UUID | None, Text] = {subject.id: subject.title for subject in _subjects(access)}
    return render_template("consultations/dismiss.html", form=form, leaving=leaving, title=titles.get(leaving.membership.event_id))


@consultations.post("/c/<slug>/team/clear")
def clear_member(slug: str) -> Any:
    """Let a member know of a restricted event or batch; only somebody who knows of it can."""
    access = current_access()
    subject, user_id = _cleared_and_whom(access, {each.user.id for each in team_of(access.consultation.id)})
    kind = ClearedFor(subject.kind)
    clear(consultation_id=access.consultation.id, user_id=user_id, kind=kind, subject_id=subject.id, actor=access.actor)
    flash(gettext("Cleared."))
    return redirect(url_for(".team", slug=slug))


@consultations.post("/c/<slug>/team/revoke")
def revoke_member(slug: str) -> Any:
    """Let a member know of a restricted event or batch no longer; only somebody who knows of it can."""
    access = current_access()
    subject, user_id = _cleared_and_whom(access, {user.id for user, _ in clearances_of(access.consultation.id)})
    with refusals_said():
        revoke_clearance(consultation_id=access.consultation.id, user_id=user_id, subject_id=subject.id, actor=access.actor)
        flash(gettext("Clearance revoked."))
    return redirect(url_for(".team", slug=slug))


def _cleared_and_whom(access: Access, people: set[UUID]) -> tuple[Subject, UUID]:
    known = {str(subject.id): subject for subject in _subjects(access) if subject.restricted}
    there = {str(person): person for person in people}
    subject = known.get(request.form.get("subject_id", ""))
    user_id = there.get(request.form.get("user_id", ""))
    if subject is None or user_id is None:
        abort(404)
    return subject, user_id
