"""The document of an approval package: nobody's words are read as markup, and no character breaks it."""

import re

import pytest

from engagement.kernel.bilingual import Text
from engagement.kernel.clock import today
from engagement.outreach.document import as_pdf
from engagement.outreach.package import make_package, read_content, record_approval
from tests.mailing.given import a_person
from tests.outreach.given import a_team, an_announcement, page_of
from tests.support.given import access_of

HOSTILE = (
    '#panic("taken") #strong[x] *b* _i_ $x^2$ <label> @ref `raw` // no',
    "\u202eolleh\u2066 \u200f NUL\u0085",
    "\u1403\u14c4\u1483\u144e\u1450\u1466 👩‍👩‍👧 \U0001f600 漢字 \u05d0 \u0e01",
    '"}], "hash": "0", "x": [{"',
    "x" * 150,
)


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_nobodys_words_are_read_as_markup_and_no_character_breaks_the_document(client, words):
    consultation, organizer = a_team(client)
    person = a_person(consultation, given_name=words[:150])
    body = Text(f"((salutation)) {words}", f"((salutation)) {words}")
    mailing = an_announcement(consultation, [person], organizer, subject=Text(words, words), body=body)
    package = make_package(access=access_of(organizer, consultation), mailing_id=mailing.id)
    assert as_pdf(package).startswith(b"%PDF-")


def test_a_package_that_was_made_is_offered_at_once_and_speaks_of_a_control_number(client):
    consultation, organizer = a_team(client)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer)
    said = client.post(page_of(mailing, "/package/make?lang=en"), follow_redirects=True).text
    assert "The package is made." in said
    assert "Take the document (PDF)</a>" in said
    assert "Control number" in said
    assert "hash" not in " ".join(re.findall(r">([^<]+)<", said)).lower()
    french = client.get(page_of(mailing, "/package?lang=fr")).text
    assert "Numéro de contrôle" in french
    assert "mpreinte" not in french


def test_the_foot_of_a_mail_with_words_of_its_own_stands_in_the_document_too(client):
    consultation, organizer = a_team(client)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer)
    package = make_package(access=access_of(organizer, consultation), mailing_id=mailing.id)
    assert "To choose which mails you get, or to stop them:" in read_content(package)["sample"]["en"]["text"]


def test_what_was_approved_without_a_file_number_shows_no_empty_one(client):
    consultation, organizer = a_team(client)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer)
    access = access_of(organizer, consultation)
    package = make_package(access=access, mailing_id=mailing.id)
    values = {"start_of_hash": package.hash[:8], "approver": "Dr. A. Director", "approved_on": today(consultation.zone), "file_number": ""}
    record_approval(access=access, mailing_id=mailing.id, package_id=package.id, **values)
    page = client.get(page_of(mailing) + "?lang=en").text
    assert "Approved on paper by Dr. A. Director" in page
    assert "file number" not in page
