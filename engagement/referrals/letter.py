"""The one mail to somebody who was named: it says by whom, in full, and that it results from that.

SOR/2013-221, s. 4(1), asks for the full name of the person who made the referral and for the
statement that the message is sent as a result of it. Nothing more goes to a nominee until
they answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from engagement.consultations.models import Consultation
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.mailing.composing import Composed, Composer, Dropped, Sketch, Values, Waits
from engagement.questionnaires.letter import PLACEHOLDERS as ASKING
from engagement.questionnaires.letter import asked_by, expiry, in_both, values_for, was_sent, why_not
from engagement.questionnaires.models import Questionnaire
from engagement.referrals.joining import forget_through_whom, is_sheltered
from engagement.referrals.models import Referral
from engagement.roster.models import Person

if TYPE_CHECKING:
    from engagement.mailing.models import Message

PURPOSE = "nomination_invitation"
PLACEHOLDERS = (*ASKING, "nominator")
# Whoever is written to on a referral has to be told by whom it was made (SOR/2013-221, s. 4).
NEEDED = ("link", "nominator")
# For the preview, which is about nobody in particular.
_SOMEBODY = Text("(full name of the nominator)", "(nom complet de la personne qui propose)")


def compose(message: Message) -> Composed | Dropped | Waits:
    """Return the mail with the nominator's name and a personal link, or why it does not go."""
    asked = asked_by(message)
    refused = why_not(asked)
    if refused is not None:
        return refused
    if not asked.person.email:
        # A nominee gets one message and no call.
        return Dropped("there is no mail address")
    nominator = _nominator(message.details.get("referral_id", ""))
    if nominator is None:
        return Dropped("the nominator cannot be named any more")
    token, link = draft_link(asked.invitation.id, expiry(asked))
    values = values_for(asked.questionnaire, asked.consultation, asked.person, f"{settings().base_url}/r/{token}")
    values["nominator"] = Text(nominator.name, nominator.name)
    return Composed(to_name=asked.person.addressed_as, to_address=asked.person.email or "", values=in_both(values), rows=[link])


def _nominator(referral_id: str) -> Person | None:
    referral = db.session.get(Referral, UUID(referral_id)) if referral_id else None
    if referral is None or not referral.names_nominator or referral.from_invitation_id is None:
        return None
    person = db.session.get(Person, db.session.get_one(Invitation, referral.from_invitation_id).person_id)
    return None if person is None or is_sheltered(db.session(), person.id) else person


def was_sent_to_nominee(message: Message) -> None:
    """Write down that the questionnaire was distributed; who named somebody of a restricted batch is dropped now."""
    was_sent(message)
    if message.person_id is not None and is_sheltered(db.session(), message.person_id):
        forget_through_whom([message.person_id])


def preview(sketch: Sketch) -> Values:
    """Return what a nominee's mail would say, with a link that opens nothing."""
    questionnaire = db.session.get(Questionnaire, sketch.questionnaire_id) if sketch.questionnaire_id else None
    person = db.session.get(Person, sketch.person_id)
    if questionnaire is None or person is None:
        raise AbsentError
    consultation = db.session.get_one(Consultation, sketch.consultation_id)
    values = values_for(questionnaire, consultation, person, f"{settings().base_url}/r/…")
    return in_both({**values, "nominator": _SOMEBODY})


COMPOSER = Composer(PURPOSE, PLACEHOLDERS, compose, preview, needed=NEEDED)
SENT = was_sent_to_nominee
