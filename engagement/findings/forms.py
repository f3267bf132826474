"""Forms for prompts, submissions, the code book and coding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.findings.models import Source
from engagement.kernel.forms import Form, options

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE_LABELS = {
    Source.IN_ROOM: _l("Said in the room"),
    Source.ANSWER: _l("Written in an answer"),
    Source.LETTER: _l("Written in a letter"),
}
_ENTER_EN, _ENTER_FR = _l("Enter the English text."), _l("Enter the French text.")


class PromptForm(Form):
    """What was asked, and where."""

    wording_en = StringField(_l("What was asked, in English"), validators=[InputRequired(_ENTER_EN), Length(max=500)])
    wording_fr = StringField(_l("What was asked, in French"), validators=[InputRequired(_ENTER_FR), Length(max=500)])
    event_id = SelectField(_l("Asked at"), validators=[Optional()])
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))

    def offer_events(self, events: Iterable[tuple[str, str]]) -> None:
        """Offer these events (id, title), and none first."""
        self.event_id.choices = options([("", _l("Not at one event")), *events])


class SubmissionsForm(Form):
    """One submission, or several of a line each."""

    words = TextAreaField(_l("What was said"), validators=[InputRequired(_l("Enter what was said."))])
    several = BooleanField(_l("Each line is a submission of its own"))
    language = RadioField(
        _l("Language it was said in"),
        choices=options([("en", _l("English")), ("fr", _l("French"))]),
        validators=[InputRequired(_l("Choose a language."))],
    )
    source = SelectField(_l("Where it comes from"), choices=options(SOURCE_LABELS.items()))
    said_on = DateField(_l("Said on"), validators=[Optional()])

    def pieces(self) -> list[str]:
        """Return the submissions as entered: one, or one a line."""
        typed = self.words.data or ""
        return re.split(r"\r\n|\r|\n", typed) if self.several.data else [typed]


class CodingForm(Form):
    """Which themes a submission speaks of; none is an answer too."""

    codes = SelectMultipleField(_l("Themes"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())


class CodeForm(Form):
    """A theme of a prompt, or a pillar."""

    name_en = StringField(_l("Name in English"), validators=[InputRequired(_ENTER_EN), Length(max=300)])
    name_fr = StringField(_l("Name in French"), validators=[InputRequired(_ENTER_FR), Length(max=300)])
    parent_id = SelectField(_l("Pillar it belongs to"), validators=[Optional()])
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))

    def offer_pillars(self, pillars: Iterable[tuple[str, str]]) -> None:
        """Offer these pillars (id, name), and none first."""
        self.parent_id.choices = options([("", _l("No pillar")), *pillars])


class NewCodeForm(CodeForm):
    """As above; a new code can be a pillar."""

    is_pillar = BooleanField(_l("This is a pillar: it serves all prompts, and themes are put under it"))
