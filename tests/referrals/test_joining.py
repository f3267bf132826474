from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from engagement.consultations.models import Consultation, Status
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Message
from engagement.questionnaires.service import NotOpenError
from engagement.referrals.joining import BadParticularsError
from engagement.referrals.links import (
    NotPassedOnError,
    forward_link_for,
    forward_link_of,
    join_by_link,
    request_questionnaire,
    team_link_for,
)
from engagement.referrals.models import Referral, ReferralKind
from engagement.referrals.partners import add_partner, partners_of
from engagement.roster.models import Person
from engagement.roster.service import add_batch
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation

GRACE = {"given_name": "Grace", "family_name": "Hopper", "email": "grace@example.org", "language": "en"}


def _count(model) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def _invitation_of(email: str) -> Invitation:
    db.session.rollback()
    return db.session.scalars(select(Invitation).join(Person, Person.id == Invitation.person_id).where(Person.email == email)).one()


def test_whoever_comes_through_a_link_is_one_wave_further_and_gets_one_mail(app):
    consultation = a_consultation()
    referrer = asked(a_questionnaire(consultation), somebody(consultation), wave=2)
    token = forward_link_for(referrer.id, SYSTEM)
    join_by_link(token=token, **GRACE, actor=SYSTEM)
    invitation = _invitation_of("grace@example.org")
    assert invitation.wave == 3
    assert _count(Message) == 1
    referral = db.session.scalars(select(Referral)).one()
    assert (referral.kind, referral.from_invitation_id, referral.person_id) == (
        ReferralKind.FORWARD_LINK, referrer.id, invitation.person_id,
    )  # fmt: skip


def test_a_link_is_made_once_and_shown_again(app):
    consultation = a_consultation()
    invitation = asked(a_questionnaire(consultation), somebody(consultation))
    assert forward_link_of(invitation.id) is None
    token = forward_link_for(invitation.id, SYSTEM)
    assert forward_link_for(invitation.id, SYSTEM) == forward_link_of(invitation.id) == token


def test_joining_twice_by_any_links_is_joining_once_and_the_first_sets_the_wave(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    far = asked(questionnaire, somebody(consultation, "Far Away"), wave=5)
    near = asked(questionnaire, somebody(consultation, "Near By"))
    for invitation in (far, near, near):
        join_by_link(token=forward_link_for(invitation.id, SYSTEM), **{**GRACE, "email": "GRACE@example.org"}, actor=SYSTEM)
    assert _count(Person) == _count(Invitation) == 3
    assert _count(Referral) == 2
    assert _count(Message) == 1
    assert max(db.session.scalars(select(Invitation.wave))) == 6


def test_somebody_who_was_asked_before_is_sent_their_link_again_once_a_day(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id)
    start = now()
    for hours, mails in ((0, 1), (1, 1), (30, 2), (31, 2), (60, 3)):
        with time_machine.travel(start + timedelta(hours=hours)):
            join_by_link(token=token, **GRACE, actor=SYSTEM)
        assert _count(Message) == mails
    assert _count(Person) == 1


def test_the_teams_link_begins_wave_0_and_a_partners_wave_1(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    join_by_link(token=team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id), **GRACE, actor=SYSTEM)
    add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name="A network", actor=SYSTEM)
    link = partners_of(consultation.id)[0].link
    join_by_link(token=link, **{**GRACE, "email": "ada@example.org"}, actor=SYSTEM)
    assert _invitation_of("grace@example.org").wave == 0
    assert _invitation_of("ada@example.org").wave == 1


def test_of_a_referrer_in_a_restricted_batch_only_the_wave_is_kept(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    referrer = asked(questionnaire, somebody(consultation, "Not Named", batch_id=batch.id), wave=1)
    join_by_link(token=forward_link_for(referrer.id, SYSTEM), **GRACE, actor=SYSTEM)
    assert _invitation_of("grace@example.org").wave == 2
    assert db.session.scalars(select(Referral.from_invitation_id)).one() is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"email": "nowhere"}, "email"), ({"given_name": " ", "family_name": ""}, "given_name"), ({"family_name": "x" * 200}, "family_name")],
)
def test_bad_particulars_name_their_field_and_leave_nothing_behind(app, changed, field):
    consultation = a_consultation()
    token = team_link_for(a_questionnaire(consultation).id, SYSTEM, consultation_id=consultation.id)
    with pytest.raises(BadParticularsError) as refused:
        join_by_link(token=token, **{**GRACE, **changed}, actor=SYSTEM)
    assert refused.value.field == field
    assert _count(Person) == 0


def test_unknown_links_and_closed_questionnaires_let_nobody_in(app):
    consultation = a_consultation()
    token = team_link_for(a_questionnaire(consultation).id, SYSTEM, consultation_id=consultation.id)
    with pytest.raises(AbsentError):
        join_by_link(token=token[::-1], **GRACE, actor=SYSTEM)
    with writing() as session:
        session.get_one(Consultation, consultation.id).status = Status.REPORTED
    with pytest.raises(NotOpenError):
        join_by_link(token=token, **GRACE, actor=SYSTEM)
    assert _count(Person) == 0


def test_a_questionnaire_that_is_not_passed_on_has_no_links(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation, forwarding=False)
    invitation = asked(questionnaire, somebody(consultation))
    with pytest.raises(NotPassedOnError):
        forward_link_for(invitation.id, SYSTEM)
    with pytest.raises(NotPassedOnError):
        team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id)
    with pytest.raises(AbsentError):
        team_link_for(questionnaire.id, SYSTEM, consultation_id=a_consultation("other").id)


def test_an_open_call_is_wave_0_and_joins_once(app):
    consultation = a_consultation()
    a_questionnaire(consultation)
    for _ in range(2):
        request_questionnaire(consultation_id=consultation.id, **GRACE, organization="Navy", actor=SYSTEM)
    assert _invitation_of("grace@example.org").wave == 0
    assert _count(Message) == 1
    assert db.session.scalars(select(Referral.kind)).one() == ReferralKind.OPEN_CALL


def test_without_an_open_call_there_is_nothing_to_ask_for(app):
    consultation = a_consultation()
    a_questionnaire(consultation, open_call=False)
    with pytest.raises(NotPassedOnError):
        request_questionnaire(consultation_id=consultation.id, **GRACE, actor=SYSTEM)
