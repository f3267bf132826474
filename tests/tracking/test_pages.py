from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from engagement.consultations.models import Consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import writing
from engagement.kernel.policy import Role
from engagement.questionnaires.models import ResponseState
from engagement.referrals.partners import add_partner, report_passed_on
from engagement.roster.service import add_batch, put_in_batch
from tests.referrals.given import a_questionnaire, answered, asked, somebody
from tests.support.given import a_consultation, a_member, signed_in_as

pytestmark = pytest.mark.slow

DAY = datetime(2018, 9, 10, 16, tzinfo=UTC)


@pytest.fixture
def world(app):
    """Return a consultation with 30 people asked, of whom 12 answered, and a partner's 20."""
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    for number in range(30):
        sector = ("health", "ngo", "federal")[number % 3] if number < 27 else None
        person = somebody(consultation, f"Person N{number}", sector=sector, region="BC" if number % 2 else "QC")
        invitation = asked(questionnaire, person, wave=min(number // 12, 1), bounced=number == 29)
        if number < 12:
            state = ResponseState.SUBMITTED if number else ResponseState.SUBMITTED_IN_PART
            answered(invitation, state, at=DAY + timedelta(days=number // 3))
        elif number < 18:
            answered(invitation, ResponseState.IN_PROGRESS)
    partner = add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name="A network", actor=SYSTEM)
    report_passed_on(partner_id=partner.id, passed_on=20, actor=SYSTEM)
    with writing() as session:
        kept = session.get_one(Consultation, consultation.id)
        kept.opens_on, kept.closes_on, kept.received_until = date(2018, 9, 1), date(2018, 9, 12), date(2018, 9, 30)
    return consultation


def _words(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_shows_the_same_figure_as_the_command(client, world, app, language):
    signed_in_as(client, a_member(world))
    page = _words(client.get(f"/c/fisheries/response?lang={language}"))
    printed = json.loads(app.test_cli_runner().invoke(args=["track", "rates", "fisheries", "--json"]).stdout)
    of, rate = ("of", "24.0\u00a0%") if language == "en" else ("sur", "24,0\u00a0%")
    assert f"{printed['responded']} {of} {printed['distributed']} ({rate.replace(chr(160), ' ')})" in page
    assert printed["rate"] == 0.24


@pytest.mark.parametrize("language", ["en", "fr"])
def test_before_anybody_is_asked_the_page_says_the_next_step(client, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    page = client.get(f"/c/fisheries/response?lang={language}")
    assert "<svg" not in page.text
    assert page.status_code == 200


def test_asked_and_not_answered_has_a_rate_of_nought_and_no_line(client):
    consultation = a_consultation()
    asked(a_questionnaire(consultation), somebody(consultation))
    signed_in_as(client, a_member(consultation))
    page = _words(client.get("/c/fisheries/response"))
    assert "0 of 1 (0.0 %)" in page
    assert "Nobody has answered yet." in page


def test_every_figure_opens_to_as_many_rows(client, world):
    signed_in_as(client, a_member(world))
    page = BeautifulSoup(client.get("/c/fisheries/response").text, "html.parser")
    links = [link for link in page.find_all("a") if "/response/rows" in str(link["href"])]
    assert len(links) > 20
    for link in links:
        opened = BeautifulSoup(client.get(str(link["href"])).text, "html.parser")
        listed = len(opened.select("tbody tr"))
        partners = 20 if "The figure may count people" in opened.get_text() else 0
        assert listed + partners == int(link.get_text())


@pytest.mark.parametrize(
    "query", ["step=answered", "wave=1", "sector=unknown", "step=silent&sector=ngo", "region=QC", "sector=nothing", "page=99"]
)
def test_rows_read_in_both_languages(client, world, query):
    signed_in_as(client, a_member(world))
    for language in ("en", "fr"):
        assert client.get(f"/c/fisheries/response/rows?{query}&lang={language}").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "The figure may count people"), ("fr", "Le chiffre peut comprendre")])
def test_a_list_does_not_say_how_many_of_its_figure_are_not_shown(client, world, language, words):
    hidden = [somebody(world, f"Hidden{number} Person") for number in range(7)]
    questionnaire = a_questionnaire(world, name="quiet")
    for person in hidden:
        asked(questionnaire, person, wave=9)
    batch = add_batch(consultation_id=world.id, name="Quiet", restricted=True, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[person.id for person in hidden], actor=SYSTEM)
    signed_in_as(client, a_member(world))
    page = client.get(f"/c/fisheries/response/rows?wave=9&lang={language}").text
    assert words in page
    assert "7" not in BeautifulSoup(page, "html.parser").main.get_text()


def test_an_unknown_step_is_not_found(client, world):
    signed_in_as(client, a_member(world))
    assert client.get("/c/fisheries/response/rows?step=guess").status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_viewer_reads_figures_without_small_counts_and_opens_no_rows(client, world, language):
    signed_in_as(client, a_member(world, Role.VIEWER))
    response = client.get(f"/c/fisheries/response?lang={language}")
    assert "/response/rows" not in response.text
    cells = {cell.get_text(strip=True) for cell in BeautifulSoup(response.text, "html.parser").select("td.n")}
    assert not cells & {"1", "2", "3", "4"}
    assert "12" in response.text
    assert client.get("/c/fisheries/response/rows").status_code == 404


def test_a_viewer_of_very_few_people_reads_that_they_are_few(client):
    consultation = a_consultation()
    answered(asked(a_questionnaire(consultation), somebody(consultation)))
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    page = _words(client.get("/c/fisheries/response"))
    assert "1 to 4 of 1 to 4 " in page
    assert "in part and sufficient" not in page
    assert "in part and sufficient" not in _words(client.get("/c/fisheries/"))
    assert "(–)" not in page
    assert "Too few people to be shown." in page


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in ("over-time", "silent") for kind in ("svg", "png", "csv")])
def test_pictures_are_handed_over_as_files(client, world, name, kind):
    signed_in_as(client, a_member(world))
    response = client.get(f"/c/fisheries/response/{name}.{kind}")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == f"attachment; filename=fisheries-{name}-en.{kind}"
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "csv": b"\xef\xbb\xbf"}
    assert response.data.startswith(starts[kind])


@pytest.mark.parametrize("address", ["over-time.pdf", "nothing.svg"])
def test_a_picture_that_there_is_not_is_not_found(client, world, address):
    signed_in_as(client, a_member(world))
    assert client.get(f"/c/fisheries/response/{address}").status_code == 404


def test_a_viewers_line_moves_by_five_responses_at_least(client, world):
    signed_in_as(client, a_member(world, Role.VIEWER))
    lines = client.get("/c/fisheries/response/over-time.csv").data.decode("utf-8-sig").split()
    totals = [0, *(int(line.rpartition(",")[2]) for line in lines if line[0].isdigit())]
    assert totals[-1] == 12
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(totals))


@pytest.mark.parametrize("role", [Role.ORGANIZER, Role.VIEWER])
def test_the_overview_begins_with_the_figure_and_the_line_of_the_responses(client, world, role):
    signed_in_as(client, a_member(world, role))
    for language, said in (("en", "12 of 50 (24.0 %)"), ("fr", "12 sur 50 (24,0 %)")):
        answer = client.get(f"/c/fisheries/?lang={language}")
        page = BeautifulSoup(answer.text, "html.parser")
        assert said in _words(answer)
        assert page.find("figure").find("svg") is not None
        heads = [head.text for head in page.main.find_all("h2")]
        assert heads.index("Response" if language == "en" else "Réponses") == 0


def test_the_overview_has_no_figure_before_anybody_was_asked(client):
    signed_in_as(client, a_member(a_consultation()))
    assert 'class="figure"' not in client.get("/c/fisheries/").text


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", ("N = 1 response, complete or in part.", "The first response came on "), ("N = 2 responses,", "the responses rise to 2.")),
        ("fr", ("N = 1 réponse, complète ou partielle.", "La première réponse est arrivée le "), ("N = 2 réponses,", "atteignent 2.")),
    ],
)
def test_the_picture_of_the_first_day_speaks_of_one_response_and_of_one_day(app, language, one, two):
    consultation = a_consultation()
    client = signed_in_as(app.test_client(), a_member(consultation))
    questionnaire = a_questionnaire(consultation)
    answered(asked(questionnaire, somebody(consultation)))
    first = client.get(f"/c/fisheries/response?lang={language}").text
    answered(asked(questionnaire, somebody(consultation, "Grace Hopper")))
    second = client.get(f"/c/fisheries/response?lang={language}").text
    assert all(words in first for words in one)
    assert all(words in second for words in two)
    assert "From " not in second.partition("<svg")[2].partition("<details")[0]
