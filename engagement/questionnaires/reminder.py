"""The mail that reminds somebody of a questionnaire that they have not answered, or not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.invitations.links import draft_link
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.mailing.composing import Composed, Composer, Dropped, Kind, Sketch, Values, Waits
from engagement.questionnaires import letter
from engagement.questionnaires.letter import Asked, asked_by, expiry, in_both, values_for, why_not
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import announced_day
from engagement.questionnaires.service import response_to
from engagement.roster.models import Person

if TYPE_CHECKING:
    from engagement.mailing.models import Message

PURPOSE = "questionnaire_reminder"
PLACEHOLDERS = (*letter.PLACEHOLDERS, "draft")
WANTS_NO_REMINDERS = "wants no reminders"

# Whoever began is told that nothing is lost; whoever did not, that it may be done in part.
_DRAFT_KEPT = Text(
    "You have begun: what you wrote is kept. You can go on where you stopped, or submit what you have.",
    "Vous avez commencé\u00a0: ce que vous avez écrit est conservé. Vous pouvez continuer là où vous vous êtes arrêté, "
    "ou envoyer ce que vous avez.",
)
_IN_PART = Text(
    "You need not answer everything: you can submit what you have.",
    "Vous n’avez pas à répondre à tout\u00a0: vous pouvez envoyer ce que vous avez.",
)


def compose(message: Message) -> Composed | Dropped | Waits:
    """Return the reminder with a personal link of its own, or why it does not go."""
    asked = asked_by(message)
    refused = _why_no_reminder(asked) or why_not(asked)
    if refused is not None:
        return refused
    token, link = draft_link(asked.invitation.id, expiry(asked))
    values = _values(asked, f"{settings().base_url}/r/{token}", begun=response_to(asked.invitation.id) is not None)
    return Composed(
        to_name=asked.person.addressed_as,
        to_address=asked.person.email or "",
        values=in_both(values),
        rows=[link],
        discreet=asked.person.discreet,
    )


def _why_no_reminder(asked: Asked) -> Dropped | None:
    person = asked.person
    closes = announced_day(asked.questionnaire, asked.consultation)
    reasons = {
        "asked not to be written to": person.do_not_contact,
        WANTS_NO_REMINDERS: not (person.wants_reminders and person.wants_mailings),
        "a mail to them came back": asked.invitation.bounced_at is not None and bool(person.email),
        "the questionnaire is closed": closes is not None and now() > end_of_day(closes, asked.consultation.zone),
    }
    return next((Dropped(reason) for reason, holds in reasons.items() if holds), None)


def _values(asked: Asked, link: str, *, begun: bool) -> dict[str, Text]:
    values = values_for(asked.questionnaire, asked.consultation, asked.person, link)
    return {**values, "draft": _DRAFT_KEPT if begun else _IN_PART}


def preview(sketch: Sketch) -> Values:
    """Return what one person's reminder would say, with a link that opens nothing."""
    questionnaire = db.session.get(Questionnaire, sketch.questionnaire_id) if sketch.questionnaire_id else None
    person = db.session.get(Person, sketch.person_id)
    if questionnaire is None or person is None:
        raise AbsentError
    base = letter.preview(sketch)
    more = {"draft": _IN_PART}
    return {side: {**values, **{name: words.in_(side) for name, words in more.items()}} for side, values in base.items()}


COMPOSER = Composer(PURPOSE, PLACEHOLDERS, compose, preview, kind=Kind.REMINDER, needed=("link",))
