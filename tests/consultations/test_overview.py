import re

from sqlalchemy import inspect

from engagement.consultations.service import find_document, keep_document
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from tests.support.given import a_consultation, a_member, signed_in_as


def test_an_organizer_sees_the_overview_of_their_consultation(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    page = client.get("/c/fisheries/")
    assert page.status_code == 200
    assert "The future of fisheries" in page.text


def test_the_overview_reads_in_french(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    assert "L’avenir" in client.get("/c/fisheries/?lang=fr").text


def test_a_stranger_gets_the_page_of_an_absent_consultation(client):
    a_consultation("other")
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    there, nowhere = client.get("/c/other/"), client.get("/c/nothing/")
    assert there.status_code == nowhere.status_code == 404
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    assert token.sub("", there.text.replace("other", "nothing")) == token.sub("", nowhere.text)


def test_the_team_page_lists_and_adds_members(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    a_member(a_consultation("second"), Role.STAFF, email="new@example.org")
    signed_in_as(client, organizer)
    assert client.get("/c/fisheries/team").status_code == 200
    client.post("/c/fisheries/team", data={"email": "new@example.org", "role": "staff", "event_id": ""})
    assert "new@example.org" in client.get("/c/fisheries/team").text
    assert client.get("/c/fisheries/edit").status_code == 200
    assert client.get("/consultations/new").status_code == 200
    assert client.get("/sign-in").status_code == 200


def test_a_document_is_read_from_the_database_only_to_be_downloaded(client):
    consultation = a_consultation()
    keep_document(
        consultation_id=consultation.id, language="en", title="Paper", filename="paper.pdf", content=b"%PDF-1.7 words", actor=SYSTEM
    )
    consultation_id = consultation.id
    db.session.expunge_all()
    row = find_document(consultation_id, "en")
    assert (row.title, inspect(row).unloaded) == ("Paper", {"content"})
    assert client.get("/consultation/fisheries/document/en").data == b"%PDF-1.7 words"
