"""A link that is passed on can be taken back: its address opens nothing any more."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from engagement.questionnaires.models import Questionnaire
from engagement.referrals.models import Partner, Referral
from engagement.referrals.partners import add_partner, find_partner
from engagement.referrals.service import forward_link_for, forward_link_of, team_link_for, team_link_of
from tests.portal.given import open_link_in, send
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, signed_in_as

PARTNERS = "/c/fisheries/partners"
JOINER = {"given_name": "Jo", "family_name": "Iner", "email": "jo@example.org", "language": "en"}


@pytest.fixture
def consultation(client):
    made = a_consultation()
    signed_in_as(client, a_member(made))
    return made


@pytest.fixture
def questionnaire(consultation):
    return a_questionnaire(consultation)


def take_back(client, address, **more):
    return client.post(f"{PARTNERS}/take-back", data={"address": address}, follow_redirects=True, **more)


def test_a_respondents_link_that_was_taken_back_brings_nobody_and_is_not_made_again(client, questionnaire):
    invitation = asked(questionnaire, somebody(db.session.get_one(Consultation, questionnaire.consultation_id)))
    token = forward_link_for(invitation.id, SYSTEM)
    assert client.get(f"/f/{token}").status_code == 200
    assert "opens nothing any more" in take_back(client, f"  http://localhost/f/{token}/ ").text
    assert client.get(f"/f/{token}").status_code == 404
    assert client.post(f"/f/{token}", data=JOINER).status_code == 404
    assert db.session.scalar(select(Referral.id)) is None
    visitor = client.application.test_client()
    open_link_in(visitor, invitation)
    page = send(visitor, f"/i/{invitation.id}/pass-on", make="link")
    assert "no longer in use" in visitor.get(page.location).text
    assert forward_link_of(invitation.id) is None


@pytest.mark.parametrize("which", ["page", "link"])
def test_a_partner_whose_address_was_taken_back_has_new_ones(client, consultation, questionnaire, which):
    partner = add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name="Network", actor=SYSTEM)
    page, link = f"/p/{partner.token}", f"/f/{find_partner(consultation.id, partner.id).link}"
    assert "Replace both addresses" in client.get(f"{PARTNERS}/{partner.id}").text
    take_back(client, {"page": page, "link": link}[which])
    assert [client.get(address).status_code for address in (page, link)] == [404, 404]
    db.session.rollback()
    stored = db.session.get_one(Partner, partner.id, populate_existing=True)
    fresh = f"/p/{stored.token}", f"/f/{find_partner(consultation.id, partner.id).link}"
    assert [client.get(address).status_code for address in fresh] == [200, 200]


def test_the_teams_link_can_be_made_anew(client, consultation, questionnaire):
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id)
    page = client.get(PARTNERS)
    assert "Take this link back" in page.text
    assert client.get(f"{PARTNERS}?lang=fr").status_code == 200
    take_back(client, f"http://localhost/f/{token}")
    db.session.rollback()
    assert team_link_of(questionnaire.id) is None
    assert team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id) != token


@pytest.mark.parametrize("behind", ["?lang=fr", "/on-its-way", "/on-its-way?lang=en#main", "."])
def test_an_address_is_known_as_it_stands_in_a_browser_or_a_sentence(client, consultation, questionnaire, behind):
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id)
    take_back(client, f"http://localhost/f/{token}{behind}")
    db.session.rollback()
    assert team_link_of(questionnaire.id) is None


def test_a_link_of_another_consultation_or_of_nobody_is_refused_alike(client, consultation):
    other = a_consultation("other")
    token = team_link_for(a_questionnaire(other).id, SYSTEM, consultation_id=other.id)
    for address in (f"/f/{token}", "/f/nothing-like-it", ""):
        page = take_back(client, address)
        assert "There is a problem" in page.text
    assert "Aucun lien" in take_back(client, f"/f/{token}", query_string={"lang": "fr"}).text
    assert client.get(f"/f/{token}").status_code == 200


def test_the_link_of_a_closed_questionnaire_brings_nobody(client, consultation, questionnaire):
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=consultation.id)
    with writing() as session:
        session.get_one(Questionnaire, questionnaire.id).closes_on = consultation.created_at.date().replace(year=2020)
    page = client.post(f"/f/{token}", data=JOINER)
    assert "This questionnaire is closed." in page.text
    assert db.session.scalar(select(Referral.id)) is None
