"""How somebody joins: on the roster once, asked once, whoever passed it on or named them.

People of a restricted batch may pass a link on like everybody else. That they did is not kept:
of what comes through them there is the wave and the count, never who referred whom.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.invitations.service import hold
from engagement.kernel.audit import ActorKind
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, today
from engagement.kernel.db import writing
from engagement.kernel.errors import DomainError
from engagement.mailing.models import Message, State
from engagement.mailing.service import plan
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.service import NotOpenError, ask_to_answer
from engagement.referrals.models import Referral, ReferralKind, ReferralState
from engagement.referrals.names import NO_ADDRESS, NO_NAME, may_be_a_name
from engagement.roster.models import Batch, BatchMember, IdentifiedThrough, Person
from engagement.roster.particulars import Particulars as PersonParticulars
from engagement.roster.service import find_or_add

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

# Somebody who asks again is sent their link again, once a day.
AGAIN_AFTER = timedelta(days=1)
# Where a mail stands that will go yet.
UNDER_WAY = frozenset({State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING, State.DEFERRED})


class BadParticularsError(DomainError):
    """A name is missing or is none, or an address cannot be written to."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """Who joins or is named, as it was typed. ``language`` None: not known, they get both."""

    given_name: str
    family_name: str
    email: str
    language: str | None = None
    organization: str = ""
    sector: str | None = None
    region: str | None = None

    def checked(self) -> Particulars:
        """Return it trimmed, with an address that can be written to, or raise BadParticularsError."""
        given, family = self.given_name.strip(), self.family_name.strip()
        if not given and not family:
            raise BadParticularsError(Text("Enter a name.", "Entrez un nom."), field="given_name")
        for name, field in ((given, "given_name"), (family, "family_name")):
            if not may_be_a_name(name):
                raise BadParticularsError(NO_NAME, field=field)
        try:
            address = validate_email(self.email.strip(), check_deliverability=False).normalized
        except EmailNotValidError:
            raise BadParticularsError(NO_ADDRESS, field="email") from None
        language = self.language if self.language in {"en", "fr"} else None
        return Particulars(given, family, address, language, self.organization.strip()[:300], self.sector, self.region)


def require_open(questionnaire: Questionnaire, consultation: Consultation) -> None:
    """Raise NotOpenError unless the questionnaire takes answers now."""
    standing = standing_of(questionnaire, consultation)
    if standing is not Standing.OPEN:
        raise NotOpenError(standing)


def is_sheltered(session: Session, person_id: UUID) -> bool:
    """Return whether a person is in a restricted batch: who they refer, and who referred them, is not kept."""
    return bool(sheltered_among(session, [person_id]))


def sheltered_among(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    """Return who of these people is in a restricted batch."""
    batches = select(BatchMember.person_id).join(Batch, Batch.id == BatchMember.batch_id)
    return set(session.scalars(batches.where(BatchMember.person_id.in_(person_ids), Batch.restricted)))


def forget_through_whom(person_ids: Collection[UUID]) -> None:
    """Drop, in both directions, who referred whom of these people: they are in a restricted batch now."""
    with writing() as session:
        theirs = select(Invitation.id).where(Invitation.person_id.in_(person_ids))
        either = Referral.person_id.in_(person_ids) | Referral.from_invitation_id.in_(theirs)
        forgotten = update(Referral).where(either).values(from_invitation_id=None)
        session.execute(forgotten.execution_options(synchronize_session="fetch"))


def join(
    session: Session,
    *,
    questionnaire: Questionnaire,
    particulars: Particulars,
    wave: int,
    actor: Actor,
    through: IdentifiedThrough = IdentifiedThrough.REFERRAL,
    purpose: str = "questionnaire_invitation",
    details: dict[str, str] | None = None,
) -> tuple[Invitation, bool]:
    """Put somebody on the roster and ask them, each once; return the invitation and whether it is new.

    The first time sets the wave. Unless one of the team did it, their mails leave out the name until they
    answer. Runs in the caller's transaction.
    """
    named = PersonParticulars(**asdict(particulars), identified_through=through)
    by_strangers = actor.kind is not ActorKind.STAFF
    person, _ = find_or_add(consultation_id=questionnaire.consultation_id, particulars=named, actor=actor, name_unproven=by_strangers)
    asked = select(Invitation.id).where(Invitation.person_id == person.id, Invitation.questionnaire_id == questionnaire.id)
    new = session.scalar(asked) is None
    invitation = ask_to_answer(
        questionnaire_id=questionnaire.id, person_id=person.id, wave=wave, purpose=purpose, details=details, actor=actor
    )
    return invitation, new


def send_link_again(session: Session, invitation: Invitation, actor: Actor, *, though_sent: bool = False) -> bool:
    """Plan a mail with the person's own link for somebody who was asked before and asks for it now; False where none goes.

    Not where a mail about it that was planned in the last 24 hours brings it, or has brought it.
    ``though_sent``: what was sent does not count, for they say that they do not have it; such a
    mail goes once a day.
    """
    brings = UNDER_WAY if though_sent else UNDER_WAY | {State.SENT, State.DOUBTFUL}
    lately = select(Message.id).where(
        Message.invitation_id == invitation.id,
        Message.created_at > now() - AGAIN_AFTER,
        Message.state.in_(brings),
        Message.bounced_at.is_(None),
        # What waits for the team, or for another day, is not what they will have.
        Message.held_because.is_(None),
        Message.due_at <= now() + AGAIN_AFTER,
    )
    if session.scalar(lately.limit(1)) is not None:
        return True
    consultation = session.get_one(Consultation, invitation.consultation_id)
    language = session.scalar(select(Person.language).where(Person.id == invitation.person_id))
    planned = plan(
        consultation_id=invitation.consultation_id,
        person_id=invitation.person_id,
        purpose="questionnaire_invitation",
        language=language or "both",
        dedup_key=f"questionnaire-again:{invitation.id}:{today(consultation.zone).isoformat()}",
        invitation_id=invitation.id,
        actor=actor,
    )
    return planned is not None


def keep_referral(
    session: Session,
    *,
    kind: ReferralKind,
    questionnaire: Questionnaire,
    invitation: Invitation,
    from_invitation_id: UUID | None = None,
    partner_id: UUID | None = None,
) -> Referral:
    """Write down that somebody joined, and through whom (not of people in a restricted batch); once for each who passed it on."""
    if is_sheltered(session, invitation.person_id):
        from_invitation_id = None
    # Who asks twice at once came once.
    hold(session, invitation.id)
    there = session.scalar(
        select(Referral).where(
            Referral.kind == kind,
            Referral.questionnaire_id == questionnaire.id,
            Referral.person_id == invitation.person_id,
            Referral.from_invitation_id.is_(None) if from_invitation_id is None else Referral.from_invitation_id == from_invitation_id,
            Referral.partner_id.is_(None) if partner_id is None else Referral.partner_id == partner_id,
        )
    )
    if there is None:
        there = Referral(
            consultation_id=questionnaire.consultation_id,
            questionnaire_id=questionnaire.id,
            kind=kind,
            state=ReferralState.JOINED,
            from_invitation_id=from_invitation_id,
            partner_id=partner_id,
            person_id=invitation.person_id,
            names_nominator=False,
            created_at=now(),
            decided_at=now(),
        )
        session.add(there)
        session.flush()
    return there
