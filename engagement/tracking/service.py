"""What is counted of a consultation's questionnaires: one query for all counts, whatever the size.

A consultation with several questionnaires is counted as their sum: somebody who was sent two
is two distributed questionnaires. People whom a member may not know of (restricted batches)
are in every total and, of wave, sector and region, under "not known".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.questionnaires.models import Questionnaire, Response, ResponseState
from engagement.referrals.service import partner_reported_in
from engagement.roster.filters import visible
from engagement.roster.models import Person
from engagement.tracking.rates import UNKNOWN, Cell, Rates, Row, rates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from engagement.consultations.access import Access

COMPLETE = Response.state == ResponseState.SUBMITTED
# A response is submitted in part only with as many answers as the questionnaire calls sufficient.
PARTIAL = Response.state == ResponseState.SUBMITTED_IN_PART
ANSWERED = or_(COMPLETE, PARTIAL)
# Whoever answered was reached, though we may not have sent it: it was handed over, or read out.
DISTRIBUTED = or_(Invitation.distributed_at.is_not(None), func.coalesce(ANSWERED, False))
INVITED = or_(DISTRIBUTED, Invitation.withdrawn_at.is_(None))
ARRIVED = and_(DISTRIBUTED, Invitation.bounced_at.is_(None))
OPENED = Response.id.is_not(None)


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the people by name have come. Opened: something was answered."""

    invited: int
    arrived: int
    opened: int
    answered: int

    def steps(self) -> list[tuple[str, int]]:
        """Return the steps in their order, each with the name that opens its rows."""
        return [("invited", self.invited), ("arrived", self.arrived), ("opened", self.opened), ("answered", self.answered)]


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that the response page counts."""

    rates: Rates
    funnel: Funnel
    # Sector to how many people by name were sent it and have not answered; "unknown" among them.
    silent: dict[str, int] = field(default_factory=dict)


def asked_people(consultation_id: UUID, *columns: Any) -> Any:
    """Return the select over everybody who is asked to a questionnaire of the consultation, with their response."""
    return (
        select(*columns)
        .select_from(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(Invitation.consultation_id == consultation_id, Invitation.questionnaire_id.is_not(None))
    )


def counts_of(consultation: Consultation, access: Access | None = None) -> Counts:
    """Return all counts of a consultation, as far as ``access`` may know (None: everything).

    People whom ``access`` may not know of stand in their true wave, which names nobody; their
    sector and region are not known. A row of their own beside the public counts of partners
    would tell how many they are.
    """
    known = true() if access is None else visible(access)
    people = asked_people(
        consultation.id,
        Invitation.wave,
        *(case((known, column), else_=None).label(column.key) for column in (Person.sector, Person.region)),
        *(
            case((condition, 1), else_=0).label(name)
            for name, condition in (
                ("distributed", DISTRIBUTED),
                ("complete", COMPLETE),
                ("partial", PARTIAL),
                ("invited", INVITED),
                ("arrived", ARRIVED),
                ("opened", OPENED),
            )
        ),
    ).subquery()
    alike, counted = list(people.c)[:3], list(people.c)[3:]
    found = db.session.execute(select(*alike, *(func.sum(column) for column in counted)).group_by(*alike)).all()
    cells = [Cell(*row[:6]) for row in found]
    invited, arrived, opened = (sum(row[place] for row in found) for place in (6, 7, 8))
    figures = rates(consultation.slug, cells, partner_reported_in(consultation.id))
    return Counts(figures, Funnel(invited, arrived, opened, figures.whole.responded), _silent(cells))


def rates_of(consultation_id: UUID, access: Access | None = None) -> Rates:
    """Return the rates of a consultation, as far as ``access`` may know (None: everything)."""
    return counts_of(db.session.get_one(Consultation, consultation_id), access).rates


def _silent(cells: Sequence[Cell]) -> dict[str, int]:
    silent: Counter[str] = Counter()
    for cell in cells:
        silent[cell.sector or UNKNOWN] += cell.distributed - cell.complete - cell.partial
    return {sector: count for sector, count in silent.most_common() if count}


def answers_by_day(consultation: Consultation) -> list[tuple[date, int]]:
    """Return how many answered on each day of the consultation's zone on which anybody did."""
    moments = db.session.scalars(
        select(Response.submitted_at)
        .join(Questionnaire, Questionnaire.id == Response.questionnaire_id)
        .where(Questionnaire.consultation_id == consultation.id, Response.invitation_id.is_not(None), ANSWERED)
    )
    days = Counter(on_the_wall(moment, consultation.zone).date() for moment in moments if moment is not None)
    return sorted(days.items())


@dataclass(frozen=True, slots=True)
class Asked:
    """One person who is asked to a questionnaire, and how far they have come."""

    invitation: Invitation
    person: Person
    state: ResponseState | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PageOfAsked:
    """One page of the people behind a figure; ``total`` counts those who may be listed."""

    rows: list[Asked]
    total: int
    page: int
    size: int


STEPS: dict[str, ColumnElement[bool]] = {
    "invited": INVITED,
    "distributed": DISTRIBUTED,
    "arrived": ARRIVED,
    "opened": OPENED,
    "answered": ANSWERED,
    "complete": COMPLETE,
    "partial": PARTIAL,
    "silent": and_(DISTRIBUTED, ~func.coalesce(ANSWERED, False)),
}


@dataclass(frozen=True, slots=True)
class Behind:
    """Which rows a figure is made of: how far people have come, and of which wave, sector or region."""

    step: str = "distributed"
    wave: str | None = None
    sector: str | None = None
    region: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row must meet."""
        met = [STEPS[self.step]]
        if self.wave is not None:
            met.append(Invitation.wave == int(self.wave) if self.wave.isdecimal() and len(self.wave) < 10 else false())
        for column, key in ((Person.sector, self.sector), (Person.region, self.region)):
            if key is not None:
                met.append(column.is_(None) if key == UNKNOWN else column == key)
        return met


def rows_behind(access: Access, behind: Behind, page: int = 1, size: int = 50) -> PageOfAsked:
    """Return the people who make a figure and whom this member may know of, by family name."""
    conditions = (visible(access), *behind.conditions())
    total = db.session.scalar(asked_people(access.consultation.id, func.count()).where(*conditions)) or 0
    page = max(1, min(page, (total - 1) // size + 1 if total else 1))
    found = db.session.execute(
        asked_people(access.consultation.id, Invitation, Person, Response.state, Response.submitted_at)
        .where(*conditions)
        .order_by(Person.name_key, Person.id, Invitation.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return PageOfAsked([Asked(*row) for row in found], total, page, size)


def figure_behind(counts: Counts, behind: Behind) -> int:
    """Return the figure that was opened, as the response page shows it."""
    chosen = next(((name, key) for name in ("wave", "sector", "region") if (key := getattr(behind, name)) is not None), None)
    if behind.step == "silent" and behind.sector is not None:
        return counts.silent.get(behind.sector, 0)
    if chosen is None:
        whole = {**dict(counts.funnel.steps()), "distributed": counts.rates.whole.distributed}
        return whole.get(behind.step, _of(counts.rates.whole, behind.step))
    row = next((row for row in counts.rates.by[chosen[0]] if row.key == chosen[1]), None)
    return _of(row, behind.step) if row else 0


def _of(row: Row, step: str) -> int:
    figures = {"distributed": row.distributed, "answered": row.responded, "complete": row.complete, "partial": row.partial}
    return figures.get(step, row.distributed - row.responded)
