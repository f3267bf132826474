"""Forms in which a questionnaire is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from engagement.kernel.bilingual import Text
from engagement.kernel.forms import Form, WholeNumberField, options
from engagement.kernel.languages import current_language
from engagement.questionnaires.asking import QuestionGiven
from engagement.questionnaires.design import Settings
from engagement.questionnaires.models import QuestionKind
from engagement.questionnaires.showing import YES_NO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engagement.questionnaires.definition import QuestionAsked

KIND_LABELS = {
    QuestionKind.SINGLE: _l("One choice"),
    QuestionKind.MULTIPLE: _l("Several choices"),
    QuestionKind.YES_NO: _l("Yes or no"),
    QuestionKind.NUMBER: _l("Number"),
    QuestionKind.SHORT: _l("Short text"),
    QuestionKind.LONG: _l("Long text"),
}
_LINE, _LABEL, _LONG = 300, 500, 20_000
_TITLE_EN, _TITLE_FR = _l("Enter the title in English."), _l("Enter the title in French.")
_ENTER_EN, _ENTER_FR = _l("Enter the English text."), _l("Enter the French text.")


class _Texts(Form):
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))


class SettingsForm(_Texts):
    """What is set for a questionnaire as a whole."""

    title_en = StringField(_l("Title in English"), validators=[InputRequired(_TITLE_EN), Length(max=_LINE)])
    title_fr = StringField(_l("Title in French"), validators=[InputRequired(_TITLE_FR), Length(max=_LINE)])
    introduction_en = TextAreaField(_l("Introduction, in English"), validators=[Length(max=_LONG)])
    introduction_fr = TextAreaField(_l("Introduction, in French"), validators=[Length(max=_LONG)])
    thanks_en = TextAreaField(_l("What happens next, in English"), validators=[Length(max=_LONG)])
    thanks_fr = TextAreaField(_l("What happens next, in French"), validators=[Length(max=_LONG)])
    opens_on = DateField(_l("Opens on"), validators=[Optional()])
    closes_on = DateField(_l("Closes on"), validators=[Optional()])
    received_until = DateField(_l("Late answers are taken until"), validators=[Optional()])
    allows_forwarding = BooleanField(_l("People may pass on a link that names nobody"), default=True)
    allows_nominations = BooleanField(_l("People may name somebody; an organizer approves"))
    open_call = BooleanField(_l("People may ask for it on the public page"), default=True)
    sufficient_answers = WholeNumberField(
        _l("Answers that make a partial response count"), validators=[InputRequired(_l("Enter a whole number."))], default=1
    )

    def settings(self) -> Settings:
        """Return what was entered."""
        return Settings(
            title=self.bilingual("title"),
            introduction=self.bilingual("introduction"),
            thanks=self.bilingual("thanks"),
            opens_on=self.opens_on.data,
            closes_on=self.closes_on.data,
            received_until=self.received_until.data,
            allows_forwarding=self.allows_forwarding.data,
            allows_nominations=self.allows_nominations.data,
            open_call=self.open_call.data,
            sufficient_answers=self.sufficient_answers.data or 0,
            confirmed=self.confirm_texts.data,
        )


class NewForm(SettingsForm):
    """As above, with the short name that stands in the address for good."""

    first_on_page = ("name",)
    name = StringField(_l("Short name for the address"), validators=[InputRequired(_l("Enter a short name."))])


class SectionForm(_Texts):
    """The words of a section."""

    title_en = StringField(_l("Title in English"), validators=[InputRequired(_TITLE_EN), Length(max=_LINE)])
    title_fr = StringField(_l("Title in French"), validators=[InputRequired(_TITLE_FR), Length(max=_LINE)])
    introduction_en = TextAreaField(_l("Introduction, in English"), validators=[Length(max=_LONG)])
    introduction_fr = TextAreaField(_l("Introduction, in French"), validators=[Length(max=_LONG)])


class OptionForm(_Texts):
    """The words of an option."""

    label_en = StringField(_l("Option in English"), validators=[InputRequired(_ENTER_EN), Length(max=_LABEL)])
    label_fr = StringField(_l("Option in French"), validators=[InputRequired(_ENTER_FR), Length(max=_LABEL)])


class QuestionForm(_Texts):
    """A question; a French text may follow later, but nothing is sent before."""

    code = StringField(_l("Code"), validators=[InputRequired(_l("Enter a code."))])
    kind = SelectField(_l("How it is answered"), choices=options(KIND_LABELS.items()))
    wording_en = TextAreaField(_l("Question in English"), validators=[InputRequired(_ENTER_EN), Length(max=_LONG)])
    wording_fr = TextAreaField(_l("Question in French"), validators=[Length(max=_LONG)])
    help_en = TextAreaField(_l("Help below it, in English"), validators=[Length(max=_LONG)])
    help_fr = TextAreaField(_l("Help below it, in French"), validators=[Length(max=_LONG)])
    sensitive = BooleanField(_l("Sensitive: offer “Prefer not to say”"))
    least = WholeNumberField(_l("Smallest number"), validators=[Optional()])
    most = WholeNumberField(_l("Largest number"), validators=[Optional()])
    condition = SelectField(_l("Asked only if"))
    options_en = TextAreaField(_l("Options in English, one a line"), validators=[Length(max=_LONG)])
    options_fr = TextAreaField(_l("Options in French, one a line, in the same order"), validators=[Length(max=_LONG)])

    def offer_conditions(self, earlier: Iterable[QuestionAsked]) -> None:
        """Offer every answer to an earlier question as a condition, and none first."""
        language = current_language()
        listed: list[tuple[str, Any]] = [("", gettext("It is always asked"))]
        for question in earlier:
            labels = {option.code: option.label.in_(language) for option in question.options}
            if question.kind is QuestionKind.YES_NO:
                labels = {code: words.in_(language) for code, words in YES_NO.items()}
            listed += [(f"{question.code}={value}", f"{question.wording.in_(language)[:80]} → {label}") for value, label in labels.items()]
        self.condition.choices = options(listed)

    def given(self) -> QuestionGiven:
        """Return what was entered."""
        code, _, value = (self.condition.data or "").partition("=")
        return QuestionGiven(
            code=self.code.data or "",
            kind=QuestionKind(self.kind.data),
            wording=self.bilingual("wording"),
            help=self.bilingual("help"),
            sensitive=self.sensitive.data,
            least=self.least.data,
            most=self.most.data,
            condition=(code, value) if code else None,
            confirmed=self.confirm_texts.data,
        )

    def labels(self) -> tuple[Text, ...]:
        """Return the options, line by line."""
        sides = [[line.strip() for line in (field.data or "").splitlines() if line.strip()] for field in (self.options_en, self.options_fr)]
        return tuple(Text(en, fr) for en, fr in zip(*sides, strict=True))

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether it can be taken; the options must be as many in both languages."""
        good = super().validate(extra_validators)
        try:
            long = any(len(side) > _LABEL for label in self.labels() for side in (label.en, label.fr))
        except ValueError:
            self.options_fr.errors = [*self.options_fr.errors, gettext("Enter as many options in French as in English.")]
            return False
        if long:
            self.options_en.errors = [*self.options_en.errors, gettext("Shorten the options to 500 characters each.")]
        return good and not long
