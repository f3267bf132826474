"""Whatever is sent to a page behind a link, it answers in a clear line and never with a fault."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from engagement.events.guests import needs_of
from engagement.events.models import Seat, Sitting
from engagement.invitations.models import Reply
from engagement.kernel.db import db
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, seal_of, send
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow


@pytest.fixture
def ada(app):
    consultation = a_consultation()
    return an_invitation(a_guest(consultation), event=an_event(consultation, days=2))


def count(kind):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind))


CHOICES = [
    "",
    " ",
    "accepted",
    "IN_PERSON",
    "in_person\x00",
    "yes",
    "a" * 200_000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "é\u202e",
    "None",
]


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_choice_that_is_not_offered_is_no_choice(client, ada, choice, language):
    address = open_link_in(client, ada)
    answer = send(client, f"{address}?lang={language}", choice=choice)
    assert answer.status_code == 200
    assert ("Choose an answer." if language == "en" else "Choisissez une réponse.") in answer.text
    assert count(Reply) == 0


def test_the_sitting_of_another_event_is_not_answered(client, ada):
    other = an_event(a_consultation("second"), days=2)
    theirs = list(db.session.scalars(select(Sitting.id).where(Sitting.event_id == other.id)))
    address = open_link_in(client, ada)
    answer = send(client, f"{address}/each", **{f"choice_{sitting.hex}": "in_person" for sitting in [*theirs, uuid4()]})
    assert "Choose an answer." in answer.text
    assert count(Reply) == count(Seat) == 0


def test_one_day_answered_and_one_left_out_records_neither(client, ada):
    mine = db.session.scalars(select(Sitting.id).where(Sitting.event_id == ada.event_id)).first()
    answer = send(client, f"{open_link_in(client, ada)}/each", **{f"choice_{mine.hex}": "in_person"})
    assert "Choose an answer." in answer.text
    assert count(Reply) == 0


@pytest.mark.parametrize("words", ["x" * 2001, "x" * 100_000, "a\x00b", "\x1b[31m", "a\u2028b"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_that_cannot_be_stored_are_refused_where_they_stand(client, ada, words, language):
    address = open_link_in(client, ada)
    send(client, address, choice="online")
    answer = send(client, f"{address}/needs?lang={language}", access=words)
    assert answer.status_code == 200
    assert 'id="error-summary"' in answer.text
    assert needs_of(ada.id) is None
    send(client, f"{address}/change", choice="no")
    before = count(Reply)
    answer = send(client, f"{address}/reason?lang={language}", reason=words)
    assert 'id="error-summary"' in answer.text
    assert count(Reply) == before


@pytest.mark.parametrize("kinds", [["klingon"], ["asl", ""], ["asl", "x" * 5000], ["asl\x00"]])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_interpretation_that_is_not_offered_is_refused(client, ada, kinds, language):
    address = open_link_in(client, ada)
    send(client, address, choice="online")
    answer = send(client, f"{address}/needs?lang={language}", interpretation=kinds)
    assert 'id="error-summary"' in answer.text
    assert needs_of(ada.id) is None


def test_markup_that_somebody_wrote_is_shown_as_they_wrote_it(client, ada):
    address = open_link_in(client, ada)
    send(client, address, choice="online")
    send(client, f"{address}/needs", access="<b onclick=alert(1)>stairs</b> & “quotes”")
    page = client.get(f"{address}/needs").text
    assert "<b onclick" not in page
    assert "&lt;b onclick=alert(1)&gt;stairs" in page


@pytest.mark.parametrize(
    "page", ["", "/change", "/each", "/needs", "/reason", "/code", "/code/send", "/privacy", "/contact", "/nowhere", "/../x"]
)
def test_every_page_takes_every_method_without_a_fault(client, ada, page):
    address = open_link_in(client, ada)
    for method in ("get", "post", "put", "delete", "patch"):
        answer = getattr(client, method)(f"{address}{page}", data={"choice": "no"} if method == "post" else None)
        assert answer.status_code < 500
    assert count(Reply) == 0


@pytest.mark.parametrize("address", ["/i/", "/i/x", "/i/0", "/i/not-a-uuid/needs", "/r/", "/r"])
def test_an_address_that_leads_nowhere_has_a_page_without_the_teams_navigation(client, app, address):
    page = client.get(address)
    assert page.status_code == 404
    assert "/sign-out" not in page.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cookie=st.text(max_size=200, alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,"\\')),
    seal=st.text(max_size=200),
)
def test_no_cookie_and_no_seal_that_we_did_not_sign_opens_anything(client, ada, cookie, seal):
    stranger = client.application.test_client()
    stranger.set_cookie(f"visit-{ada.id.hex}", cookie, path=f"/i/{ada.id}")
    assert stranger.get(f"/i/{ada.id}").status_code == 403
    assert stranger.post(f"/i/{ada.id}", data={"form_seal": seal, "choice": "no"}).status_code == 403


def test_a_scanner_that_follows_everything_and_sends_every_form_as_it_is_records_nothing(client, ada):
    """Mail scanners fetch links, run scripts, and post forms with the values that stand in them."""
    address = open_link_in(client, ada)
    for page in ("", "/change", "/each", "/needs", "/reason", "/recorded", "/code", "/privacy", "/contact"):
        fetched = client.get(f"{address}{page}")
        if fetched.status_code == 200 and "form_seal" in fetched.text:
            client.post(f"{address}{page}", data={"form_seal": seal_of(fetched)})
    assert count(Reply) == count(Seat) == 0
    assert needs_of(ada.id) is None


def test_every_page_has_a_way_out_and_somebody_to_talk_to(client, ada):
    address = open_link_in(client, ada)
    pages = [
        address,
        f"{address}/change",
        f"{address}/privacy",
        f"{address}/contact",
        "/r/unknown",
        "/i/00000000-0000-4000-8000-000000000000",
    ]
    for page in pages:
        text = client.get(page).text
        assert text.count("https://weather.gc.ca/") == 2, page
        assert "1-800-555-0100" in text or "call 911" in text
    assert "https://meteo.gc.ca/" in client.get(f"{address}?lang=fr").text
