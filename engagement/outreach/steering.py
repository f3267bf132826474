"""Steering a mailing on its way: pausing, resuming, stopping it, trying again what failed.

Each verb first stores what is wanted, in one short transaction that stops or starts all
planning, and then moves the messages in steps. Whoever is interrupted leaves the wish in the
row, and the worker goes on with it (``finish_what_was_begun``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import exists, or_, select

from engagement.kernel.audit import SYSTEM, Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.contacting import drop_some_tasks, not_yet_said
from engagement.mailing.models import ContactTask, Hold, Message
from engagement.mailing.together import NOT_BEGUN, cancel_some, hold_some, let_some_go, retry_some, unsent
from engagement.outreach.facts import why_void
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.service import held_mailing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from uuid import UUID

    from sqlalchemy import ColumnElement

STOPPED = "the mailing was stopped"
AGAIN = "sent again by the team"


class NotOnItsWayError(DomainError):
    """The mailing is not in a state in which this can be done."""


class NoReasonError(DomainError):
    """Nothing was chosen to be tried again."""


def pause(*, mailing_id: UUID, actor: Actor) -> int:
    """Have nothing more of a mailing be planned or sent until it is resumed; returns how many messages wait now.

    What a worker holds in its hand at this moment still goes. Pausing twice is pausing once.
    Raises NotOnItsWayError.
    """
    _wish(mailing_id, MailingState.PAUSED, {MailingState.APPROVED}, "pause_mailing", actor)
    return _all(lambda: hold_some(mailing_id))


def resume(*, mailing_id: UUID, actor: Actor) -> int:
    """Let a paused mailing go on; returns how many messages go on. Raises NotOnItsWayError (what was approved changed, too)."""
    mailing = db.session.get(Mailing, mailing_id)
    void = why_void(mailing) if mailing is not None else None
    if void is not None:
        raise NotOnItsWayError(void)
    _wish(mailing_id, MailingState.APPROVED, {MailingState.PAUSED}, "resume_mailing", actor)
    return resume_messages(mailing_id)


def resume_messages(mailing_id: UUID) -> int:
    """Let the messages go that waited for their mailing, which is approved again; returns how many."""
    return _all(lambda: let_some_go(mailing_id))


def stop(*, mailing_id: UUID, actor: Actor) -> int:
    """Give up what is not yet sent or said of a mailing, for good; returns how many messages and calls that were.

    Nobody else is asked. Stopping twice is stopping once. Raises NotOnItsWayError.
    """
    _wish(mailing_id, MailingState.STOPPED, {MailingState.APPROVED, MailingState.PAUSED}, "stop_mailing", actor)
    return _all(lambda: _give_up_some(mailing_id))


def _give_up_some(mailing_id: UUID) -> int:
    return cancel_some(mailing_id, STOPPED) or drop_some_tasks(mailing_id, STOPPED)


def retry(*, mailing_id: UUID, reasons: Collection[str], actor: Actor) -> int:
    """Write what failed for one of ``reasons`` (mailing.together.kind_of_failure) afresh and send it; returns how many.

    Raises NoReasonError, NotOnItsWayError (a paused or stopped mailing).
    """
    if not reasons:
        raise NoReasonError(Text("Choose at least one reason.", "Choisissez au moins une raison."), field="reasons")
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if mailing.state is not MailingState.APPROVED:
            raise NotOnItsWayError(_NOT_NOW)
        note(session, "retry_mailing", mailing, actor)
    return _all(lambda: retry_some(mailing_id, reasons, AGAIN))


_NOT_NOW = Text("This cannot be done with this mailing now.", "Cela ne peut pas se faire avec cet envoi en ce moment.")


def _wish(mailing_id: UUID, state: MailingState, among: Collection[MailingState], verb: str, actor: Actor) -> None:
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if mailing.state is state:
            return
        if mailing.state not in among:
            raise NotOnItsWayError(_NOT_NOW)
        mailing.state, mailing.paused_because = state, None
        note(session, verb, mailing, actor)
        ring_when_stored(session)


def _all(step: Callable[[], int]) -> int:
    moved = 0
    while done := step():
        moved += done
    return moved


def finish_what_was_begun() -> None:
    """Go on with every pause, resumption and stop that was interrupted, and pause what an approval on paper holds no more.

    Run by the worker before it sends.
    """
    for mailing_id, state in _unfinished():
        step = {
            MailingState.PAUSED: lambda each=mailing_id: hold_some(each),
            MailingState.APPROVED: lambda each=mailing_id: let_some_go(each),
            MailingState.STOPPED: lambda each=mailing_id: _give_up_some(each),
        }[state]
        _all(step)
    for mailing in _approved_on_paper():
        if why_void(mailing) is not None:
            pause(mailing_id=mailing.id, actor=SYSTEM)


def _unfinished() -> list[tuple[UUID, MailingState]]:
    theirs = Message.mailing_id == Mailing.id
    begun = Message.state.in_(NOT_BEGUN)
    to_be_called = exists(select(ContactTask.id).where(not_yet_said(cast("ColumnElement[UUID]", Mailing.id))))
    rows = db.session.execute(
        select(Mailing.id, Mailing.state).where(
            or_(
                (Mailing.state == MailingState.PAUSED) & exists().where(theirs, begun, Message.held_because.is_(None)),
                (Mailing.state == MailingState.STOPPED) & (exists().where(theirs, begun) | to_be_called),
                (Mailing.state == MailingState.APPROVED) & exists().where(theirs, Message.held_because == Hold.MAILING),
            )
        )
    ).all()
    return [(row[0], row[1]) for row in rows]


def _approved_on_paper() -> list[Mailing]:
    going = exists().where(Message.mailing_id == Mailing.id, Message.state.in_(NOT_BEGUN))
    due = or_(Mailing.send_at.is_(None), Mailing.send_at <= now())
    rows = db.session.scalars(select(Mailing).where(Mailing.state == MailingState.APPROVED, Mailing.facts_hash.is_not(None), due, going))
    return list(rows)


def what_would_happen(mailing: Mailing) -> tuple[int, int]:
    """Return how many messages have not begun to go, and how many people have not been gone through."""
    waiting = db.session.query(Message).where(unsent(mailing.id)).count()
    return waiting, len(mailing.people) - mailing.planned
