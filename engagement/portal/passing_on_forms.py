"""Forms with which a questionnaire is passed on."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, EmailField, RadioField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from engagement.kernel.forms import Form, WholeNumberField, options
from engagement.referrals.nominations import NOT_AGREED
from engagement.referrals.typed_forms import AnAddress, AName, Ticked

_NAME, _ADDRESS, _LINE = 150, 320, 300


class JoinForm(Form):
    """Somebody who was given a link asks for one of their own."""

    given_name = StringField(_l("Given name"), validators=[InputRequired(_l("Enter your given name.")), Length(max=_NAME), AName()])
    family_name = StringField(_l("Family name"), validators=[InputRequired(_l("Enter your family name.")), Length(max=_NAME), AName()])
    email = EmailField(_l("Email address"), validators=[InputRequired(_l("Enter your email address.")), Length(max=_ADDRESS), AnAddress()])
    # Their names stand in their own language.
    language = RadioField(
        _l("In which language should we write to you?"),
        choices=options([("en", "English"), ("fr", "Français")]),
        validators=[InputRequired(_l("Choose a language."))],
    )

    def particulars(self) -> dict[str, Any]:
        """Return what was entered, as the verb takes it."""
        names = ("given_name", "family_name", "email", "language")
        return {name: self[name].data for name in names}


class NominationForm(Form):
    """A respondent names somebody who should answer."""

    given_name = StringField(_l("Their given name"), validators=[InputRequired(_l("Enter their given name.")), Length(max=_NAME), AName()])
    family_name = StringField(
        _l("Their family name"), validators=[InputRequired(_l("Enter their family name.")), Length(max=_NAME), AName()]
    )
    email = EmailField(
        _l("Their email address"), validators=[InputRequired(_l("Enter their email address.")), Length(max=_ADDRESS), AnAddress()]
    )
    organization = StringField(_l("Their organization"), validators=[Length(max=_LINE)])
    language = RadioField(
        _l("In which language should we write to them?"),
        choices=options([("en", _l("In English")), ("fr", _l("In French")), ("both", _l("I do not know: in both"))]),
        validators=[InputRequired(_l("Choose a language."))],
    )
    names_nominator = BooleanField(_l("I agree that my name is given to them"), validators=[Ticked(NOT_AGREED)])

    def particulars(self) -> dict[str, Any]:
        """Return what was entered, as the verb takes it."""
        names = ("given_name", "family_name", "email", "language", "names_nominator")
        return {**{name: self[name].data for name in names}, "organization": self.organization.data or ""}


class PassedOnForm(Form):
    """A partner says to how many people they passed it on."""

    passed_on = WholeNumberField(
        _l("To how many people in all, so far?"),
        validators=[InputRequired(_l("Enter a number.")), NumberRange(min=0, max=100_000, message=_l("Enter a number from 0 to 100,000."))],
    )
    as_of = DateField(_l("As of which day?"), validators=[Optional()])
