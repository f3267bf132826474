"""The mail that asks somebody to answer a questionnaire: what is filled in, and when it need not go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from engagement.consultations.models import Consultation
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.invitations.service import mark_distributed
from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.bulk import in_chunks
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.kernel.wording import date_words
from engagement.mailing.composing import Compose, Composed, Composer, Dropped, Said, Sketch, Values, Waits
from engagement.mailing.preference_links import sample_preference_link
from engagement.questionnaires.models import Questionnaire, Response, ResponseState
from engagement.questionnaires.opening import Standing, announced_day, last_day, standing_of
from engagement.questionnaires.service import response_to
from engagement.questionnaires.wholeness import faults_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

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
    "preferences",
)
# The link outlives the questionnaire by this, so that a late guest reads that it is closed.
LINK_OUTLIVES = timedelta(days=60)
LINK_WITHOUT_END = timedelta(days=365)

_WAITS_FOR = {
    Standing.PAUSED: "the consultation is paused",
    Standing.NOT_YET: "the questionnaire is not open yet",
    Standing.OPEN: "the questionnaire is not whole in both languages",
}
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


@dataclass(slots=True)
class Gathered:
    """Who is asked what by the mails of a batch, by invitation, and which invitations were answered."""

    asked: dict[UUID, Asked]
    answered: set[UUID]
    _whole: dict[UUID, bool] = field(default_factory=dict)
    _values: dict[UUID, dict[str, Text]] = field(default_factory=dict)

    def is_whole(self, questionnaire: Questionnaire) -> bool:
        """Return whether nothing of the questionnaire is missing or stale, looked at once."""
        if questionnaire.id not in self._whole:
            self._whole[questionnaire.id] = not faults_of(questionnaire.id)
        return self._whole[questionnaire.id]

    def values_for_all(self, asked: Asked) -> dict[str, Text]:
        """Return what everybody who is asked reads alike, worked out once."""
        if asked.questionnaire.id not in self._values:
            self._values[asked.questionnaire.id] = values_for_all(asked.questionnaire, asked.consultation)
        return self._values[asked.questionnaire.id]


def gather(messages: Sequence[Message]) -> Gathered:
    """Read, in a few questions, what ``messages`` are about; what is gone is not there."""
    found = Gathered({}, set())
    rows = (
        select(Invitation, Questionnaire, Consultation, Person)
        .join(Questionnaire, Questionnaire.id == Invitation.questionnaire_id)
        .join(Consultation, Consultation.id == Invitation.consultation_id)
        .join(Person, Person.id == Invitation.person_id)
        # What hangs on a row (a person's organization) stands in no mail.
        .options(lazyload("*"))
    )
    answered = select(Response.invitation_id).where(Response.state != ResponseState.IN_PROGRESS)
    for chunk in in_chunks([each.invitation_id for each in messages if each.invitation_id is not None]):
        for row in db.session.execute(rows.where(Invitation.id.in_(chunk))):
            found.asked[row[0].id] = Asked(*row)
        found.answered.update(db.session.scalars(answered.where(Response.invitation_id.in_(chunk))))
    return found


def why_not(asked: Asked, gathered: Gathered | None = None) -> Dropped | Waits | None:
    """Return why the mail does not go, or does not go yet; None where it does."""
    if asked.invitation.withdrawn_at is not None:
        return Dropped("the invitation was withdrawn")
    known = gathered or Gathered({}, {asked.invitation.id} if was_answered(asked.invitation.id) else set())
    if asked.invitation.id in known.answered:
        return Dropped("the questionnaire was answered")
    found = standing_of(asked.questionnaire, asked.consultation)
    if found is Standing.CLOSED:
        return Dropped("the questionnaire is closed")
    if found is Standing.OPEN and known.is_whole(asked.questionnaire):
        return None
    return Waits(_WAITS_FOR[found])


def was_answered(invitation_id: UUID) -> bool:
    """Return whether a response to this invitation was submitted, or ended otherwise."""
    response = response_to(invitation_id)
    return response is not None and response.state is not ResponseState.IN_PROGRESS


def expiry(asked: Asked) -> datetime:
    """Return until when the link in the mail opens."""
    last = last_day(asked.questionnaire, asked.consultation)
    return (end_of_day(last, asked.consultation.zone) + LINK_OUTLIVES) if last else now() + LINK_WITHOUT_END


def values_for(questionnaire: Questionnaire, consultation: Consultation, person: Person, link: str) -> dict[str, Text]:
    """Return a text for every placeholder."""
    return {**values_for_all(questionnaire, consultation), **_values_of_one(person, link)}


def _values_of_one(person: Person, link: str) -> dict[str, Text]:
    return {"salutation": person.greeted("Hello"), "link": Text(link, link)}


def values_for_all(questionnaire: Questionnaire, consultation: Consultation) -> dict[str, Text]:
    """Return a text for every placeholder that says the same to everybody."""
    closes = announced_day(questionnaire, consultation)
    contact = _reach(consultation)
    return {
        "questionnaire_title": questionnaire.text("title"),
        "consultation_title": consultation.text("title"),
        "lead": consultation.text("lead") if consultation.text("lead").whole else consultation.text("title"),
        "closes_on": Text(*(_ANSWER_BY.in_(side).format(day=date_words(closes, side)) for side in LANGUAGES)) if closes else _TAKE_TIME,
        "contact": contact if contact.whole else _ANSWER_THIS,
        "support_line": consultation.text("support_line"),
        "privacy": consultation.text("privacy_notice"),
        # The outbox puts the person's own link in its place.
        "preferences": Text(sample_preference_link(), sample_preference_link()),
    }


def _reach(consultation: Consultation) -> Text:
    """Return how to reach the team: what it says of itself, its address and its telephone, a line each."""
    said = consultation.text("contact")
    known = [part for part in (consultation.contact_email, consultation.contact_phone) if part]
    return Text(*("\n".join(part for part in (said.in_(side) if said.whole else "", *known) if part) for side in LANGUAGES))


def in_both(values: dict[str, Text]) -> Values:
    """Return the values by language, as the mail takes them."""
    return {side: {name: words.in_(side) for name, words in values.items()} for side in LANGUAGES}


def compose(message: Message) -> Said:
    """Return the mail with a personal link of its own, or why it does not go."""
    return among([message])(message)


def among(messages: Sequence[Message]) -> Compose:
    """Return what composes each of ``messages``; what they are about is read now, for all of them."""
    gathered = gather(messages)
    return lambda message: _composed(message, gathered)


def _composed(message: Message, gathered: Gathered) -> Said:
    asked = gathered.asked.get(message.invitation_id) if message.invitation_id else None
    if asked is None:
        raise AbsentError
    refused = why_not(asked, gathered)
    if refused is not None:
        return refused
    token, link = draft_link(asked.invitation.id, expiry(asked))
    values = {**gathered.values_for_all(asked), **_values_of_one(asked.person, f"{settings().base_url}/r/{token}")}
    return Composed(
        to_name=asked.person.addressed_as,
        to_address=asked.person.email or "",
        values=in_both(values),
        rows=[link],
        discreet=asked.person.discreet,
    )


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


COMPOSER = Composer(PURPOSE, PLACEHOLDERS, compose, preview, gather=among, needed=("link",))
