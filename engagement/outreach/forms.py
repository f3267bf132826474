"""Forms of mailings and of what mails say."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from engagement.kernel.forms import Form
from engagement.mailing.suppressions import LONGEST_NOTE
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

    address = EmailField(_l("Email address"))


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
