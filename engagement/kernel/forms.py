"""What every form has in common: CSRF, space trimmed, errors in the page's language."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING, Any, ClassVar

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectMultipleField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.kernel.bilingual import Text
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered
from engagement.kernel.form_words import NUMBER_WANTED, TIME_WANTED, OwnWords
from engagement.kernel.languages import current_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engagement.kernel.errors import DomainError

_OWN_WORDS = OwnWords()
# 13:30, 13:30:00, 13 h 30, 13h30, 9 h, 9h.
_TIME = re.compile(r"(\d{1,2})\s*(?::\s*(\d{2})(?::\d{2}(?:\.\d+)?)?|[hH]\s*(\d{2})?)")
_SPACES = re.compile(r"\s")
# No longer than what every database takes as a number.
_WHOLE = re.compile(r"-?[0-9]{1,9}")
# Control characters (C0, DEL, C1) and separators that no typed text needs; tab and line ends are allowed in long text.
_NOT_TYPED = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029)}


def _trimmed(value: str | None) -> str | None:
    # Browsers end each line of a text with CR LF: kept, it would make an unchanged text look edited.
    return value.strip().replace("\r\n", "\n") if value else value


class Form(FlaskForm):
    """A form of ours. Typed text is trimmed and free of control characters, a date lies from 1990 to 2100, or the field says so.

    ``first_on_page`` names fields that stand above those of a base class, so that errors are listed as the page has them.
    """

    first_on_page: ClassVar[tuple[str, ...]] = ()
    _fields: dict[str, Any]

    class Meta(FlaskForm.Meta):
        """How fields are bound: typed text loses the space around it."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Bind the field, with trimming for text."""
            kind = unbound_field.field_class
            if issubclass(kind, (StringField, TextAreaField)) and "filters" not in unbound_field.kwargs:
                options = {**options, "filters": [_trimmed]}
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form: Any) -> OwnWords:  # noqa: ARG002
            """Say what WTForms says in words of ours."""
            return _OWN_WORDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Bind the fields, in the order in which they stand on the page."""
        super().__init__(*args, **kwargs)
        order = dict.fromkeys([*self.first_on_page, *self._fields])
        self._fields = {name: self._fields[name] for name in order}

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether every field is usable; control characters and dates that nobody can mean never are."""
        good = bool(super().validate(extra_validators))
        for field in self:
            if isinstance(field, DateField) and isinstance(field.data, date) and not can_be_entered(field.data):
                field.errors = [*field.errors, DATE_OUT_OF_REACH.in_(current_language())]
                good = False
            if isinstance(field, StringField) and isinstance(field.data, str):
                allowed = {"\n", "\r", "\t"} if isinstance(field, TextAreaField) else set()
                if any(character in _NOT_TYPED - allowed for character in field.data):
                    field.errors = [*field.errors, gettext("Take out the characters that cannot be seen.")]
                    good = False
        return good

    def refuse(self, error: DomainError) -> None:
        """Show a rule's no on the field it names, or over the whole form."""
        said = error.said.in_(current_language())
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(said)
        else:
            field.errors = [*field.errors, said]

    def bilingual(self, field: str) -> Text:
        """Return the English and French of ``field`` as typed."""
        return Text(self[f"{field}_en"].data or "", self[f"{field}_fr"].data or "")


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Return the options of a select or of radios, from (value, label) pairs."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class Ticks(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def read_time(typed: str) -> time | None:
    """Return the time of day that was typed, as either language writes it; None where it is none. Pure."""
    found = _TIME.fullmatch(typed.strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


class WallTimeField(TimeField):
    """A time of day on somebody's clocks.

    A browser's own field for a time sends 13:30 whatever it shows; where there is none, people
    type what their language writes.
    """

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the time; an empty field is None."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        self.data = read_time(valuelist[0])
        if self.data is None:
            raise ValueError(str(TIME_WANTED))

    def _value(self) -> str:
        """Return what the field shows: a browser's own field for a time takes 13:30 only."""
        return self.data.strftime("%H:%M") if self.data else " ".join(self.raw_data or ())


class WholeNumberField(IntegerField):
    """A whole number, its groups set apart by spaces or not."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; an empty field is None."""
        self.data = None
        typed = _SPACES.sub("", "".join(valuelist[:1]))
        if not typed:
            return
        if not _WHOLE.fullmatch(typed):
            raise ValueError(str(NUMBER_WANTED))
        self.data = int(typed)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Say of what is no number nothing more: that it is too small or too large, say."""
        if self.process_errors:
            raise StopValidation


class BothLanguages:
    """Validator for the French field of a pair: one language alone cannot be published or sent."""

    def __init__(self, message: Any) -> None:
        """Keep what to say."""
        self.message = message

    def __call__(self, form: Form, field: Any) -> None:
        """Refuse a pair of which exactly one side is filled."""
        base, side = field.name[:-3], field.name[-2:]
        twin = form[f"{base}_{'en' if side == 'fr' else 'fr'}"]
        if bool(twin.data) and not field.data:
            raise ValidationError(self.message)
