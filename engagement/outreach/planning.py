"""Planning an approved mailing: everybody it reaches is invited and their message planned, step by step.

The mailing's ``planned`` is a durable cursor: whoever comes next goes on where it stands.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import defer, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from engagement.events.posting import ask_many_to_come
from engagement.invitations.models import Invitation
from engagement.kernel.audit import Actor, note_many, staff
from engagement.kernel.bulk import without_collecting
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError, what_broke
from engagement.mailing.planning import Mail, plan_many
from engagement.outreach.facts import facts_hold
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.paper import are_renamed, named_on_paper
from engagement.outreach.reach import GETS_IT, Reach, survey
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.reminding import remind_some
from engagement.questionnaires.service import ask_many_to_answer, require_whole
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access

# How long one step should hold the write lock, in seconds; at most, 200 ms are allowed.
HOLD = 0.05
# Between two steps, whoever waits for the write lock gets in.
PAUSE = 0.0005
# So many people are gone through in the first step; then as many as take HOLD.
AT_ONCE, MOST_AT_ONCE = 10, 400

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pace:
    """How many people the next step goes through, by how long the last one held the lock."""

    size: int = AT_ONCE

    def after(self, gone: int, seconds: float) -> None:
        """Take the measure of a step: grow by half at most, shrink at once."""
        fitting = gone * HOLD / max(seconds, 1e-6)
        self.size = round(max(1, min(fitting, self.size * 1.5 + 1, MOST_AT_ONCE)))


@dataclass(frozen=True, slots=True)
class Owed:
    """Whom an approved mailing is for, as read before its steps: ids, in the order in which they are gone through."""

    people: list[str]
    approved_at: datetime | None
    round_number: int
    # Those whom the approval on paper names, where there is one: it covers nobody else.
    named: dict[str, str] | None = None

    @classmethod
    def of(cls, mailing: Mailing) -> Owed:
        """Return what a mailing that was just read owes."""
        return cls(mailing.people, mailing.approved_at, mailing.round, named_on_paper(mailing))


def plan_rest(mailing_id: UUID, *, at_most: float = float("inf")) -> int:
    """Invite and plan what is still owed of an approved mailing; returns how many people were gone through.

    ``at_most`` is how many seconds may pass before the last step begins: a page does not keep
    anybody waiting for 500 people.

    It goes in short transactions, each of which moves the durable cursor ``planned``. Whoever
    comes next (this process, another, the worker after a crash) goes on where it stands, so
    that all of an approved mailing is planned, and nobody twice. A mailing whose time has not
    come yet, or that was paused or stopped, goes on no further. Raises what keeps it from going on.
    """
    gone, until, pace = 0, time.monotonic() + at_most, Pace()
    owed = _owed(mailing_id)
    while time.monotonic() < until and (step := _step(mailing_id, pace, owed)):
        gone += step
        time.sleep(PAUSE)
    return gone


def _owed(mailing_id: UUID) -> Owed | None:
    """Read the people once: their list is long, and no step needs to go through all of it under the lock."""
    db.session.rollback()
    mailing = db.session.get(Mailing, mailing_id, populate_existing=True)
    return Owed.of(mailing) if mailing is not None else None


def _step(mailing_id: UUID, pace: Pace, owed: Owed | None) -> int:
    begun = time.monotonic()
    try:
        step = _plan_some(mailing_id, pace.size, owed)
    except (OperationalError, InterfaceError, DomainError, OSError, MemoryError):
        # The database, the machine or the whole mailing is in trouble: nobody's row is to blame.
        raise
    except Exception as error:  # noqa: BLE001 - whoever it was, each is tried alone.
        db.session.rollback()
        log.warning("the people of mailing %s are planned one by one: %s", mailing_id, what_broke(error))
        return _one_by_one(mailing_id, pace.size, owed)
    pace.after(step, time.monotonic() - begun)
    return step


def _one_by_one(mailing_id: UUID, number: int, owed: Owed | None) -> int:
    """Go through the next people one at a time, past those for whom it fails."""
    gone = 0
    while gone < number:
        at = db.session.scalar(select(Mailing.planned).where(Mailing.id == mailing_id))
        try:
            step = _plan_some(mailing_id, 1, owed)
        except (OperationalError, InterfaceError, DomainError, OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - those behind this one go on.
            db.session.rollback()
            step = _pass_over(mailing_id, at)
            log.error("a person of mailing %s cannot be planned: %s", mailing_id, what_broke(error))  # noqa: TRY400 - no message.
        if not step:
            break
        gone += step
    return gone


def _pass_over(mailing_id: UUID, at: int | None) -> int:
    """Move the cursor past the person it stood ``at``, and write down whom: the audit names them by id."""
    with writing() as session:
        mailing = _locked(session, mailing_id, None)
        if mailing is None:
            return 0
        # Another worker may have gone on meanwhile; then it is somebody else's turn.
        if mailing.planned == at:
            passed = UUID(mailing.people[mailing.planned])
            note_many(session, "could_not_plan", "person", [(passed, mailing.consultation_id)], _by(mailing))
            mailing.planned += 1
        return 1


def _locked(session: Session, mailing_id: UUID, owed: Owed | None) -> Mailing | None:
    """Return the mailing, locked until the transaction ends; None where it must not go on now, or is at its end."""
    unread = [defer(Mailing.people)] if owed is not None else []
    mailing = session.get(Mailing, mailing_id, options=unread, with_for_update=True, populate_existing=True)
    if mailing is None or mailing.state is not MailingState.APPROVED or (mailing.send_at is not None and mailing.send_at > now()):
        return None
    if owed is not None and (owed.approved_at, owed.round_number) == (mailing.approved_at, mailing.round):
        set_committed_value(mailing, "people", owed.people)
    return mailing if mailing.planned < len(mailing.people) else None


def _plan_some(mailing_id: UUID, number: int = AT_ONCE, owed: Owed | None = None) -> int:
    """Go through the next ``number`` people in one transaction; return how many there were."""
    if not _may_go_on(mailing_id):
        return 0
    with without_collecting(), writing() as session:
        mailing = _locked(session, mailing_id, owed)
        if mailing is None:
            return 0
        ids = mailing.people[mailing.planned : mailing.planned + number]
        named = owed.named if owed is not None else named_on_paper(mailing)
        if named is not None and are_renamed(named, ids):
            # It stands still; its page says why (facts.why_void).
            return 0
        covered = _covered(named, ids)
        if mailing.purpose in REMINDERS:
            remind_some(session, mailing, [UUID(each) for each in covered], _by(mailing))
            mailing.planned += len(ids)
            return len(ids)
        # Each step looks again: a wish, a bounce or another mailing may have come since the yes.
        groups = survey(mailing, _people(session, covered)).groups
        reached = [person for reach in (*GETS_IT, Reach.TELEPHONE) for person in groups.get(reach, [])]
        for turn, people in _by_round(mailing, reached).items():
            PLANNERS.get(mailing.purpose, _say_to_many)(mailing, people, turn, _by(mailing))
        mailing.planned += len(ids)
        return len(ids)


def _covered(named: dict[str, str] | None, ids: list[str]) -> list[str]:
    """Return those of some people whom the yes covers: somebody left out on the paper is not written to, whatever has changed since."""
    return ids if named is None else [each for each in ids if each in named]


def _people(session: Session, ids: Sequence[str]) -> list[Person]:
    # What hangs on a person (their organization) decides nothing.
    return list(session.scalars(select(Person).where(Person.id.in_([UUID(each) for each in ids])).options(lazyload("*"))))


def _may_go_on(mailing_id: UUID) -> bool:
    """Look before the lock, for it can take a while: whether what was approved on paper still stands.

    Raises NotWholeError where a questionnaire was spoilt since the yes.
    """
    mailing = db.session.get(Mailing, mailing_id, populate_existing=True)
    if mailing is None or not facts_hold(mailing):
        return False
    if mailing.purpose == "questionnaire_invitation" and mailing.questionnaire_id is not None:
        require_whole(mailing.questionnaire_id)
    return True


def _by_round(mailing: Mailing, people: Sequence[Person]) -> dict[int, list[Person]]:
    """Return the people by which time this mailing writes to them: those whom staff named get it once more in its round."""
    named, found = set(mailing.people_again or ()), dict[int, list[Person]]()
    for person in people:
        found.setdefault(mailing.round if str(person.id) in named else 1, []).append(person)
    return found


def _by(mailing: Mailing) -> Actor:
    return staff(mailing.approved_by) if mailing.approved_by else staff(mailing.id)


# Somebody without an address is planned too: they are telephoned, and their reply needs its place.
def _invite_to_event(mailing: Mailing, people: Sequence[Person], turn: int, actor: Actor) -> None:
    assert mailing.event_id is not None  # noqa: S101 - what its purpose says.
    ask_many_to_come(
        event_id=mailing.event_id,
        people=people,
        mailing_id=mailing.id,
        round_number=turn,
        actor=actor,
    )


def _ask_for_answers(mailing: Mailing, people: Sequence[Person], turn: int, actor: Actor) -> None:
    assert mailing.questionnaire_id is not None  # noqa: S101 - what its purpose says.
    ask_many_to_answer(
        questionnaire_id=mailing.questionnaire_id,
        people=people,
        mailing_id=mailing.id,
        round_number=turn,
        actor=actor,
    )


def _say_to_many(mailing: Mailing, people: Sequence[Person], turn: int, actor: Actor) -> None:
    """Plan what asks nobody to anything: once to each person in each round. Who was asked finds their own link in it."""
    once = f"{mailing.purpose}:{mailing.id}" + (f":round-{turn}" if turn > 1 else "")
    asked = _invitations(mailing, [each.id for each in people])
    mails = [
        Mail(
            consultation_id=mailing.consultation_id,
            person_id=each.id,
            purpose=mailing.purpose,
            language=each.language or "both",
            dedup_key=f"{once}:{each.id}",
            invitation_id=asked.get(each.id),
            mailing_id=mailing.id,
        )
        for each in people
    ]
    plan_many(mails, actor=actor)


def _invitations(mailing: Mailing, person_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the standing invitations of these people to what the mailing is about."""
    if mailing.event_id is None and mailing.questionnaire_id is None:
        return {}
    about = Invitation.event_id == mailing.event_id if mailing.event_id else Invitation.questionnaire_id == mailing.questionnaire_id
    rows = select(Invitation.person_id, Invitation.id).where(about, Invitation.withdrawn_at.is_(None), Invitation.person_id.in_(person_ids))
    return {row.person_id: row.id for row in db.session.execute(rows)}


# What a mailing of each purpose plans for the people it reaches, in the transaction of one step.
PLANNERS: dict[str, Callable[[Mailing, Sequence[Person], int, Actor], None]] = {
    "event_invitation": _invite_to_event,
    "questionnaire_invitation": _ask_for_answers,
}


def people_of(ids: Sequence[str], access: Access | None = None) -> list[Person]:
    """Return the people with these ids in the order of the roster, those that ``access`` may know of."""
    found: list[Person] = []
    for at in range(0, len(ids), 500):
        chosen = select(Person).where(Person.id.in_([UUID(each) for each in ids[at : at + 500]]))
        found += db.session.scalars(chosen if access is None else chosen.where(visible(access)))
    return sorted(found, key=lambda person: (person.name_key, person.id))


def plan_what_is_owed() -> None:
    """Go on with every approved mailing that is not planned to its end, the first approved first.

    Run by the worker before it sends. One that cannot go on stands still, keeps its place and
    holds up nobody; its page says why (``faults_before_sending``).
    """
    its_time = or_(Mailing.send_at.is_(None), Mailing.send_at <= now())
    owed = (
        select(Mailing.id).where(Mailing.state == MailingState.APPROVED, its_time, unfinished()).order_by(Mailing.approved_at, Mailing.id)
    )
    for mailing_id in db.session.scalars(owed).all():
        try:
            plan_rest(mailing_id)
        except DomainError as error:
            db.session.rollback()
            log.warning("mailing %s stands still: %s", mailing_id, type(error).__qualname__)
        except Exception as error:  # noqa: BLE001 - whatever it is, those behind it go on.
            db.session.rollback()
            log.error("mailing %s stands still: %s", mailing_id, what_broke(error))  # noqa: TRY400 - no message.


def unfinished() -> ColumnElement[bool]:
    """Return the condition on Mailing that some of its people have not been gone through."""
    return Mailing.planned < func.json_array_length(Mailing.people)
