"""Forms for a consultation and its team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from engagement.consultations.models import Consultation, Status
from engagement.consultations.service import Particulars, Upload
from engagement.kernel.editing import EditForm
from engagement.kernel.forms import Form, options
from engagement.kernel.policy import Role
from engagement.kernel.wording import ZONES

STATUS_LABELS = {
    Status.PLANNED: _l("Planned"),
    Status.OPEN: _l("Open"),
    Status.PAUSED: _l("Paused"),
    Status.ANALYSING: _l("Closed, analysing"),
    Status.REPORTED: _l("Closed, reported"),
    Status.NOT_GOING_FORWARD: _l("Not going forward"),
}
ROLE_LABELS = {
    "organizer": _l("Organizer"),
    "staff": _l("Staff"),
    "analyst": _l("Analyst"),
    "note_taker": _l("Note-taker"),
    "viewer": _l("Viewer"),
}

_LINE, _LONG = 300, 20_000


class ConsultationForm(EditForm):
    """The particulars of a consultation, in two languages."""

    title_en = StringField(_l("Title in English"), validators=[InputRequired(_l("Enter the title in English.")), Length(max=_LINE)])
    title_fr = StringField(_l("Title in French"), validators=[InputRequired(_l("Enter the title in French.")), Length(max=_LINE)])
    lead_en = StringField(_l("Led by, in English"), validators=[Length(max=_LINE)])
    lead_fr = StringField(_l("Led by, in French"), validators=[Length(max=_LINE)])
    status = SelectField(_l("Status"), choices=options(STATUS_LABELS.items()))
    opens_on = DateField(_l("Opens on"), validators=[Optional()])
    closes_on = DateField(_l("Closes on"), validators=[Optional()])
    received_until = DateField(_l("Late answers are counted until"), validators=[Optional()])
    zone = SelectField(_l("Time zone"), choices=options((zone, zone) for zone in ZONES), default="America/Toronto")
    why_en = TextAreaField(_l("Why, in English"), validators=[Length(max=_LONG)])
    why_fr = TextAreaField(_l("Why, in French"), validators=[Length(max=_LONG)])
    who_en = TextAreaField(_l("Who, in English"), validators=[Length(max=_LONG)])
    who_fr = TextAreaField(_l("Who, in French"), validators=[Length(max=_LONG)])
    what_en = TextAreaField(_l("What, in English"), validators=[Length(max=_LONG)])
    what_fr = TextAreaField(_l("What, in French"), validators=[Length(max=_LONG)])
    contact_en = TextAreaField(_l("How to reach the team, in English"), validators=[Length(max=_LONG)])
    contact_fr = TextAreaField(_l("How to reach the team, in French"), validators=[Length(max=_LONG)])
    contact_email = EmailField(_l("Contact address"), validators=[Optional(), Email(_l("This is not a mail address.")), Length(max=320)])
    contact_phone = StringField(_l("Contact telephone"), validators=[Length(max=60)])
    support_line_en = StringField(_l("Support line, in English"), validators=[Length(max=500)])
    support_line_fr = StringField(_l("Support line, in French"), validators=[Length(max=500)])
    privacy_notice_en = TextAreaField(_l("Privacy notice, in English"), validators=[Length(max=_LONG)])
    privacy_notice_fr = TextAreaField(_l("Privacy notice, in French"), validators=[Length(max=_LONG)])
    document_en = FileField(_l("Background document in English (PDF or Word)"))
    document_fr = FileField(_l("Background document in French (PDF or Word)"))
    is_public = BooleanField(_l("Show the public page"))
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))

    def particulars(self) -> Particulars:
        """Return what was entered."""
        fields = Consultation.bilingual_fields
        return Particulars(
            status=Status(self.status.data),
            is_public=self.is_public.data,
            zone=self.zone.data,
            opens_on=self.opens_on.data,
            closes_on=self.closes_on.data,
            received_until=self.received_until.data,
            contact_email=self.contact_email.data or "",
            contact_phone=self.contact_phone.data or "",
            texts={field: self.bilingual(field) for field in fields},
            confirmed=frozenset(fields) if self.confirm_texts.data else frozenset(),
        )

    def documents(self) -> list[Upload]:
        """Return the files that were chosen, by language."""
        chosen = [(language, self[f"document_{language}"].data) for language in ("en", "fr")]
        return [Upload(language, file.filename, file.read()) for language, file in chosen if file and file.filename]


class NewConsultationForm(ConsultationForm):
    """As above, with the short name that stands in the address for good."""

    first_on_page = ("slug",)
    slug = StringField(_l("Short name for the address"), validators=[InputRequired(_l("Enter a short name.")), Length(max=80)])


class MemberForm(Form):
    """Somebody joins the team."""

    email = EmailField(_l("Email address of the account"), validators=[InputRequired(_l("Enter an email address.")), Length(max=320)])
    # Whoever does not choose gives away the least.
    role = SelectField(_l("Role"), choices=options(ROLE_LABELS.items()), default=Role.VIEWER)
    event_id = SelectField(_l("Only for one event"), validators=[Optional()])
    until = DateField(_l("Until (last day)"), validators=[Optional()])

    def membership(self) -> dict[str, Any]:
        """Return what was entered, as ``admit`` takes it."""
        return {
            "email": self.email.data,
            "role": Role(self.role.data),
            "event_id": UUID(self.event_id.data) if self.event_id.data else None,
            "until": self.until.data,
        }

    def offer_events(self, events: list[tuple[str, str]]) -> None:
        """Offer these events (id, title), and the whole consultation first."""
        self.event_id.choices = options([("", _l("The whole consultation")), *events])
