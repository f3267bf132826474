from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.invitations.service import mark_distributed
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError
from engagement.referrals.links import join_by_link
from engagement.referrals.partners import (
    BadPartnerError,
    BadReportError,
    add_partner,
    open_partner_page,
    partner_reported,
    partner_reported_in,
    partners_of,
    report_passed_on,
    unnamed,
)
from tests.referrals.given import a_questionnaire
from tests.support.given import a_consultation


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000))))
def test_people_without_a_name_are_never_fewer_than_none_nor_more_than_were_reported(passed_on):
    assert 0 <= unnamed(passed_on) <= sum(reported for reported, _ in passed_on)


def _a_partner(name="A network"):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    return (
        consultation,
        questionnaire,
        add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name=name, actor=SYSTEM),
    )


def test_all_counts_are_kept_and_the_last_one_stands(app):
    consultation, questionnaire, partner = _a_partner()
    for count in (10, 40, 25):
        report_passed_on(partner_id=partner.id, passed_on=count, actor=SYSTEM)
    standing = partners_of(consultation.id)[0]
    assert [report.passed_on for report in standing.reports] == [25, 40, 10]
    assert partner_reported(questionnaire.id) == partner_reported_in(consultation.id) == standing.unnamed == 25


def _all_mail_has_gone():
    with writing() as session:
        for invitation in session.scalars(select(Invitation)):
            mark_distributed(invitation_id=invitation.id, at=now())


def test_between_joining_and_their_mail_somebody_stays_in_the_partners_count(app):
    consultation, questionnaire, partner = _a_partner()
    report_passed_on(partner_id=partner.id, passed_on=2, actor=SYSTEM)
    link = partners_of(consultation.id)[0].link
    join_by_link(token=link, given_name="P", family_name="1", email="p1@example.org", language="en", actor=SYSTEM)
    assert partner_reported(questionnaire.id) == 2
    _all_mail_has_gone()
    assert partner_reported(questionnaire.id) == 1


def test_those_who_came_by_the_partners_link_are_named_now_and_counted_once(app):
    consultation, questionnaire, partner = _a_partner()
    report_passed_on(partner_id=partner.id, passed_on=2, actor=SYSTEM)
    link = partners_of(consultation.id)[0].link
    for number, expected in ((1, 1), (1, 1), (2, 0), (3, 0)):
        join_by_link(token=link, given_name="P", family_name=str(number), email=f"p{number}@example.org", language="en", actor=SYSTEM)
        _all_mail_has_gone()
        assert partner_reported(questionnaire.id) == expected


def test_a_partner_without_a_count_counts_for_nothing(app):
    consultation, _, _ = _a_partner()
    assert partner_reported_in(consultation.id) == 0
    assert partners_of(consultation.id)[0].reported is None


@pytest.mark.parametrize(("passed_on", "days", "field"), [(-1, 0, "passed_on"), (100_001, 0, "passed_on"), (1, 2, "as_of")])
def test_a_count_that_cannot_be_is_refused(app, passed_on, days, field):
    _, _, partner = _a_partner()
    with pytest.raises(BadReportError) as refused:
        report_passed_on(partner_id=partner.id, passed_on=passed_on, as_of=(now() + timedelta(days=days)).date(), actor=SYSTEM)
    assert refused.value.field == field


def test_a_partner_has_a_name_of_its_own_and_a_questionnaire_of_the_consultation(app):
    consultation, questionnaire, _ = _a_partner("Réseau")
    for name, questionnaire_id, field in (
        (" ", questionnaire.id, "name"),
        ("réseau", questionnaire.id, "name"),
        ("New", a_questionnaire(a_consultation("other")).id, "questionnaire_id"),
    ):
        with pytest.raises(BadPartnerError) as refused:
            add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire_id, name=name, actor=SYSTEM)
        assert refused.value.field == field


def test_a_partners_page_opens_by_its_own_token_only(app):
    _, _, partner = _a_partner()
    assert open_partner_page(partner.token).partner.id == partner.id
    with pytest.raises(AbsentError):
        open_partner_page("guessed")
