"""Forms of mailings and of what mails say."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.kernel.forms import Form, WallTimeField
from engagement.kernel.languages import current_language
from engagement.mailing.suppressions import LONGEST_NOTE
from engagement.roster.particulars import BadPersonError, clean_address
from engagement.roster.wishes import Wishes


class MailTextForm(Form):
    """What one kind of mail says, in two languages."""

    subject_en = StringField(_l("Subject in English"), validators=[InputRequired(_l("Enter the subject in English.")), Length(max=300)])
    subject_fr = StringField(_l("Subject in French"), validators=[InputRequired(_l("Enter the subject in French.")), Length(max=300)])
    body_en = TextAreaField(_l("Text in English"), validators=[InputRequired(_l("Enter the text in English.")), Length(max=20_000)])
    body_fr = TextAreaField(_l("Text in French"), validators=[InputRequired(_l("Enter the text in French.")), Length(max=20_000)])
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))


class SuppressForm(Form):
    """Why an address is not to be written to."""

    why = TextAreaField(
        _l("Why"),
        validators=[
            InputRequired(_l("Say why, in at most 500 characters.")),
            Length(max=LONGEST_NOTE, message=_l("Say why, in at most 500 characters.")),
        ],
    )


class SuppressAddressForm(SuppressForm):
    """An address that is not to be written to, and why."""

    first_on_page = ("address",)
    address = EmailField(_l("Email address"), validators=[InputRequired(_l("Enter an address."))])

    def validate_address(self, field: EmailField) -> None:
        """Refuse what no mail server takes, beside whatever else is wrong."""
        try:
            clean_address(field.data or "")
        except BadPersonError as error:
            raise ValidationError(error.said.in_(current_language())) from None


class WishesForm(Form):
    """What somebody told the team that they still want."""

    wants_mailings = BooleanField(_l("Invitations and news"))
    wants_reminders = BooleanField(_l("Reminders"))
    wants_calendar = BooleanField(_l("Calendar entries"))
    discreet = BooleanField(_l("Discreet mails"))
    do_not_contact = BooleanField(_l("Has asked not to be contacted"))

    def wishes(self) -> Wishes:
        """Return what was chosen."""
        return Wishes(
            wants_mailings=self.wants_mailings.data,
            wants_reminders=self.wants_reminders.data,
            wants_calendar=self.wants_calendar.data,
            discreet=self.discreet.data,
            do_not_contact=self.do_not_contact.data,
        )


class SaveWordsForm(Form):
    """A name to keep words under."""

    name = StringField(_l("Name"))


class PastedForm(Form):
    """Addresses from a spreadsheet or a mail program, and what they get."""

    about = SelectField(_l("What they get"), validators=[InputRequired(_l("Choose what is sent."))])
    addresses = TextAreaField(_l("Addresses"), validators=[InputRequired(_l("Paste at least one address."))])
    leave_out = BooleanField(_l("Go on without these lines"))


class ScheduleForm(Form):
    """When a mailing goes; nothing in both: as soon as it is approved."""

    day = DateField(_l("Day"), validators=[Optional()])
    at = WallTimeField(_l("Time"), validators=[Optional()])


class ApprovalForm(Form):
    """What is recorded of a yes on paper."""

    package_id = HiddenField()
    start_of_hash = StringField(
        _l("The first eight characters of the control number on the paper that was signed"),
        validators=[InputRequired(_l("Enter the first eight characters of the control number."))],
    )
    approver = StringField(_l("Who approved it"), validators=[InputRequired(_l("Enter who approved it."))])
    approved_on = DateField(_l("On which day"), validators=[InputRequired(_l("Enter the day on the paper."))])
    file_number = StringField(_l("File number"))


class Ticks(SelectMultipleField):
    """Several boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RetryForm(Form):
    """Which failures are tried again."""

    reasons = Ticks(_l("Which of them"), validate_choice=True)
