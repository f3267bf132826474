from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from engagement.consultations.models import Consultation, Status
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from engagement.portal.passing_on import EXTENSION
from engagement.referrals.links import forward_link_for, team_link_for
from engagement.referrals.models import ForwardLink, Referral, ReferralState
from engagement.referrals.partners import add_partner, partners_of
from engagement.roster.models import Person
from engagement.roster.service import add_batch
from tests.portal.given import an_event, an_invitation, open_link_in, seal_of, send
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation

GRACE = {"given_name": "Grace", "family_name": "Hopper", "email": "grace@example.org", "language": "en"}


@pytest.fixture(autouse=True)
def _nobody_has_joined_yet(app):
    app.extensions.pop(EXTENSION, None)


def _count(model) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def respondent(client):
    """Return the invitation of somebody who has opened their link."""
    consultation = a_consultation()
    invitation = asked(a_questionnaire(consultation), somebody(consultation))
    open_link_in(client, invitation)
    return invitation


@pytest.mark.parametrize("language", ["en", "fr"])
def test_fetching_the_page_makes_no_link_and_the_button_makes_one(client, respondent, language):
    address = f"/i/{respondent.id}/pass-on"
    assert "/f/" not in client.get(f"{address}?lang={language}").text
    assert _count(ForwardLink) == 0
    assert send(client, address, make="link").status_code == 302
    page = client.get(f"{address}?lang={language}").text
    assert page.count("http://localhost/f/") == 3
    assert "Ada" not in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_naming_somebody_needs_every_field_and_the_agreement(client, respondent, language):
    address = f"/i/{respondent.id}/pass-on"
    page = send(client, f"{address}?lang={language}", form_from=address, given_name="Grace")
    assert page.text.count('class="error"') == 4
    wrong = {**GRACE, "family_name": "visit http://evil.example", "email": "grace", "organization": ""}
    page = send(client, f"{address}?lang={language}", form_from=address, **wrong)
    assert page.text.count('class="error"') == 3, "all that is wrong is said at once"
    named = {**GRACE, "organization": ""}
    assert 'id="error-summary"' in send(client, f"{address}?lang={language}", form_from=address, **named).text
    assert _count(Referral) == 0
    answer = send(client, address, **named, names_nominator="y")
    assert answer.status_code == 302
    assert client.get(f"{answer.location}?lang={language}").status_code == 200
    assert db.session.scalars(select(Referral.state)).one() is ReferralState.WAITING


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_name_that_was_sent_too_late_is_not_read_back_without_a_code_and_can_be_sent(client, respondent, language):
    address = f"/i/{respondent.id}/pass-on"
    seal = seal_of(client.get(address))
    client.delete_cookie(f"visit-{respondent.id.hex}", path=f"/i/{respondent.id}")
    assert client.post(address, data={"form_seal": seal, **GRACE, "names_nominator": "y"}).status_code == 202
    open_link_in(client, respondent)
    page = client.get(f"{address}?lang={language}")
    assert "Hopper" not in page.text
    kept = re.search(r'name="held" value="([^"]+)"', page.text)
    assert send(client, address, held=kept.group(1), kept="send").status_code == 302
    assert _count(Referral) == 1


def test_a_form_without_its_seal_names_nobody(client, respondent):
    answer = client.post(f"/i/{respondent.id}/pass-on", data={**GRACE, "names_nominator": "y"})
    assert answer.status_code == 409
    assert _count(Referral) == 0


def test_who_may_name_nobody_sees_the_link_only(client):
    consultation = a_consultation()
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    invitation = asked(a_questionnaire(consultation), somebody(consultation, batch_id=batch.id))
    open_link_in(client, invitation)
    page = client.get(f"/i/{invitation.id}/pass-on").text
    assert "Make a link to pass on" in page
    assert "Name somebody" not in page


def test_there_is_nothing_to_pass_on_of_an_event_nor_where_it_is_not_allowed(client):
    consultation = a_consultation()
    to_event = an_invitation(somebody(consultation, "A B"), event=an_event(consultation))
    closed = asked(a_questionnaire(consultation, nominations=False, forwarding=False), somebody(consultation, "C D"))
    for invitation in (to_event, closed):
        open_link_in(client, invitation)
        assert client.get(f"/i/{invitation.id}/pass-on").status_code == 404


@pytest.fixture
def link(app):
    """Return the address of a respondent's link that was passed on."""
    consultation = a_consultation()
    invitation = asked(a_questionnaire(consultation), somebody(consultation))
    return f"/f/{forward_link_for(invitation.id, SYSTEM)}"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_passed_on_link_says_what_it_is_and_nothing_about_anyone(client, link, language):
    page = client.get(f"{link}?lang={language}")
    assert ("Your views" if language == "en" else "Votre avis") in page.text
    assert ("We keep what you tell us safe." if language == "en" else "Nous protégeons") in page.text
    assert "Lovelace" not in page.text
    assert "checked" not in page.text
    assert _count(Referral) == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_joining_is_told_in_the_same_words_whoever_asks(client, link, language):
    answers = []
    for email in ("grace@example.org", "ada.lovelace@example.org", "grace@example.org"):
        answer = client.post(link, data={**GRACE, "email": email})
        assert answer.status_code == 302
        answers.append((answer.location, client.get(f"{answer.location}?lang={language}").text))
    assert len(set(answers)) == 1
    assert _count(Person) == 2


@pytest.mark.parametrize("language", ["en", "fr"])
def test_errors_on_the_form_behind_a_link_stand_with_their_fields(client, link, language):
    page = client.post(f"{link}?lang={language}", data={})
    assert page.text.count('class="error"') == 4
    assert 'id="error-summary"' in client.post(f"{link}?lang={language}", data={**GRACE, "email": "nowhere"}).text
    assert _count(Person) == 1


def test_too_many_from_one_place_are_asked_to_wait(client, link):
    codes = [client.post(link, data={**GRACE, "email": f"n{number}@example.org"}).status_code for number in range(31)]
    assert codes == [302] * 30 + [429]


@pytest.mark.parametrize(("status", "words"), [(Status.PAUSED, "paused"), (Status.REPORTED, "closed"), (Status.PLANNED, "not open yet")])
def test_a_questionnaire_that_takes_no_answers_says_so_and_lets_nobody_in(client, link, status, words):
    with writing() as session:
        session.scalars(select(Consultation)).one().status = status
    page = client.get(link).text
    assert words in page
    assert "<form" not in page
    assert client.get(f"{link}?lang=fr").status_code == 200
    client.post(link, data=GRACE)
    assert _count(Person) == 1


@pytest.mark.parametrize("address", ["/f/guessed", "/f/guessed/on-its-way", "/p/guessed", "/f/%00"])
def test_guessed_addresses_open_nothing(client, app, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_partner_reports_on_a_page_of_their_own(client, language):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    partner = add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name="A network", actor=SYSTEM)
    address = f"/p/{partner.token}"
    assert f"/f/{partners_of(consultation.id)[0].link}" in client.get(f"{address}?lang={language}").text
    assert 'id="error-summary"' in client.post(f"{address}?lang={language}", data={"passed_on": "-3"}).text
    assert 'id="error-summary"' in client.post(f"{address}?lang={language}", data={"passed_on": "3", "as_of": "2999-01-01"}).text
    assert client.post(address, data={"passed_on": "12"}).status_code == 302
    assert "12" in client.get(f"{address}?lang={language}").text
    db.session.rollback()
    assert partners_of(consultation.id)[0].reported == 12


def test_a_form_behind_a_link_needs_its_token_against_forgery(client, csrf):
    consultation = a_consultation()
    token = team_link_for(a_questionnaire(consultation).id, SYSTEM, consultation_id=consultation.id)
    assert client.post(f"/f/{token}", data=GRACE).status_code == 400
    assert _count(Invitation) == 0
