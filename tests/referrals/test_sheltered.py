"""Of people in a restricted batch it is not kept who referred whom, whenever they are put there."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Dropped
from engagement.mailing.models import Message
from engagement.referrals.joining import keep_referral
from engagement.referrals.letter import compose
from engagement.referrals.links import forward_link_for, join_by_link
from engagement.referrals.models import Referral, ReferralKind
from engagement.referrals.nominations import NotNominatedError, approve, list_referrals, nominate
from engagement.roster.models import Person
from engagement.roster.service import add_batch, put_in_batch
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, access_of

GRACE = {"given_name": "Grace", "family_name": "Hopper", "email": "grace@example.org", "language": "fr"}


def _a_quiet_batch(consultation):
    return add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)


def _kept():
    db.session.rollback()
    return db.session.scalars(select(Referral)).one()


def test_who_referred_somebody_of_a_restricted_batch_is_not_kept(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    known = add_batch(consultation_id=consultation.id, name="Known to all", actor=SYSTEM)
    sheltered = somebody(consultation, "Grace Hopper", batch_id=known.id)
    put_in_batch(batch_id=_a_quiet_batch(consultation).id, person_ids=[sheltered.id], actor=SYSTEM)
    particulars = {**GRACE, "email": sheltered.email}
    join_by_link(token=forward_link_for(asked(questionnaire, somebody(consultation)).id, SYSTEM), **particulars, actor=SYSTEM)
    assert (_kept().person_id, _kept().from_invitation_id) == (sheltered.id, None)


@pytest.mark.parametrize("name", ["Ada", "Grace"])
def test_whoever_is_put_in_a_restricted_batch_later_is_forgotten_in_both_directions(app, name):
    consultation = a_consultation()
    referrer = asked(a_questionnaire(consultation), somebody(consultation))
    join_by_link(token=forward_link_for(referrer.id, SYSTEM), **GRACE, actor=SYSTEM)
    assert _kept().from_invitation_id == referrer.id
    person = next(each for each in db.session.scalars(select(Person)) if each.given_name == name)
    put_in_batch(batch_id=_a_quiet_batch(consultation).id, person_ids=[person.id], actor=SYSTEM)
    assert _kept().from_invitation_id is None


def test_the_list_says_of_nobody_hidden_through_whom_they_came(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    batch = _a_quiet_batch(consultation)
    hidden = asked(questionnaire, somebody(consultation, "Grace Hopper", batch_id=batch.id))
    referrer = asked(questionnaire, somebody(consultation))
    with writing() as session:
        row = keep_referral(session, kind=ReferralKind.FORWARD_LINK, questionnaire=questionnaire, invitation=hidden)
        # As it stood in rows of before.
        row.from_invitation_id = referrer.id
    listed = list_referrals(access_of(a_member(consultation), consultation))[0][0]
    assert (listed.person, listed.referrer) == (None, None)


def test_a_nominator_who_is_sheltered_by_now_is_named_in_no_mail(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    ada, batch = somebody(consultation), _a_quiet_batch(consultation)
    invitation = asked(questionnaire, ada)
    first, second = (
        nominate(invitation_id=invitation.id, **{**GRACE, "email": email}, names_nominator=True, actor=SYSTEM)
        for email in ("grace@example.org", "other@example.org")
    )
    approve(referral_id=first.id, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[ada.id], actor=SYSTEM)
    db.session.rollback()
    assert isinstance(compose(db.session.scalars(select(Message)).one()), Dropped)
    with pytest.raises(NotNominatedError):
        approve(referral_id=second.id, actor=SYSTEM)
