"""The backlog: messages that wait until the team has looked at them, by why they wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, exists, func, select

from engagement.kernel.db import db
from engagement.kernel.ports import ports
from engagement.mailing.domains import closed_domains
from engagement.mailing.holding import AT_ONCE, UNSENT, cancel_held, held_counts, let_go
from engagement.mailing.models import Hold, MailDomain, Message, State
from engagement.outreach.listing import PAGE, PageOfMessages, Row, seen_by
from engagement.outreach.reading import subject_as_sent
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.mailing.composing import Composer

LET_GO, CANCEL = "let_go", "cancel"
# What the team decides on here; a paused mailing is resumed on its own page.
DECIDED_HERE = (Hold.RESTORED, Hold.RESUMED, Hold.TOO_OLD)
# Seconds that a page takes for a decision on many; the rest stands there still, and is decided by asking again.
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """Messages that a decision is about: those with these ids, or all that wait for one reason."""

    because: Hold
    ids: frozenset[UUID] | None

    def condition(self, access: Access) -> ColumnElement[bool]:
        """Return the condition on Message, which holds for nothing that this member may not know of."""
        waiting = and_(seen_by(access), Message.held_because == self.because, Message.state.in_(UNSENT))
        return waiting if self.ids is None else and_(waiting, Message.id.in_(self.ids))


def chosen_ones(because: Hold, ids: Collection[UUID]) -> Chosen:
    """Return a choice of single messages."""
    return Chosen(because, frozenset(ids))


def waiting_counts(access: Access) -> dict[Hold, int]:
    """Return how many messages that this member may know of wait for each reason, in the order of Hold."""
    counted = held_counts(seen_by(access))
    return {each: counted[each] for each in Hold if each in counted}


def waiting_for(access: Access, because: Hold, page: int) -> PageOfMessages:
    """Return one page of the messages that wait for one reason, the longest due first."""
    condition = Chosen(because, None).condition(access)
    total = count(access, Chosen(because, None))
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    rows = db.session.execute(
        select(Message, Person)
        .outerjoin(Person, Person.id == Message.person_id)
        .where(condition)
        .order_by(Message.due_at, Message.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return PageOfMessages([Row(message, person) for message, person in rows], total, page)


def count(access: Access, chosen: Chosen) -> int:
    """Return how many messages a decision would be about."""
    return db.session.scalar(select(func.count()).select_from(Message).where(chosen.condition(access))) or 0


def subject_for_staff(message: Message) -> str:
    """Return the subject of a message; nothing where it is not written yet, or not for staff."""
    composer: Composer | None = ports().composers.get(message.purpose)
    return "" if composer is not None and composer.private else subject_as_sent(message)


def decide(access: Access, chosen: Chosen, what: str) -> int:
    """Let the chosen messages go, or cancel them; returns how many. Many are gone through in steps."""
    verb = {LET_GO: let_go, CANCEL: cancel_held}[what]
    until, total, step = time.monotonic() + PATIENCE, 0, AT_ONCE
    while step == AT_ONCE and time.monotonic() < until:
        step = verb(chosen.condition(access), limit=AT_ONCE, actor=access.actor)
        total += step
    return total


def closed_to(access: Access) -> list[MailDomain]:
    """Return the domains that take no mail now and that this member's messages wait for; others are not named."""
    waits = and_(seen_by(access), Message.state.in_([State.QUEUED, State.DEFERRED]))
    concerned = exists().where(waits, Message.domain_index == MailDomain.domain_index)
    ids = set(db.session.scalars(select(MailDomain.id).where(MailDomain.failures > 0, concerned)))
    return [each for each in closed_domains() if each.id in ids]
