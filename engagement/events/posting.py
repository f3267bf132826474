"""Which mails an event sends, and when they are planned. One mail carries one sitting's calendar entry.

A calendar object holds one UID (RFC 5546), so each sitting is a mail of its own, whole in
itself; see docs/decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engagement.events.calendar import entries_for, entry_for
from engagement.events.models import Event, Sitting
from engagement.events.withdrawing import take_back_withdrawals, withdrawn_among
from engagement.invitations.inviting import Invited, invite_many
from engagement.invitations.models import Invitation
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError
from engagement.kernel.settings import settings
from engagement.mailing.planning import Mail, plan_many
from engagement.mailing.service import plan
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.events.models import CalendarEntry, Seat
    from engagement.invitations.models import Reply
    from engagement.kernel.audit import Actor

INVITATION = "event_invitation"
CONFIRMATION = "event_confirmation"
# Why an invitation does not go any more.
REPLIED = "replied meanwhile"


def mail_domain() -> str:
    """Return the domain that our mailboxes are in."""
    return settings().mail_default_sender.rpartition("@")[2].strip(" >")


def one_mailbox() -> str:
    """Return the one mailbox that calendar replies come to, where the installation has no others; else nothing."""
    return settings().mail_default_sender if settings().mail_one_mailbox else ""


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
        person = session.get(Person, person_id)
        people = [person] if person is not None else []
        asked = ask_many_to_come(event_id=event_id, people=people, mailing_id=mailing_id, details=details, due_at=due_at, actor=actor)
        if person_id not in asked:
            raise AbsentError
        return session.get_one(Invitation, asked[person_id].id, populate_existing=True)


def ask_many_to_come(
    *,
    event_id: UUID,
    people: Sequence[Person],
    mailing_id: UUID | None = None,
    details: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    round_number: int = 1,
    actor: Actor,
) -> dict[UUID, Invited]:
    """Invite many people to an event and plan their mails, as ``ask_to_come`` does; return the invitations by person.

    ``people`` were read in this transaction; who is not of the event's consultation is left out. In a later round of a mailing
    (``round_number`` 2 and up) each of them gets the mail once more.
    Raises AbsentError where there is no such event.
    """
    with writing() as session:
        event = session.get(Event, event_id)
        if event is None:
            raise AbsentError
        ids = [each.id for each in people if each.consultation_id == event.consultation_id]
        again = withdrawn_among(session, event_id, ids)
        asked = invite_many(consultation_id=event.consultation_id, person_ids=ids, event_id=event_id, actor=actor)
        take_back_withdrawals(session, again)
        sitting_ids = _sitting_ids(session, event_id)
        entries_for(session, list(asked.values()), [each for each in sitting_ids if each is not None], mail_domain())
        base = {"consultation_id": event.consultation_id, "mailing_id": mailing_id, "due_at": due_at, "details": details or {}}
        mails = [
            each for person in people if person.id in asked for each in _mails_to(asked[person.id], person, sitting_ids, round_number, base)
        ]
        plan_many(mails, actor=actor)
    return asked


def _mails_to(
    invited: Invited, person: Person, sitting_ids: Sequence[UUID | None], round_number: int, base: Mapping[str, Any]
) -> list[Mail]:
    # One call says what several mails would: each of those carries one sitting's calendar entry.
    return [
        Mail(
            **{**base, "details": {**base["details"], **({"sitting_id": str(sitting_id)} if sitting_id else {})}},
            person_id=person.id,
            purpose=INVITATION,
            language=person.language or "both",
            dedup_key=_once(invited, sitting_id, round_number),
            invitation_id=invited.id,
        )
        for sitting_id in (sitting_ids if person.email else sitting_ids[:1])
    ]


def _sitting_ids(session: Session, event_id: UUID) -> list[UUID | None]:
    rows = list(session.scalars(select(Sitting).where(Sitting.event_id == event_id).order_by(Sitting.starts_at, Sitting.position)))
    if not rows:
        return [None]
    standing = [row for row in rows if row.cancelled_at is None]
    # Nobody is asked to what is over; where all is, each mail says so when it is due.
    return [row.id for row in standing if row.ends_at > now()] or [row.id for row in standing]


def _once(invited: Invited, sitting_id: UUID | None, round_number: int) -> str:
    # An invitation that was withdrawn and is made again is something new to say.
    said = f"{INVITATION}:{invited.id}:{sitting_id or 'undated'}:{invited.created_at.timestamp():.6f}"
    return f"{said}:round-{round_number}" if round_number > 1 else said


def confirm_reply(session: Session, invitation: Invitation, reply: Reply, actor: Actor, entry: CalendarEntry | None = None) -> None:
    """Plan the mail that says what was recorded of a reply; nobody is called for it.

    ``entry`` is what the guest's calendar was told of the sitting before; None where it was told nothing.
    """
    person = session.get(Person, invitation.person_id)
    if person is None or not person.email:
        return
    if entry is None and reply.sitting_id is not None:
        entry_for(session, invitation.id, reply.sitting_id, mail_domain()).partstat = reply.choice
    _confirm(invitation, person, {"reply_id": str(reply.id)}, sitting_id=reply.sitting_id, key=str(reply.id), actor=actor)


def confirm_seat(session: Session, invitation: Invitation, seat: Seat, actor: Actor) -> None:
    """Plan the mail (or the call) that says that somebody who waited has a seat now."""
    entry_for(session, invitation.id, seat.sitting_id, mail_domain())
    key = f"{seat.id}:{seat.since.timestamp():.6f}"
    person = session.get_one(Person, invitation.person_id)
    _confirm(invitation, person, {}, sitting_id=seat.sitting_id, key=key, actor=actor)


def _confirm(invitation: Invitation, person: Person, details: dict[str, str], *, sitting_id: UUID | None, key: str, actor: Actor) -> None:
    plan(
        consultation_id=invitation.consultation_id,
        person_id=person.id,
        purpose=CONFIRMATION,
        language=person.language or "both",
        dedup_key=f"{CONFIRMATION}:{key}",
        invitation_id=invitation.id,
        details={**details, "sitting_id": str(sitting_id)} if sitting_id is not None else details,
        actor=actor,
    )
