"""An installation with an event and a roster, and approved mailings that invite parts of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.guests import settings_of
from config import read_settings
from engagement import create_app
from engagement.kernel.audit import SYSTEM
from engagement.kernel.base import new_id
from engagement.kernel.bulk import insert_all
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.migrations import bring_up_to_date
from engagement.outreach.service import EVENT, Offer, approve, draft_mailing
from engagement.roster.models import IdentifiedThrough, Person
from tests.events.given import an_event
from tests.support.given import a_consultation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from flask import Flask

    from engagement.events.models import Event


@contextmanager
def installation(folder: str, port: int = 8000, **environ: str) -> Iterator[Flask]:
    """Stand in a fresh installation in ``folder`` for the length of the block."""
    app = create_app(read_settings(settings_of(folder, port) | environ))
    with app.app_context():
        bring_up_to_date(app)
        yield app
        db.session.remove()
        db.engine.dispose()


def an_event_and_people(number: int) -> tuple[Event, list[UUID]]:
    """Store an event and so many people whose language is not known: their mails are in both."""
    consultation = a_consultation()
    event = an_event(consultation)
    people = []
    for each in range(number):
        address = f"guest{each}@people.example"
        people.append(
            {
                "id": new_id(), "consultation_id": consultation.id, "given_name": "Noémie", "family_name": f"Example-{each}",
                "name_key": f"example-{each} noemie", "email": address, "email_index": address_index(address), "phone": "",
                "language": None, "identified_through": IdentifiedThrough.STAFF, "created_at": now(),
            }
        )  # fmt: skip
    with writing() as session:
        for at in range(0, number, 1000):
            insert_all(session, Person, people[at : at + 1000])
    return event, [each["id"] for each in people]


def an_approved_mailing(event: Event, people: list[UUID]) -> UUID:
    """Choose people for an invitation to the event, say yes, and return the mailing's id; nothing is planned."""
    offer = Offer(EVENT, event.id, event.title, event.restricted)
    drafted = draft_mailing(consultation_id=event.consultation_id, offer=offer, people=people, chosen_by={}, actor=SYSTEM)
    return approve(mailing_id=drafted.id, actor=SYSTEM).id
