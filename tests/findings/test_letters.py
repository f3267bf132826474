"""Letters: what is guessed of their signature, which files are kept, and that each is counted once."""

import threading

import pytest
from sqlalchemy import select

from engagement.findings.letters import (
    LONGEST_LETTER,
    BadFileError,
    Letter,
    LetterFile,
    NotALetterError,
    file_letter,
    files_of,
    media_type_of,
)
from engagement.findings.models import Prompt, Submission, SubmissionFile
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from tests.findings.given import a_prompt
from tests.support.given import a_consultation

PDF = b"%PDF-1.7\n..."


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.exe", PDF, "application/pdf"),
        ("a.pdf", b"MZ\x90", None),
        ("a.docx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.odt", b"PK\x03\x04", "application/vnd.oasis.opendocument.text"),
        ("a.zip", b"PK\x03\x04", None),
        ("a.html", b"<html>", None),
        ("a.svg", b"<svg>", None),
        ("a.txt", b"words", "text/plain"),
        ("a.txt", b"wo\0rds", None),
        ("a.rtf", b"{\\rtf1", "application/rtf"),
        ("", b"", None),
    ],
)
def test_what_a_file_is_stands_in_its_first_bytes(name, content, kind):
    assert media_type_of(name, content) == kind


def a_letter(**changes):
    return Letter(**{"words": "We think so.", "language": "en", "signatory": "Maude Sinclair", **changes})


def test_letters_are_numbered_under_one_prompt_after_those_there_are(app):
    consultation = a_consultation()
    a_prompt(consultation)
    first, second = (file_letter(consultation_id=consultation.id, letter=a_letter(), actor=SYSTEM) for _ in range(2))
    assert (first.number, second.number, first.prompt_id) == (1, 2, second.prompt_id)
    prompt = db.session.get(Prompt, first.prompt_id)
    assert (prompt.for_letters, prompt.position) == (True, 2)


def test_what_is_written_in_a_letter_and_its_files_is_sealed(app):
    consultation = a_consultation()
    letter = a_letter(files=[LetterFile("secret.pdf", PDF)], organization="Lakes Institute", copies="The Minister")
    row = file_letter(consultation_id=consultation.id, letter=letter, actor=SYSTEM)
    stored = db.session.get(Submission, row.id, populate_existing=True)
    assert (stored.signatory, stored.organization, stored.copies) == ("Maude Sinclair", "Lakes Institute", "The Minister")
    for table in (Submission, SubmissionFile):
        for values in db.session.execute(table.__table__.select()):
            assert not any(b"Maude" in value or b"%PDF" in value or b"secret" in value for value in values if isinstance(value, bytes))
    assert [(file.name, file.content) for file in files_of(row.id)] == [("secret.pdf", PDF)]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"words": " "}, NotALetterError),
        ({"words": "x" * (LONGEST_LETTER + 1)}, NotALetterError),
        ({"signatory": "x" * 301}, NotALetterError),
        ({"files": [LetterFile("a.exe", b"MZ")]}, BadFileError),
        ({"files": [LetterFile("a.pdf", PDF)] * 21}, BadFileError),
    ],
)
def test_what_is_no_letter_is_not_filed(app, changes, error):
    consultation = a_consultation()
    with pytest.raises(error):
        file_letter(consultation_id=consultation.id, letter=a_letter(**changes), actor=SYSTEM)
    assert db.session.scalars(select(Submission)).all() == db.session.scalars(select(Prompt)).all() == []


@pytest.mark.slow
def test_letters_that_are_filed_at_the_same_moment_count_one_after_the_other(app):
    consultation = a_consultation()
    gate, numbers = threading.Barrier(5), []

    def one():
        with app.app_context():
            gate.wait()
            numbers.append(file_letter(consultation_id=consultation.id, letter=a_letter(), actor=SYSTEM).number)
            db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert len(db.session.scalars(select(Prompt)).all()) == 1
