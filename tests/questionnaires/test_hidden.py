"""What a member reads of people whom they may not know of, and what somebody who sees figures only reads."""

import csv
import re
from io import StringIO

import pytest

from engagement.kernel.audit import SYSTEM
from engagement.kernel.policy import Role
from engagement.questionnaires import reading
from engagement.questionnaires.service import Typed
from engagement.roster.service import add_batch, put_in_batch
from tests.questionnaires.given import a_person, a_questionnaire, a_response
from tests.support.given import a_consultation, a_member, signed_in_as

HERE = "/c/fisheries/questionnaires/survey"
ANSWERS = {"pick": Typed("a")}


@pytest.fixture
def consultation(app):
    return a_consultation()


def hide(consultation, *people):
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[person.id for person in people], actor=SYSTEM)


def exported(client):
    return list(csv.DictReader(StringIO(client.get(f"{HERE}/export.csv").data.decode("utf-8-sig"))))


def test_among_names_the_response_of_a_hidden_person_is_not_listed_opened_or_exported(client, consultation):
    questionnaire = a_questionnaire(consultation)
    hidden = a_person(consultation, "Hilda", sector="inuit", region="NU")
    response = a_response(questionnaire, hidden, ANSWERS, wave=3)
    a_response(questionnaire, a_person(consultation, "Ines"), ANSWERS)
    hide(consultation, hidden)
    signed_in_as(client, a_member(consultation))
    for language, words in (("en", "Some responses may not be shown to you."), ("fr", "Il se peut que certaines réponses")):
        page = client.get(f"{HERE}/responses?lang={language}").text
        assert words in page
        assert page.count('<th scope="row">') == 1
        assert "Inuit" not in page
    assert client.get(f"{HERE}/responses/{response.id}").status_code == 404
    assert [(row["response"], row["sector"]) for row in exported(client)] == [("1", "ngo")]


def test_five_and_more_that_are_not_shown_are_counted(client, consultation):
    questionnaire = a_questionnaire(consultation)
    people = [a_person(consultation, f"Hidden{number}") for number in range(5)]
    for person in people:
        a_response(questionnaire, person, ANSWERS)
    hide(consultation, *people)
    signed_in_as(client, a_member(consultation))
    assert "And 5 more that you are not shown." in client.get(f"{HERE}/responses").text
    assert client.get(f"{HERE}/responses?lang=fr").status_code == 200


def test_where_nobody_has_a_name_a_hidden_person_answers_like_somebody_of_no_known_sector(client, consultation):
    questionnaire = a_questionnaire(consultation)
    hidden = a_person(consultation, "Hilda", sector="inuit", region="NU")
    response = a_response(questionnaire, hidden, ANSWERS, wave=1)
    a_response(questionnaire, a_person(consultation, "Ines"), ANSWERS)
    hide(consultation, hidden)
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    assert "Inuit" not in client.get(f"{HERE}/responses").text
    assert "Nunavut" not in client.get(f"{HERE}/responses/{response.id}").text
    assert [(row["sector"], row["region"], row["wave"]) for row in exported(client)] == [("", "", "1"), ("ngo", "QC", "0")]


def test_who_sees_protected_figures_only_reads_no_exact_one_beside_a_questionnaire(client, consultation):
    a_response(a_questionnaire(consultation), a_person(consultation, "Ines"), ANSWERS)
    for role, exact in ((Role.VIEWER, False), (Role.ANALYST, True)):
        signed_in_as(client, a_member(consultation, role))
        for language, asked, of in (("en", "People asked", "1 of 1 people asked"), ("fr", "Personnes invitées", "sur 1")):
            pages = [client.get(f"{path}?lang={language}").text for path in (HERE.rpartition("/")[0], HERE)]
            assert [asked in pages[0], of in pages[1]] == [exact, exact]


def test_responses_are_read_page_by_page_and_numbered_through_without_those_that_are_not_shown(client, consultation, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 2)
    questionnaire = a_questionnaire(consultation)
    people = [a_person(consultation, f"Ines{number}") for number in range(5)]
    responses = [a_response(questionnaire, person, ANSWERS) for person in people]
    hide(consultation, people[1])
    signed_in_as(client, a_member(consultation))
    listed = [client.get(f"{HERE}/responses?page={page}").text for page in (1, 2, 9)]
    assert [re.findall(r">Response (\d)<", page) for page in listed] == [["1", "2"], ["3", "4"], ["3", "4"]]
    shown = [client.get(f"{HERE}/responses/{each.id}") for each in responses]
    assert [page.status_code for page in shown] == [200, 404, 200, 200, 200]
    assert [re.findall(r"Response (\d)", page.text)[:1] for page in shown if page.status_code == 200] == [["1"], ["2"], ["3"], ["4"]]
