"""Forms of the inbox: a reply that a mail gives, a letter that is filed, a consultation that a mail belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.events.replies import Answer
from engagement.findings.letters import LONGEST_LETTER, Letter
from engagement.findings.signing import LONGEST_COPIES, LONGEST_LINE
from engagement.invitations.models import Choice, Mode
from engagement.invitations.vocabulary import CHOICES, MODES
from engagement.kernel.forms import Form, options
from engagement.kernel.languages import current_language

if TYPE_CHECKING:
    from collections.abc import Iterable


class MailReplyForm(Form):
    """A reply that somebody gave by mail. ``about`` is an invitation, and one of its sittings behind a colon."""

    about = SelectField(_l("Reply to"), validators=[InputRequired(_l("Choose what the reply is to."))])
    choice = RadioField(_l("Reply"), validators=[InputRequired(_l("Choose the reply."))])
    mode = SelectField(_l("Takes part"), validators=[Optional()])
    may_wait = BooleanField(_l("If all seats are taken, wants to be on the waiting list"))

    def offer_words(self, about: Iterable[tuple[str, str]]) -> None:
        """Name the choices in the language of the page; ``about`` are (value, words)."""
        language = current_language()
        self.about.choices = options(about)
        self.choice.choices = options((choice.value, words.in_(language)) for choice, words in CHOICES.items())
        self.mode.choices = options([("", "–"), *((mode.value, words.in_(language)) for mode, words in MODES.items())])

    def invitation_id(self) -> UUID:
        """Return which invitation is answered."""
        return UUID(self.about.data.partition(":")[0])

    def answers(self) -> dict[UUID, Answer] | Answer:
        """Return what was replied, for one sitting where one was chosen."""
        answer = Answer(Choice(self.choice.data), Mode(self.mode.data) if self.mode.data else None, self.may_wait.data)
        sitting = self.about.data.partition(":")[2]
        return {UUID(sitting): answer} if sitting else answer


class LetterForm(Form):
    """A letter as it is filed; what was guessed is there to be corrected."""

    signatory = StringField(_l("Signed by"), validators=[Length(max=LONGEST_LINE)])
    organization = StringField(_l("For the organization"), validators=[Length(max=LONGEST_LINE)])
    copies = StringField(_l("Copies to"), validators=[Length(max=LONGEST_COPIES)])
    received_on = DateField(_l("Received on"), validators=[Optional()])
    language = RadioField(
        _l("Language it was written in"),
        choices=options([("en", _l("English")), ("fr", _l("French"))]),
        validators=[InputRequired(_l("Choose a language."))],
    )
    words = TextAreaField(_l("What was written"), validators=[Length(max=LONGEST_LETTER)])
    files = SelectMultipleField(_l("Files to keep with it"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())

    def letter(self) -> Letter:
        """Return the letter without its files."""
        return Letter(
            words=self.words.data or "",
            language=self.language.data,
            signatory=self.signatory.data or "",
            organization=self.organization.data or "",
            copies=self.copies.data or "",
            received_on=self.received_on.data,
        )

    def positions(self) -> list[int]:
        """Return which files are kept."""
        return [int(each) for each in self.files.data or () if each.isdigit()]


class AssignForm(Form):
    """Which consultation a mail belongs to."""

    consultation_id = SelectField(_l("Consultation"), validators=[InputRequired(_l("Choose a consultation."))])


class QuestionnaireForm(Form):
    """Which questionnaire is sent to whoever asks for one."""

    questionnaire_id = SelectField(_l("Questionnaire"), validators=[InputRequired(_l("Choose a questionnaire."))])
