"""What an approval on paper is given to: the facts that must not change after it, and their hash.

The hash is SHA-256 over one canonical form (JSON, keys sorted, no space, UTF-8), so that the
same facts give the same hash on every machine, and any other fact another one.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeAlias

from engagement.consultations.models import Consultation
from engagement.events.gathering import standing_among
from engagement.events.guests import published_agendas
from engagement.events.models import Event
from engagement.events.service import sittings_of
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.outreach.paper import are_renamed, named_on_paper
from engagement.outreach.words import words_of
from engagement.questionnaires.models import Questionnaire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement.events.guests import AgendaLine
    from engagement.outreach.models import Mailing

Facts: TypeAlias = "dict[str, object]"


def canonical(content: Mapping[str, object]) -> bytes:
    """Return the one form in which ``content`` (plain JSON values) is hashed and kept."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def hash_of(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of ``content``, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


def facts_of(mailing: Mailing) -> Facts:
    """Return what must not change once it was approved: words, what they are about, time, and the people chosen.

    People stand by id, sorted: their order is no fact.
    """
    text = words_of(mailing)
    return {
        "mailing": str(mailing.id),
        "purpose": mailing.purpose,
        "subject": _sides(text.subject),
        "body": _sides(text.body),
        "attachments": [],
        "about": _about(mailing),
        "consultation": _consultation(mailing),
        "send_at": mailing.send_at.isoformat() if mailing.send_at else None,
        "round": mailing.round,
        "people": sorted(mailing.people),
        "once_more": sorted(mailing.people_again or []),
    }


def mark_of(mailing: Mailing) -> str:
    """Return a mark of what a draft says, about what, when and to whom: another one where anybody has changed any of it."""
    return hash_of(facts_of(mailing))[:32]


def why_void(mailing: Mailing) -> Text | None:
    """Return why an approval on paper does not hold any more; None where it does, or none was given."""
    return None if facts_hold(mailing) and not are_renamed(named_on_paper(mailing) or {}) else VOID


def facts_hold(mailing: Mailing) -> bool:
    """Return whether what was approved on paper is as it was, but for the names of its recipients; True where nothing was."""
    return mailing.facts_hash is None or mailing.facts_hash == hash_of(facts_of(mailing))


VOID = Text(
    "What was approved on paper has changed since: make a new package and have it approved again.",
    "Ce qui a été approuvé sur papier a changé depuis\u00a0: préparez un nouveau dossier et faites-le approuver de nouveau.",
)


def _sides(text: Text) -> dict[str, str]:
    return {"en": text.en, "fr": text.fr}


def _consultation(mailing: Mailing) -> Facts:
    row = db.session.get_one(Consultation, mailing.consultation_id)
    named = ("title", "lead", "contact", "support_line", "privacy_notice")
    return {
        **{field: _sides(row.text(field)) for field in named},
        "contact_email": row.contact_email,
        "contact_phone": row.contact_phone,
        "zone": row.zone,
    }


def _about(mailing: Mailing) -> Facts | None:
    event = db.session.get(Event, mailing.event_id) if mailing.event_id else None
    if event is not None:
        return _event(event)
    asked = db.session.get(Questionnaire, mailing.questionnaire_id) if mailing.questionnaire_id else None
    return _questionnaire(asked) if asked is not None else None


def _event(event: Event) -> Facts:
    # One that is cancelled is asked of nobody: it is as if it were taken away.
    sittings = standing_among(sittings_of(event.id))
    agendas = published_agendas([each.id for each in sittings])
    return {
        "event": str(event.id),
        **{field: _sides(event.text(field)) for field in event.bilingual_fields},
        "kind": event.kind.value,
        "format": event.format.value,
        "status": event.status.value,
        "zone": event.zone,
        "reply_by": event.reply_by.isoformat() if event.reply_by else None,
        "discreet": event.discreet,
        "sends_calendar": event.sends_calendar,
        "sittings": [
            {
                "starts": each.starts_wall.isoformat(),
                "ends": each.ends_wall.isoformat(),
                # The instant too: a zone that changes its rules moves it.
                "starts_utc": on_the_wall(each.starts_at, "UTC").isoformat(),
                "agenda": [_item(line) for line in agendas.get(each.id, ())],
            }
            for each in sittings
        ],
    }


def _item(line: AgendaLine) -> Facts:
    return {
        "kind": str(line.kind),
        "starts": line.starts_wall.isoformat(),
        "ends": line.ends_wall.isoformat(),
        "title": _sides(line.title),
        "people": [[named.name, named.part.en] for named in line.people],
    }


def _questionnaire(asked: Questionnaire) -> Facts:
    days = {field: getattr(asked, field) for field in ("opens_on", "closes_on", "received_until")}
    return {
        "questionnaire": str(asked.id),
        "title": _sides(asked.text("title")),
        **{field: day.isoformat() if day else None for field, day in days.items()},
    }
