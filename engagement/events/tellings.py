"""The verbs of telling: the team's yes is stored with its note, and the mails of it are planned in short steps.

A step that this process does not get to is taken by the worker. Planning twice is planning once.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlalchemy import select

from engagement.events.calendar import entry_for
from engagement.events.models import About, Event, EventStatus, Sitting, Telling
from engagement.events.posting import mail_domain
from engagement.events.revising import AFRESH, unsent_about
from engagement.events.telling import (
    CANCELLATION,
    CHANGE,
    TOLD,
    Fate,
    Guest,
    change_key,
    guests_behind,
    guests_of_cancelled,
    holds_after_no,
    seen_mark,
)
from engagement.kernel.audit import SYSTEM, Actor, note, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.mailing.afresh import UNSENT, stop, write_afresh
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.models import Message
from engagement.mailing.service import NEVER_TAKEN, plan, send_again

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

LONGEST_NOTE = 5_000
NOTHING = Text("", "")
# So many guests in one transaction: well under 200 ms of write lock.
AT_ONCE = 10
PLANNED_AT_ONCE = 2.0
EVENT_CANCELLED = "the event is cancelled"
SITTING_CANCELLED = "the sitting is cancelled"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

log = logging.getLogger(__name__)


class BadNoteError(DomainError):
    """A note to the guests stands in one language only, or cannot be sent."""


class NothingToTellError(DomainError):
    """Everybody knows how it stands."""


class ChangedMeanwhileError(DomainError):
    """Who would be told, or of what, is not what was looked at."""


def checked_note(words: Text) -> Text:
    """Return a note to the guests as it is stored: in both languages, or empty. Raises BadNoteError."""
    clean = Text(*(side.replace("\r\n", "\n").replace("\r", "\n").strip() for side in (words.en, words.fr)))
    if clean and not clean.whole:
        said = Text(
            "Write the note in both languages, or leave both empty.", "Rédigez la note dans les deux langues, ou laissez-les vides."
        )
        raise BadNoteError(said, field="note_fr" if clean.en else "note_en")
    for language in ("en", "fr"):
        side = clean.in_(language)
        if len(side) > LONGEST_NOTE:
            said = Text("A note takes 5,000 characters at most.", "Une note compte au plus 5\u00a0000 caractères.")
            raise BadNoteError(said, field=f"note_{language}")
        if _CONTROL.search(side):
            said = Text("Take out the characters that cannot be seen.", "Retirez les caractères invisibles.")
            raise BadNoteError(said, field=f"note_{language}")
    return clean


def begin_telling(
    session: Session,
    event: Event,
    about: About,
    *,
    note_words: Text,
    sitting: Sitting | None = None,
    with_declined: bool = False,
    actor: Actor,
) -> Telling:
    """Store in the current transaction that guests are to be told; ``plan_rest`` plans their mails."""
    row = Telling(
        event_id=event.id,
        sitting_id=sitting.id if sitting else None,
        about=about,
        with_declined=with_declined,
        created_at=now(),
        created_by=actor.id,
    )
    row.note_en, row.note_fr = note_words.en, note_words.fr
    session.add(row)
    session.flush()
    note(session, "tell_guests", row, actor, event.consultation_id)
    # The worker plans what this process does not get to.
    ring_when_stored(session)
    return row


def tell_change(*, event_id: UUID, note_words: Text = NOTHING, seen: str | None = None, actor: Actor) -> Telling:
    """Tell every guest who knows an older time or place how it stands now, once, and return the telling.

    ``seen`` is the mark of what was looked at; where that is not what would be told now,
    nothing is done and ChangedMeanwhileError raised. Raises BadNoteError, NothingToTellError.
    """
    words = checked_note(note_words)
    event = db.session.get(Event, event_id, populate_existing=True)
    if event is None:
        raise AbsentError
    # Asked before the lock is taken: each mail is looked at again when it is due.
    behind = guests_behind(event)
    guests = [guest for guest in behind if guest.fate in TOLD]
    waiting = _changes_on_their_way(behind) if words else []
    if not guests and not waiting:
        said = Text("Everybody knows how it stands: nothing was sent.", "Tout le monde est au courant\u00a0: rien n’a été envoyé.")
        raise NothingToTellError(said)
    if seen is not None and seen_mark(guests) != seen:
        said = Text(
            "Something has changed since you looked: look again, then approve.",
            "Quelque chose a changé depuis que vous avez vérifié\u00a0: vérifiez de nouveau, puis approuvez.",
        )
        raise ChangedMeanwhileError(said)
    with writing() as session:
        telling = begin_telling(session, session.get_one(Event, event_id), About.CHANGE, note_words=words, actor=actor)
        _carry_the_note(session, waiting, telling)
    plan_rest(telling.id, at_most=PLANNED_AT_ONCE)
    return telling


def _changes_on_their_way(guests: Sequence[Guest]) -> list[UUID]:
    """Return the mails about a change that have not begun to go to guests who are told by them."""
    keys = {(guest.invitation.id, str(guest.sitting.id)) for guest in guests if guest.fate is Fate.ON_ITS_WAY and guest.sitting}
    rows = db.session.execute(
        select(Message.id, Message.invitation_id, Message.details).where(
            Message.purpose == CHANGE, Message.state.in_(UNSENT), Message.invitation_id.in_([each for each, _ in keys])
        )
    )
    return [row.id for row in rows if (row.invitation_id, row.details.get("sitting_id")) in keys]


def _carry_the_note(session: Session, message_ids: Sequence[UUID], telling: Telling) -> None:
    """Have mails that wait say the note of ``telling`` too, after those that they carry already."""
    chosen = select(Message).where(Message.id.in_(message_ids), Message.state.in_(UNSENT)).order_by(Message.id)
    for message in session.scalars(chosen.with_for_update()):
        before = " ".join(message.details.get(each, "") for each in ("earlier_tellings", "telling_id")).strip()
        message.details = {**message.details, "telling_id": str(telling.id), "earlier_tellings": before}
    session.flush()
    write_afresh(session, Message.id.in_(message_ids), AFRESH)


def plan_rest(telling_id: UUID, *, at_most: float | None = None) -> bool:
    """Plan the mails of a telling that are still owed, for at most so many seconds; returns whether all are planned."""
    ends = None if at_most is None else time.monotonic() + at_most
    telling = db.session.get(Telling, telling_id)
    event = db.session.get(Event, telling.event_id) if telling else None
    if telling is None or event is None or telling.finished_at is not None:
        return True
    if telling.about is About.CANCELLATION and not _stopped(telling, ends):
        return False
    owed = _owed(telling, event)
    for first in range(0, len(owed), AT_ONCE):
        if ends is not None and time.monotonic() > ends:
            return False
        with writing() as session:
            for each in owed[first : first + AT_ONCE]:
                _plan(session, telling, each)
    with writing() as session:
        session.get_one(Telling, telling_id).finished_at = now()
    return True


def _stopped(telling: Telling, ends: float | None) -> bool:
    """Stop the mails that would still invite to what is cancelled; returns whether none is left."""
    why = SITTING_CANCELLED if telling.sitting_id else EVENT_CANCELLED
    while ends is None or time.monotonic() < ends:
        with writing() as session:
            if not stop(session, unsent_about(telling.event_id, telling.sitting_id), why):
                return True
    return False


@dataclass(frozen=True, slots=True)
class _Owed:
    """One mail that is owed, in plain values: rows would be read anew in each step."""

    consultation_id: UUID
    invitation_id: UUID
    person_id: UUID
    language: str
    sitting_id: UUID | None
    ends_at: datetime | None

    @classmethod
    def to(cls, guest: Guest) -> Self:
        """Return what is owed to ``guest``."""
        invitation, sitting = guest.invitation, guest.sitting
        there = (sitting.id, sitting.ends_at) if sitting else (None, None)
        return cls(invitation.consultation_id, invitation.id, guest.person.id, guest.language, *there)


def _owed(telling: Telling, event: Event) -> list[_Owed]:
    if telling.about is About.CHANGE:
        return [_Owed.to(guest) for guest in guests_behind(event) if guest.fate in TOLD]
    sitting = db.session.get(Sitting, telling.sitting_id) if telling.sitting_id else None
    guests = guests_of_cancelled(event, sitting)
    return [_Owed.to(guest) for guest in guests if guest.fate in TOLD or (telling.with_declined and holds_after_no(guest))]


def _plan(session: Session, telling: Telling, owed: _Owed) -> None:
    details = {"telling_id": str(telling.id)}
    purpose = CHANGE if telling.about is About.CHANGE else CANCELLATION
    key = f"{purpose}:{owed.invitation_id}:undated"
    if owed.sitting_id is not None:
        details["sitting_id"] = str(owed.sitting_id)
        entry = entry_for(session, owed.invitation_id, owed.sitting_id, mail_domain())
        # What they were told last is part of it: the same revision is told once more only after something else was.
        key = change_key(entry) if purpose == CHANGE else f"{purpose}:{entry.id}:{entry.sequence}:0.000000"
    planned = plan(
        consultation_id=owed.consultation_id,
        person_id=owed.person_id,
        purpose=purpose,
        language=owed.language,
        dedup_key=key,
        invitation_id=owed.invitation_id,
        details=details,
        not_after=owed.ends_at,
        actor=_actor(telling),
    )
    if planned is None and purpose == CHANGE:
        _take_up_again(session, key, telling)


def _take_up_again(session: Session, key: str, telling: Telling) -> None:
    """Have a mail go after all that was stopped before it told this revision, or that no server took."""
    message = session.scalar(select(Message).where(Message.dedup_key == key))
    if message is not None and message.state in NEVER_TAKEN:
        message.details = {**message.details, "telling_id": str(telling.id)}
        send_again(message_id=message.id, actor=_actor(telling))


def _actor(telling: Telling) -> Actor:
    return staff(telling.created_by) if telling.created_by else SYSTEM


def tell_the_rest(at_most: float | None = PLANNED_AT_ONCE) -> None:
    """Plan what is owed of every telling, ``at_most`` so many seconds for each: work for the program, before it sends."""
    for telling_id in db.session.scalars(select(Telling.id).where(Telling.finished_at.is_(None)).order_by(Telling.created_at)).all():
        try:
            plan_rest(telling_id, at_most=at_most)
        except Exception as error:  # noqa: BLE001 - one telling must not hold up the mail of the others.
            db.session.rollback()
            log.error("guests cannot be told: %s", what_broke(error))  # noqa: TRY400 - a traceback's message could hold a name.


def tellings_of(event_id: UUID) -> list[Telling]:
    """Return what the guests of an event were told by the team, the last first."""
    return list(db.session.scalars(select(Telling).where(Telling.event_id == event_id).order_by(Telling.created_at.desc(), Telling.id)))


def is_cancelled(event: Event, sitting: Sitting | None) -> bool:
    """Return whether the event, or this sitting of it, does not take place."""
    return event.status is EventStatus.CANCELLED or (sitting is not None and sitting.cancelled_at is not None)
