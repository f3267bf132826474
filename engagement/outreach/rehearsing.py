"""A rehearsal: every mail and page as one guest would meet them, with the clock moved on. Nothing is stored or sent.

What is shown comes from the composers and pages that will be used, so that it cannot say
anything else than what will be sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.models import Event
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import at_moment, in_utc, now
from engagement.kernel.db import db, fetching
from engagement.kernel.ports import Scene, ports
from engagement.kernel.settings import settings
from engagement.mailing.composing import Composer, Sketch
from engagement.mailing.letters import Written, write
from engagement.mailing.texts import text_of
from engagement.outreach.models import Mailing, ReminderKind, ReminderSchedule
from engagement.outreach.reading import samples, without_links
from engagement.outreach.words import ANNOUNCEMENT, words_of
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import announced_day

if TYPE_CHECKING:
    from datetime import date

    from engagement.roster.models import Person

MAIL = "mail"
_REMINDED = {
    "event_reminder": ReminderKind.REPLY_DEADLINE,
    "event_day_before": ReminderKind.DAY_BEFORE,
    "questionnaire_reminder": ReminderKind.QUESTIONNAIRE,
}
NOT_SET_UP = Text("only if the team sets it up", "seulement si l’équipe le prévoit")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of a rehearsal; ``invented``: what stands in square brackets is filled when it is sent."""

    written: Written
    invented: bool


def scenes_for(mailing: Mailing, person: Person) -> list[Scene]:
    """Return what ``person`` would get and see because of this mailing, in the order of time."""
    sent_at = mailing.send_at or now()
    found = [Scene(MAIL, sent_at, Text("The mail of this mailing", "Le courriel de cet envoi"), purpose=mailing.purpose)]
    if mailing.purpose != ANNOUNCEMENT:
        sketch = sketch_of(mailing, person)
        more = [scene for give in ports().rehearsal for scene in give(sketch, sent_at)]
        found += [_as_set_up(mailing, scene) for scene in more if _can_be_shown(scene)]
    # What happens at the same moment stays in the order in which it was given.
    return sorted(found, key=lambda scene: scene.at)


def sketch_of(mailing: Mailing, person: Person) -> Sketch:
    """Return what previews of this mailing for ``person`` are made for."""
    return Sketch(mailing.consultation_id, person.id, mailing.event_id, mailing.questionnaire_id)


def _can_be_shown(scene: Scene) -> bool:
    return scene.page is not None or scene.purpose in ports().composers


def _as_set_up(mailing: Mailing, scene: Scene) -> Scene:
    """Return a reminder at the time that the team has set, or with the word that it has set none."""
    kind = _REMINDED.get(scene.purpose)
    if kind is None:
        return scene
    about = (
        ReminderSchedule.event_id == mailing.event_id if mailing.event_id else ReminderSchedule.questionnaire_id == mailing.questionnaire_id
    )
    row = db.session.scalar(select(ReminderSchedule).where(about, ReminderSchedule.kind == kind, ReminderSchedule.active).limit(1))
    if row is None:
        return replace(scene, only_if=NOT_SET_UP)
    deadline = _deadline(mailing, kind)
    if deadline is None:
        return scene
    zone = db.session.get_one(Consultation, mailing.consultation_id).zone
    wall = datetime.combine(deadline, row.at)
    return replace(scene, at=in_utc(wall - timedelta(days=row.days_before), zone))


def _deadline(mailing: Mailing, kind: ReminderKind) -> date | None:
    if kind is ReminderKind.REPLY_DEADLINE and mailing.event_id:
        return db.session.get_one(Event, mailing.event_id).reply_by
    if kind is ReminderKind.QUESTIONNAIRE and mailing.questionnaire_id:
        asked = db.session.get_one(Questionnaire, mailing.questionnaire_id)
        return announced_day(asked, db.session.get_one(Consultation, mailing.consultation_id))
    return None


def letter_of(mailing: Mailing, person: Person, scene: Scene) -> Letter | None:
    """Return the mail of a scene as ``person`` would read it then; None where its text is missing in a language."""
    text = words_of(mailing) if scene.key == MAIL else text_of(mailing.consultation_id, scene.purpose)
    if not (text.subject.whole and text.body.whole):
        return None
    composer: Composer | None = ports().composers.get(scene.purpose)
    with fetching(), at_moment(scene.at):
        values = composer.preview(sketch_of(mailing, person)) if composer and composer.preview else None
        # A value that the preview does not know stands as its name, rather than as nothing.
        whole = {language: {**said, **(values or {}).get(language, {})} for language, said in samples(composer).items()}
        written = write(text, whole, person.language or "both", settings().base_url)
    return Letter(Written(without_links(written.subject), without_links(written.plain).strip(), written.html), invented=values is None)


def page_of(scene: Scene) -> str:
    """Return the page of a scene as html, as it would be then."""
    assert scene.page is not None  # noqa: S101 - whoever calls has looked.
    with fetching(), at_moment(scene.at):
        return scene.page()
