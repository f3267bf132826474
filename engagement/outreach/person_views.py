"""What a person's page says of mail: whether their address is written to, what they want, and every message's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.audit import ActorKind, AuditEntry
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.policy import Permission
from engagement.kernel.ports import Panel, TimelineEntry
from engagement.mailing.models import MessageEvent
from engagement.mailing.suppressions import suppression_of
from engagement.outreach.listing import messages_to
from engagement.roster.service import find_person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.mailing.models import Message

# A person whom somebody wrote to more often has the rest in the list of messages.
MOST_SHOWN = 100
_DONE: dict[str, Text] = {
    "change_wishes": Text("Changed which mails they get", "Changement des courriels à recevoir"),
    "tell_safe_contact": Text("Told us how to reach them safely", "Précision sur la façon de joindre la personne sans danger"),
}
_BY: dict[ActorKind, Text] = {
    ActorKind.LINK: Text("by their own link", "par son propre lien"),
    ActorKind.STAFF: Text("written down by the team", "noté par l’équipe"),
    ActorKind.SYSTEM: Text("by the program", "par le programme"),
}


def mail_panel(person_id: UUID, access: Access) -> Iterator[Panel]:
    """Give the section on mail: for members who may see the mail at all, and only messages they may know of."""
    if not access.may(Permission.SEE_MAIL):
        return
    person = find_person(access, person_id)
    messages = list(messages_to(access, person_id))[::-1][:MOST_SHOWN]
    suppression = suppression_of(person.email)
    yield Panel(
        "outreach/person_panel.html",
        {
            "suppression": suppression,
            # What a team wrote down is for that team.
            "note": suppression.note if suppression and suppression.consultation_id == access.consultation.id else "",
            "messages": [(message, history) for message, history in zip(messages, _histories(messages), strict=True)],
            "may_change": access.may(Permission.EDIT_ROSTER),
        },
    )


def _histories(messages: Sequence[Message]) -> list[list[MessageEvent]]:
    ids = [message.id for message in messages]
    found: dict[UUID, list[MessageEvent]] = {message_id: [] for message_id in ids}
    for event in db.session.scalars(select(MessageEvent).where(MessageEvent.message_id.in_(ids)).order_by(MessageEvent.at)):
        found[event.message_id].append(event)
    return [found[message_id] for message_id in ids]


def wishes_timeline(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give when the person changed what they want from us, and through whom."""
    if not access.may(Permission.SEE_MAIL):
        return
    theirs = select(AuditEntry).where(AuditEntry.subject_table == "person", AuditEntry.subject_id == person_id, AuditEntry.verb.in_(_DONE))
    for entry in db.session.scalars(theirs):
        done, by = _DONE[entry.verb], _BY[entry.actor_kind]
        yield TimelineEntry(entry.at, Text(f"{done.en} ({by.en})", f"{done.fr} ({by.fr})"))
