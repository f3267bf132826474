"""The one form of the public pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField, StringField
from wtforms.validators import Email, InputRequired, Length

from engagement.kernel.forms import Form, options
from engagement.referrals.typed_forms import AName


class AskForm(Form):
    """Somebody asks for the questionnaire."""

    given_name = StringField(_l("Given name"), validators=[InputRequired(_l("Enter your given name.")), Length(max=150), AName()])
    family_name = StringField(_l("Family name"), validators=[InputRequired(_l("Enter your family name.")), Length(max=150), AName()])
    email = EmailField(
        _l("Email address"),
        validators=[InputRequired(_l("Enter your email address.")), Email(_l("This is not a mail address.")), Length(max=320)],
    )
    organization = StringField(_l("Organization"), validators=[Length(max=300)])
    language = RadioField(
        _l("In which language should we write to you?"),
        choices=options([("en", "English"), ("fr", "Français")]),
        validators=[InputRequired(_l("Choose a language."))],
    )
