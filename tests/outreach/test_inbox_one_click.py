"""What the team does in one click: whatever came by mail can be filed as it stands, and every mail of no consultation is on some page."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from engagement.findings.models import Submission, SubmissionFile
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing.receiving import receive
from tests.support.given import a_consultation, a_member, an_account, signed_in_as

pytestmark = pytest.mark.slow

BOX = "/c/fisheries/mail/inbox"
HEAD = "From: Maude <maude@example.net>\nTo: fisheries@example.org\nSubject: Our brief\nMIME-Version: 1.0\n"


@pytest.fixture
def staff(client):
    """Return a browser that somebody of the team is signed in with."""
    consultation = a_consultation()
    with writing() as session:
        session.merge(consultation).contact_email = "fisheries@example.org"
    return signed_in_as(client, a_member(consultation, Role.STAFF))


def a_part(name, kind, content):
    return f"--b\nContent-Type: {kind}; name={name}\nContent-Disposition: attachment; filename={name}\n\n{content}\n"


def a_mail_with(*parts):
    words = "--b\nContent-Type: text/plain; charset=utf-8\n\nPlease find our brief.\n"
    raw = f"{HEAD}Content-Type: multipart/mixed; boundary=b\n\n{words}{''.join(parts)}--b--\n"
    return receive(raw.encode()).row


def filed_as_it_stands(staff, row):
    """Send the form of a letter as the page gives it, as browsers do."""
    page = staff.get(f"{BOX}/{row.id}/letter").text
    data = {"language": "en"}
    data["words"] = unescape(re.search(r'<textarea[^>]*name="words"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]).replace("\n", "\r\n")
    boxes = re.findall(r'<input[^>]*name="files"[^>]*>', page)
    data["files"] = [re.search(r'value="(\d+)"', box)[1] for box in boxes if "checked" in box]
    return staff.post(f"{BOX}/{row.id}/letter", data=data)


@pytest.mark.parametrize("words", ["We think that the fish is good.\n" * 6200, "ᐃᓄᒃᑎᑐᑦ " * 22_000, "é" * 250_000])
def test_a_letter_as_long_as_any_that_is_kept_is_filed_whole(staff, words):
    row = receive(f"{HEAD}Content-Type: text/plain; charset=utf-8\n\n{words}\n".encode()).row
    answer = filed_as_it_stands(staff, row)
    assert answer.status_code == 302
    submission = db.session.scalars(select(Submission)).one()
    assert submission.words == words.strip()[:200_000].strip()


def test_files_that_cannot_be_kept_are_not_chosen_beforehand(staff):
    row = a_mail_with(
        a_part("winmail.dat", "application/ms-tnef", "x\x9f>"),
        a_part("brief.pdf", "application/pdf", "%PDF-1.4"),
        a_part("setup.exe", "application/x-msdownload", "MZ"),
        a_part("notes.txt", "text/plain", "notes"),
    )
    assert filed_as_it_stands(staff, row).status_code == 302
    kept = db.session.scalars(select(SubmissionFile).order_by(SubmissionFile.position))
    assert [each.name for each in kept] == ["brief.pdf", "notes.txt"]


def test_of_many_files_as_many_are_chosen_beforehand_as_are_kept(staff):
    row = a_mail_with(*(a_part(f"{number}.pdf", "application/pdf", "%PDF-1.4") for number in range(25)))
    assert filed_as_it_stands(staff, row).status_code == 302
    assert len(db.session.scalars(select(SubmissionFile)).all()) == 20


def test_every_mail_of_no_consultation_stands_on_some_page(client):
    a_consultation()
    signed_in_as(client, an_account("admin@example.org", administrator=True))
    rows = [receive(f"From: p{number}@q.example\nSubject: s{number}\n\nb\n".encode()).row for number in range(103)]
    pages = [client.get("/mail/inbox", query_string={"page": number}).text for number in (1, 2, 3)]
    listed = [re.findall(r"/mail/inbox/([0-9a-f-]{36})", page) for page in pages]
    assert [len(each) for each in listed] == [50, 50, 3]
    assert {*listed[0], *listed[1], *listed[2]} == {str(row.id) for row in rows}
    assert "Page 1 of 3" in pages[0]
    for odd in ("0", "99", "x", "-1", "9" * 30):
        assert client.get("/mail/inbox", query_string={"page": odd}).status_code == 200
