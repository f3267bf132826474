"""Partners: they pass a questionnaire on to people we do not know, and say to how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, or_, select

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.kernel.audit import ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, today
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.tokens import digest, new_token
from engagement.questionnaires.models import Questionnaire, Response, ResponseState
from engagement.referrals.links import new_link
from engagement.referrals.models import ForwardLink, Partner, PartnerReport, Referral, ReferralState
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access
    from engagement.kernel.audit import Actor

LONGEST_NAME = 300
# More than anybody passes on by hand; a slip of the finger would bury every rate.
MOST_PASSED_ON = 100_000


class BadPartnerError(DomainError):
    """The partner's name, contact or questionnaire cannot be."""


class BadReportError(DomainError):
    """A count that cannot be: below zero, too large, or from a day to come."""


def unnamed(passed_on: Iterable[tuple[int, int]]) -> int:
    """Return how many people partners have reached who are not known by name.

    ``passed_on`` holds for each partner the last count and how many of those have become
    named. A partner with more of them than were reported counts for nothing, not for less.
    """
    return sum(max(0, reported - named) for reported, named in passed_on)


def add_partner(*, consultation_id: UUID, questionnaire_id: UUID, name: str, person_id: UUID | None = None, actor: Actor) -> Partner:
    """Add a partner, with a page of their own and a link to pass on. Raises BadPartnerError."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        said = Text("Enter a name of at most 300 characters.", "Entrez un nom d’au plus 300 caractères.")
        raise BadPartnerError(said, field="name")
    with writing() as session:
        # Of two who add the same name at once, the second reads that it is there.
        questionnaire = session.get(Questionnaire, questionnaire_id, with_for_update={"key_share": True}, populate_existing=True)
        if questionnaire is None or questionnaire.consultation_id != consultation_id:
            raise BadPartnerError(Text("Choose a questionnaire.", "Choisissez un questionnaire."), field="questionnaire_id")
        contact = session.get(Person, person_id) if person_id else None
        if person_id and (contact is None or contact.consultation_id != consultation_id):
            raise AbsentError
        same = select(Partner.id).where(Partner.questionnaire_id == questionnaire_id, func.lower(Partner.name) == name.lower())
        if session.scalar(same):
            raise BadPartnerError(Text("There is a partner of this name already.", "Il existe déjà un partenaire de ce nom."), field="name")
        token = new_token()
        partner = Partner(
            consultation_id=consultation_id,
            questionnaire_id=questionnaire_id,
            name=name,
            person_id=person_id,
            token_hash=digest(token),
            token=token,
            created_at=now(),
        )
        session.add(partner)
        session.flush()
        new_link(session, questionnaire_id=questionnaire_id, partner_id=partner.id)
        note(session, "add_partner", partner, actor)
    return partner


def report_passed_on(*, partner_id: UUID, passed_on: int, as_of: date | None = None, actor: Actor) -> PartnerReport:
    """Keep a count that a partner stated: to how many people in all, as of a day (today). The last one counts.

    Raises BadReportError, AbsentError.
    """
    with writing() as session:
        partner = session.get(Partner, partner_id)
        if partner is None:
            raise AbsentError
        day = today(session.get_one(Consultation, partner.consultation_id).zone)
        if not 0 <= passed_on <= MOST_PASSED_ON:
            said = Text("Enter a number from 0 to 100,000.", "Entrez un nombre de 0 à 100\u00a0000.")
            raise BadReportError(said, field="passed_on")
        if as_of is not None and as_of > day:
            raise BadReportError(Text("This day is still to come.", "Ce jour n’est pas encore venu."), field="as_of")
        report = PartnerReport(
            partner_id=partner_id,
            passed_on=passed_on,
            as_of=as_of or day,
            reported_at=now(),
            recorded_by=actor.id if actor.kind is ActorKind.STAFF else None,
        )
        session.add(report)
        session.flush()
        note(session, "report_passed_on", report, actor, partner.consultation_id)
    return report


def contact_of(access: Access, email: str) -> UUID | None:
    """Return the person with this address whom the member may know of; None for no address. Raises BadPartnerError."""
    if not email.strip():
        return None
    wanted = (Person.consultation_id == access.consultation.id, Person.email_index == address_index(email), visible(access))
    found = db.session.scalar(select(Person.id).where(*wanted).limit(1))
    if found is None:
        said = Text("Nobody on the roster has this address.", "Personne au répertoire n’a cette adresse.")
        raise BadPartnerError(said, field="contact")
    return found


@dataclass(frozen=True, slots=True)
class PartnerStanding:
    """A partner with every count they stated (the last one received first), and how many of their people are named now."""

    partner: Partner
    link: str
    reports: list[PartnerReport]
    named: int

    @property
    def reported(self) -> int | None:
        """Return the count that stands; None where none was stated."""
        return self.reports[0].passed_on if self.reports else None

    @property
    def unnamed(self) -> int:
        """Return how many people count through this partner without a name."""
        return unnamed([(self.reported or 0, self.named)])


def partners_of(consultation_id: UUID, partner_id: UUID | None = None) -> list[PartnerStanding]:
    """Return the partners of a consultation (or the one) by name, in four queries."""
    wanted = [Partner.consultation_id == consultation_id, *([Partner.id == partner_id] if partner_id else [])]
    partners = list(db.session.scalars(select(Partner).where(*wanted).order_by(func.lower(Partner.name))))
    ids = [each.id for each in partners]
    reports: dict[UUID, list[PartnerReport]] = {each: [] for each in ids}
    for report in db.session.scalars(
        select(PartnerReport).where(PartnerReport.partner_id.in_(ids)).order_by(PartnerReport.reported_at.desc(), PartnerReport.id)
    ):
        reports[report.partner_id].append(report)
    links = {link.partner_id: link.token for link in db.session.scalars(select(ForwardLink).where(ForwardLink.partner_id.in_(ids)))}
    named = _named_through(ids)
    return [PartnerStanding(each, links.get(each.id, ""), reports[each.id], named.get(each.id, 0)) for each in partners]


def find_partner(consultation_id: UUID, partner_id: UUID) -> PartnerStanding:
    """Return one partner of a consultation, or raise AbsentError."""
    found = partners_of(consultation_id, partner_id)
    if not found:
        raise AbsentError
    return found[0]


def open_partner_page(token: str) -> PartnerStanding:
    """Return the partner whose own page this address opens, or raise AbsentError."""
    partner = db.session.scalar(select(Partner).where(Partner.token_hash == digest(token)))
    if partner is None:
        raise AbsentError
    return find_partner(partner.consultation_id, partner.id)


def partner_reported_in(consultation_id: UUID) -> int:
    """Return how many people partners have reached in a consultation, less those who became named."""
    return _reported(Partner.consultation_id == consultation_id)


def partner_reported(questionnaire_id: UUID) -> int:
    """Return how many people partners have passed a questionnaire on to, less those who became named."""
    return _reported(Partner.questionnaire_id == questionnaire_id)


def _reported(condition: ColumnElement[bool]) -> int:
    reports = db.session.execute(
        select(PartnerReport.partner_id, PartnerReport.passed_on)
        .join(Partner, Partner.id == PartnerReport.partner_id)
        .where(condition)
        .order_by(PartnerReport.reported_at, PartnerReport.id.desc())
    )
    # Later reports take the place of earlier ones.
    last: dict[UUID, int] = dict(reports.all())
    named = _named_through(list(last))
    return unnamed((count, named.get(partner_id, 0)) for partner_id, count in last.items())


def _named_through(partner_ids: list[UUID]) -> dict[UUID, int]:
    # Until their mail has gone, or they have answered, they are not among the distributed by name
    # and stay in the partner's count.
    answered = exists().where(Response.invitation_id == Invitation.id, Response.state != ResponseState.IN_PROGRESS)
    people = func.count(Referral.person_id.distinct())
    rows = db.session.execute(
        select(Referral.partner_id, people)
        .join(Invitation, and_(Invitation.person_id == Referral.person_id, Invitation.questionnaire_id == Referral.questionnaire_id))
        .where(
            or_(Invitation.distributed_at.is_not(None), answered),
            Referral.partner_id.in_(partner_ids),
            Referral.state == ReferralState.JOINED,
        )
        .group_by(Referral.partner_id)
    )
    return {partner_id: count for partner_id, count in rows if partner_id is not None}
