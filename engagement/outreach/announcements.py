"""The mail of an announcement: what is filled in, and when it need not go.

Whoever was asked to what it is about finds their own link in it; nobody is asked by it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.events.gathering import standing_among
from engagement.events.models import Event
from engagement.events.service import sittings_of
from engagement.events.shown import MARK
from engagement.events.wording import when_words
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import LANGUAGES
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.crypto import keys
from engagement.kernel.db import db
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.composing import Composed, Composer, Dropped, Kind, Sketch, Values, Waits
from engagement.mailing.letters import languages_of
from engagement.mailing.placeholders import SECRETS
from engagement.outreach.models import Mailing
from engagement.outreach.words import ABOUT_EVENT, ABOUT_QUESTIONNAIRE, ALWAYS, ANNOUNCEMENT
from engagement.questionnaires.models import Questionnaire
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engagement.kernel.bilingual import Language
    from engagement.mailing.models import Message

# How long a link in an announcement opens: at least this, and this much longer than what it is about.
OPENS_AT_LEAST = timedelta(days=120)
OPENS_AFTER = timedelta(days=60)


def _invitation(mailing: Mailing, person: Person) -> Invitation | None:
    """Return the person's standing invitation to what the announcement is about, if they were asked."""
    if mailing.event_id is None and mailing.questionnaire_id is None:
        return None
    about = Invitation.event_id == mailing.event_id if mailing.event_id else Invitation.questionnaire_id == mailing.questionnaire_id
    return db.session.scalar(select(Invitation).where(about, Invitation.person_id == person.id, Invitation.withdrawn_at.is_(None)))


def compose(message: Message) -> Composed | Dropped | Waits:
    """Return the announcement as one person reads it, or why it does not go."""
    mailing = db.session.get(Mailing, message.mailing_id) if message.mailing_id else None
    person = db.session.get(Person, message.person_id) if message.person_id else None
    consultation = db.session.get(Consultation, mailing.consultation_id) if mailing else None
    if mailing is None or person is None or consultation is None:
        return Dropped("what it is about does not exist any more")
    if person.do_not_contact or not person.wants_mailings:
        return Dropped("asked not to be written to")
    if consultation.status is Status.PAUSED:
        return Waits("the consultation is paused")
    asked = _invitation(mailing, person)
    rows, link = [], ""
    if asked is not None:
        token, row = draft_link(asked.id, _expiry(mailing, consultation))
        rows, link = [row], f"{settings().base_url}/r/{token}"
    values = _values(Sketch(consultation.id, person.id, mailing.event_id, mailing.questionnaire_id), link)
    return Composed(
        to_name=person.addressed_as,
        to_address=person.email or "",
        values={each: values[each] for each in languages_of(message.language)},
        rows=[*rows],
        details=_told(values),
        discreet=person.discreet or _is_discreet(mailing),
    )


def _told(values: Mapping[Language, Mapping[str, str]]) -> dict[str, str]:
    """Return a keyed mark of what this mail says of what it is about: where that changes while it waits, it is written afresh."""
    named = [name for name in (*ABOUT_EVENT, *ABOUT_QUESTIONNAIRE) if name not in SECRETS]
    said = [values[language].get(name, "") for language in LANGUAGES for name in named]
    return {"told": keys.blind_index(json.dumps(said)).hex()[:MARK]} if any(said) else {}


def _is_discreet(mailing: Mailing) -> bool:
    """Return whether it is about an event of which nothing outside the text may tell."""
    event = db.session.get(Event, mailing.event_id) if mailing.event_id else None
    return event is not None and event.discreet


def _expiry(mailing: Mailing, consultation: Consultation) -> datetime:
    ends = [now() + OPENS_AT_LEAST]
    if mailing.event_id:
        ends += [sitting.ends_at + OPENS_AFTER for sitting in sittings_of(mailing.event_id)]
    elif mailing.questionnaire_id:
        asked = db.session.get_one(Questionnaire, mailing.questionnaire_id)
        days = [day for day in (asked.closes_on, asked.received_until, consultation.closes_on, consultation.received_until) if day]
        ends += [end_of_day(day, consultation.zone) + OPENS_AFTER for day in days]
    return max(ends)


def preview(sketch: Sketch) -> Values:
    """Return what an announcement would say to this person in both languages, with a link that opens nothing."""
    return _values(sketch, f"{settings().base_url}/r/…")


def _values(sketch: Sketch, link: str) -> dict[Language, dict[str, str]]:
    """Return a value for every placeholder that an announcement about this has."""
    consultation = db.session.get_one(Consultation, sketch.consultation_id)
    person = db.session.get_one(Person, sketch.person_id)
    borrowed = _borrowed(sketch)
    return {language: _in(language, consultation, person) | borrowed[language] | _links(sketch, link) for language in LANGUAGES}


def _in(language: Language, consultation: Consultation, person: Person) -> dict[str, str]:
    contact = (consultation.text("contact").in_(language), consultation.contact_email, consultation.contact_phone)
    return {
        "salutation": person.greeted().in_(language),
        "name": person.addressed_as,
        "lead": (consultation.text("lead") or consultation.text("title")).in_(language),
        "consultation_title": consultation.text("title").in_(language),
        "contact": "\n".join(part for part in contact if part),
        "support_line": consultation.text("support_line").in_(language),
    }


def _links(sketch: Sketch, link: str) -> dict[str, str]:
    if sketch.event_id:
        return {"reply_link": link}
    return {"link": link} if sketch.questionnaire_id else {}


def _borrowed(sketch: Sketch) -> dict[Language, dict[str, str]]:
    """Return what the invitation to the same thing says of it, so that both say the same."""
    purpose, names = ("event_invitation", ABOUT_EVENT) if sketch.event_id else ("questionnaire_invitation", ABOUT_QUESTIONNAIRE)
    composer: Composer | None = ports().composers.get(purpose)
    if not (sketch.event_id or sketch.questionnaire_id) or composer is None or composer.preview is None:
        return {language: {} for language in LANGUAGES}
    said = composer.preview(sketch)
    found = {language: {name: said[language].get(name, "") for name in names} for language in LANGUAGES}
    event = db.session.get(Event, sketch.event_id) if sketch.event_id else None
    if event is not None:
        for language in LANGUAGES:
            # An invitation is about one sitting, an announcement about all of them.
            spans = [when_words(event, each, language) for each in standing_among(sittings_of(event.id))]
            found[language]["when"] = "; ".join(spans) or when_words(event, None, language)
    return found


COMPOSER = Composer(ANNOUNCEMENT, (*ALWAYS, *ABOUT_EVENT, *ABOUT_QUESTIONNAIRE), compose, preview, kind=Kind.MAILING)
