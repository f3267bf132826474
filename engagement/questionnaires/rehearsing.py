"""What a questionnaire would send to one person, and when: the scenes of a rehearsal. Nothing is stored."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import in_utc
from engagement.kernel.db import db
from engagement.kernel.ports import Scene
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import announced_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engagement.mailing.composing import Sketch

REMINDED_BEFORE = timedelta(days=7)
MORNING = time(9, 0)


def scenes(sketch: Sketch, sent_at: datetime) -> Iterator[Scene]:
    """Give what would follow the invitation to a questionnaire that has a closing day."""
    asked = db.session.get(Questionnaire, sketch.questionnaire_id) if sketch.questionnaire_id else None
    consultation = db.session.get(Consultation, sketch.consultation_id) if asked else None
    day = announced_day(asked, consultation) if asked is not None and consultation is not None else None
    if day is None or consultation is None:
        return
    at = in_utc(datetime.combine(day, MORNING), consultation.zone) - REMINDED_BEFORE
    silent = Text("if nothing was sent in", "si rien n’a été envoyé")
    yield Scene("reminder", max(at, sent_at), Text("A reminder", "Un rappel"), silent, "questionnaire_reminder")
