"""Which mails an event sends, and when they are planned. One mail carries one sitting's calendar entry.

A calendar object holds one UID (RFC 5546), so each sitting is a mail of its own, whole in
itself; see docs/decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.events.calendar import entry_for
from engagement.events.models import Event, Sitting
from engagement.invitations.models import Invitation
from engagement.invitations.service import invite
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.mailing.service import plan
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.events.models import Seat
    from engagement.invitations.models import Reply
    from engagement.kernel.audit import Actor

INVITATION = "event_invitation"
CONFIRMATION = "event_confirmation"


def mail_domain() -> str:
    """Return the domain that our mailboxes are in."""
    return settings().mail_default_sender.rpartition("@")[2].strip(" >")


def ask_to_come(
    *,
    event_id: UUID,
    person_id: UUID,
    mailing_id: UUID | None = None,
    details: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    actor: Actor,
) -> Invitation:
    """Invite a person to an event and plan the mail: one for each sitting, one where there is no date yet.

    Doing it twice is doing it once: the same sitting is never sent twice for one invitation.
    Raises AbsentError where event and person are not of one consultation.
    """
    with writing() as session:
        event, person = session.get(Event, event_id), session.get(Person, person_id)
        if event is None or person is None or event.consultation_id != person.consultation_id:
            raise AbsentError
        invitation = invite(consultation_id=event.consultation_id, person_id=person_id, event_id=event_id, actor=actor)
        # One call says what several mails would: each of those carries one sitting's calendar entry.
        for sitting_id in _sitting_ids(session, event_id)[: None if person.email else 1]:
            told = dict(details or {})
            if sitting_id is not None:
                entry = entry_for(session, invitation.id, sitting_id, mail_domain())
                if invitation.choice is None:
                    # Invited again: what was replied before does not count, in the calendar neither.
                    entry.partstat = None
                told["sitting_id"] = str(sitting_id)
            plan(
                consultation_id=invitation.consultation_id,
                person_id=person.id,
                purpose=INVITATION,
                language=person.language or "both",
                dedup_key=_once(invitation, sitting_id),
                invitation_id=invitation.id,
                mailing_id=mailing_id,
                details=told,
                due_at=due_at,
                actor=actor,
            )
    return invitation


def _sitting_ids(session: Session, event_id: UUID) -> list[UUID | None]:
    ids = session.scalars(select(Sitting.id).where(Sitting.event_id == event_id).order_by(Sitting.starts_at, Sitting.position))
    return list(ids) or [None]


def _once(invitation: Invitation, sitting_id: UUID | None) -> str:
    # An invitation that was withdrawn and is made again is something new to say.
    return f"{INVITATION}:{invitation.id}:{sitting_id or 'undated'}:{invitation.created_at.timestamp():.6f}"


def confirm_reply(session: Session, invitation: Invitation, reply: Reply, actor: Actor) -> None:
    """Plan the mail that says what was recorded of a reply; nobody is called for it."""
    person = session.get(Person, invitation.person_id)
    if person is None or not person.email:
        return
    _confirm(session, invitation, {"reply_id": str(reply.id)}, sitting_id=reply.sitting_id, key=str(reply.id), actor=actor)


def confirm_seat(session: Session, invitation: Invitation, seat: Seat, actor: Actor) -> None:
    """Plan the mail (or the call) that says that somebody who waited has a seat now."""
    key = f"{seat.id}:{seat.since.timestamp():.6f}"
    _confirm(session, invitation, {}, sitting_id=seat.sitting_id, key=key, actor=actor)


def _confirm(session: Session, invitation: Invitation, details: dict[str, str], *, sitting_id: UUID | None, key: str, actor: Actor) -> None:
    person = session.get_one(Person, invitation.person_id)
    if sitting_id is not None:
        entry_for(session, invitation.id, sitting_id, mail_domain())
        details = {**details, "sitting_id": str(sitting_id)}
    plan(
        consultation_id=invitation.consultation_id,
        person_id=person.id,
        purpose=CONFIRMATION,
        language=person.language or "both",
        dedup_key=f"{CONFIRMATION}:{key}",
        invitation_id=invitation.id,
        details=details,
        actor=actor,
    )
