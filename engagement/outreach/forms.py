"""Forms of mailings and of what mails say."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from engagement.kernel.forms import Form


class MailTextForm(Form):
    """What one kind of mail says, in two languages."""

    subject_en = StringField(_l("Subject in English"), validators=[InputRequired(_l("Enter the subject in English.")), Length(max=300)])
    subject_fr = StringField(_l("Subject in French"), validators=[InputRequired(_l("Enter the subject in French.")), Length(max=300)])
    body_en = TextAreaField(_l("Text in English"), validators=[InputRequired(_l("Enter the text in English.")), Length(max=20_000)])
    body_fr = TextAreaField(_l("Text in French"), validators=[InputRequired(_l("Enter the text in French.")), Length(max=20_000)])
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))
