"""What an event would send to one guest, and when: the scenes of a rehearsal. Nothing is stored."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engagement.events.gathering import standing_among
from engagement.events.letters import preview_invitation, where_words
from engagement.events.models import Event, Format, Seat, SeatState
from engagement.events.service import sittings_of
from engagement.events.wording import recorded_words
from engagement.invitations.models import Choice, Mode, Reply
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import in_utc
from engagement.kernel.db import db
from engagement.kernel.ports import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engagement.mailing.composing import Sketch, Values

# An invented guest replies after so long.
REPLIES_AFTER = timedelta(days=1)
REMINDED_BEFORE = timedelta(days=3)
MORNING = time(9, 0)


def preview_confirmation(sketch: Sketch) -> Values:
    """Return what the confirmation would say to a guest who says yes, in the first way that the event offers."""
    event = db.session.get(Event, sketch.event_id) if sketch.event_id else None
    if event is None:
        return {}
    mode = Mode.ONLINE if event.format is Format.ONLINE else Mode.IN_PERSON
    reply = Reply(choice=Choice.ACCEPTED, mode=mode)
    seat = Seat(mode=mode, state=SeatState.TAKEN) if sittings_of(event.id) else None
    # The link to an online seat goes to those who hold one: a rehearsal shows that it will stand there.
    link = "https://…" if event.online_link else ""
    return {
        language: {
            **said,
            "where": where_words(event, mode).in_(language),
            "recorded": recorded_words(reply, seat, link, language),
            "questionnaire": "",
        }
        for language, said in preview_invitation(sketch).items()
    }


def scenes(sketch: Sketch, sent_at: datetime) -> Iterator[Scene]:
    """Give what the event would send to one guest after its invitation, whatever they do."""
    event = db.session.get(Event, sketch.event_id) if sketch.event_id else None
    if event is None:
        return
    yes, silent = Text("if they say yes", "si la réponse est oui"), Text("if they have not replied", "en l’absence de réponse")
    yield Scene("confirmation", sent_at + REPLIES_AFTER, Text("The confirmation", "La confirmation"), yes, "event_confirmation")
    if event.reply_by:
        day = in_utc(datetime.combine(event.reply_by, MORNING), event.zone) - REMINDED_BEFORE
        yield Scene("reminder", max(day, sent_at), Text("A reminder", "Un rappel"), silent, "event_reminder")
    sittings = standing_among(sittings_of(event.id))
    if sittings:
        before = in_utc(datetime.combine(sittings[0].starts_wall.date(), MORNING), event.zone) - timedelta(days=1)
        yield Scene("day-before", before, Text("The day before", "La veille"), yes, "event_day_before")
    moved = Text("if time, place or link change", "si l’heure, le lieu ou le lien change")
    off = Text("if the event is cancelled", "si l’événement est annulé")
    yield Scene("change", sent_at + 2 * REPLIES_AFTER, Text("Word of a change", "L’avis de changement"), moved, "event_change")
    yield Scene(
        "cancellation", sent_at + 3 * REPLIES_AFTER, Text("Word of a cancellation", "L’avis d’annulation"), off, "event_cancellation"
    )
