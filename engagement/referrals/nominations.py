"""Naming somebody: the nominator agrees to be named, an organizer decides, the nominee gets one mail.

What was typed about a person who has not agreed to anything is kept sealed until it is
decided, and dropped then, whatever was decided.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.invitations.service import hold
from engagement.kernel.audit import ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.service import NotOpenError
from engagement.referrals.joining import Particulars, is_sheltered, join, require_open, sheltered_among
from engagement.referrals.models import Partner, Referral, ReferralKind, ReferralState
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access
    from engagement.kernel.audit import Actor

MOST_NOMINATIONS = 20
LONGEST_NOTE = 500


class NotNominatedError(DomainError):
    """Nobody can be named here, or not by this person, or no more people."""


class DecidedError(DomainError):
    """The nomination was decided already."""


def may_nominate(invitation: Invitation) -> bool:
    """Return whether somebody may name people: the questionnaire allows it, and they are in no restricted batch.

    Of restricted batches only counts are kept, and a mail that names its nominator would be more than a count.
    """
    if invitation.questionnaire_id is None:
        return False
    questionnaire = db.session.get_one(Questionnaire, invitation.questionnaire_id)
    return questionnaire.allows_nominations and not is_sheltered(db.session(), invitation.person_id)


NOT_AGREED = Text(
    "Tick the box: the person is told who named them, so we need your agreement.",
    "Cochez la case\u00a0: la personne apprend qui l’a proposée, et il nous faut votre accord.",
)
_TOO_MANY = Text(
    "You have named 20 people already; write to us if there are more.",
    "Vous avez déjà proposé 20 personnes; écrivez-nous s’il y en a d’autres.",
)


def _named_by(session: Session, invitation_id: UUID) -> list[Referral]:
    mine = select(Referral).where(Referral.from_invitation_id == invitation_id, Referral.kind == ReferralKind.NOMINATION)
    return list(session.scalars(mine))


def nominate(
    *,
    invitation_id: UUID,
    given_name: str,
    family_name: str,
    email: str,
    organization: str = "",
    language: str | None = None,
    names_nominator: bool,
    actor: Actor,
) -> Referral:
    """Name somebody who should answer; an organizer decides. Naming the same address again changes nothing.

    Raises NotNominatedError (not allowed, not agreed to be named, too many), BadParticularsError, NotOpenError.
    """
    particulars = Particulars(given_name, family_name, email, language, organization).checked()
    if not names_nominator:
        raise NotNominatedError(NOT_AGREED, field="names_nominator")
    with writing() as session:
        invitation = session.get(Invitation, invitation_id)
        if invitation is None or invitation.questionnaire_id is None or not may_nominate(invitation):
            raise NotNominatedError(Text("Nobody can be named here.", "Personne ne peut être proposé ici."))
        require_open(session.get_one(Questionnaire, invitation.questionnaire_id), session.get_one(Consultation, invitation.consultation_id))
        # A second press of the button waits for the first, and finds whom it named.
        hold(session, invitation_id)
        before = _named_by(session, invitation_id)
        same = next((row for row in before if _given(row).get("email", "").casefold() == particulars.email.casefold()), None)
        if same is not None:
            return same
        if len(before) >= MOST_NOMINATIONS:
            raise NotNominatedError(_TOO_MANY)
        referral = _nomination(invitation, particulars)
        session.add(referral)
        session.flush()
        note(session, "nominate", referral, actor)
    return referral


def _nomination(invitation: Invitation, particulars: Particulars) -> Referral:
    return Referral(
        consultation_id=invitation.consultation_id,
        questionnaire_id=invitation.questionnaire_id,
        kind=ReferralKind.NOMINATION,
        state=ReferralState.WAITING,
        from_invitation_id=invitation.id,
        given=json.dumps(asdict(particulars)),
        names_nominator=True,
        created_at=now(),
    )


def approve(*, referral_id: UUID, actor: Actor) -> Invitation:
    """Let somebody who was named join: on the roster once, asked once, whoever names them again.

    Their mail names the nominator; somebody who was asked before gets no second one. The wave
    is the nominator's plus one, unless an earlier invitation set it. Raises DecidedError,
    NotOpenError for a closed questionnaire, NotNominatedError where the nominator cannot be
    named any more, AbsentError.
    """
    with writing() as session:
        referral = _waiting(referral_id)
        questionnaire = session.get_one(Questionnaire, referral.questionnaire_id)
        standing = standing_of(questionnaire, session.get_one(Consultation, referral.consultation_id))
        if standing is Standing.CLOSED:
            raise NotOpenError(standing)
        nominator = _nominator_of(session, referral)
        invitation, new = join(
            session,
            questionnaire=questionnaire,
            particulars=Particulars(**_given(referral)),
            wave=nominator.wave + 1,
            purpose="nomination_invitation",
            details={"referral_id": str(referral.id)},
            actor=actor,
        )
        _decide(referral, ReferralState.JOINED, actor)
        referral.person_id = invitation.person_id
        # A mail that is still to go must name the nominator; theirs is dropped once it has gone.
        if not new and is_sheltered(session, invitation.person_id):
            referral.from_invitation_id = None
        note(session, "approve_referral", referral, actor)
    return invitation


def decline(*, referral_id: UUID, why: str = "", actor: Actor) -> None:
    """Do not ask somebody who was named; ``why`` is for the team. What was typed about them is dropped.

    Raises DecidedError, AbsentError.
    """
    with writing() as session:
        referral = _waiting(referral_id)
        _decide(referral, ReferralState.DECLINED, actor)
        referral.why = why.strip()[:LONGEST_NOTE]
        note(session, "decline_referral", referral, actor)


def _waiting(referral_id: UUID) -> Referral:
    referral = db.session.get(Referral, referral_id, with_for_update=True, populate_existing=True)
    if referral is None or referral.kind is not ReferralKind.NOMINATION:
        raise AbsentError
    if referral.state is not ReferralState.WAITING:
        raise DecidedError(Text("This was decided already.", "La décision a déjà été prise."))
    return referral


def _nominator_of(session: Session, referral: Referral) -> Invitation:
    found = session.get(Invitation, referral.from_invitation_id) if referral.from_invitation_id else None
    if found is None or is_sheltered(session, found.person_id):
        said = Text(
            "Whoever named this person can no longer be named in the mail. Decline it.",
            "Le courriel ne peut plus nommer la personne qui a fait la proposition. Refusez-la.",
        )
        raise NotNominatedError(said, field="decision")
    return found


def _decide(referral: Referral, state: ReferralState, actor: Actor) -> None:
    referral.state, referral.decided_at = state, now()
    referral.decided_by = actor.id if actor.kind is ActorKind.STAFF else None
    referral.given = None


def _given(referral: Referral) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(referral.given or "{}")
    return loaded


@dataclass(frozen=True, slots=True)
class ListedReferral:
    """A referral as staff see it: who came, through whom, as far as the member may know of either."""

    referral: Referral
    given: Particulars | None
    person: Person | None
    referrer: Person | None
    partner: Partner | None
    wave: int | None


def list_referrals(
    access: Access, *, state: ReferralState | None = None, kind: ReferralKind | None = None, page: int = 1, size: int = 50
) -> tuple[list[ListedReferral], int]:
    """Return one page of the referrals, those that wait first, and how many there are in all; past the end is the last page."""
    wanted = [Referral.consultation_id == access.consultation.id]
    wanted += [Referral.state == state] if state else []
    wanted += [Referral.kind == kind] if kind else []
    total = db.session.scalar(select(func.count()).select_from(Referral).where(*wanted)) or 0
    page = max(1, min(page, (total - 1) // size + 1 if total else 1))
    waiting_first = case((Referral.state == ReferralState.WAITING, 0), else_=1)
    rows = list(
        db.session.scalars(
            select(Referral)
            .where(*wanted)
            .order_by(waiting_first, Referral.created_at.desc(), Referral.id)
            .limit(size)
            .offset((page - 1) * size)
        )
    )
    return _listed(access, rows), total


def find_referral(access: Access, referral_id: UUID) -> ListedReferral:
    """Return one referral of this consultation, or raise AbsentError."""
    row = db.session.get(Referral, referral_id)
    if row is None or row.consultation_id != access.consultation.id:
        raise AbsentError
    return _listed(access, [row])[0]


def _listed(access: Access, rows: list[Referral]) -> list[ListedReferral]:
    """Return the rows with the people in them whom this member may know of.

    Of people in a restricted batch nobody reads through whom they came, nor whom they referred.
    """
    invitations = {row.from_invitation_id for row in rows if row.from_invitation_id}
    whose = select(Invitation.id, Invitation.person_id).where(Invitation.id.in_(invitations))
    from_people: dict[UUID, UUID] = dict(db.session.execute(whose).all())
    people_ids = {*from_people.values(), *(row.person_id for row in rows if row.person_id)}
    sheltered = sheltered_among(db.session(), people_ids)
    people = {each.id: each for each in db.session.scalars(select(Person).where(Person.id.in_(people_ids), visible(access)))}
    partners = {each.id: each for each in db.session.scalars(select(Partner).where(Partner.consultation_id == access.consultation.id))}
    asked = select(Invitation.person_id, Invitation.questionnaire_id, Invitation.wave).where(Invitation.person_id.in_(people_ids))
    waves = {(person_id, questionnaire_id): wave for person_id, questionnaire_id, wave in db.session.execute(asked)}
    return [
        ListedReferral(
            referral=row,
            given=Particulars(**_given(row)) if row.given_sealed else None,
            person=people.get(row.person_id) if row.person_id else None,
            referrer=people.get(from_people[row.from_invitation_id])
            if row.from_invitation_id and not sheltered & {row.person_id, from_people[row.from_invitation_id]}
            else None,
            partner=partners.get(row.partner_id) if row.partner_id else None,
            wave=waves.get((row.person_id, row.questionnaire_id)) if row.person_id else None,
        )
        for row in rows
    ]
