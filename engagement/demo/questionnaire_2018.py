"""The questionnaire of the model case: four waves, partners, bounces, and 42 answers of 450."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.demo.answers_2018 import respond
from engagement.demo.hours import in_working_hours
from engagement.demo.rows import Letter, Reached, invited
from engagement.demo.texts_2018 import PARTNERS
from engagement.kernel.audit import Actor, by_link, note
from engagement.kernel.base import new_id
from engagement.kernel.crypto import address_index
from engagement.mailing.models import Suppression
from engagement.outreach.models import MailingState
from engagement.outreach.service import QUESTIONNAIRE, Offer, draft_mailing
from engagement.questionnaires.definition import definition_of
from engagement.questionnaires.standard import install_standard
from engagement.referrals.models import ForwardLink, Referral, ReferralKind, ReferralState
from engagement.referrals.service import add_partner, forward_link_for, report_passed_on
from engagement.roster.models import IdentifiedThrough

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.demo.loading import Loading
    from engagement.demo.people_2018 import Someone
    from engagement.invitations.models import Invitation
    from engagement.outreach.models import Mailing
    from engagement.questionnaires.models import Questionnaire
    from engagement.referrals.models import Partner
    from engagement.roster.models import Person

# When each wave was reached, and over how many days.
WAVES = ((datetime(2018, 9, 6, 13, tzinfo=UTC), 1), (datetime(2018, 9, 14, 13, tzinfo=UTC), 10),
         (datetime(2018, 9, 27, 13, tzinfo=UTC), 8), (datetime(2018, 10, 8, 13, tzinfo=UTC), 4))  # fmt: skip
PARTNERS_REPORTED = datetime(2018, 10, 15, 15, tzinfo=UTC)


def send_questionnaire(loading: Loading, people: list[tuple[Someone, Person]]) -> None:
    """Ask, pass on, answer: everything that happened with the questionnaire."""
    consultation = loading.consultation
    questionnaire = install_standard(consultation_id=consultation.id, actor=loading.actor)
    questionnaire.created_at = consultation.created_at
    questionnaire.allows_nominations = True
    questionnaire.opens_on, questionnaire.closes_on = consultation.opens_on, consultation.closes_on
    questionnaire.received_until = consultation.received_until
    asked = sorted(((someone, person) for someone, person in people if someone.wave is not None), key=lambda each: each[0].wave or 0)
    mailing = _mailing(questionnaire, asked, loading.actor)
    reached = [_ask(loading, questionnaire, mailing, someone, person) for someone, person in asked]
    loading.store()
    _pass_on(loading, questionnaire, reached)
    respond(loading, questionnaire, definition_of(questionnaire.id), reached)


def _ask(loading: Loading, questionnaire: Questionnaire, mailing: Mailing, someone: Someone, person: Person) -> Reached:
    """Invite one person, and let the mail have gone, in the days of their wave."""
    wave = someone.wave or 0
    start, days = WAVES[wave]
    sent_at = in_working_hours(start + timedelta(minutes=loading.drawn.randrange(days * 12 * 60)), person.region)
    invitation = invited(loading, person, sent_at, questionnaire_id=questionnaire.id, wave=wave)
    reached = Reached(someone, person, invitation, new_id())
    Letter(invitation, person, sent_at).post(
        loading,
        purpose="nomination_invitation" if someone.named else "questionnaire_invitation",
        key=f"questionnaire:{questionnaire.id}:{person.id}",
        subject=questionnaire.text("title").in_(person.language or "en"),
        details={"referral_id": str(reached.referral_id)} if someone.named else None,
        mailing_id=mailing.id if wave == 0 and not reached.called else None,
    )
    if someone.bounced:
        invitation.bounced_at = sent_at + timedelta(minutes=2)
        loading.session.add(Suppression(address_index=address_index(person.email or ""), reason="bounced", at=invitation.bounced_at))
    loading.tick()
    return reached


def _mailing(questionnaire: Questionnaire, asked: list[tuple[Someone, Person]], actor: Actor) -> Mailing:
    people = [person.id for someone, person in asked if someone.wave == 0 and someone.through is not IdentifiedThrough.OPEN_CALL]
    offer = Offer(QUESTIONNAIRE, questionnaire.id, questionnaire.text("title"))
    mailing = draft_mailing(consultation_id=questionnaire.consultation_id, offer=offer, people=people, chosen_by={}, actor=actor)
    mailing.state, mailing.planned, mailing.approved_by = MailingState.APPROVED, len(people), actor.id
    mailing.created_at = mailing.approved_at = WAVES[0][0]
    return mailing


def _partners(loading: Loading, questionnaire: Questionnaire) -> list[Partner]:
    """Return the partners, each with two counts: the first was a guess, and the last one counts."""
    made = []
    for name, passed_on, _ in PARTNERS:
        partner = add_partner(
            consultation_id=questionnaire.consultation_id, questionnaire_id=questionnaire.id, name=name, actor=loading.actor
        )  # fmt: skip
        partner.created_at = WAVES[0][0]
        for number, at in ((passed_on // 2, PARTNERS_REPORTED - timedelta(days=14)), (passed_on, PARTNERS_REPORTED)):
            report = report_passed_on(partner_id=partner.id, passed_on=number, as_of=at.date(), actor=loading.actor)
            report.reported_at = at
        made.append(partner)
    return made


def _pass_on(loading: Loading, questionnaire: Questionnaire, reached: list[Reached]) -> None:
    """Write down through whom each of the later waves came, and who asked of their own accord."""
    session, partners = loading.session, _partners(loading, questionnaire)
    of = {id(each.someone): each.invitation for each in reached}
    linked: set[UUID] = set()
    for each in reached:
        if each.someone.wave == 0 and not each.called:
            continue
        source = of[id(each.someone.referrer)] if each.someone.referrer else None
        partner = partners[each.someone.partner] if each.someone.partner is not None else None
        if source is not None and not each.someone.named and source.id not in linked:
            _link(session, source)
            linked.add(source.id)
        referral = _referral(questionnaire, each, source, partner)
        if each.someone.named:
            referral.decided_by = loading.actor.id
        session.add(referral)
        note(session, "approve_referral" if each.someone.named else "join_by_link", referral, loading.actor)
    session.flush()


def _link(session: Session, source: Invitation) -> None:
    forward_link_for(source.id, by_link(source.id))
    link = session.scalars(select(ForwardLink).where(ForwardLink.invitation_id == source.id)).one()
    link.created_at = (source.distributed_at or link.created_at) + timedelta(days=1)


def _referral(questionnaire: Questionnaire, each: Reached, source: Invitation | None, partner: Partner | None) -> Referral:
    kind = ReferralKind.NOMINATION if each.someone.named else ReferralKind.FORWARD_LINK
    return Referral(
        id=each.referral_id,
        consultation_id=questionnaire.consultation_id,
        questionnaire_id=questionnaire.id,
        kind=ReferralKind.OPEN_CALL if each.called else kind,
        state=ReferralState.JOINED,
        from_invitation_id=source.id if source else None,
        partner_id=partner.id if partner else None,
        person_id=each.person.id,
        names_nominator=each.someone.named,
        created_at=each.invitation.created_at,
        decided_at=each.invitation.created_at,
    )
