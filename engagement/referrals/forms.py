"""Forms for staff: deciding on a nomination, adding a partner, writing down a partner's count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from engagement.kernel.forms import Form, WholeNumberField, options
from engagement.referrals.models import ReferralKind, ReferralState

if TYPE_CHECKING:
    from engagement.questionnaires.models import Questionnaire

STATE_LABELS = {
    ReferralState.WAITING: _l("Waiting for a decision"),
    ReferralState.JOINED: _l("Joined"),
    ReferralState.DECLINED: _l("Declined"),
}
KIND_LABELS = {
    ReferralKind.FORWARD_LINK: _l("Link that was passed on"),
    ReferralKind.NOMINATION: _l("Named by somebody"),
    ReferralKind.OPEN_CALL: _l("Asked for it (open call)"),
}


class DecisionForm(Form):
    """An organizer decides on a nomination."""

    decision = RadioField(
        _l("What do you decide?"),
        choices=options([("approve", _l("Ask this person to answer")), ("decline", _l("Do not ask this person"))]),
        validators=[InputRequired(_l("Choose what to do."))],
    )
    why = TextAreaField(_l("Why not, for the team"), validators=[Length(max=500)])


class PartnerForm(Form):
    """A partner who passes a questionnaire on."""

    name = StringField(_l("Name of the partner"), validators=[InputRequired(_l("Enter a name.")), Length(max=300)])
    questionnaire_id = SelectField(_l("Questionnaire"), validators=[InputRequired(_l("Choose a questionnaire."))])
    contact = StringField(_l("Email address of the contact on the roster"), validators=[Length(max=320)])

    def offer(self, questionnaires: list[Questionnaire], language: str) -> None:
        """Offer these questionnaires."""
        self.questionnaire_id.choices = options((str(each.id), each.text("title").in_(language)) for each in questionnaires)

    def particulars(self) -> dict[str, Any]:
        """Return what was entered, as the verb takes it."""
        return {"name": self.name.data, "questionnaire_id": UUID(self.questionnaire_id.data), "contact": self.contact.data or ""}


class RevokeForm(Form):
    """The address of a link that is to open nothing any more."""

    address = StringField(_l("Address of the link"), validators=[InputRequired(_l("Paste the address of the link.")), Length(max=500)])


class CountForm(Form):
    """Staff write down a count that a partner gave by telephone or letter."""

    passed_on = WholeNumberField(
        _l("Passed on to how many people in all"),
        validators=[InputRequired(_l("Enter a number.")), NumberRange(min=0, max=100_000, message=_l("Enter a number from 0 to 100,000."))],
    )
    as_of = DateField(_l("As of"), validators=[Optional()])
