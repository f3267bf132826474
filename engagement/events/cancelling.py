"""Saying that an event, or one sitting of several, does not take place; its guests are told in the same go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, not_, or_, select, update

from engagement.events.models import About, Event, EventStatus, Sitting
from engagement.events.posting import INVITATION, ask_many_to_come
from engagement.events.revising import raise_for_status, say_afresh
from engagement.events.telling import sittings_ahead
from engagement.events.tellings import NOTHING, PLANNED_AT_ONCE, begin_telling, checked_note, plan_rest
from engagement.invitations.ledger import overall
from engagement.invitations.models import Choice, Invitation, Reply
from engagement.invitations.service import standing_by_sitting
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import in_chunks
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.models import Message
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session


class CannotCancelError(DomainError):
    """The sitting is the only one left, or over: it cannot be cancelled by itself."""


def cancel_event(*, event_id: UUID, note_words: Text = NOTHING, with_declined: bool = False, actor: Actor) -> Event:
    """Say that an event does not take place. Seats and replies stay on record; doing it twice is doing it once.

    Mail about it that has not begun to go is stopped. Everybody who knows of it is told, with
    METHOD:CANCEL where their calendar holds it; those who declined only ``with_declined``.
    Raises BadNoteError.
    """
    words = checked_note(note_words)
    with writing() as session:
        event = session.get(Event, event_id, with_for_update=True, populate_existing=True)
        if event is None:
            raise AbsentError
        if event.status is EventStatus.CANCELLED:
            return event
        raise_for_status(session, [sitting.id for sitting in sittings_ahead(event)])
        event.status = EventStatus.CANCELLED
        note(session, "cancel_event", event, actor)
        telling = begin_telling(session, event, About.CANCELLATION, note_words=words, with_declined=with_declined, actor=actor)
    plan_rest(telling.id, at_most=PLANNED_AT_ONCE)
    return event


def cancel_sitting(*, sitting_id: UUID, note_words: Text = NOTHING, with_declined: bool = False, actor: Actor) -> Sitting:
    """Say that one sitting does not take place while the event does; as ``cancel_event``, for its guests.

    Whoever said yes or maybe to no other sitting has not replied any more: they are asked, and
    reminded, for those that are left. Raises CannotCancelError for the only one that is left, and for one that is over; BadNoteError.
    """
    words = checked_note(note_words)
    with writing() as session:
        _hold_guests(session, sitting_id)
        sitting = session.get(Sitting, sitting_id, with_for_update=True, populate_existing=True)
        event = session.get(Event, sitting.event_id, with_for_update=True, populate_existing=True) if sitting else None
        if sitting is None or event is None:
            raise AbsentError
        if sitting.cancelled_at is not None or event.status is EventStatus.CANCELLED:
            return sitting
        ahead = sittings_ahead(event)
        if sitting not in ahead:
            raise CannotCancelError(Text("This sitting is over.", "Cette séance a déjà eu lieu."))
        if len(ahead) == 1:
            said = Text(
                "This is the only sitting that is still to come: cancel the event instead.",
                "C’est la seule séance encore à venir\u00a0: annulez plutôt l’événement.",
            )
            raise CannotCancelError(said)
        raise_for_status(session, [sitting_id])
        sitting.cancelled_at = now()
        left = [each.id for each in ahead if each.id != sitting_id]
        _ask_again(session, event, left)
        _count_anew(session, sitting_id, left)
        # Mails about the others name this one as well.
        say_afresh(session, event.id)
        _call_about_another(session, event, sitting_id, actor)
        note(session, "cancel_sitting", sitting, actor, event.consultation_id)
        kind = About.CANCELLATION
        telling = begin_telling(session, event, kind, note_words=words, sitting=sitting, with_declined=with_declined, actor=actor)
    plan_rest(telling.id, at_most=PLANNED_AT_ONCE)
    return sitting


def _hold_guests(session: Session, sitting_id: UUID) -> None:
    """Have replies wait until the transaction ends: whoever replies holds their invitation first, and the sitting after it."""
    guests = select(Invitation.id).join(Sitting, Sitting.event_id == Invitation.event_id).where(Sitting.id == sitting_id)
    session.execute(guests.order_by(Invitation.id).with_for_update(key_share=True, of=Invitation))


def _ask_again(session: Session, event: Event, left: Sequence[UUID]) -> None:
    session.flush()
    to_others = exists().where(Reply.invitation_id == Invitation.id, or_(Reply.sitting_id.is_(None), Reply.sitting_id.in_(left)))
    session.execute(
        update(Invitation)
        .where(Invitation.event_id == event.id, Invitation.choice.in_([Choice.ACCEPTED, Choice.TENTATIVE]), not_(to_others))
        .values(choice=None)
        .execution_options(synchronize_session="fetch")
    )


def _count_anew(session: Session, sitting_id: UUID, left: Sequence[UUID]) -> None:
    """Have whoever said yes or maybe to the sitting that is cancelled stand with what they said to those that are left."""
    answered = exists().where(Reply.invitation_id == Invitation.id, Reply.sitting_id == sitting_id)
    theirs = select(Invitation).where(answered, Invitation.choice.in_([Choice.ACCEPTED, Choice.TENTATIVE]))
    invitations = session.scalars(theirs.execution_options(populate_existing=True)).all()
    said: dict[UUID, list[Reply]] = {}
    for chunk in in_chunks([each.id for each in invitations]):
        of_them = select(Reply).where(Reply.invitation_id.in_(chunk), or_(Reply.sitting_id.is_(None), Reply.sitting_id.in_(left)))
        for reply in session.scalars(of_them):
            said.setdefault(reply.invitation_id, []).append(reply)
    for invitation in invitations:
        counting = standing_by_sitting(said.get(invitation.id, []), invitation)
        invitation.choice = overall(reply.choice for reply in counting.values())


def _call_about_another(session: Session, event: Event, sitting_id: UUID, actor: Actor) -> None:
    """Have whoever was to be called about the sitting that is cancelled be called about one that stands.

    Who has no address is asked to all sittings by one call, which was about this one.
    """
    about_it = Message.details["sitting_id"].as_string() == str(sitting_id)
    silent = (Invitation.distributed_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.choice.is_(None))
    rows = session.execute(
        select(Person, Message.mailing_id)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(Message, and_(Message.invitation_id == Invitation.id, Message.purpose == INVITATION, about_it))
        .where(Invitation.event_id == event.id, *silent, or_(Person.email.is_(None), Person.email == ""))
    ).all()
    for mailing_id in {row.mailing_id for row in rows}:
        people = [row.Person for row in rows if row.mailing_id == mailing_id]
        ask_many_to_come(event_id=event.id, people=people, mailing_id=mailing_id, actor=actor)
