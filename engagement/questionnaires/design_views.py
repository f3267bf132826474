"""Pages on which sections, questions and options are made, changed, moved and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from engagement.consultations.gate import current_access
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.questionnaires.asking import (
    add_option,
    add_question,
    edit_option,
    edit_question,
    find_option,
    find_question,
    has_answers,
    move_option,
    move_question,
    remove_option,
    remove_question,
)
from engagement.questionnaires.definition import definition_of
from engagement.questionnaires.design import add_section, edit_section, get_section, move_section, remove_section
from engagement.questionnaires.forms import OptionForm, QuestionForm, SectionForm
from engagement.questionnaires.models import Option
from engagement.questionnaires.views import questionnaire_here, questionnaires

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from engagement.kernel.forms import Form
    from engagement.questionnaires.definition import QuestionAsked
    from engagement.questionnaires.models import Question, Questionnaire

_ROUTES = ("add_section", "section", "move_section", "remove_section", "add_question", "question", "move_question")
_MORE = ("remove_question", "add_option", "option", "move_option", "remove_option")
POLICY_DESIGN: Policy = {f"questionnaires.{name}_page": member(Permission.DESIGN_QUESTIONNAIRES) for name in (*_ROUTES, *_MORE)}
_ONE = "/c/<slug>/questionnaires/<name>"
_SECTION = f"{_ONE}/sections/<uuid:section_id>"
_QUESTION = f"{_ONE}/questions/<uuid:question_id>"
_OPTION = f"{_QUESTION}/options/<uuid:option_id>"


def _taken(form: Form, verb: Callable[[], object]) -> bool:
    """Return whether the form was sent and its verb agreed; a no stands in the form."""
    if not form.validate_on_submit():
        return False
    try:
        verb()
    except DomainError as error:
        form.refuse(error)
        return False
    flash(gettext("Saved."))
    return True


def _done(verb: Callable[[], object], fragment: str = "") -> Any:
    """Run the verb of a button and go back to the questionnaire, saying so where it was refused."""
    with refusals_said():
        verb()
    return _back(fragment)


def _back(fragment: str = "") -> Any:
    view = request.view_args or {}
    return redirect(url_for("questionnaires.show", slug=view["slug"], name=view["name"], _anchor=fragment or None))


def _up() -> bool:
    return request.form.get("to") == "up"


@questionnaires.route(f"{_ONE}/sections/new", methods=["GET", "POST"])
def add_section_page(slug: str, name: str) -> Any:  # noqa: ARG001
    """Add a section."""
    row, actor, form = questionnaire_here(name), current_access().actor, SectionForm()
    texts = {"title": form.bilingual("title"), "introduction": form.bilingual("introduction")}
    if _taken(form, lambda: add_section(questionnaire_id=row.id, actor=actor, **texts)):
        return _back()
    return render_template("questionnaires/section.html", form=form, questionnaire=row, section=None)


@questionnaires.route(_SECTION, methods=["GET", "POST"])
def section_page(slug: str, name: str, section_id: UUID) -> Any:  # noqa: ARG001
    """Change the words of a section."""
    row, actor = questionnaire_here(name), current_access().actor
    section = get_section(db.session(), row.id, section_id)
    form = SectionForm(obj=section)
    texts = {"title": form.bilingual("title"), "introduction": form.bilingual("introduction")}
    confirmed = form.confirm_texts.data
    if _taken(form, lambda: edit_section(questionnaire_id=row.id, section_id=section_id, confirmed=confirmed, actor=actor, **texts)):
        return _back(f"section-{section_id}")
    return render_template("questionnaires/section.html", form=form, questionnaire=row, section=section)


@questionnaires.post(f"{_SECTION}/move")
def move_section_page(slug: str, name: str, section_id: UUID) -> Any:  # noqa: ARG001
    """Move a section."""
    row, actor = questionnaire_here(name), current_access().actor
    return _done(lambda: move_section(questionnaire_id=row.id, section_id=section_id, up=_up(), actor=actor), f"section-{section_id}")


@questionnaires.post(f"{_SECTION}/remove")
def remove_section_page(slug: str, name: str, section_id: UUID) -> Any:  # noqa: ARG001
    """Remove a section."""
    row, actor = questionnaire_here(name), current_access().actor
    return _done(lambda: remove_section(questionnaire_id=row.id, section_id=section_id, actor=actor))


def _earlier(row: Questionnaire, *, section_id: UUID, before: UUID | None) -> list[QuestionAsked]:
    """Return the questions that are asked before this place: those in earlier sections, and earlier ones in this."""
    found: list[QuestionAsked] = []
    for section in definition_of(row.id).sections:
        for question in section.questions:
            if question.id == before:
                return found
            found.append(question)
        if section.id == section_id:
            return found
    return found


@questionnaires.route(f"{_SECTION}/questions/new", methods=["GET", "POST"])
def add_question_page(slug: str, name: str, section_id: UUID) -> Any:  # noqa: ARG001
    """Add a question."""
    row, actor = questionnaire_here(name), current_access().actor
    section = get_section(db.session(), row.id, section_id)
    form = QuestionForm()
    form.offer_conditions(_earlier(row, section_id=section.id, before=None))

    def add() -> object:
        return add_question(questionnaire_id=row.id, section_id=section_id, given=form.given(), labels=form.labels(), actor=actor)

    if _taken(form, add):
        return _back(f"section-{section_id}")
    return render_template(
        "questionnaires/question.html", form=form, questionnaire=row, question=None, shown=None, answered=False, option_rows=()
    )


@questionnaires.route(_QUESTION, methods=["GET", "POST"])
def question_page(slug: str, name: str, question_id: UUID) -> Any:  # noqa: ARG001
    """Change a question."""
    row, actor = questionnaire_here(name), current_access().actor
    question = find_question(db.session(), row.id, question_id)
    shown = next(each for each in definition_of(row.id).questions() if each.id == question_id)
    earlier = _earlier(row, section_id=question.section_id, before=question_id)
    form = QuestionForm(obj=question, data={"condition": _condition(shown, earlier)})
    form.offer_conditions(earlier)
    if _taken(form, lambda: edit_question(questionnaire_id=row.id, question_id=question_id, given=form.given(), actor=actor)):
        return _back(f"question-{question_id}")
    return render_template("questionnaires/question.html", form=form, questionnaire=row, shown=shown, **_of(question))


def _of(question: Question) -> dict[str, Any]:
    """Return what the page of a stored question shows of it."""
    rows = db.session.scalars(select(Option).where(Option.question_id == question.id).order_by(Option.position))
    return {"question": question, "option_rows": rows.all(), "answered": has_answers(db.session(), question.id)}


def _condition(shown: QuestionAsked, earlier: list[QuestionAsked]) -> str:
    codes = {each.id: each.code for each in earlier}
    return f"{codes.get(shown.condition.question_id, '')}={shown.condition.value}" if shown.condition else ""


@questionnaires.post(f"{_QUESTION}/move")
def move_question_page(slug: str, name: str, question_id: UUID) -> Any:  # noqa: ARG001
    """Move a question within its section."""
    row, actor = questionnaire_here(name), current_access().actor
    return _done(lambda: move_question(questionnaire_id=row.id, question_id=question_id, up=_up(), actor=actor), f"question-{question_id}")


@questionnaires.post(f"{_QUESTION}/remove")
def remove_question_page(slug: str, name: str, question_id: UUID) -> Any:  # noqa: ARG001
    """Remove a question."""
    row, actor = questionnaire_here(name), current_access().actor
    return _done(lambda: remove_question(questionnaire_id=row.id, question_id=question_id, actor=actor))


@questionnaires.route(f"{_QUESTION}/options/new", methods=["GET", "POST"])
def add_option_page(slug: str, name: str, question_id: UUID) -> Any:
    """Add an option."""
    row, actor, form = questionnaire_here(name), current_access().actor, OptionForm()
    question = find_question(db.session(), row.id, question_id)
    label = form.bilingual("label")
    if _taken(form, lambda: add_option(questionnaire_id=row.id, question_id=question_id, label=label, actor=actor)):
        return redirect(url_for(".question_page", slug=slug, name=name, question_id=question_id))
    return render_template("questionnaires/option.html", form=form, questionnaire=row, question=question, option=None)


@questionnaires.route(_OPTION, methods=["GET", "POST"])
def option_page(slug: str, name: str, question_id: UUID, option_id: UUID) -> Any:
    """Change the words of an option."""
    row, actor = questionnaire_here(name), current_access().actor
    question = find_question(db.session(), row.id, question_id)
    option = find_option(db.session(), question, option_id)
    form = OptionForm(obj=option)
    new = {"label": form.bilingual("label"), "confirmed": form.confirm_texts.data}
    if _taken(form, lambda: edit_option(questionnaire_id=row.id, question_id=question_id, option_id=option_id, actor=actor, **new)):
        return redirect(url_for(".question_page", slug=slug, name=name, question_id=question_id))
    return render_template("questionnaires/option.html", form=form, questionnaire=row, question=question, option=option)


@questionnaires.post(f"{_OPTION}/move")
def move_option_page(slug: str, name: str, question_id: UUID, option_id: UUID) -> Any:
    """Move an option."""
    row, actor = questionnaire_here(name), current_access().actor
    move_option(questionnaire_id=row.id, question_id=question_id, option_id=option_id, up=_up(), actor=actor)
    return redirect(url_for(".question_page", slug=slug, name=name, question_id=question_id))


@questionnaires.post(f"{_OPTION}/remove")
def remove_option_page(slug: str, name: str, question_id: UUID, option_id: UUID) -> Any:
    """Remove an option."""
    row, actor = questionnaire_here(name), current_access().actor
    _done(lambda: remove_option(questionnaire_id=row.id, question_id=question_id, option_id=option_id, actor=actor))
    return redirect(url_for(".question_page", slug=slug, name=name, question_id=question_id))
