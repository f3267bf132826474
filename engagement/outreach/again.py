"""Sending a mailing again: to those whom it has not reached, and once more to those whom staff name.

Nobody else gets it twice: what was sent keeps its key, and a second mail needs the round of the
mailing in its key, which only those who are named here have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.contacting import drop_task_of
from engagement.mailing.models import ContactTask, Message, State, TaskState
from engagement.mailing.preparing import NO_ADDRESS
from engagement.mailing.tasks import BECAME_A_TASK
from engagement.mailing.together import AT_ONCE, write_afresh
from engagement.outreach.choosing import Whom, people_asked
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.planning import people_of
from engagement.outreach.reach import GETS_IT, Facts, invited_already, nominees_among, reach_of, suppressed_among
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.service import held_mailing
from engagement.outreach.steering import AGAIN, STOPPED, NotOnItsWayError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access
    from engagement.roster.models import Person

# What reached somebody, or may have, or is on its way to them.
REACHED = frozenset({State.SENT, State.DOUBTFUL, State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING, State.DEFERRED})
EVERYBODY = "whom"
# Why a message was cancelled that can go once there is an address.
NO_MAIL = frozenset({NO_ADDRESS, BECAME_A_TASK})


class NobodyToReachError(DomainError):
    """There is nobody whom a further round would write to."""


class Why(StrEnum):
    """Why somebody is in the next round."""

    FAILED = "failed"
    ALLOWED_AGAIN = "allowed_again"
    STOPPED = "stopped"
    HAS_ADDRESS_NOW = "has_address_now"
    NEW = "new"
    NAMED = "named"


WORDS: dict[Why, Text] = {
    Why.FAILED: Text("The mail was not delivered", "Le courriel n’a pas été distribué"),
    Why.ALLOWED_AGAIN: Text("May be written to again", "On peut de nouveau lui écrire"),
    Why.STOPPED: Text("The mailing was stopped before", "L’envoi a été arrêté avant"),
    Why.HAS_ADDRESS_NOW: Text("Can be written to now", "On peut lui écrire maintenant"),
    Why.NEW: Text("Fits the choice since then", "Correspond au choix depuis"),
    Why.NAMED: Text("Named to get it once more", "Nommée ou nommé pour le recevoir une fois de plus"),
}


@dataclass(frozen=True, slots=True)
class NextRound:
    """Who would be in the next round, and why; and those whom it has reached, who get it only if they are named."""

    due: tuple[tuple[Person, Why], ...]
    reached: tuple[Person, ...]

    def of(self, *reasons: Why) -> list[Person]:
        """Return those who are in it for one of these reasons."""
        return [person for person, why in self.due if why in reasons]


def next_round(access: Access, mailing: Mailing) -> NextRound:
    """Return who would get the mailing if it were sent again now, among those whom this member may know of."""
    gone = people_of(list(dict.fromkeys(mailing.people)), access)
    states, told = _last_states(mailing), _told_otherwise(mailing)
    # Another mailing has asked them to the same: this one passed them over.
    told |= set(invited_already(mailing, [person.id for person in gone if person.id not in states]))
    writable = {person.id for person in _writable(gone)}
    due = [(person, why) for person in gone if person.id in writable - told and (why := _why(mailing, person, states)) is not None]
    due += [(person, Why.NEW) for person in _writable(_newly_found(access, mailing))]
    # Nobody is reminded twice in one mailing: there is a next reminder for that.
    once_more = () if mailing.purpose in REMINDERS else gone
    reached = tuple(person for person in once_more if person.id in writable and states.get(person.id, ("", ""))[0] in REACHED)
    return NextRound(tuple(due), reached)


def _last_states(mailing: Mailing) -> dict[UUID, tuple[State, str]]:
    """Return, for each person, the state that says most of whether a message of this mailing reached them."""
    rows = db.session.execute(
        select(Message.person_id, Message.state, Message.outcome).where(Message.mailing_id == mailing.id).order_by(Message.created_at)
    )
    found: dict[UUID, tuple[State, str]] = {}
    for person_id, state, outcome in rows:
        if person_id is not None and not (person_id in found and found[person_id][0] in REACHED):
            found[person_id] = (state, outcome)
    return found


def _told_otherwise(mailing: Mailing) -> set[UUID]:
    """Return those whom somebody of the team called or wrote a letter in place of the mail."""
    done = select(ContactTask.person_id).where(ContactTask.mailing_id == mailing.id, ContactTask.state == TaskState.DONE)
    return set(db.session.scalars(done))


def _why(mailing: Mailing, person: Person, states: dict[UUID, tuple[State, str]]) -> Why | None:
    if person.id not in states:
        # Gone through without a message: it must not be written to.
        return Why.HAS_ADDRESS_NOW if str(person.id) in set(mailing.people[: mailing.planned]) else None
    state, outcome = states[person.id]
    if state is State.CANCELLED:
        return Why.STOPPED if outcome == STOPPED else Why.HAS_ADDRESS_NOW if outcome in NO_MAIL else None
    return {State.FAILED: Why.FAILED, State.SUPPRESSED: Why.ALLOWED_AGAIN}.get(state)


def _writable(people: Sequence[Person]) -> list[Person]:
    """Return those who may be written to now."""
    reasons, nominated = suppressed_among(people), nominees_among(people)
    found = []
    for person in people:
        held = reasons.get(person.email_index) if person.email_index else None
        named = person.id in nominated
        facts = Facts(person.language, bool(person.email), False, person.do_not_contact, held, person.wants_mailings, named)
        if reach_of(facts) in GETS_IT:
            found.append(person)
    return found


def _newly_found(access: Access, mailing: Mailing) -> list[Person]:
    """Return those whom the same choice finds now and did not find then; nobody where people were picked one by one."""
    if mailing.chosen_by.get(EVERYBODY) != "all":
        return []
    there = set(mailing.people)
    fresh = [str(each) for each in people_asked(access, Whom.from_query(mailing.chosen_by)) if str(each) not in there]
    return people_of(fresh, access)


def send_again(*, access: Access, mailing_id: UUID, once_more: Sequence[UUID] = (), seen_round: int | None = None) -> int:
    """Send a mailing to those whom it has not reached, and once more to those named; returns how many people that is.

    Whoever is in ``once_more`` and was not reached is not written to twice. An approval on paper
    does not cover it: such a mailing waits for a new one. ``seen_round`` is the round that the
    mailing was in when the people were named: the same yes, sent twice, is one yes. Raises
    NobodyToReachError, NotOnItsWayError (a draft, a paused or a discarded mailing, one that is
    not gone through, or in a later round already).
    """
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None:
        raise AbsentError
    found = next_round(access, mailing)
    named = [person for person in found.reached if person.id in set(once_more)]
    if not found.due and not named:
        raise NobodyToReachError(NOBODY, field="once_more")
    written = _last_states(mailing).keys()
    afresh = [person.id for person in found.of(Why.FAILED, Why.ALLOWED_AGAIN, Why.STOPPED, Why.HAS_ADDRESS_NOW) if person.id in written]
    asked = [*(person for person in found.of(Why.HAS_ADDRESS_NOW) if person.id not in written), *named]
    _begin_round(mailing_id, asked, found.of(Why.NEW), access.actor, seen_round)
    for at in range(0, len(afresh), AT_ONCE):
        with writing() as session:
            _write_afresh(session, mailing_id, afresh[at : at + AT_ONCE])
    return len(found.due) + len(named)


NOBODY = Text(
    "This mailing has reached everybody whom it can reach. Name those who are to get it once more.",
    "Cet envoi est parvenu à toutes les personnes qu’il peut atteindre. Nommez celles qui le recevront une fois de plus.",
)
_NOT_NOW = Text(
    "A mailing can be sent again once it has been gone through, and is not paused.",
    "On peut refaire un envoi une fois qu’il a été parcouru au complet, s’il n’est pas suspendu.",
)

_SENT_MEANWHILE = Text(
    "It was sent again meanwhile. Look whom it has reached, then name those who are still to get it once more.",
    "L’envoi a été refait entre-temps. Regardez qui l’a reçu, puis nommez les personnes qui doivent encore le recevoir une fois de plus.",
)


def _begin_round(mailing_id: UUID, asked: Sequence[Person], new: Sequence[Person], actor: Actor, seen_round: int | None) -> None:
    with writing() as session:
        mailing = held_mailing(mailing_id)
        if seen_round is not None and mailing.round != seen_round:
            raise NotOnItsWayError(_SENT_MEANWHILE)
        whole = mailing.planned >= len(mailing.people)
        if not (mailing.state is MailingState.STOPPED or (mailing.state is MailingState.APPROVED and whole)):
            raise NotOnItsWayError(_NOT_NOW)
        named = [str(person.id) for person in asked]
        moved = set(named)
        gone, rest = (
            [each for each in part if each not in moved] for part in (mailing.people[: mailing.planned], mailing.people[mailing.planned :])
        )
        # Whoever is asked once more stands behind the cursor again.
        mailing.people = [*gone, *rest, *named, *(str(person.id) for person in new)]
        # Those who were named before and not gone through yet are still to get it once more.
        waiting = set(rest)
        mailing.planned, mailing.people_again = len(gone), [*named, *(each for each in mailing.people_again or () if each in waiting)]
        mailing.round += 1
        mailing.send_at = None
        mailing.paused_because = None
        # What was approved on paper is not this: it waits until it is approved anew.
        mailing.state = MailingState.PAUSED if mailing.facts_hash else MailingState.APPROVED
        note(session, "send_mailing_again", mailing, actor)
        ring_when_stored(session)


def _write_afresh(session: Session, mailing_id: UUID, people: Sequence[UUID]) -> None:
    mailing = held_mailing(mailing_id)
    never = (State.FAILED, State.SUPPRESSED, State.CANCELLED)
    rows = session.scalars(
        select(Message).where(Message.mailing_id == mailing_id, Message.person_id.in_(people), Message.state.in_(never)).with_for_update()
    )
    ids = [row.id for row in rows if row.state is not State.CANCELLED or row.outcome in {STOPPED, *NO_MAIL}]
    for each in ids:
        drop_task_of(session, each, AGAIN)
    write_afresh(session, ids, AGAIN, held=mailing.state is MailingState.PAUSED)
