from __future__ import annotations

import pytest
from sqlalchemy import func, select

from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Composed, Dropped
from engagement.mailing.models import Message
from engagement.mailing.placeholders import check_placeholders
from engagement.mailing.texts import shipped_text
from engagement.referrals.letter import COMPOSER, PURPOSE, compose
from engagement.referrals.models import Referral, ReferralState
from engagement.referrals.nominations import DecidedError, NotNominatedError, approve, decline, list_referrals, may_nominate, nominate
from engagement.roster.models import Person
from engagement.roster.service import add_batch
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, access_of

NOMINEE = {"given_name": "Grace", "family_name": "Hopper", "email": "grace@example.org", "organization": "Navy", "language": "fr"}


def _nominated(nominator: Invitation, **changed) -> Referral:
    return nominate(invitation_id=nominator.id, **{**NOMINEE, "names_nominator": True, **changed}, actor=SYSTEM)


def _messages() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message)))


def test_a_nomination_waits_and_nobody_joins_before_it_is_approved(app):
    consultation = a_consultation()
    referral = _nominated(asked(a_questionnaire(consultation), somebody(consultation)))
    assert referral.state is ReferralState.WAITING
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    assert _messages() == []


def test_an_approved_nominee_joins_with_the_next_wave_and_what_was_typed_is_dropped(app):
    consultation = a_consultation()
    referral = _nominated(asked(a_questionnaire(consultation), somebody(consultation), wave=1))
    invitation = approve(referral_id=referral.id, actor=SYSTEM)
    db.session.rollback()
    assert invitation.wave == 2
    stored = db.session.get_one(Referral, referral.id)
    assert (stored.state, stored.person_id, stored.given) == (ReferralState.JOINED, invitation.person_id, "")


def test_named_by_two_somebody_joins_once_and_gets_one_mail(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    first = _nominated(asked(questionnaire, somebody(consultation, "First Nominator"), wave=4))
    second = _nominated(asked(questionnaire, somebody(consultation, "Second Nominator")), email="GRACE@example.org")
    assert approve(referral_id=first.id, actor=SYSTEM).id == approve(referral_id=second.id, actor=SYSTEM).id
    assert len(_messages()) == 1
    assert max(db.session.scalars(select(Invitation.wave))) == 5


def test_the_mail_names_the_nominator_in_full_and_says_that_it_results_from_the_referral(app):
    consultation = a_consultation()
    approve(referral_id=_nominated(asked(a_questionnaire(consultation), somebody(consultation, "Ada Lovelace"))).id, actor=SYSTEM)
    message = _messages()[0]
    assert message.purpose == PURPOSE
    composed = compose(message)
    assert isinstance(composed, Composed)
    assert composed.to_address == "grace@example.org"
    assert composed.values["fr"]["nominator"] == composed.values["en"]["nominator"] == "Ada Lovelace"
    assert "/r/" in composed.values["fr"]["link"]
    text = shipped_text(PURPOSE)
    assert "as a result of that referral" in text.body.en
    assert "à la suite de cette recommandation" in text.body.fr
    for words in (text.subject.en, text.subject.fr, text.body.en, text.body.fr):
        check_placeholders(words, COMPOSER.placeholders, "body")
        assert "((nominator))" in words


def test_without_its_nominator_the_mail_does_not_go(app):
    consultation = a_consultation()
    approve(referral_id=_nominated(asked(a_questionnaire(consultation), somebody(consultation))).id, actor=SYSTEM)
    with writing() as session:
        session.scalars(select(Referral)).one().from_invitation_id = None
    assert isinstance(compose(_messages()[0]), Dropped)


def test_naming_needs_the_agreement_to_be_named(app):
    consultation = a_consultation()
    nominator = asked(a_questionnaire(consultation), somebody(consultation))
    with pytest.raises(NotNominatedError) as refused:
        _nominated(nominator, names_nominator=False)
    assert refused.value.field == "names_nominator"


def test_nobody_is_named_where_the_questionnaire_does_not_allow_it(app):
    consultation = a_consultation()
    nominator = asked(a_questionnaire(consultation, nominations=False), somebody(consultation))
    assert not may_nominate(nominator)
    with pytest.raises(NotNominatedError):
        _nominated(nominator)


def test_people_of_a_restricted_batch_name_nobody(app):
    consultation = a_consultation()
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    nominator = asked(a_questionnaire(consultation), somebody(consultation, batch_id=batch.id))
    with pytest.raises(NotNominatedError):
        _nominated(nominator)


def test_naming_the_same_address_again_changes_nothing_and_twenty_are_enough(app):
    consultation = a_consultation()
    nominator = asked(a_questionnaire(consultation), somebody(consultation))
    assert _nominated(nominator).id == _nominated(nominator, given_name="G.").id
    for number in range(19):
        _nominated(nominator, email=f"n{number}@example.org")
    with pytest.raises(NotNominatedError):
        _nominated(nominator, email="one.more@example.org")


def test_declining_erases_what_was_given_keeps_the_note_and_is_final(app):
    consultation = a_consultation()
    referral = _nominated(asked(a_questionnaire(consultation), somebody(consultation)))
    decline(referral_id=referral.id, why="Not concerned.", actor=SYSTEM)
    db.session.rollback()
    stored = db.session.get_one(Referral, referral.id)
    assert (stored.state, stored.given, stored.why) == (ReferralState.DECLINED, "", "Not concerned.")
    with pytest.raises(DecidedError):
        approve(referral_id=referral.id, actor=SYSTEM)
    assert _messages() == []


def test_the_list_puts_those_that_wait_first_and_hides_people_whom_the_member_may_not_know(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    waiting = _nominated(asked(questionnaire, somebody(consultation, "A Nominator")))
    done = _nominated(asked(questionnaire, somebody(consultation, "B Nominator")), email="other@example.org")
    approve(referral_id=done.id, actor=SYSTEM)
    access = access_of(a_member(consultation), consultation)
    rows, total = list_referrals(access)
    assert ([row.referral.id for row in rows], total) == ([waiting.id, done.id], 2)
    assert (rows[0].given.email, rows[0].referrer.name) == ("grace@example.org", "A Nominator")
    assert (rows[1].given, rows[1].person.name, rows[1].wave) == (None, "Grace Hopper", 1)
    assert list_referrals(access, state=ReferralState.DECLINED) == ([], 0)
