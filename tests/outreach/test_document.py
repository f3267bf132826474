"""The document of an approval package: nobody's words are read as markup, and no character breaks it."""

import json
import re

import pytest

from engagement.kernel.bilingual import Text
from engagement.kernel.clock import today
from engagement.kernel.db import writing
from engagement.kernel.settings import settings
from engagement.outreach import document
from engagement.outreach.document import as_pdf
from engagement.outreach.facts import canonical
from engagement.outreach.package import make_package, read_content, record_approval
from engagement.roster.folding import name_key
from engagement.roster.models import Organization
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
    assert "Download the document (PDF)</a>" in said
    assert "Control number" in said
    assert "hash" not in " ".join(re.findall(r">([^<]+)<", said)).lower()
    french = client.get(page_of(mailing, "/package?lang=fr")).text
    assert "Numéro de contrôle" in french
    assert "mpreinte" not in french


def test_the_document_lists_people_by_family_name_with_their_organization_and_says_who_sends(client):
    consultation, organizer = a_team(client)
    names = (("Zoé", "Abel"), ("Ann", "Zidane"), ("Bo", "Émond"), ("Cy", "Evans"))
    with writing() as session:
        house = Organization(consultation_id=consultation.id, name="Maison d’accueil", name_key="maison d accueil")
        session.add(house)
    people = [
        a_person(consultation, f"person{number}@example.org", given_name=given, family_name=family, organization_id=house.id)
        for number, (given, family) in enumerate(names)
    ]
    with writing() as session:
        for each in people:
            session.merge(each).name_key = name_key(each.given_name, each.family_name)
    mailing = an_announcement(consultation, people, organizer)
    words = json.loads(document._words(make_package(access=access_of(organizer, consultation), mailing_id=mailing.id)))
    assert [row[0] for row in words["recipients"]] == ["Zoé Abel", "Bo Émond", "Cy Evans", "Ann Zidane"]
    assert {row[1] for row in words["recipients"]} == {"Maison d’accueil"}
    assert [value for head, value in words["rows"] if head["en"] == "From"] == [settings().mail_default_sender]
    assert words["heads"]["hash"]["fr"] == "Numéro de contrôle\u00a0:"


def test_a_package_of_an_earlier_version_is_still_typeset(client):
    consultation, organizer = a_team(client)
    package = make_package(
        access=access_of(organizer, consultation), mailing_id=an_announcement(consultation, [a_person(consultation)], organizer).id
    )
    content = read_content(package)
    del content["sender"]
    content["recipients"] = [{k: v for k, v in row.items() if k not in {"organization", "sort"}} for row in content["recipients"]]
    package.content = canonical(content)
    assert as_pdf(package).startswith(b"%PDF-")


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
