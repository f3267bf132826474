"""What somebody chose of our mails, as it stands, and storing it: one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.db import writing
from engagement.mailing.suppressions import OWN_WORD, suppression_of, unsay
from engagement.roster.wishes import tell_safe_contact, wish_for_address

if TYPE_CHECKING:
    from engagement.kernel.audit import Actor
    from engagement.roster.models import Person
    from engagement.roster.wishes import Wishes


def standing_choices(person: Person) -> dict[str, object]:
    """Return what the page shows as chosen: what is stored, and none of our mailings where their owner said so.

    What was told about safe contact is not among it: whoever holds the link may write that, not read it.
    """
    against = suppression_of(person.email)
    stopped = against is not None and against.reason in OWN_WORD
    return {
        "language": person.language or "both",
        "wants_mailings": person.wants_mailings and not stopped,
        "wants_reminders": person.wants_reminders and not stopped,
        "wants_calendar": person.wants_calendar,
        "discreet": person.asks_discretion,
        "do_not_contact": person.do_not_contact,
    }


def choose(*, person: Person, wishes: Wishes, safe_contact: str, zone: str, actor: Actor) -> None:
    """Store what somebody chose, for every row with their address in their consultation.

    Whoever wants mailings or reminders takes back what they had said against our mail; a
    bounce, and what the team decided, stand. Raises NoRoomError.
    """
    with writing():
        tell_safe_contact(person_id=person.id, words=safe_contact, zone=zone, actor=actor)
        wish_for_address(person_id=person.id, wishes=wishes, actor=actor)
        if not wishes.do_not_contact and (wishes.wants_mailings or wishes.wants_reminders):
            unsay(person=person, actor=actor)
