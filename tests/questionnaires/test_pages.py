import csv
from io import StringIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.kernel.tables import read_table
from engagement.questionnaires.models import Answer, Question
from engagement.questionnaires.service import Typed, definition_of, questionnaires_of
from engagement.questionnaires.standard import install_standard
from engagement.questionnaires.views import timeline
from tests.questionnaires.given import a_person, a_questionnaire, a_response, an_invitation, question_id
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, access_of, signed_in_as

HERE = "/c/fisheries/questionnaires"
ANSWERS = {"pick": Typed("a"), "many": Typed(["b"]), "brief": Typed("=1+1"), "story": Typed("", declined=True)}


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def staff(client, consultation):
    return signed_in_as(client, a_member(consultation))


def both_languages(client, path):
    pages = [client.get(path, query_string={"lang": language}) for language in ("fr", "en")]
    assert [page.status_code for page in pages] == [200, 200], path
    return pages[1].text


def test_without_a_questionnaire_the_page_offers_two_ways_to_begin(staff, consultation):
    page = both_languages(staff, HERE)
    assert "Start from the eight areas" in page
    assert "Start an empty questionnaire" in page
    answer = staff.post(f"{HERE}/standard", follow_redirects=True)
    assert "Framework for a new national strategy" in answer.text
    assert "Cadre d’une nouvelle stratégie nationale" in answer.text
    both_languages(staff, f"{HERE}/questionnaire")
    staff.post(f"{HERE}/standard")
    db.session.rollback()
    assert len(questionnaires_of(consultation.id)) == 1


def test_the_list_says_how_many_were_asked_and_answered(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    a_response(questionnaire, a_person(consultation, "Ines"), ANSWERS)
    an_invitation(questionnaire, a_person(consultation, "Otto"))
    page = both_languages(staff, HERE)
    assert '<td class="n" data-label="People asked">2</td>' in page
    assert "1 of 2 people asked" in both_languages(staff, f"{HERE}/survey")


def test_an_empty_questionnaire_is_started_and_filled(staff, consultation):
    both_languages(staff, f"{HERE}/new")
    missing = staff.post(f"{HERE}/new", data={"name": "My survey", "title_en": "Mine"})
    assert "Enter the title in French." in missing.text
    bad = staff.post(f"{HERE}/new", data={"name": "New", "title_en": "Mine", "title_fr": "Le mien", "sufficient_answers": "two"})
    assert "Enter a whole number." in bad.text
    made = staff.post(
        f"{HERE}/new",
        data={"name": "mine", "title_en": "Mine", "title_fr": "Le mien", "sufficient_answers": "2", "closes_on": "2026-12-01"},
        follow_redirects=True,
    )
    assert "it asks no question yet" in made.text
    assert "2 answers" in made.text
    staff.post(f"{HERE}/mine/sections/new", data={"title_en": "Part one", "title_fr": "Première partie"})
    db.session.rollback()
    definition = definition_of(questionnaires_of(consultation.id)[0].id)
    path = f"{HERE}/mine/sections/{definition.sections[0].id}"
    both_languages(staff, path)
    both_languages(staff, f"{path}/questions/new")
    question = {"code": "why", "kind": "single", "wording_en": "Why?", "wording_fr": "Pourquoi?", "condition": ""}
    uneven = staff.post(f"{path}/questions/new", data={**question, "options_en": "One\nTwo", "options_fr": "Un"})
    assert "as many options in French" in uneven.text
    page = staff.post(f"{path}/questions/new", data={**question, "options_en": "One\nTwo", "options_fr": "Un\nDeux"}, follow_redirects=True)
    assert "Deux" in page.text
    assert "It cannot be sent yet" not in page.text


def test_a_question_is_not_called_like_a_column_that_every_file_of_answers_has(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'count')}"
    fields = {"code": "region", "kind": "number", "wording_en": "The question count?", "wording_fr": "La question count?", "condition": ""}
    assert "“region” is a column of its own in the file of answers" in staff.post(path, data=fields).text
    header = read_table("a.csv", staff.get(f"{HERE}/survey/export.csv").data).header
    assert sorted(set(header)) == sorted(header)


def test_a_condition_is_chosen_from_earlier_questions_only(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    many = both_languages(staff, f"{HERE}/survey/questions/{question_id(questionnaire, 'many')}")
    assert "pick=a" in many
    assert "agree=yes" not in many
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'count')}"
    fields = {"code": "count", "kind": "number", "wording_en": "The question count?", "wording_fr": "La question count?"}
    page = staff.post(path, data={**fields, "condition": "agree=yes", "least": "0", "most": "10"}, follow_redirects=True)
    assert "Asked only if “agree” is answered “Yes”" in page.text
    forged = staff.post(path, data={**fields, "condition": "story=x"})
    assert forged.status_code == 200
    assert "There is a problem" in forged.text


def test_a_french_text_that_is_older_is_marked_and_blocks_sending(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    with writing():
        row = db.session.get_one(Question, question_id(questionnaire, "pick"))
        row.set_text("wording", Text("Something else?", row.wording_fr))
    page = both_languages(staff, f"{HERE}/survey")
    assert "It cannot be sent yet" in page
    assert "the French is older than the English" in page
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'pick')}"
    assert "confirm_texts" in both_languages(staff, path)
    fields = {"code": "pick", "kind": "single", "wording_en": "Something else?", "wording_fr": row.wording_fr, "condition": ""}
    assert "It cannot be sent yet" not in staff.post(path, data={**fields, "confirm_texts": "y"}, follow_redirects=True).text


def test_an_answered_question_can_be_worded_anew_and_nothing_else(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    a_response(questionnaire, a_person(consultation), ANSWERS)
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'pick')}"
    fields = {"code": "pick", "kind": "single", "wording_en": "Which one?", "wording_fr": "Lequel?", "condition": ""}
    assert "Somebody has answered" in both_languages(staff, path)
    refused = staff.post(path, data={**fields, "kind": "long"})
    assert "it can be worded anew" in refused.text
    staff.post(path, data=fields)
    db.session.rollback()
    definition = definition_of(questionnaire.id)
    assert definition.question("pick").wording.en == "Which one?"
    assert definition.version == 2
    removed = staff.post(f"{path}/remove", follow_redirects=True)
    assert "it cannot be removed" in removed.text
    option = option_ids(questionnaire, "pick")[1]
    staff.post(f"{path}/options/{option}/remove")
    db.session.rollback()
    assert len(definition_of(questionnaire.id).question("pick").options) == 2


def option_ids(questionnaire, code):
    from engagement.questionnaires.models import Option

    rows = db.session.scalars(select(Option).where(Option.question_id == question_id(questionnaire, code)).order_by(Option.position))
    return [row.id for row in rows]


def test_sections_questions_and_options_change_places(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'many')}"
    staff.post(f"{path}/move", data={"to": "up"})
    staff.post(f"{path}/options/{option_ids(questionnaire, 'many')[0]}/move", data={"to": "down"})
    db.session.rollback()
    definition = definition_of(questionnaire.id)
    assert [question.code for question in definition.sections[0].questions] == ["many", "pick", "agree"]
    assert [option.code for option in definition.question("many").options] == ["b", "a"]
    ahead = staff.post(f"{HERE}/survey/sections/{definition.sections[1].id}/move", data={"to": "up"}, follow_redirects=True)
    assert "hangs on an answer that would come after it" in ahead.text
    db.session.rollback()
    assert definition_of(questionnaire.id).sections[0].title.en == "To begin"


def test_options_and_sections_are_added_changed_and_removed(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    path = f"{HERE}/survey/questions/{question_id(questionnaire, 'many')}"
    both_languages(staff, f"{path}/options/new")
    staff.post(f"{path}/options/new", data={"label_en": "Third", "label_fr": "Troisième"})
    third = option_ids(questionnaire, "many")[2]
    both_languages(staff, f"{path}/options/{third}")
    staff.post(f"{path}/options/{third}", data={"label_en": "The third", "label_fr": "Le troisième"})
    db.session.rollback()
    assert definition_of(questionnaire.id).question("many").options[2].label == Text("The third", "Le troisième")
    staff.post(f"{path}/options/{third}/remove")
    db.session.rollback()
    assert len(option_ids(questionnaire, "many")) == 2
    section = definition_of(questionnaire.id).sections[1]
    assert "Remove its questions first" in staff.post(f"{HERE}/survey/sections/{section.id}/remove", follow_redirects=True).text
    hung = staff.post(f"{HERE}/survey/questions/{question_id(questionnaire, 'pick')}/remove", follow_redirects=True)
    assert "change that first" in hung.text
    for code in ("brief", "count", "story"):
        staff.post(f"{HERE}/survey/questions/{question_id(questionnaire, code)}/remove")
    staff.post(f"{HERE}/survey/sections/{section.id}/remove")
    db.session.rollback()
    assert len(definition_of(questionnaire.id).sections) == 1


def test_settings_are_changed_and_bad_dates_refused(staff, consultation):
    a_questionnaire(consultation)
    both_languages(staff, f"{HERE}/survey/settings")
    fields = {"title_en": "One", "title_fr": "Un", "sufficient_answers": "1", "opens_on": "2026-05-02", "closes_on": "2026-05-01"}
    assert "It closes before it opens." in staff.post(f"{HERE}/survey/settings", data=fields).text
    page = staff.post(f"{HERE}/survey/settings", data={**fields, "opens_on": "2026-05-01"}, follow_redirects=True)
    assert "Closes on 1 May 2026" in page.text


def test_responses_are_listed_and_read_with_names_for_those_who_may_see_people(client, consultation):
    questionnaire = a_questionnaire(consultation)
    signed_in_as(client, a_member(consultation))
    assert "Nothing has been submitted yet" in both_languages(client, f"{HERE}/survey/responses")
    response = a_response(questionnaire, a_person(consultation, "Ines"), ANSWERS)
    draft = a_response(questionnaire, a_person(consultation, "Otto"), {"pick": Typed("b")}, sent=False)
    assert "Ines Roy" in both_languages(client, f"{HERE}/survey/responses")
    page = both_languages(client, f"{HERE}/survey/responses/{response.id}")
    assert "Choice A" in page
    assert "Prefer not to say" in page
    assert client.get(f"{HERE}/survey/responses/{draft.id}").status_code == 404
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    for path in ("responses", f"responses/{response.id}"):
        assert "Ines" not in both_languages(client, f"{HERE}/survey/{path}")


def test_a_viewer_sees_questions_and_no_answer(client, consultation):
    questionnaire = a_questionnaire(consultation)
    response = a_response(questionnaire, a_person(consultation), ANSWERS)
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    assert "Change" not in both_languages(client, f"{HERE}/survey").replace("Change the", "Change")
    for path in ("responses", f"responses/{response.id}", "export.csv", "settings", "sections/new"):
        assert client.get(f"{HERE}/survey/{path}").status_code == 404


def test_another_consultations_questionnaire_is_not_there(staff):
    other = a_questionnaire(a_consultation("other"))
    assert staff.get(f"{HERE}/survey").status_code == 404
    a_questionnaire(a_consultation("third"), "mine")
    mine = a_questionnaire(db.session.get_one(type(a_consultation("fourth")), access_consultation(staff)), "own")
    section = definition_of(other.id).sections[0].id
    question = question_id(other, "pick")
    for path in (f"sections/{section}", f"sections/{section}/questions/new", f"questions/{question}", f"questions/{question}/options/new"):
        assert staff.get(f"{HERE}/{mine.name}/{path}").status_code == 404


def access_consultation(client):
    from engagement.consultations.service import find_consultation

    return find_consultation("fisheries").id


def test_an_export_has_one_row_a_response_and_one_column_a_question(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    a_response(questionnaire, a_person(consultation, "Ines", sector="health", region="BC"), ANSWERS, wave=2)
    a_response(questionnaire, a_person(consultation, "Otto"), {"pick": Typed("b"), "count": Typed("7")})
    a_response(questionnaire, a_person(consultation, "Lea"), {"pick": Typed("a")}, sent=False)
    answer = staff.get(f"{HERE}/survey/export.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["response"] for row in rows] == ["1", "2"]
    first, second = rows
    assert (first["sector"], first["region"], first["wave"], first["state"]) == ("health", "BC", "2", "partial")
    assert (first["pick"], first["many.a"], first["many.b"], first["story"]) == ("a", "0", "1", "prefer_not_to_say")
    assert first["brief"] == "'=1+1"
    assert (second["pick"], second["count"], second["brief"], second["many.a"]) == ("b", "7", "", "")
    assert "Ines" not in answer.text
    assert "people.example" not in answer.text
    workbook = read_table("export.xlsx", staff.get(f"{HERE}/survey/export.xlsx").data)
    assert len(workbook.rows) == 2
    assert staff.get(f"{HERE}/survey/export.sav").status_code == 404


def test_what_hangs_on_an_unmet_condition_is_not_exported(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    response = a_response(questionnaire, a_person(consultation), ANSWERS)
    with writing() as session:
        row = session.scalar(
            select(Answer).where(Answer.response_id == response.id, Answer.question_id == question_id(questionnaire, "pick"))
        )
        row.value = '"b"'
    rows = list(csv.DictReader(StringIO(staff.get(f"{HERE}/survey/export.csv").data.decode("utf-8-sig"))))
    assert (rows[0]["pick"], rows[0]["brief"]) == ("b", "")


def test_the_command_writes_a_file_or_one_clear_line(app, consultation, tmp_path):
    questionnaire = a_questionnaire(consultation)
    a_response(questionnaire, a_person(consultation), ANSWERS)
    run = app.test_cli_runner().invoke
    for name in ("answers.csv", "answers.xlsx"):
        done = run(args=["questionnaires", "export", "fisheries/survey", str(tmp_path / name)])
        assert done.exit_code == 0
        assert len(read_table(name, (tmp_path / name).read_bytes()).rows) == 1
    for thing, file in (
        ("fisheries/survey", "x.sav"),
        ("fisheries/none", "x.csv"),
        ("fisheries", "x.csv"),
        ("fisheries/survey", "no/x.csv"),
    ):
        failed = run(args=["questionnaires", "export", thing, str(tmp_path / file)])
        assert failed.exit_code == 2
        assert len(failed.stderr.strip().splitlines()) == 1


def test_a_persons_history_says_asked_opened_submitted_and_no_answer(app, consultation):
    access = access_of(a_member(consultation), consultation)
    person = a_person(consultation)
    a_response(a_questionnaire(consultation), person, ANSWERS)
    with app.test_request_context():
        entries = list(timeline(person.id, access))
    assert [entry.what.en.partition(" ")[0] for entry in entries] == ["Asked", "Started", "Submitted"]
    assert all(entry.what.whole for entry in entries)


def test_the_standard_questionnaire_reads_well_for_staff(staff, consultation):
    install_standard(consultation_id=consultation.id, name="eight", actor=SYSTEM)
    page = both_languages(staff, f"{HERE}/eight")
    assert "It cannot be sent yet" not in page
    assert page.count("<h2>") == 8


def test_what_is_missing_is_listed_as_the_page_has_it(staff, consultation):
    for language, said in (("en", "Enter the title in English."), ("fr", "Entrez le titre en anglais.")):
        page = staff.post(f"{HERE}/new?lang={language}", data={})
        assert links_to_what_is_wrong(page) == ["#name", "#title_en", "#title_fr", "#sufficient_answers"]
        assert said in page.text


def test_what_may_be_left_empty_is_marked(staff, consultation):
    page = BeautifulSoup(both_languages(staff, f"{HERE}/new"), "html.parser")
    marked = {label["for"] for label in page.find_all("label") if label.find(class_="optional")}
    assert {"introduction_en", "introduction_fr", "thanks_en", "thanks_fr"} <= marked
    assert not {"title_en", "title_fr"} & marked


def test_the_limits_of_a_number_stand_apart_and_below_its_code(staff, consultation):
    made = a_questionnaire(consultation)
    section = definition_of(made.id).sections[0]
    typed = {
        "code": "steps",
        "kind": "number",
        "wording_en": "How many?",
        "wording_fr": "Combien?",
        "least": "1",
        "most": "20",
        "condition": "",
    }
    staff.post(f"{HERE}/{made.name}/sections/{section.id}/questions/new", data=typed)
    for language, said in (("en", ["Number", "At least 1", "At most 20"]), ("fr", ["Nombre", "Au moins 1", "Au plus 20"])):
        page = BeautifulSoup(staff.get(f"{HERE}/{made.name}?lang={language}").text, "html.parser")
        head = next(head for head in page.find_all("th", scope="row") if head.text.startswith("steps"))
        assert [small.text for small in head.find_all("small")] == said
