"""The questions of one section as a form, made from the questionnaire each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.kernel.forms import Form, options
from engagement.questionnaires.answering import NOTHING, BadAnswerError, Given, check, mark
from engagement.questionnaires.definition import NO, YES, QuestionAsked
from engagement.questionnaires.models import QuestionKind
from engagement.questionnaires.service import Typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

    from engagement.kernel.bilingual import Text

# Values of radios and boxes beside a question's own options, whose codes never begin with a hyphen.
DECLINE, SKIP = "-declined", "-skipped"
CHOSEN = {QuestionKind.SINGLE, QuestionKind.YES_NO}


class SectionForm(Form):
    """One section; ``section_form`` adds its fields."""


class SubmitForm(Form):
    """Sends the response; has nothing to fill in."""


def name_of(question: QuestionAsked) -> str:
    """Return the name of the question's field, which is its place on the page too."""
    return f"q_{question.code}"


def declined_name(question: QuestionAsked) -> str:
    """Return the name of the box "Prefer not to say" beside a written answer."""
    return f"{name_of(question)}_declined"


def was_name(question: QuestionAsked) -> str:
    """Return the name of the hidden field that says what the page had shown."""
    return f"was_{question.code}"


def section_form(
    questions: Sequence[QuestionAsked], answers: Mapping[UUID, Given], language: str, posted: MultiDict[str, str] | None = None
) -> SectionForm:
    """Return the form for these questions, filled with what was answered, or with what was ``posted``."""
    fields: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for question in questions:
        given = answers.get(question.id, NOTHING)
        fields[name_of(question)] = _field(question, given, language)
        shown[name_of(question)] = _shown(question, given)
        if _has_box(question):
            fields[declined_name(question)] = BooleanField(gettext("Prefer not to say"))
            shown[declined_name(question)] = given.declined
    kind = type("Questions", (SectionForm,), fields)
    form: SectionForm = kind(formdata=posted, data=shown)
    return form


def _has_box(question: QuestionAsked) -> bool:
    return question.sensitive and question.kind not in {*CHOSEN, QuestionKind.MULTIPLE}


def _field(question: QuestionAsked, given: Given, language: str) -> Any:
    label = question.wording.in_(language)
    if question.kind in CHOSEN:
        return RadioField(label, choices=options(_choices(question, given, language)), validate_choice=False)
    if question.kind is QuestionKind.MULTIPLE:
        choices = options(_choices(question, given, language))
        ticks = {"widget": ListWidget(prefix_label=False), "option_widget": CheckboxInput()}
        return SelectMultipleField(label, choices=choices, validate_choice=False, **ticks)
    if question.kind is QuestionKind.LONG:
        return TextAreaField(label)
    attributes = {"inputmode": "numeric"} if question.kind is QuestionKind.NUMBER else {}
    return StringField(label, render_kw=attributes)


def _choices(question: QuestionAsked, given: Given, language: str) -> list[tuple[str, str]]:
    listed = [(option.code, option.label.in_(language)) for option in question.options]
    if question.kind is QuestionKind.YES_NO:
        listed = [(YES, gettext("Yes")), (NO, gettext("No"))]
    if question.sensitive:
        listed.append((DECLINE, gettext("Prefer not to say")))
    # A radio cannot be let go of again: this is the way to leave the question out after all.
    if question.kind in CHOSEN and (question.sensitive or given.settled):
        listed.append((SKIP, gettext("Skip this question")))
    return listed


def _shown(question: QuestionAsked, given: Given) -> Any:
    if question.kind in CHOSEN:
        return DECLINE if given.declined else given.value
    if question.kind is QuestionKind.MULTIPLE:
        return [DECLINE] if given.declined else list(given.value) if isinstance(given.value, tuple) else []
    return "" if given.value is None else str(given.value)


def typed_in(form: SectionForm, question: QuestionAsked) -> Typed:
    """Return what stands in the form for one question."""
    data = form[name_of(question)].data
    if question.kind in CHOSEN:
        return Typed(None if data in {DECLINE, SKIP} else data, declined=data == DECLINE)
    if question.kind is QuestionKind.MULTIPLE:
        return Typed([code for code in data or () if code != DECLINE], declined=DECLINE in (data or ()))
    return Typed(data or "", declined=_has_box(question) and bool(form[declined_name(question)].data))


def changed_since(form: SectionForm, questions: Iterable[QuestionAsked], posted: MultiDict[str, str]) -> dict[str, Typed]:
    """Return what differs from what the page had shown, by question code.

    A question that was left as it stood is not sent on, so that a page that was open for a
    while does not put an older answer over a newer one.
    """
    found: dict[str, Typed] = {}
    for question in questions:
        typed = typed_in(form, question)
        try:
            now = mark(check(question, typed.raw, declined=typed.declined))
        except BadAnswerError:
            now = ""
        if now != posted.get(was_name(question)) and not form[name_of(question)].errors:
            found[question.code] = typed
    return found


def show_again(
    form: SectionForm, fresh: SectionForm, questions: Iterable[QuestionAsked], problems: Mapping[str, Text], language: str
) -> None:
    """Put into ``fresh`` what was wrong in ``form``, as it was typed, with what to say about it."""
    for question in questions:
        field = form[name_of(question)]
        said = [*field.errors, *([problems[question.code].in_(language)] if question.code in problems else [])]
        if not said:
            continue
        fresh[name_of(question)].data, fresh[name_of(question)].errors = field.data, said
        if _has_box(question):
            fresh[declined_name(question)].data = form[declined_name(question)].data
