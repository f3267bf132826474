"""The form on which somebody chooses their mails. It shows what stands; nothing is stored without the button."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.validators import Length

from engagement.kernel.forms import Form, options
from engagement.portal.forms import OneOfThese
from engagement.roster.wishes import LONGEST_TOLD, Wishes

BOTH = "both"
OFFERED = ("en", "fr", BOTH)


class PreferenceForm(Form):
    """Which mails somebody wants, and how they can be reached safely."""

    language = RadioField(_l("In which language shall we write to you?"), validate_choice=False, validators=[OneOfThese(OFFERED)])
    wants_mailings = BooleanField(_l("Invitations and news"))
    wants_reminders = BooleanField(_l("Reminders"))
    wants_calendar = BooleanField(_l("Calendar entries"))
    discreet = BooleanField(_l("Discreet mails"))
    safe_contact = TextAreaField(
        _l("How and when it is safe to reach you"), validators=[Length(max=LONGEST_TOLD, message=_l("Use at most 500 characters."))]
    )
    do_not_contact = BooleanField(_l("Do not write to me at all"))

    def __init__(self, **given: Any) -> None:
        """Offer the languages, each under its own name."""
        super().__init__(**given)
        self.language.choices = options((("en", "English"), ("fr", "Français"), (BOTH, gettext("Both: every mail in English and French"))))

    def wishes(self) -> Wishes:
        """Return what was chosen."""
        return Wishes(
            wants_mailings=self.wants_mailings.data,
            wants_reminders=self.wants_reminders.data,
            wants_calendar=self.wants_calendar.data,
            discreet=self.discreet.data,
            do_not_contact=self.do_not_contact.data,
            language="" if self.language.data == BOTH else self.language.data,
        )
