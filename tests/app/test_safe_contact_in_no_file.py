"""How somebody is reached safely is in no file that leaves the program: a canary through every export."""

import zipfile
from io import BytesIO

import pytest

from engagement.kernel.db import writing
from engagement.kernel.tables import write_csv, write_xlsx
from engagement.questionnaires.service import Typed
from engagement.roster.models import Person
from tests.events.given import an_event
from tests.mailing.given import a_person as somebody
from tests.outreach.given import a_draft, a_team, page_of, sent_on_its_way
from tests.questionnaires.given import a_person, a_questionnaire, a_response
from tests.support.given import a_consultation, a_member, signed_in_as

CANARY = "Never-before-three"


def words_in(content):
    """Return everything that can be read in a file; a workbook is a zip of XML."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(content)) as book:
            return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return content.decode("utf-8-sig")


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def questionnaire(consultation):
    person = a_person(consultation, "Ines")
    with writing() as session:
        session.get_one(Person, person.id).safe_contact = f"By telephone. {CANARY}."
    row = a_questionnaire(consultation)
    a_response(row, person, {"pick": Typed("a")})
    return row


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_canary_in_a_file_is_found(write):
    assert CANARY in words_in(write(["safe contact"], [[CANARY]]))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_files_of_the_pages_hold_no_safe_contact(client, consultation, questionnaire, kind):
    signed_in_as(client, a_member(consultation))
    people = words_in(client.get(f"/c/fisheries/people/export.{kind}").data)
    assert "Ines" in people
    assert CANARY not in people
    answers = words_in(client.get(f"/c/fisheries/questionnaires/{questionnaire.name}/export.{kind}").data)
    assert "pick" in answers
    assert CANARY not in answers


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_files_of_the_command_line_hold_no_safe_contact(app, consultation, questionnaire, kind, tmp_path):
    people, answers = tmp_path / f"people.{kind}", tmp_path / f"answers.{kind}"
    runner = app.test_cli_runner()
    assert runner.invoke(args=["roster", "export", "fisheries", str(people)]).exit_code == 0
    assert runner.invoke(args=["questionnaires", "export", f"fisheries/{questionnaire.name}", str(answers)]).exit_code == 0
    assert "Ines" in words_in(people.read_bytes())
    assert CANARY not in words_in(people.read_bytes()) + words_in(answers.read_bytes())


def test_the_list_of_a_mailing_holds_no_safe_contact(client):
    consultation, organizer = a_team(client)
    person = somebody(consultation, "zoe@example.org", given_name="Zoe", safe_contact=CANARY)
    mailing = sent_on_its_way(a_draft(an_event(consultation), [person], organizer), organizer)
    listed = words_in(client.get(page_of(mailing, "/list.csv")).data)
    assert "zoe@example.org" in listed
    assert CANARY not in listed
