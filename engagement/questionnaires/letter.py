"""The mail that asks somebody to answer a questionnaire: what is filled in, and when it need not go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.invitations.service import mark_distributed
from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.kernel.wording import date_words
from engagement.mailing.composing import Composed, Composer, Dropped, Sketch, Values, Waits
from engagement.questionnaires.models import Questionnaire, ResponseState
from engagement.questionnaires.opening import Standing, announced_day, last_day, standing_of
from engagement.questionnaires.service import response_to
from engagement.questionnaires.wholeness import faults_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import datetime

    from engagement.mailing.models import Message

PURPOSE = "questionnaire_invitation"
PLACEHOLDERS = (
    "salutation",
    "questionnaire_title",
    "consultation_title",
    "lead",
    "link",
    # A whole sentence: "Please answer by …", or that there is time.
    "closes_on",
    "contact",
    "support_line",
    "privacy",
)
# The link outlives the questionnaire by this, so that a late guest reads that it is closed.
LINK_OUTLIVES = timedelta(days=60)
LINK_WITHOUT_END = timedelta(days=365)

_WAITS_FOR = {
    Standing.PAUSED: "the consultation is paused",
    Standing.NOT_YET: "the questionnaire is not open yet",
    Standing.OPEN: "the questionnaire is not whole in both languages",
}
_HELLO = Text("Hello {name},", "Bonjour {name},")
_ANSWER_BY = Text("Please answer by {day}.", "Veuillez répondre d’ici {day}.")
_TAKE_TIME = Text(
    "There is no closing date yet: answer when you can.", "Il n’y a pas encore de date limite\u00a0: répondez quand vous le pourrez."
)
_ANSWER_THIS = Text("Answer this message: the team reads it.", "Répondez à ce message\u00a0: l’équipe le lit.")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a mail asks to answer what."""

    invitation: Invitation
    questionnaire: Questionnaire
    consultation: Consultation
    person: Person


def asked_by(message: Message) -> Asked:
    """Return whom ``message`` asks to answer what; AbsentError where that is gone."""
    invitation = db.session.get(Invitation, message.invitation_id) if message.invitation_id else None
    if invitation is None or invitation.questionnaire_id is None:
        raise AbsentError
    return Asked(
        invitation,
        db.session.get_one(Questionnaire, invitation.questionnaire_id),
        db.session.get_one(Consultation, invitation.consultation_id),
        db.session.get_one(Person, invitation.person_id),
    )


def why_not(asked: Asked) -> Dropped | Waits | None:
    """Return why the mail does not go, or does not go yet; None where it does."""
    if asked.invitation.withdrawn_at is not None:
        return Dropped("the invitation was withdrawn")
    response = response_to(asked.invitation.id)
    if response is not None and response.state is not ResponseState.IN_PROGRESS:
        return Dropped("the questionnaire was answered")
    found = standing_of(asked.questionnaire, asked.consultation)
    if found is Standing.CLOSED:
        return Dropped("the questionnaire is closed")
    if found is Standing.OPEN and not faults_of(asked.questionnaire.id):
        return None
    return Waits(_WAITS_FOR[found])


def expiry(asked: Asked) -> datetime:
    """Return until when the link in the mail opens."""
    last = last_day(asked.questionnaire, asked.consultation)
    return (end_of_day(last, asked.consultation.zone) + LINK_OUTLIVES) if last else now() + LINK_WITHOUT_END


def values_for(questionnaire: Questionnaire, consultation: Consultation, person: Person, link: str) -> dict[str, Text]:
    """Return a text for every placeholder."""
    closes = announced_day(questionnaire, consultation)
    contact = _reach(consultation)
    return {
        "salutation": _HELLO.format(name=person.name),
        "questionnaire_title": questionnaire.text("title"),
        "consultation_title": consultation.text("title"),
        "lead": consultation.text("lead") if consultation.text("lead").whole else consultation.text("title"),
        "link": Text(link, link),
        "closes_on": Text(*(_ANSWER_BY.in_(side).format(day=date_words(closes, side)) for side in LANGUAGES)) if closes else _TAKE_TIME,
        "contact": contact if contact.whole else _ANSWER_THIS,
        "support_line": consultation.text("support_line"),
        "privacy": consultation.text("privacy_notice"),
    }


def _reach(consultation: Consultation) -> Text:
    """Return how to reach the team: what it says of itself, its address and its telephone, a line each."""
    said = consultation.text("contact")
    known = [part for part in (consultation.contact_email, consultation.contact_phone) if part]
    return Text(*("\n".join(part for part in (said.in_(side) if said.whole else "", *known) if part) for side in LANGUAGES))


def in_both(values: dict[str, Text]) -> Values:
    """Return the values by language, as the mail takes them."""
    return {side: {name: words.in_(side) for name, words in values.items()} for side in LANGUAGES}


def compose(message: Message) -> Composed | Dropped | Waits:
    """Return the mail with a personal link of its own, or why it does not go."""
    asked = asked_by(message)
    refused = why_not(asked)
    if refused is not None:
        return refused
    token, link = draft_link(asked.invitation.id, expiry(asked))
    values = values_for(asked.questionnaire, asked.consultation, asked.person, f"{settings().base_url}/r/{token}")
    return Composed(to_name=asked.person.name, to_address=asked.person.email or "", values=in_both(values), rows=[link])


def preview(sketch: Sketch) -> Values:
    """Return what one person's mail would say, with a link that opens nothing."""
    questionnaire = db.session.get(Questionnaire, sketch.questionnaire_id) if sketch.questionnaire_id else None
    person = db.session.get(Person, sketch.person_id)
    if questionnaire is None or person is None:
        raise AbsentError
    consultation = db.session.get_one(Consultation, sketch.consultation_id)
    return in_both(values_for(questionnaire, consultation, person, f"{settings().base_url}/r/…"))


def was_sent(message: Message) -> None:
    """Write down that the questionnaire was distributed to this person."""
    if message.invitation_id is not None:
        mark_distributed(invitation_id=message.invitation_id, at=message.sent_at or now())


COMPOSER = Composer(PURPOSE, PLACEHOLDERS, compose, preview)
