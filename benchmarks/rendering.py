"""Plan, then render and store personal bilingual invitations with calendar parts, beside Flask-Mail and icalendar building each.

The limit fills in a text that is ready, builds a calendar and a message object for each guest,
and makes the bytes; it stores nothing. ``python -m benchmarks.rendering 2000 10000`` measures
with 2,000 messages, and the flatness with 10,000.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from flask_mail import Attachment, Message
from icalendar import Calendar, vCalAddress, vText
from icalendar import Event as VEvent

from benchmarks.frame import ROUNDS, report
from benchmarks.mailings import an_approved_mailing, an_event_and_people, installation
from engagement.events.letters import preview_invitation
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.batches import prepare_many
from engagement.mailing.composing import Sketch
from engagement.mailing.letters import Written, write
from engagement.mailing.models import Message as Planned
from engagement.mailing.models import State
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.texts import shipped_text
from engagement.outreach.planning import plan_rest

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.events.models import Event

MESSAGES, MANY, FEW = 10_000, 50_000, 1_000
BUILT_EACH = 500
BASE, NAME, LINK = "http://127.0.0.1:8000", "NAME-OF-THE-GUEST", "LINK-OF-THE-GUEST"


def prepared(mailing_id: UUID, number: int) -> float:
    """Plan, write and store the mails of a mailing; return messages a second."""
    begun = time.perf_counter()
    plan_rest(mailing_id)
    while waiting := due_to_be_written():
        prepare_many(waiting)
    seconds = time.perf_counter() - begun
    queued = db.session.query(Planned).filter(Planned.mailing_id == mailing_id, Planned.state == State.QUEUED).count()
    assert queued == number, f"{queued} of {number} are queued"
    return number / seconds


def words_of(event: Event, person_id: UUID) -> Written:
    """Return the invitation as one person reads it, with marks where each guest's own name and link stand."""
    values = preview_invitation(Sketch(event.consultation_id, person_id, event_id=event.id))
    own = {"en": f"Dear {NAME},", "fr": f"Bonjour {NAME},"}
    marked = {language: {**said, "salutation": own[language], "reply_link": f"{BASE}/r/{LINK}"} for language, said in values.items()}
    return write(shipped_text("event_invitation"), marked, "both", BASE)


def built_each(number: int, words: Written) -> float:
    """Build as many messages with these words, each with Flask-Mail and icalendar; return messages a second."""
    begun = time.perf_counter()
    for each in range(number):
        name, link, address = f"Noémie Example-{each}", uuid4().hex * 2, f"guest{each}@people.example"
        ics = _calendar(name, address)
        message = Message(
            subject=words.subject,
            recipients=[(name, address)],
            body=words.plain.replace(NAME, name).replace(LINK, link),
            html=words.html.replace(NAME, name).replace(LINK, link),
            sender=("Department of Examples / Ministère des Exemples", "consultations@convoke.example"),
            attachments=[Attachment("invite.ics", "application/ics", ics)],
            extra_headers={"Auto-Submitted": "auto-generated", "Content-Language": "en, fr"},
        )
        message.alts["calendar; method=REQUEST"] = ics.decode()
        message.as_bytes()
    return number / (time.perf_counter() - begun)


def _calendar(name: str, address: str) -> bytes:
    calendar, event = Calendar(), VEvent()
    for key, value in (("prodid", "-//Convoke//Convoke//EN"), ("version", "2.0"), ("method", "REQUEST")):
        calendar.add(key, value)
    starts = now() + timedelta(weeks=3)
    texts = {
        "summary": "Session 1 / Session 1, en français",
        "location": "10 Wellington Street / 10, rue Wellington",
        "status": "CONFIRMED",
    }
    for key, value in texts.items():
        event.add(key, vText(value))
    event.add("description", vText("To reply or to change your reply, use the link in our message.\n\nPour répondre, utilisez le lien."))
    for key, moment in (("dtstamp", now()), ("dtstart", starts), ("dtend", starts + timedelta(hours=2))):
        event.add(key, moment)
    event.add("uid", f"{uuid4()}@convoke.example")
    event.add("sequence", 0)
    organizer, attendee = vCalAddress(f"mailto:replies+{uuid4().hex}@convoke.example"), vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = "Department of Examples / Ministère des Exemples"
    attendee.params.update({"CN": name, "CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    event.add("organizer", organizer)
    event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def measure(number: int) -> tuple[float, float]:
    """Return messages a second of one fresh installation, and of the limit beside it."""
    with tempfile.TemporaryDirectory() as folder, installation(folder):
        event, people = an_event_and_people(number)
        mailing_id = an_approved_mailing(event, people)
        words = words_of(event, people[0])
        # The limit runs before and after, so that a busy machine slows both alike.
        before = built_each(BUILT_EACH // 2, words)
        ours = prepared(mailing_id, number)
        return ours, statistics.mean([before, built_each(BUILT_EACH // 2, words)])


def main(messages: int, many: int) -> None:
    """Print both rows."""
    rounds = [measure(messages) for _ in range(ROUNDS)]
    ours, limits = [each for each, _ in rounds], [limit for _, limit in rounds]
    report(f"plan, render and store {messages} invitations", "messages/s", ours, limits, "at least 5")
    few = [measure(FEW)[0] for _ in range(ROUNDS)]
    report(f"the same with {many}, beside {FEW}", "messages/s", [measure(many)[0]], few, "flat: at least 0.8")


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:]]
    main(*(sizes if len(sizes) == 2 else (MESSAGES, MANY)))
