from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.kernel.ports import ports
from engagement.referrals.history import referral_history
from engagement.referrals.links import forward_link_for, join_by_link
from engagement.referrals.models import Partner, Referral, ReferralState
from engagement.referrals.nominations import nominate
from engagement.referrals.partners import partners_of
from engagement.roster.models import Person
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


@pytest.fixture
def consultation(app):
    """Return a consultation with somebody who joined by a link and somebody who was named."""
    made = a_consultation()
    invitation = asked(a_questionnaire(made), somebody(made))
    join_by_link(
        token=forward_link_for(invitation.id, SYSTEM),
        given_name="Link",
        family_name="User",
        email="l@example.org",
        language="en",
        actor=SYSTEM,
    )
    nominate(
        invitation_id=invitation.id, given_name="Grace", family_name="Hopper", email="grace@example.org", organization="Navy",
        language="both", names_nominator=True, actor=SYSTEM,
    )  # fmt: skip
    return made


def _waiting() -> Referral:
    db.session.rollback()
    return db.session.scalars(select(Referral).where(Referral.state == ReferralState.WAITING)).one()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("query", ["", "state=waiting", "kind=forward_link", "state=declined", "kind=nonsense", "page=9", f"page={10**30}"])
def test_the_list_reads_in_both_languages(client, consultation, language, query):
    signed_in_as(client, a_member(consultation))
    assert client.get(f"/c/fisheries/referrals?{query}&lang={language}").status_code == 200


@pytest.mark.parametrize("language", ["en", "fr"])
def test_empty_pages_say_the_next_step(client, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    page = client.get(f"/c/fisheries/referrals?lang={language}").text
    assert "/c/fisheries/partners" in page
    assert 'class="button" href="/c/fisheries/questionnaires"' in page
    assert '<select id="kind"' not in page
    assert '<form method="post" novalidate' not in client.get(f"/c/fisheries/partners?lang={language}").text


def test_an_organizer_sees_what_will_happen_and_approves(client, consultation):
    signed_in_as(client, a_member(consultation))
    address = f"/c/fisheries/referrals/{_waiting().id}"
    for language in ("en", "fr"):
        assert "grace@example.org" in client.get(f"{address}?lang={language}").text
        assert 'id="error-summary"' in client.post(f"{address}?lang={language}", data={}).text
    assert client.post(address, data={"decision": "approve"}).status_code == 302
    db.session.rollback()
    assert (
        db.session.scalars(
            select(Invitation.wave).join(Person, Person.id == Invitation.person_id).where(Person.email == "grace@example.org")
        ).one()
        == 1
    )
    assert "Grace Hopper" in client.get("/c/fisheries/referrals").text
    for language in ("en", "fr"):
        assert '<form method="post" novalidate' not in client.get(f"{address}?lang={language}").text
    assert 'id="error-summary"' in client.post(address, data={"decision": "decline"}).text


def test_an_organizer_declines_with_a_note(client, consultation):
    signed_in_as(client, a_member(consultation))
    address = f"/c/fisheries/referrals/{_waiting().id}"
    assert client.post(address, data={"decision": "decline", "why": "Not concerned."}).status_code == 302
    page = client.get("/c/fisheries/referrals").text
    assert "Not concerned." in page
    assert "Hopper" not in page


def test_staff_see_that_somebody_waits_and_only_organizers_decide(client, consultation):
    signed_in_as(client, a_member(consultation, Role.STAFF))
    assert "Waiting for a decision" in client.get("/c/fisheries/referrals").text
    assert client.post(f"/c/fisheries/referrals/{_waiting().id}", data={"decision": "approve"}).status_code == 404


def test_a_referral_or_a_partner_of_another_consultation_is_not_there(client, consultation):
    signed_in_as(client, a_member(a_consultation("other"), email="them@example.org"))
    assert client.get(f"/c/other/referrals/{_waiting().id}").status_code == 404
    assert client.get(f"/c/other/partners/{_waiting().id}").status_code == 404


def test_staff_add_a_partner_and_write_down_its_count(client, consultation):
    signed_in_as(client, a_member(consultation, Role.STAFF))
    questionnaire_id = str(_waiting().questionnaire_id)
    given = {"name": "A network", "questionnaire_id": questionnaire_id, "contact": "nobody@example.org"}
    for language in ("en", "fr"):
        assert client.get(f"/c/fisheries/partners?lang={language}").status_code == 200
        assert 'id="error-summary"' in client.post(f"/c/fisheries/partners?lang={language}", data=given).text
    answer = client.post("/c/fisheries/partners", data={**given, "contact": "ada.lovelace@example.org"})
    assert answer.status_code == 302
    assert client.post(answer.location, data={"passed_on": "63", "as_of": "2018-09-30"}).status_code == 302
    for language in ("en", "fr"):
        assert "63" in client.get(f"{answer.location}?lang={language}").text
        assert "63" in client.get(f"/c/fisheries/partners?lang={language}").text
        assert 'id="error-summary"' in client.post(f"{answer.location}?lang={language}", data={"passed_on": "many"}).text
    db.session.rollback()
    standing = partners_of(consultation.id)[0]
    assert (standing.reported, standing.reports[0].recorded_by is None) == (63, False)
    assert db.session.scalars(select(Partner.person_id)).one() is not None


def test_the_teams_link_is_made_with_a_button_and_then_shown(client, consultation):
    signed_in_as(client, a_member(consultation, Role.STAFF))
    assert "/f/" not in client.get("/c/fisheries/partners").text
    client.post(f"/c/fisheries/partners/team-link/{_waiting().questionnaire_id}")
    assert "http://localhost/f/" in client.get("/c/fisheries/partners").text


def test_a_persons_history_says_how_they_came_and_that_they_named_somebody(app, consultation):
    access = access_of(a_member(consultation), consultation)
    people = {person.name: person.id for person in db.session.scalars(select(Person))}
    assert [entry.what.en for entry in referral_history(people["Link User"], access)] == ["Came through a link that was passed on"]
    assert {entry.what.en for entry in referral_history(people["Ada Lovelace"], access)} == {
        "Named somebody who should answer", "Made a link to pass the questionnaire on",
    }  # fmt: skip
    assert referral_history in ports().timeline
    assert {"referral", "partner"} <= ports().person_tables.keys()
