"""Pages of questionnaires for the team: all of them, one of them, what came back, export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select

from engagement.consultations.gate import current_access
from engagement.kernel.audit import note_read
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import Step, TimelineEntry
from engagement.kernel.tables import write_csv, write_xlsx
from engagement.kernel.web import page_asked, said
from engagement.questionnaires.completeness import counting, progress
from engagement.questionnaires.conditions import asked
from engagement.questionnaires.definition import definition_of
from engagement.questionnaires.design import create_questionnaire, edit_settings
from engagement.questionnaires.forms import KIND_LABELS, NewForm, SettingsForm
from engagement.questionnaires.history import what_happened
from engagement.questionnaires.models import Option, Question, Questionnaire, ResponseState, Section
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.reading import (
    NOBODY,
    export_header,
    export_rows,
    figures_of,
    find_returned,
    page_of_responses,
    submitted_to,
)
from engagement.questionnaires.service import answers_of, find_questionnaire, questionnaires_of
from engagement.questionnaires.showing import YES_NO
from engagement.questionnaires.standard import install_standard
from engagement.questionnaires.wholeness import fault_of, faults_of
from engagement.roster.vocabulary import REGIONS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.questionnaires.reading import Figures

questionnaires = Blueprint("questionnaires", __name__)
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
POLICY: Policy = {
    "questionnaires.index": member(Permission.VIEW_FIGURES),
    "questionnaires.show": member(Permission.VIEW_FIGURES),
    "questionnaires.start_standard": member(Permission.DESIGN_QUESTIONNAIRES),
    "questionnaires.new": member(Permission.DESIGN_QUESTIONNAIRES),
    "questionnaires.settings": member(Permission.DESIGN_QUESTIONNAIRES),
    "questionnaires.responses": member(Permission.READ_ANSWERS),
    "questionnaires.response": member(Permission.READ_ANSWERS),
    "questionnaires.export": member(Permission.EXPORT_ANSWERS),
}


STANDING_WORDS = {
    Standing.NOT_YET: Text("Not open yet", "Pas encore ouvert"),
    Standing.OPEN: Text("Open", "Ouvert"),
    Standing.PAUSED: Text("Paused", "Suspendu"),
    Standing.CLOSED: Text("Closed", "Clos"),
}


STATE_WORDS = {
    ResponseState.SUBMITTED: Text("Complete", "Complète"),
    ResponseState.SUBMITTED_IN_PART: Text("In part", "En partie"),
}


@questionnaires.app_context_processor
def _labels() -> dict[str, object]:
    return {"standing_words": lambda standing: said(STANDING_WORDS[standing])}


def questionnaire_here(name: str) -> Questionnaire:
    """Return the questionnaire of this page's consultation, or raise AbsentError."""
    return find_questionnaire(current_access().consultation.id, name)


@questionnaires.get("/c/<slug>/questionnaires")
def index(slug: str) -> Any:  # noqa: ARG001
    """List the questionnaires, with how many were asked and answered for those who read every figure."""
    access = current_access()
    return render_template(
        "questionnaires/index.html",
        questionnaires=questionnaires_of(access.consultation.id),
        figures=_figures_for(access),
        standing_of=standing_of,
        NOBODY=NOBODY,
    )


def _figures_for(access: Access) -> dict[UUID, Figures] | None:
    """Return the figures of each questionnaire; None for whoever reads protected tables on the response page instead."""
    exact = access.may(Permission.READ_ANSWERS) or access.may(Permission.SEE_PEOPLE)
    return figures_of(access.consultation.id) if exact else None


@questionnaires.post("/c/<slug>/questionnaires/standard")
def start_standard(slug: str) -> Any:
    """Start from the eight areas."""
    access = current_access()
    made = install_standard(consultation_id=access.consultation.id, actor=access.actor)
    flash(gettext("The questionnaire of eight areas is ready. Read it through and change what you like."))
    return redirect(url_for(".show", slug=slug, name=made.name))


@questionnaires.route("/c/<slug>/questionnaires/new", methods=["GET", "POST"])
def new(slug: str) -> Any:
    """Start an empty questionnaire."""
    access, form = current_access(), NewForm()
    if form.validate_on_submit():
        try:
            made = create_questionnaire(
                consultation_id=access.consultation.id, name=form.name.data, settings=form.settings(), actor=access.actor
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(url_for(".show", slug=slug, name=made.name))
    return render_template("questionnaires/settings.html", form=form, questionnaire=None)


@questionnaires.get("/c/<slug>/questionnaires/<name>")
def show(slug: str, name: str) -> Any:  # noqa: ARG001
    """Show all questions in both languages, what is set, and what keeps it from being sent."""
    row, access = questionnaire_here(name), current_access()
    figures = _figures_for(access)
    return render_template(
        "questionnaires/show.html",
        questionnaire=row,
        definition=definition_of(row.id),
        figures=None if figures is None else figures.get(row.id, NOBODY),
        faults=faults_of(row.id),
        fault_by_id=_faults_by_id(row),
        kind_labels=KIND_LABELS,
        yes_no=YES_NO,
        standing=standing_of(row, access.consultation),
    )


def _faults_by_id(row: Questionnaire) -> dict[UUID, Any]:
    mine = select(Question.id).where(Question.questionnaire_id == row.id)
    rows = [
        *db.session.scalars(select(Section).where(Section.questionnaire_id == row.id)),
        *db.session.scalars(select(Question).where(Question.questionnaire_id == row.id)),
        *db.session.scalars(select(Option).where(Option.question_id.in_(mine))),
    ]
    found: dict[UUID, Any] = {}
    for each in rows:
        fault = fault_of(each)
        if fault is not None:
            found[each.question_id if isinstance(each, Option) else each.id] = fault
    return found


@questionnaires.route("/c/<slug>/questionnaires/<name>/settings", methods=["GET", "POST"])
def settings(slug: str, name: str) -> Any:
    """Change what is set."""
    row = questionnaire_here(name)
    form = SettingsForm(obj=row)
    if form.validate_on_submit():
        try:
            edit_settings(questionnaire_id=row.id, settings=form.settings(), actor=current_access().actor)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."))
            return redirect(url_for(".show", slug=slug, name=name))
    return render_template("questionnaires/settings.html", form=form, questionnaire=row)


@questionnaires.get("/c/<slug>/questionnaires/<name>/responses")
def responses(slug: str, name: str) -> Any:  # noqa: ARG001
    """List what was submitted."""
    row, access = questionnaire_here(name), current_access()
    page = page_of_responses(row.id, access, page_asked())
    return render_template(
        "questionnaires/responses.html",
        questionnaire=row,
        listed=page,
        unlisted=submitted_to(row.id) - page.total,
        figures=figures_of(access.consultation.id).get(row.id, NOBODY),
        STATE_WORDS=STATE_WORDS,
        SECTORS=SECTORS,
        REGIONS=REGIONS,
    )


@questionnaires.get("/c/<slug>/questionnaires/<name>/responses/<uuid:response_id>")
def response(slug: str, name: str, response_id: UUID) -> Any:  # noqa: ARG001
    """Show one response."""
    row, access = questionnaire_here(name), current_access()
    returned = find_returned(row.id, response_id, access)
    note_read("read_response", "response", response_id, access.actor, access.consultation.id)
    definition, answers = definition_of(row.id), answers_of(response_id)
    return render_template(
        "questionnaires/response.html",
        questionnaire=row,
        returned=returned,
        definition=definition,
        answers=counting(definition, answers),
        asked=asked(definition.questions(), answers),
        progress=progress(definition, answers),
        SECTORS=SECTORS,
        REGIONS=REGIONS,
    )


@questionnaires.get("/c/<slug>/questionnaires/<name>/export.<any(csv,xlsx):kind>")
def export(slug: str, name: str, kind: str) -> Any:
    """Give the submitted responses that the member may read as a file."""
    access = current_access()
    definition = definition_of(questionnaire_here(name).id)
    header, rows = export_header(definition), export_rows(definition, access.consultation.zone, access)
    content = write_csv(header, rows) if kind == "csv" else write_xlsx(header, rows)
    note_read("export_answers", "questionnaire", definition.id, access.actor, access.consultation.id)
    answer = Response(content, content_type=MEDIA_TYPES[kind])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{name}.{kind}")
    return answer


def first_step(access: Access) -> Iterator[Step]:
    """Give the step to make a questionnaire."""
    if access.may(Permission.DESIGN_QUESTIONNAIRES):
        url = url_for("questionnaires.index", slug=access.consultation.slug)
        yield Step(
            Text("Make a questionnaire", "Préparer un questionnaire"), bool(questionnaires_of(access.consultation.id)), url, optional=True
        )


def timeline(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give what happened between a person and the questionnaires."""
    for at, what, row in what_happened(person_id, access):
        yield TimelineEntry(at, what, url_for("questionnaires.show", slug=access.consultation.slug, name=row.name))
