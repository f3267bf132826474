"""flask roster: files in and out from the command line."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from engagement.kernel.db import db
from engagement.kernel.tables import read_table
from engagement.roster.models import Batch, Person, RosterImport
from tests.roster.given import a_batch, a_person
from tests.support.given import a_consultation

GOOD = "Prénom;Nom;Courriel\nNoémie;Tremblay;noemie@example.org\nSam;Okafor;\n"


@pytest.fixture
def run(app, tmp_path):
    a_consultation()
    runner = app.test_cli_runner()

    def call(*arguments, content=None, name="people.csv"):
        db.session.rollback()
        if content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        result = runner.invoke(args=["roster", *[str(tmp_path / name) if each == "FILE" else each for each in arguments]])
        db.session.rollback()
        return result

    return call


def people():
    return db.session.scalars(select(Person).order_by(Person.name_key)).all()


def test_a_good_file_is_imported_once_however_often_it_is_given(run):
    first = run("import", "fisheries", "FILE", "--json", content=GOOD)
    assert first.exit_code == 0
    assert json.loads(first.stdout) | {"file": ""} == {
        "consultation": "fisheries", "file": "", "batch": None, "dry_run": False, "rows": 2, "new": 2, "added": 2, "already": [],
        "twice": [], "problems": [], "not_contacted_any_more": [], "safe_contact_left_out": [], "sheet": "", "sheets_not_read": [],
    }  # fmt: skip
    again = json.loads(run("import", "fisheries", "FILE", "--json", content=GOOD).stdout)
    assert (again["added"], again["already"]) == (0, [2, 3])
    assert [person.name for person in people()] == ["Sam Okafor", "Noémie Tremblay"]
    assert all(row.content_sealed is None for row in db.session.scalars(select(RosterImport)))


def test_a_batch_is_created_and_found_again_by_its_name(run):
    assert run("import", "fisheries", "FILE", "--batch", "First batch", content=GOOD).exit_code == 0
    assert run("import", "fisheries", "FILE", "--batch", "first  BATCH", content=GOOD).exit_code == 0
    assert [batch.name for batch in db.session.scalars(select(Batch))] == ["First batch"]


def test_a_dry_run_stores_nothing(run):
    result = run("import", "fisheries", "FILE", "--dry-run", "--batch", "New", content=GOOD)
    assert result.exit_code == 0
    assert "2 would be added" in result.stdout
    assert people() == db.session.scalars(select(Batch)).all() == db.session.scalars(select(RosterImport)).all() == []


def test_one_bad_row_stores_nothing_and_is_named_on_one_line(run):
    content = GOOD + "Luc;Roy;luc@@example\nAnn;;x y\n"
    result = run("import", "fisheries", "FILE", content=content)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Row 4, Courriel: “luc@@example” is not a mail address. (1 more row has problems.)")
    assert people() == []
    dry = run("import", "fisheries", "FILE", "--dry-run", "--json", content=content)
    assert dry.exit_code == 2
    assert [problem["row"] for problem in json.loads(dry.stdout)["problems"]] == [4, 5]


@pytest.mark.parametrize(
    ("arguments", "content", "words"),
    [
        (("import", "nowhere", "FILE"), GOOD, "There is no consultation nowhere."),
        (("import", "fisheries", "/no/such/file.csv"), GOOD, "cannot be read"),
        (("import", "fisheries", "FILE"), b"\x00\x01\x02", "is not a spreadsheet"),
        (("import", "fisheries", "FILE"), "Nom;Pointure\nRoy;42\n", "“Pointure” is not known"),
        (("import", "fisheries", "FILE", "--batch", "x" * 300), GOOD, "at most 200 characters"),
        (("export", "nowhere", "x.csv"), None, "There is no consultation nowhere."),
        (("export", "fisheries", "people.pdf"), None, "must end in .csv or .xlsx"),
        (("export", "fisheries", "/no/such/folder/x.csv"), None, "cannot be written"),
    ],
)
def test_a_users_error_exits_2_with_one_line(run, arguments, content, words):
    result = run(*arguments, content=content)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert people() == []


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_an_export_holds_everybody_but_those_of_restricted_batches(run, tmp_path, name):
    assert run("import", "fisheries", "FILE", content=GOOD).exit_code == 0
    consultation = people()[0].consultation_id
    restricted = a_batch(type("C", (), {"id": consultation}), "Hidden", restricted=True)
    a_person(type("C", (), {"id": consultation}), "Secret", batch_id=restricted.id)
    result = run("export", "fisheries", "FILE", name=name)
    assert "2 people written" in result.stdout
    assert [row[0] for row in read_table(name, (tmp_path / name).read_bytes()).rows] == ["Sam", "Noémie"]


def test_the_command_says_whose_wish_not_to_be_contacted_it_takes(run):
    assert run("import", "fisheries", "FILE", content=GOOD).exit_code == 0
    wish = "Prénom;Nom;Courriel;Ne pas contacter\nNoémie;Tremblay;noemie@example.org;oui\n"
    looked = run("import", "fisheries", "FILE", "--dry-run", content=wish)
    assert "Row 2: this person, who is on the roster, would not be contacted any more." in looked.stdout
    assert [each.do_not_contact for each in people()] == [False, False]
    assert "Row 2: this person, who is on the roster, is not contacted any more." in run("import", "fisheries", "FILE", content=wish).stdout
    assert {each.given_name: each.do_not_contact for each in people()} == {"Sam": False, "Noémie": True}


def test_where_a_row_is_bad_the_command_says_how_the_others_get_in(run):
    said = run("import", "fisheries", "FILE", content="Prénom;Courriel\nA;a@example.org\nB;nobody\n").stderr
    assert "the roster’s page imports the other rows" in said
    assert people() == []
