"""Pages that stand whatever the address says."""

import pytest
from bs4 import BeautifulSoup

from engagement.kernel.audit import SYSTEM
from engagement.kernel.web import page_url
from engagement.referrals.links import forward_link_for
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, signed_in_as

OWN_NAMES_OF_ADDRESSES = ("endpoint", "_scheme", "_method", "_anchor", "_external", "self", "values", "slug", "token")


@pytest.fixture
def addresses(client):
    consultation = a_consultation()
    token = forward_link_for(asked(a_questionnaire(consultation), somebody(consultation)).id, SYSTEM)
    signed_in_as(client, a_member(consultation))
    return "/", "/sign-in", f"/f/{token}", "/c/fisheries/", "/nowhere"


@pytest.mark.parametrize("name", OWN_NAMES_OF_ADDRESSES)
def test_no_name_in_the_query_breaks_a_page(client, addresses, name):
    for address in addresses:
        plain = client.get(address)
        assert client.get(address, query_string={name: "x"}).status_code == plain.status_code, address


def test_an_address_keeps_its_query_but_for_what_changes(app):
    with app.test_request_context("/c/fisheries/people?sector=health&sector=ngo&page=3&_anchor=x"):
        assert page_url(page=None, lang="fr") == "/c/fisheries/people?sector=health&sector=ngo&_anchor=x&lang=fr"
        assert page_url(slug="other", page=4) == "/c/other/people?sector=health&sector=ngo&page=4&_anchor=x"


def test_a_page_of_error_that_cannot_be_drawn_is_said_in_plain_words(app, monkeypatch, caplog):
    def fails():
        raise TypeError

    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.jinja_env.globals, "other_language_url", fails)
    answer = app.test_client().get("/f/a-live-token")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "Une erreur s’est produite" in answer.text
    assert "a-live-token" not in caplog.text


def test_a_nul_in_an_address_finds_nothing_and_breaks_nothing(client, addresses):
    for address in ("/f/%00", "/r/%00", "/c/fish%00eries/", "/c/fisheries/events/%00", "/nowhere%00"):
        assert client.get(address).status_code == 404, address
    for query in ("search=a%00b", "%00=a", "search=a&search=%00"):
        assert client.get(f"/c/fisheries/people?{query}").status_code == 400, query


def language_link_of(page):
    return BeautifulSoup(page.text, "html.parser").find("a", hreflang=True)["href"]


def test_a_page_that_answers_a_form_leads_to_a_page_in_the_other_language(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    refused = client.post("/c/fisheries/mail/suppressed/add?search=x", data={"email": "", "note": ""})
    assert refused.status_code == 200
    assert language_link_of(refused) == "/c/fisheries/mail/suppressed?search=x&lang=fr"
    assert language_link_of(client.post("/c/fisheries/team", data={"email": ""})) == "/c/fisheries/team?lang=fr"
    for address in ("/c/fisheries/team/clear", "/c/fisheries/mail/suppressed/add"):
        misled = client.get(address)
        assert misled.status_code == 405
        assert client.get(language_link_of(misled)).status_code == 200


def test_every_address_that_can_only_be_posted_to_lies_below_a_page(app):
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods or rule.endpoint == "accounts.sign_out_now":
            continue
        values = dict.fromkeys(rule.arguments, "00000000-0000-7000-8000-000000000000") | {
            "channel": "call",
            "kind": "event",
            "what": "start",
        }
        address = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method="POST")
        with app.test_request_context(address, method="POST"):
            path = page_url()
            assert path != "/", rule
            assert adapter.match(path, method="GET"), rule
