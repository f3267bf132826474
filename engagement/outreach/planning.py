"""Planning an approved mailing: everybody it reaches is invited and their message planned, step by step.

The mailing's ``planned`` is a durable cursor: whoever comes next goes on where it stands.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, or_, select

from engagement.events.posting import ask_to_come
from engagement.kernel.audit import Actor, staff
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError, what_broke
from engagement.outreach.announcements import announce
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.reach import GETS_IT, Reach, survey
from engagement.outreach.service import may_be_planned
from engagement.outreach.words import ANNOUNCEMENT
from engagement.questionnaires.service import ask_to_answer
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

# So many people are asked in one transaction: well under 200 ms of write lock.
AT_ONCE = 10

log = logging.getLogger(__name__)


def plan_rest(mailing_id: UUID, *, at_most: float = float("inf")) -> int:
    """Invite and plan what is still owed of an approved mailing; returns how many people were gone through.

    ``at_most`` is how many seconds may pass before the last step begins: a page does not keep
    anybody waiting for 500 people.

    It goes in short transactions, each of which moves the durable cursor ``planned``. Whoever
    comes next (this process, another, the worker after a crash) goes on where it stands, so
    that all of an approved mailing is planned, and nobody twice.
    """
    gone, until = 0, time.monotonic() + at_most
    # What was approved on paper is looked at again before each step: an event may have moved meanwhile.
    while time.monotonic() < until and _may_go_on(mailing_id) and (step := _plan_some(mailing_id)):
        gone += step
    return gone


def _may_go_on(mailing_id: UUID) -> bool:
    mailing = db.session.get(Mailing, mailing_id, populate_existing=True)
    return mailing is not None and may_be_planned(mailing)


def _plan_some(mailing_id: UUID) -> int:
    with writing() as session:
        mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
        if mailing is None or mailing.state is not MailingState.APPROVED:
            return 0
        ids = mailing.people[mailing.planned : mailing.planned + AT_ONCE]
        people = people_of(ids)
        groups = survey(mailing, people).groups
        actor = staff(mailing.approved_by) if mailing.approved_by else staff(mailing.id)
        for reach in (*GETS_IT, Reach.TELEPHONE):
            for person in groups.get(reach, []):
                _ask(mailing, person, reach, actor)
        mailing.planned += len(ids)
        return len(ids)


def _ask(mailing: Mailing, person: Person, reach: Reach, actor: Actor) -> None:
    turn = round_of(mailing, person.id)
    if mailing.purpose == ANNOUNCEMENT:
        announce(mailing=mailing, person=person, round_number=turn, actor=actor)
    elif mailing.event_id:
        # Somebody without an address is invited too, and telephoned: their reply needs its place.
        ask_to_come(event_id=mailing.event_id, person_id=person.id, mailing_id=mailing.id, round=turn, actor=actor)
    elif mailing.questionnaire_id and reach is not Reach.TELEPHONE:
        ask_to_answer(questionnaire_id=mailing.questionnaire_id, person_id=person.id, mailing_id=mailing.id, round=turn, actor=actor)


def round_of(mailing: Mailing, person_id: UUID) -> int:
    """Return which time this mailing writes to somebody: 1, or its round for those whom staff named to get it once more."""
    return mailing.round if str(person_id) in (mailing.people_again or ()) else 1


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
    due = or_(Mailing.send_at.is_(None), Mailing.send_at <= now())
    owed = select(Mailing.id).where(Mailing.state == MailingState.APPROVED, due, _unfinished()).order_by(Mailing.approved_at, Mailing.id)
    for mailing_id in db.session.scalars(owed).all():
        try:
            plan_rest(mailing_id)
        except DomainError as error:
            db.session.rollback()
            log.warning("mailing %s stands still: %s", mailing_id, type(error).__qualname__)
        except Exception as error:  # noqa: BLE001 - whatever it is, those behind it go on.
            db.session.rollback()
            log.error("mailing %s stands still: %s", mailing_id, what_broke(error))  # noqa: TRY400 - no message.


def _unfinished() -> ColumnElement[bool]:
    return Mailing.planned < func.json_array_length(Mailing.people)
