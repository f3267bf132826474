"""The forms behind a personal link. None of them has anything chosen beforehand."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.events.vocabulary import INTERPRETATION
from engagement.kernel.forms import Form, options
from engagement.kernel.languages import current_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

    from engagement.portal.choosing import Offer

_WORDS = 2000


class OneOfThese:
    """Validator: one of the offered options was chosen, and said so explicitly."""

    def __init__(self, offered: Sequence[str]) -> None:
        """Keep the values that are offered."""
        self.offered = offered

    def __call__(self, form: Form, field: Any) -> None:  # noqa: ARG002
        """Refuse nothing, and anything that is not offered."""
        if field.data not in self.offered:
            raise ValidationError(gettext("Choose an answer."))


def reply_form(questions: Sequence[tuple[str, Any, Sequence[Offer]]], formdata: MultiDict[str, str] | None) -> Form:
    """Return the form that asks each of ``questions``: (field name, question, options).

    ``formdata`` None gives an empty form.
    """
    asked = tuple(
        (name, str(label), tuple((offer.way.value, offer.label.in_(current_language())) for offer in offered))
        for name, label, offered in questions
    )
    return _form_asking(asked)(formdata=formdata)


@lru_cache(maxsize=200)
def _form_asking(asked: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]) -> type[Form]:
    """Return the form of these questions (name, words, options): the guests of an event are all asked the same."""
    return type("ReplyForm", (Form,), {name: _question(label, pairs) for name, label, pairs in asked})


def _question(label: str, pairs: Sequence[tuple[str, str]]) -> RadioField:
    values = [value for value, _ in pairs]
    return RadioField(label, choices=options(pairs), validate_choice=False, validators=[OneOfThese(values)])


class ReasonForm(Form):
    """Why somebody cannot come, if they like to say so."""

    reason = TextAreaField(_l("Why can you not come?"), validators=[Length(max=_WORDS, message=_l("Use at most 2,000 characters."))])
    wants_questionnaire = BooleanField(_l("Send me the questionnaire instead"))


class NeedsForm(Form):
    """What somebody needs to take part."""

    access = TextAreaField(
        _l("Getting in, moving about, hearing, seeing, resting"),
        validators=[Length(max=_WORDS, message=_l("Use at most 2,000 characters."))],
    )
    diet = TextAreaField(_l("Food"), validators=[Length(max=_WORDS, message=_l("Use at most 2,000 characters."))])
    interpretation = SelectMultipleField(
        _l("Interpretation"), validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def __init__(self, **given: Any) -> None:
        """Offer the kinds of interpretation in the language of the page."""
        super().__init__(**given)
        self.interpretation.choices = options((key, words.in_(current_language())) for key, words in INTERPRETATION.items())

    def validate_interpretation(self, field: Any) -> None:
        """Refuse what is not offered."""
        if set(field.data or ()) - INTERPRETATION.keys():
            raise ValidationError(gettext("Choose from the list."))


class CodeForm(Form):
    """The six digits that came by mail."""

    digits = StringField(_l("Code"))

    def validate_digits(self, field: Any) -> None:
        """Refuse what cannot be a code before it counts as a try."""
        entered = "".join((field.data or "").split())
        if not (len(entered) == 6 and entered.isascii() and entered.isdigit()):
            raise ValidationError(gettext("Enter the six digits of the code."))
