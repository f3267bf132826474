"""An installation with one event and guests whose links are known."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

from config import read_settings
from engagement import create_app
from engagement.invitations.links import draft_link
from engagement.invitations.service import invite
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.migrations import bring_up_to_date
from tests.events.given import a_person, an_event
from tests.support.given import a_consultation

if TYPE_CHECKING:
    from pathlib import Path

INVITED = 450


def settings_of(folder: str | Path, port: int) -> dict[str, str]:
    """Return the settings of an installation in ``folder``."""
    return {
        "CONVOKE_DATA": str(folder),
        "PORT": str(port),
        "SECRET_KEY": "known to this benchmark only, and long enough",
        "ENCRYPTION_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
    }


def links_of_guests(settings: dict[str, str], howmany: int) -> list[str]:
    """Make an event with 450 guests and return the addresses that ``howmany`` of their links have."""
    app = create_app(read_settings(settings))
    with app.app_context():
        bring_up_to_date(app)
        consultation = a_consultation()
        event = an_event(consultation)
        people = [a_person(consultation) for _ in range(INVITED)]
        asked = [invite(consultation_id=consultation.id, person_id=each.id, event_id=event.id, actor=SYSTEM) for each in people]
        drafted = [draft_link(invitation.id, now() + timedelta(days=30)) for invitation in asked[:howmany]]
        with writing() as session:
            store_all(session, (link for _, link in drafted))
        db.session.remove()
        db.engine.dispose()
    return [f"/r/{token}" for token, _ in drafted]
