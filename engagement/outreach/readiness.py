"""What keeps a mailing from being sent, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.events.letters import PAST_INVITING, is_over
from engagement.events.models import Event, EventStatus
from engagement.events.service import sittings_of, texts_agree
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.mailing.texts import shipped_text
from engagement.outreach.facts import why_void
from engagement.outreach.vocabulary import REASONS
from engagement.outreach.words import ANNOUNCEMENT, missing_places, strange_places, words_of
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.wholeness import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.outreach.models import Mailing

MISSING_WORDS = Text("The text of the mail is missing in one language.", "Le texte du courriel manque dans une langue.")
UNWRITTEN = Text(
    "Write what this announcement says: it still has the words that it begins with.",
    "Rédigez cette annonce\u00a0: elle a encore le texte de départ.",
)
_EVENT_DIFFERS = Text(
    "The event’s texts are not the same in both languages.", "Les textes de l’événement ne concordent pas dans les deux langues."
)


def faults_before_sending(mailing: Mailing) -> list[Text]:
    """Return what keeps a mailing from being sent, a line each; nothing when it may go."""
    return [*_faults_of_words(mailing), *_faults_of_subject(mailing), *filter(None, [why_void(mailing)])]


def _faults_of_words(mailing: Mailing) -> Iterator[Text]:
    text = words_of(mailing)
    if not (text.subject.whole and text.body.whole):
        yield MISSING_WORDS
    elif text.stale:
        yield _older(next(iter(text.stale.values())))
    if mailing.purpose == ANNOUNCEMENT and text.body == shipped_text(ANNOUNCEMENT).body:
        yield UNWRITTEN
    for name in strange_places(mailing):
        said = Text(
            "The text uses “{name}”, which this mailing has nothing to fill in for.",
            "Le texte emploie «\u00a0{name}\u00a0», que cet envoi ne peut pas remplir.",
        )
        yield Text(said.en.replace("{name}", name), said.fr.replace("{name}", name))
    for name in missing_places(mailing):
        said = Text(
            "The text leaves out “{name}”, without which the mail is of no use.",
            "Le texte omet «\u00a0{name}\u00a0», sans quoi le courriel ne sert à rien.",
        )
        yield said.format(name=name)


def _older(side: str) -> Text:
    if side == "fr":
        return Text(
            "The French text of the mail is older than the English one.", "Le texte français du courriel est plus ancien que l’anglais."
        )
    return Text(
        "The English text of the mail is older than the French one.", "Le texte anglais du courriel est plus ancien que le français."
    )


def _faults_of_subject(mailing: Mailing) -> Iterator[Text]:
    if mailing.purpose == ANNOUNCEMENT:
        # An announcement may well be about what is over, or does not take place.
        event = db.session.get(Event, mailing.event_id) if mailing.event_id else None
        if event is not None and not texts_agree(event):
            yield _EVENT_DIFFERS
    elif mailing.event_id:
        yield from _faults_of_event(mailing.event_id)
    elif mailing.questionnaire_id:
        yield from _faults_of_questionnaire(mailing.questionnaire_id)


def _faults_of_event(event_id: UUID) -> Iterator[Text]:
    event = db.session.get(Event, event_id)
    consultation = db.session.get(Consultation, event.consultation_id) if event else None
    if event is None or consultation is None or event.status is not EventStatus.SCHEDULED:
        yield Text("The event does not take place.", "L’événement n’a pas lieu.")
    elif consultation.status in PAST_INVITING:
        yield REASONS["the consultation does not invite any more"]
    elif is_over(sittings_of(event.id)):
        yield Text("The event is over.", "L’événement a déjà eu lieu.")
    elif not texts_agree(event):
        yield _EVENT_DIFFERS


def _faults_of_questionnaire(questionnaire_id: UUID) -> Iterator[Text]:
    asked = db.session.get(Questionnaire, questionnaire_id)
    consultation = db.session.get(Consultation, asked.consultation_id) if asked else None
    if asked is not None and consultation is not None and standing_of(asked, consultation) is Standing.CLOSED:
        yield REASONS["the questionnaire is closed"]
    yield from faults_of(questionnaire_id)
