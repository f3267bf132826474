"""Links that are passed on. They hold nothing about anyone: whoever opens one says who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.invitations.models import Invitation
from engagement.invitations.service import hold
from engagement.kernel.audit import note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.tokens import digest, new_token
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import Standing, standing_of
from engagement.questionnaires.wholeness import faults_of
from engagement.referrals.joining import Particulars, is_sheltered, join, keep_referral, require_open, send_link_again
from engagement.referrals.models import ForwardLink, ReferralKind
from engagement.roster.models import IdentifiedThrough

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

# The team's own link begins a wave; whoever comes through a partner is one step away from the team.
TEAM_WAVE, PARTNER_WAVE = 0, 1


class NotPassedOnError(DomainError):
    """This questionnaire is not passed on by link."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What is behind a link that was passed on."""

    link: ForwardLink
    questionnaire: Questionnaire
    consultation: Consultation


def forward_link_of(invitation_id: UUID) -> str | None:
    """Return the token of the link that this respondent passes on, None where they have not asked for one."""
    link = db.session.scalar(select(ForwardLink).where(ForwardLink.invitation_id == invitation_id, ForwardLink.revoked_at.is_(None)))
    return link.token if link else None


def forward_link_for(invitation_id: UUID, actor: Actor) -> str:
    """Return the token of the link that this respondent passes on, made at the first time.

    Raises NotPassedOnError where the questionnaire is not passed on or the team took their link back,
    AbsentError for an invitation to an event.
    """
    with writing() as session:
        invitation = session.get(Invitation, invitation_id)
        if invitation is None or invitation.questionnaire_id is None:
            raise AbsentError
        questionnaire = session.get_one(Questionnaire, invitation.questionnaire_id)
        _require_forwarding(questionnaire)
        # A second press of the button waits for the first, and finds its link.
        hold(session, invitation_id)
        there = session.scalar(select(ForwardLink).where(ForwardLink.invitation_id == invitation_id))
        if there is not None and there.revoked_at is None:
            return there.token
        if there is not None:
            said = Text("The link that you had is no longer in use.", "Le lien que vous aviez n’est plus utilisé.")
            raise NotPassedOnError(said)
        link = new_link(session, questionnaire_id=questionnaire.id, invitation_id=invitation_id)
        note(session, "make_forward_link", link, actor, questionnaire.consultation_id)
        return link.token


def team_link_of(questionnaire_id: UUID) -> str | None:
    """Return the token of the team's own link to a questionnaire, None where there is none yet."""
    own = (ForwardLink.invitation_id.is_(None), ForwardLink.partner_id.is_(None), ForwardLink.revoked_at.is_(None))
    link = db.session.scalar(select(ForwardLink).where(ForwardLink.questionnaire_id == questionnaire_id, *own).limit(1))
    return link.token if link else None


def team_link_for(questionnaire_id: UUID, actor: Actor, *, consultation_id: UUID) -> str:
    """Return the token of the team's own link to a questionnaire, for a newsletter or a poster; made at the first time.

    Raises NotPassedOnError, and AbsentError for a questionnaire of another consultation.
    """
    with writing() as session:
        # Two who make it at once make one: of two, the team could take back the wrong one.
        questionnaire = session.get(Questionnaire, questionnaire_id, with_for_update={"key_share": True}, populate_existing=True)
        if questionnaire is None or questionnaire.consultation_id != consultation_id:
            raise AbsentError
        _require_forwarding(questionnaire)
        there = team_link_of(questionnaire_id)
        if there is not None:
            return there
        link = new_link(session, questionnaire_id=questionnaire_id)
        note(session, "make_team_link", link, actor, questionnaire.consultation_id)
        return link.token


def new_link(session: Session, *, questionnaire_id: UUID, invitation_id: UUID | None = None, partner_id: UUID | None = None) -> ForwardLink:
    """Store a new link of a respondent, a partner or (neither) the team."""
    token = new_token()
    link = ForwardLink(
        questionnaire_id=questionnaire_id,
        invitation_id=invitation_id,
        partner_id=partner_id,
        token_hash=digest(token),
        token=token,
        created_at=now(),
    )
    session.add(link)
    session.flush()
    return link


def find_forward_link(token: str) -> PassedOn:
    """Return what is behind a link that was passed on; AbsentError for an unknown or revoked one."""
    found = db.session.execute(
        select(ForwardLink, Questionnaire, Consultation)
        .join(Questionnaire, Questionnaire.id == ForwardLink.questionnaire_id)
        .join(Consultation, Consultation.id == Questionnaire.consultation_id)
        .where(ForwardLink.token_hash == digest(token), ForwardLink.revoked_at.is_(None))
    ).one_or_none()
    if found is None:
        raise AbsentError
    return PassedOn(*found)


def join_by_link(*, token: str, given_name: str, family_name: str, email: str, language: str | None, actor: Actor) -> None:
    """Let somebody who was given a link join: on the roster once, asked once, a mail with their own link planned.

    Returns nothing, so that nobody learns who was asked already; somebody who was is sent
    their link again, once a day. Raises AbsentError, BadParticularsError, NotOpenError.
    """
    particulars = Particulars(given_name, family_name, email, language).checked()
    with writing() as session:
        passed_on = find_forward_link(token)
        require_open(passed_on.questionnaire, passed_on.consultation)
        link = passed_on.link
        invitation, new = join(
            session, questionnaire=passed_on.questionnaire, particulars=particulars, wave=_wave_after(session, link), actor=actor
        )
        if not new:
            send_link_again(session, invitation, actor)
        if invitation.id == link.invitation_id:
            return
        referral = keep_referral(
            session,
            kind=ReferralKind.FORWARD_LINK,
            questionnaire=passed_on.questionnaire,
            invitation=invitation,
            from_invitation_id=_named_referrer(session, link),
            partner_id=link.partner_id,
        )
        note(session, "join_by_link", referral, actor)


def request_questionnaire(
    *,
    consultation_id: UUID,
    given_name: str,
    family_name: str,
    email: str,
    language: str | None,
    actor: Actor,
    organization: str = "",
    questionnaire_id: UUID | None = None,
) -> None:
    """Let somebody who asks for the questionnaire on the public page join: an open call, wave 0.

    Without ``questionnaire_id`` every questionnaire that is on open call and takes answers now.
    Returns nothing, so that nobody learns who was asked already. Raises BadParticularsError,
    NotPassedOnError where there is no such questionnaire.
    """
    particulars = Particulars(given_name, family_name, email, language, organization).checked()
    with writing() as session:
        on_call = open_calls(consultation_id)
        asked = [each for each in on_call if questionnaire_id in {None, each.id}]
        if not asked:
            said = Text("There is no questionnaire to ask for at the moment.", "Aucun questionnaire ne peut être demandé en ce moment.")
            raise NotPassedOnError(said)
        for questionnaire in asked:
            invitation, new = join(
                session,
                questionnaire=questionnaire,
                particulars=particulars,
                wave=TEAM_WAVE,
                through=IdentifiedThrough.OPEN_CALL,
                actor=actor,
            )
            if not new:
                send_link_again(session, invitation, actor)
            referral = keep_referral(session, kind=ReferralKind.OPEN_CALL, questionnaire=questionnaire, invitation=invitation)
            note(session, "request_questionnaire", referral, actor)


def open_calls(consultation_id: UUID) -> list[Questionnaire]:
    """Return the questionnaires that people can ask for on the public page now, the oldest first."""
    consultation = db.session.get_one(Consultation, consultation_id)
    return [row for row in called_for(consultation_id) if takes_answers(row, consultation)]


def called_for(consultation_id: UUID) -> list[Questionnaire]:
    """Return the questionnaires that people can ask for on the public page while they are open, the oldest first."""
    rows = db.session.scalars(
        select(Questionnaire)
        .where(Questionnaire.consultation_id == consultation_id, Questionnaire.open_call)
        .order_by(Questionnaire.created_at, Questionnaire.name)
    )
    return list(rows)


def takes_answers(questionnaire: Questionnaire, consultation: Consultation) -> bool:
    """Return whether a questionnaire takes answers now and reads whole in both languages."""
    return standing_of(questionnaire, consultation) is Standing.OPEN and not faults_of(questionnaire.id)


def _require_forwarding(questionnaire: Questionnaire) -> None:
    if not questionnaire.allows_forwarding:
        said = Text("This questionnaire is not passed on by a link.", "Ce questionnaire ne se transmet pas par un lien.")
        raise NotPassedOnError(said)


def _wave_after(session: Session, link: ForwardLink) -> int:
    if link.invitation_id is not None:
        return session.get_one(Invitation, link.invitation_id).wave + 1
    return PARTNER_WAVE if link.partner_id is not None else TEAM_WAVE


def _named_referrer(session: Session, link: ForwardLink) -> UUID | None:
    if link.invitation_id is None:
        return None
    referrer = session.get_one(Invitation, link.invitation_id)
    return None if is_sheltered(session, referrer.person_id) else referrer.id
