"""What becomes of a file between its check and its last row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.tables import Table, read_table
from engagement.roster import importing
from engagement.roster.checking import check_rows
from engagement.roster.columns import COLUMNS, BadColumnsError, fields_of, letter
from engagement.roster.folding import fold, name_key
from engagement.roster.importing import _opened, apply_chunk, keep_import
from engagement.roster.models import BatchMember, IdentifiedThrough, Organization, Person, RosterImport
from engagement.roster.particulars import BadPersonError, clean_address, clean_line
from engagement.roster.vocabulary import REGIONS, SECTORS, by_word
from tests.roster.given import a_batch, a_person
from tests.support.given import a_consultation


def checked(text):
    return check_rows(read_table("x.csv", text.encode()), IdentifiedThrough.MEDIA)


def kept(consultation, text, batch_id=None):
    return keep_import(consultation_id=consultation.id, filename="x.csv", checked=checked(text), batch_id=batch_id, actor=SYSTEM)


def how_many(kind=Person):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind))


def test_an_interrupted_import_goes_on_where_it_stopped(app, monkeypatch):
    monkeypatch.setattr(importing, "ROWS_AT_ONCE", 2)
    batch = a_batch(consultation := a_consultation())
    text = "given name,email,organization\n" + "".join(f"P{n},p{n}@example.org,Org {n % 2}\n" for n in range(5))
    begun = apply_chunk(kept(consultation, text, batch.id), SYSTEM)
    assert (begun.rows_done, begun.applied, how_many()) == (2, False, 2)
    # A second browser window, or the same one after a restart, starts from what is stored.
    again = _opened(db.session.get_one(RosterImport, begun.id))
    assert again.rows_done == 2
    again = apply_chunk(apply_chunk(again, SYSTEM), SYSTEM)
    assert (again.rows_done, again.people_added, again.applied) == (5, 5, True)
    assert (how_many(), how_many(BatchMember), how_many(Organization)) == (5, 5, 2)
    # Pressing the button once more stores nothing twice.
    apply_chunk(begun, SYSTEM)
    assert how_many() == 5


def test_somebody_added_between_preview_and_yes_is_not_added_twice(app):
    consultation = a_consultation()
    waiting = kept(consultation, "given name,email\nA,a@example.org\n")
    a_person(consultation, email="A@example.org")
    assert apply_chunk(waiting, SYSTEM).people_added == 0
    assert how_many() == 1


def test_what_waits_is_sealed_and_replaced_by_the_next_file(app):
    consultation = a_consultation()
    kept(consultation, "given name\nZebulon\n")
    second = kept(consultation, "given name\nZacharie\n")
    row = db.session.scalars(select(RosterImport)).one()
    assert row.id == second.id
    assert b"Zacharie" not in row.content_sealed
    assert b"Zacharie" in row.content


def test_every_value_survives_the_wait(app):
    text = (
        "given name,family name,email,phone,organization,sector,region,language,identified through,safe contact,do not contact\n"
        "É,R,e@example.org,+1 613,Org,health,QC,fr,open call,After six,yes\n"
    )
    waiting = kept(a_consultation(), text)
    apply_chunk(_opened(db.session.get_one(RosterImport, waiting.id)), SYSTEM)
    db.session.rollback()
    person = db.session.scalars(select(Person)).one()
    assert (person.sector, person.region, person.language, person.identified_through) == ("health", "QC", "fr", "open_call")
    assert (person.safe_contact, person.do_not_contact, person.organization_name) == ("After six", True, "Org")


def test_people_without_an_address_are_known_by_name_organization_and_telephone(app):
    consultation = a_consultation()
    a_person(consultation, "Jo", "Beardy", organization="Band Office")
    waiting = kept(consultation, "given name,family name,organization\nJO,Beardy,band office\nJo,Beardy,Other\nJo,Beardy,other\n")
    assert [row.number for row in waiting.known] == [2]
    assert [row.number for row in waiting.new] == [3]
    assert [each.row for each in waiting.checked.twice] == [4]


@pytest.mark.parametrize(
    ("cell", "column", "words"),
    [
        ("nobody", "email", "not a mail address"),
        ("a@b.example, c@d.example", "email", "more than one address"),
        ("rené@example.org", "email", "accents before the @"),
        ("hotels", "sector", "not in the list"),
        ("Ontari", "region", "not in the list"),
        ("klingon", "language", "not in the list"),
        ("rumour", "identified through", "not in the list"),
        ("perhaps", "do not contact", "neither yes nor no"),
        ("x" * 151, "family name", "longer than 150"),
        ("x" * 61, "phone", "longer than 60"),
        ("x" * 301, "organization", "longer than 300"),
        ("x" * 2001, "safe contact", "longer than 2000"),
        ("bell\x07", "family name", "cannot be seen"),
        ("\u202eevil", "organization", "cannot be seen"),
    ],
)
def test_what_is_wrong_says_row_column_and_why_in_both_languages(cell, column, words):
    found = checked(f'given name,{column}\nGood,\nBad,"{cell}"\n')
    assert len(found.good) == 1
    problem = found.problems[0]
    assert (problem.row, problem.column) == (3, column)
    assert words in problem.said.en
    assert problem.said.fr
    assert len(problem.said.en) < 140


def test_words_are_taken_by_key_and_by_either_label_whatever_case_and_accents():
    for word in ("QC", "qc", "Québec", "QUEBEC", " quebec "):
        assert by_word(REGIONS)[fold(word)] == "QC"
    for word in ("ngo", "Organisme non gouvernemental", "NON-GOVERNMENTAL ORGANIZATION"):
        assert by_word(SECTORS)[fold(word)] == "ngo"
    found = checked("nom,région,langue,secteur\nRoy,PE,français,inconnu\nRoy2,île du prince édouard,EN,\n")
    assert [(row.person.region, row.person.language, row.person.sector) for row in found.good] == [("PE", "fr", None), ("PE", "en", None)]


def test_every_heading_is_recognised_in_both_languages():
    for language in ("en", "fr"):
        header = tuple(column.label.in_(language) for column in COLUMNS.values())
        assert fields_of(Table(header, [], [])) == list(COLUMNS)
        assert fields_of(Table(tuple(word.upper() for word in header), [], [])) == list(COLUMNS)


def test_headings_that_cannot_be_are_refused_with_the_name_of_the_column():
    for header, words in ((("Nom", "Pointure"), "Pointure"), (("Nom", "Surname"), "“Nom” and “Surname”"), (("Email",), "names")):
        with pytest.raises(BadColumnsError) as refused:
            fields_of(Table(header, [], []))
        assert words in refused.value.said.en


def test_columns_are_lettered_as_in_a_spreadsheet():
    assert [letter(place) for place in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_folding_forgets_case_and_is_stable(one, other):
    assert fold(fold(one)) == fold(one)
    assert fold(one.upper()) == fold(one.upper().lower().upper())
    assert len(name_key(one * 10, other * 10)) <= 320
    assert name_key("", one).strip() == name_key("", one)


@given(st.text(max_size=60))
def test_a_line_that_is_taken_is_one_line_that_postgresql_takes(words):
    try:
        line = clean_line(words, "given_name")
    except BadPersonError:
        return
    assert not {"\n", "\r", "\t", "\0"} & set(line)
    assert line == line.strip()
    assert clean_line(line, "given_name") == line


@given(st.emails() | st.text(max_size=30))
def test_an_address_that_is_taken_is_ascii_and_stays_what_it_is(words):
    try:
        address = clean_address(words)
    except BadPersonError:
        return
    if address is not None:
        assert address.isascii()
        assert len(address) <= 254
        assert clean_address(address) == address


def test_a_wish_not_to_be_contacted_holds_for_somebody_who_is_on_the_roster_and_nothing_else_of_them_changes(app):
    consultation = a_consultation()
    a_person(consultation, "Ada", "Roy", email="ada@example.org", safe_contact="After six")
    text = "given name,email,safe contact,do not contact\nAdele,ADA@example.org,By letter,yes\nNew,new@example.org,,no\n"
    waiting = kept(consultation, text)
    assert (waiting.wishes, waiting.differs) == ({2}, {2})
    done = apply_chunk(_opened(db.session.get_one(RosterImport, waiting.id)), SYSTEM)
    assert (done.people_added, done.applied) == (1, True)
    db.session.rollback()
    ada = db.session.scalars(select(Person).where(Person.given_name == "Ada")).one()
    assert (ada.do_not_contact, ada.safe_contact, ada.family_name) == (True, "After six", "Roy")
    assert kept(consultation, text).wishes == frozenset()


def test_a_file_does_not_take_back_a_wish_that_stands(app):
    consultation = a_consultation()
    a_person(consultation, "Ada", email="ada@example.org", do_not_contact=True)
    apply_chunk(kept(consultation, "given name,email,do not contact\nAda,ada@example.org,no\n"), SYSTEM)
    db.session.rollback()
    assert db.session.scalars(select(Person)).one().do_not_contact


def test_a_wish_in_the_second_row_of_somebody_holds_and_the_first_row_counts(app):
    text = "given name,email,safe contact,do not contact\nAda,a@example.org,After six,\nAdele,A@example.org,By letter,yes\n"
    waiting = kept(a_consultation(), text)
    assert [(each.row, each.wish, each.differs) for each in waiting.checked.twice] == [(3, True, True)]
    apply_chunk(_opened(db.session.get_one(RosterImport, waiting.id)), SYSTEM)
    db.session.rollback()
    person = db.session.scalars(select(Person)).one()
    assert (person.given_name, person.safe_contact, person.do_not_contact) == ("Ada", "After six", True)


def test_many_wishes_are_taken_a_few_at_a_time_and_none_is_lost(app, monkeypatch):
    monkeypatch.setattr(importing, "WISHES_AT_ONCE", 2)
    consultation = a_consultation()
    for n in range(5):
        a_person(consultation, f"P{n}", email=f"p{n}@example.org")
    waiting = kept(consultation, "given name,email,do not contact\n" + "".join(f"P{n},p{n}@example.org,oui\n" for n in range(5)))
    done = []
    while not waiting.applied:
        waiting = apply_chunk(waiting, SYSTEM)
        done.append(waiting.rows_done)
    assert done == [2, 4, 5]
    db.session.rollback()
    assert all(person.do_not_contact for person in db.session.scalars(select(Person)))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("#N/A", "is an error of the spreadsheet"),
        ("#DIV/0!", "is an error of the spreadsheet"),
        ("#NOM?", "is an error of the spreadsheet"),
        ("Ren\ufffd", "no letters"),
        ("RenÃ©", "no letters"),
        ("Oâ€™Brien", "no letters"),
        ("Andr®", "no letters"),
        ("Jos€", "no letters"),
    ],
)
def test_what_nobody_wrote_is_a_problem_of_its_row(cell, words):
    found = checked(f"given name,email\nGood,a@example.org\n{cell},b@example.org\n")
    assert [(each.row, each.column) for each in found.problems] == [(3, "given name")]
    assert words in found.problems[0].said.en


@pytest.mark.parametrize(
    "name", ["Noémie", "Žižek", "d’Arc", "O'Neil", "Nguyễn Thị", "Łukasz", "Ḵʼwaxwsistalla", "ᐃᓄᒃ", "SÃO", "Jo (Joe)", "李"]
)
def test_a_name_that_somebody_has_is_taken(name):
    assert checked(f"given name\n{name}\n").problems == []
