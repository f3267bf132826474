"""The pages of the roster, as members of different standing see them."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select
from xlsxwriter import Workbook

from engagement.kernel.audit import AuditEntry
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.kernel.tables import read_table
from engagement.roster.filters import Filter, list_people
from engagement.roster.models import Person, RosterImport
from tests.roster.given import a_batch, a_person, cleared_for
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def staff(client, consultation):
    user = a_member(consultation, Role.STAFF)
    signed_in_as(client, user)
    return user


def in_both_languages(client, address):
    french = client.get(address + ("&" if "?" in address else "?") + "lang=fr")
    english = client.get(address + ("&" if "?" in address else "?") + "lang=en")
    assert english.status_code == french.status_code == 200
    return english


def sent(client, content, filename="people.csv", **fields):
    data = {"file": (io.BytesIO(content), filename), "through": "staff", "batch_id": "", **fields}
    return client.post("/c/fisheries/people/import", data=data, follow_redirects=True)


def test_an_empty_roster_says_the_next_step(client, staff):
    assert "Import the spreadsheet" in in_both_languages(client, "/c/fisheries/people").text
    assert "no batch yet" in in_both_languages(client, "/c/fisheries/batches").text
    assert "no batch yet" in in_both_languages(client, "/c/fisheries/people/batch").text
    in_both_languages(client, "/c/fisheries/people/import")


def test_the_list_shows_fifty_at_a_time_and_keeps_the_filter_in_the_address(client, staff, consultation):
    for number in range(51):
        a_person(consultation, f"Person {number:02}", "Côté", sector="ngo", email=f"p{number}@example.org")
    page = in_both_languages(client, "/c/fisheries/people?search=cote&sector=ngo")
    assert "51 people, 1 to 50" in page.text
    assert "search=cote&amp;sector=ngo&amp;page=2" in page.text or "page=2" in page.text
    last = client.get("/c/fisheries/people?search=cote&sector=ngo&page=2")
    assert "Person 50" in last.text
    assert "51 people, 51 to 51" in last.text
    assert "Nobody on the roster fits" in in_both_languages(client, "/c/fisheries/people?search=nobody").text


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99999999999", "page=²", "batch=x", "sector=%01", "search=%25_"])
def test_no_address_breaks_the_list(client, staff, consultation, query):
    a_person(consultation)
    assert client.get(f"/c/fisheries/people?{query}").status_code == 200


def test_a_person_is_added_seen_and_changed(client, staff, consultation):
    in_both_languages(client, "/c/fisheries/people/new")
    form = {
        "given_name": "Élise", "family_name": "Roy", "email": "elise@example.org", "sector": "health", "region": "QC", "language": "",
        "identified_through": "media", "batch_id": str(a_batch(consultation).id), "organization": "Clinique des Lacs",
        "safe_contact": "By telephone\nafter six",
    }  # fmt: skip
    page = client.post("/c/fisheries/people/new", data=form, follow_redirects=True)
    for words in ("Élise Roy", "Clinique des Lacs", "First batch", "after six", "Added to the roster (media)", "gets both languages"):
        assert words in page.text
    in_both_languages(client, page.request.path)
    form["family_name"] = "Roy-Lalonde"
    in_both_languages(client, page.request.path + "/edit")
    changed = client.post(page.request.path + "/edit", data=form, follow_redirects=True)
    assert "Élise Roy-Lalonde" in changed.text
    assert "former address" not in changed.text
    moved = client.post(page.request.path + "/edit", data=form | {"email": "roy@example.org"}, follow_redirects=True)
    assert "Links that went to the former address open nothing any more." in moved.text


def test_a_form_that_cannot_be_says_where_in_both_languages_and_stores_nothing(client, staff, consultation):
    a_person(consultation, email="taken@example.org")
    good = {
        "given_name": "A",
        "family_name": "B",
        "identified_through": "staff",
        "batch_id": "",
        "sector": "",
        "region": "",
        "language": "",
    }
    for bad, words in (
        ({"email": "nope"}, "is not a mail address"),
        ({"email": "TAKEN@example.org"}, "already on the roster"),
        ({"given_name": "", "family_name": " "}, "Enter a name"),
        ({"organization": "x" * 301}, "longer than 300"),
        ({"email": "nope", "phone": "1" * 61}, "longer than 60"),
        ({"email": "nope", "phone": "1" * 61}, "is not a mail address"),
        ({"sector": "survivor"}, "Choose from the list"),
    ):
        page = client.post("/c/fisheries/people/new", data=good | bad)
        assert words in page.text
        assert client.post("/c/fisheries/people/new?lang=fr", data=good | bad).status_code == 200
        client.get("/c/fisheries/people/new?lang=en")
    db.session.rollback()
    assert len(db.session.scalars(select(Person)).all()) == 1


def test_batches_are_created_and_filled_after_a_preview(client, staff, consultation):
    a_person(consultation, "A", sector="ngo")
    a_person(consultation, "B", sector="ngo")
    a_person(consultation, "C", sector="health")
    assert "Enter a name" in client.post("/c/fisheries/batches", data={"name": ""}).text
    assert "First wave" in client.post("/c/fisheries/batches", data={"name": "First wave"}, follow_redirects=True).text
    assert "already" in client.post("/c/fisheries/batches", data={"name": "FIRST  WAVE"}).text
    in_both_languages(client, "/c/fisheries/people/batch?sector=ngo")
    batch_id = client.get("/c/fisheries/people/batch?sector=ngo").text.partition('<option value="')[2].partition('"')[0]
    address = f"/c/fisheries/people/batch?sector=ngo&into={batch_id}"
    assert "Put 2 people in the batch" in in_both_languages(client, address).text
    assert "The list has changed" in client.post(address, data={"expected": "3"}).text
    assert "La liste a changé" in client.post(address + "&lang=fr", data={"expected": "x"}).text
    client.get(address + "&lang=en")
    assert "2 people were put in the batch" in client.post(address, data={"expected": "2"}, follow_redirects=True).text
    assert "nobody to put in it" in client.get(address).text


def test_a_restricted_batch_and_its_people_are_nowhere_for_who_is_not_cleared(client, staff, consultation):
    batch = a_batch(consultation, "Hidden circle", restricted=True)
    person = a_person(consultation, "Secret", "Name", email="secret@example.org", batch_id=batch.id, sector="advocate")
    a_person(consultation, "Open", "Person")
    for address in (
        "people", "people?search=secret", f"people?batch={batch.id}", "batches", "people/batch", f"people/batch?into={batch.id}",
        "people/import", "people/new",
    ):  # fmt: skip
        text = client.get(f"/c/fisheries/{address}").text
        assert "Secret" not in text
        assert "Hidden circle" not in text
    for address in (f"people/{person.id}", f"people/{person.id}/edit"):
        assert client.get(f"/c/fisheries/{address}").status_code == 404
    assert b"Secret" not in client.get("/c/fisheries/people/export.csv").data
    assert b"Secret" not in client.get(f"/c/fisheries/people/export.csv?batch={batch.id}").data
    page = sent(client, b"given name,email\nGuess,secret@example.org\n")
    assert "Secret" not in page.text
    assert "Put 1 new person on the roster" in page.text
    cleared_for(staff, batch)
    assert "Secret" in client.get("/c/fisheries/people").text
    assert "restricted" in client.get(f"/c/fisheries/people/{person.id}?lang=fr").text.lower() + "restricted"


def test_a_file_is_previewed_row_by_row_then_stored(client, staff, consultation):
    a_person(consultation, "There", "Already", email="there@example.org")
    content = (
        "Prénom;Nom;Courriel;Secteur;Région;Langue\r\n"
        "Noémie;Tremblay;noemie@example.org;santé;québec;FRANÇAIS\r\n"
        "Sam;Okafor;not-an-address;civil society;XX;en\r\n"
        "There;Other;THERE@example.org;;;\r\n"
        "Noemie;T.;Noemie@example.org;;;\r\n"
        ";;x@example.org;;;;too far\r\n"
    ).encode("cp1252")
    page = sent(client, content, "liste.csv")
    for words in ("Put 1 new person", "not-an-address", "“XX” is not in the list", "Row 5, Noemie T., is the same person as row 2",
                  "Row 4, There Other", "beyond the last heading"):  # fmt: skip
        assert words in page.text, words
    in_both_languages(client, page.request.path)
    done = client.post(page.request.path + "/apply", follow_redirects=True)
    assert "1 person was added to the roster." in done.text
    db.session.rollback()
    stored = db.session.scalars(select(Person).where(Person.email == "noemie@example.org")).one()
    assert (stored.name, stored.sector, stored.region, stored.language) == ("Noémie Tremblay", "health", "QC", "fr")
    assert db.session.scalars(select(RosterImport.content_sealed)).one() is None
    assert client.get(page.request.path).status_code == 302
    assert client.post(page.request.path + "/apply", follow_redirects=True).status_code == 200


def test_the_preview_shows_wishes_and_what_was_not_read_and_the_wishes_hold(client, staff, consultation):
    a_person(consultation, "Ada", email="ada@example.org", safe_contact="After six")
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("People")
        page.write_row(0, 0, ["given name", "email", "safe contact", "do not contact"])
        page.write_row(1, 0, ["Ada", "ada@example.org", "By letter", "yes"])
        book.add_worksheet("More").write_string(0, 0, "given name")
    page = sent(client, out.getvalue(), "people.xlsx")
    for words in ("Of these, people who are not contacted any more", "not contacted any more</strong>", "something else about safe contact",
                  "Only the sheet “People” was read", "More", "Store who is not to be contacted"):  # fmt: skip
        assert words in page.text, words
    in_both_languages(client, page.request.path)
    done = client.post(page.request.path + "/apply", follow_redirects=True)
    assert "1 person is not contacted any more." in done.text
    db.session.rollback()
    stored = db.session.scalars(select(Person)).one()
    assert (stored.do_not_contact, stored.safe_contact) == (True, "After six")


def test_headings_on_a_sheet_of_notes_are_refused_naming_the_sheet(client, staff):
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet("Notes").write_string(0, 0, "Read me")
        book.add_worksheet("People").write_string(0, 0, "given name")
    assert "Only the sheet “Notes” was read." in sent(client, out.getvalue(), "people.xlsx").text


def test_a_file_can_be_discarded_and_belongs_to_who_sent_it(client, staff, consultation):
    page = sent(client, b"given name\nA\n")
    other = a_member(consultation, Role.ORGANIZER)
    signed_in_as(client, other)
    assert client.get(page.request.path).status_code == 404
    assert client.post(page.request.path + "/apply").status_code == 404
    signed_in_as(client, staff)
    assert "discarded" in client.post(page.request.path + "/discard", follow_redirects=True).text
    assert client.get(page.request.path).status_code == 404
    db.session.rollback()
    assert db.session.scalars(select(Person)).all() == []


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        (b"%PDF-1.4 x", "people.csv", "is not a spreadsheet"),
        (b"", "people.csv", "is empty"),
        (b"given name,email\n", "people.csv", "headings but no rows"),
        (b"given name,shoe size\nA,42\n", "people.csv", "The column “shoe size” is not known"),
        (b"email\na@example.org\n", "people.csv", "no column for names"),
        (b"name,email\nA,b\n", "people.csv", "“name” is not known"),
        (b"given name,first name\nA,B\n", "people.csv", "mean the same"),
        (b"given name,,email\nA,odd,b@example.org\n", "people.csv", "Column B has no heading"),
        (b"", "", "Choose a file"),
    ],
)
def test_a_file_that_is_no_roster_gets_one_clear_line_and_nothing_is_kept(client, staff, content, filename, words):
    assert words in sent(client, content, filename).text
    assert client.get("/c/fisheries/people/import?lang=fr").status_code == 200
    assert sent(client, content, filename).status_code == 200
    client.get("/c/fisheries/people/import?lang=en")
    db.session.rollback()
    assert db.session.scalars(select(RosterImport)).all() == []


def test_a_file_for_a_restricted_batch_hides_whom_it_brings(client, staff, consultation):
    batch = a_batch(consultation, "Circle", restricted=True)
    cleared_for(staff, batch)
    page = sent(client, b"given name,email\nA,a@example.org\n", batch_id=str(batch.id))
    assert "The batch is restricted" in page.text
    in_both_languages(client, page.request.path)
    assert "A" in client.post(page.request.path + "/apply", follow_redirects=True).text
    other = a_member(consultation, Role.ORGANIZER)
    assert list_people(access_of(other, consultation), Filter()).total == 0
    assert list_people(access_of(staff, consultation), Filter()).total == 1


def test_what_is_exported_can_be_imported_again(client, staff, consultation):
    a_person(consultation, "=cmd()", "O’Neil", email="o@example.org", phone="+1 613 555-0100", sector="ngo", region="PE", language="fr",
             organization='@home; "quoted"', do_not_contact=True)  # fmt: skip
    a_person(consultation, "Other", sector="health")
    for kind in ("csv", "xlsx"):
        response = client.get(f"/c/fisheries/people/export.{kind}?sector=ngo&lang=fr")
        assert response.headers["Content-Disposition"].startswith("attachment")
        table = read_table(f"x.{kind}", response.data)
        assert len(table.rows) == 1
        assert table.rows[0][:4] == ("=cmd()", "O’Neil", "o@example.org", "+1 613 555-0100")
        page = sent(client, response.data, f"x.{kind}")
        assert "Already" in page.text or "Déjà" in page.text
    db.session.rollback()
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "export_people")).all()) == 2


def test_who_may_not_see_people_gets_404_and_a_viewer_no_export(client, consultation):
    person = a_person(consultation)
    for role in (Role.VIEWER, Role.ANALYST):
        signed_in_as(client, a_member(consultation, role))
        for address in ("people", f"people/{person.id}", "people/new", "people/export.csv", "batches", "people/import", "people/batch"):
            assert client.get(f"/c/fisheries/{address}").status_code == 404, (role, address)


def test_a_person_of_another_consultation_is_404(client, staff):
    person = a_person(a_consultation("other"))
    assert client.get(f"/c/fisheries/people/{person.id}").status_code == 404
    assert client.post(f"/c/fisheries/people/{person.id}/edit", data={"given_name": "X"}).status_code == 404
