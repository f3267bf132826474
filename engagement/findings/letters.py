"""Written submissions: letters and briefs, with who signed them, for whom, who got a copy, and their documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engagement.findings.models import Prompt, Source, Submission, SubmissionFile
from engagement.findings.signing import LONGEST_COPIES, LONGEST_LINE
from engagement.kernel.audit import note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.inbound import Arrival, InboxState, Kind, Verdict, waits
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.mime import LONGEST_TEXT, clean_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.kernel.audit import Actor

WORDING = Text("Written submissions: letters and briefs", "Contributions écrites\u00a0: lettres et mémoires")
# As long as the longest text that is kept of a mail: whatever came can be filed.
LONGEST_LETTER = LONGEST_TEXT
LARGEST_FILE = 25 * 1024 * 1024
MOST_FILES = 20
TO_FILE = "a letter or a document: see who signed it, then file it"
PLAIN = "text/plain"
# What a file is by its first bytes: what it is called, and what its sender says of it, is not believed.
MAGIC: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    (b"PK\x03\x04", "application/vnd.oasis.opendocument.text", (".odt",)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", (".doc",)),
    (b"{\\rtf", "application/rtf", (".rtf", ".doc")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
)


class NotALetterError(DomainError):
    """There is nothing to file, or it is longer than a letter can be."""


class BadFileError(DomainError):
    """A file is no document or picture of a kind that is kept, or it is too large."""


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A file as it came with a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as the team files it. ``received_on`` is the day on which it came."""

    words: str
    language: str
    signatory: str
    organization: str = ""
    copies: str = ""
    received_on: date | None = None
    files: Sequence[LetterFile] = ()


def take_letter(arrival: Arrival) -> Verdict | None:
    """Have the team look at a letter before it is filed: a figure grows by it, and its signature is only guessed."""
    return waits(TO_FILE) if arrival.kind is Kind.SUBMISSION else None


def file_letter(*, consultation_id: UUID, letter: Letter, actor: Actor) -> Submission:
    """File a letter as a submission, numbered on from those there are, and return it; its documents are kept beside it.

    Raises NotALetterError, BadFileError; then nothing is stored.
    """
    _check(letter)
    files = [_checked(each) for each in letter.files]
    row = Submission(
        consultation_id=consultation_id,
        source=Source.LETTER,
        language="fr" if letter.language == "fr" else "en",
        said_on=letter.received_on,
        created_at=now(),
    )
    row.words, row.signatory, row.organization = letter.words.strip(), letter.signatory.strip(), letter.organization.strip()
    row.copies = letter.copies.strip()
    for position, each in enumerate(files):
        each.submission_id, each.position = row.id, position
    with writing() as session:
        prompt = _prompt_for_letters(session, consultation_id, actor)
        # The lock makes two that are filed at the same moment count one after the other.
        session.get_one(Prompt, prompt.id, with_for_update=True, populate_existing=True)
        row.prompt_id = prompt.id
        row.number = (session.scalar(select(func.max(Submission.number)).where(Submission.prompt_id == prompt.id)) or 0) + 1
        session.add(row)
        session.flush()
        session.add_all(files)
        session.flush()
        note(session, "file_letter", row, actor)
    return row


def _check(letter: Letter) -> None:
    if not letter.words.strip() and not letter.files:
        raise NotALetterError(Text("Enter what was written, or keep a file.", "Entrez le texte ou conservez un fichier."), field="words")
    if len(letter.words) > LONGEST_LETTER:
        said = Text("The text takes at most 200,000 characters.", "Le texte compte au plus 200\u00a0000 caractères.")
        raise NotALetterError(said, field="words")
    for name, value, most in (
        ("signatory", letter.signatory, LONGEST_LINE),
        ("organization", letter.organization, LONGEST_LINE),
        ("copies", letter.copies, LONGEST_COPIES),
    ):
        if len(value) > most:
            said = Text("This takes at most {most} characters.", "Ce champ compte au plus {most} caractères.").format(most=most)
            raise NotALetterError(said, field=name)
    if len(letter.files) > MOST_FILES:
        raise BadFileError(Text("At most 20 files are kept.", "Au plus 20 fichiers sont conservés."), field="files")


def _checked(file: LetterFile) -> SubmissionFile:
    if len(file.content) > LARGEST_FILE:
        raise BadFileError(Text("A file takes at most 25 MB.", "Un fichier compte au plus 25\u00a0Mo."), field="files")
    media_type = media_type_of(file.name, file.content)
    if media_type is None:
        said = Text(
            "One of these files is no PDF, Word, OpenDocument, RTF, text or picture. Leave it out; it stays with the mail.",
            "Un de ces fichiers n’est ni un PDF, ni un document Word, OpenDocument ou RTF, ni un texte, ni une image. "
            "Laissez-le de côté; il reste avec le courriel.",
        )
        raise BadFileError(said, field="files")
    row = SubmissionFile(media_type=media_type, size=len(file.content))
    row.name, row.content = clean_name(file.name) or "document", file.content
    return row


def media_type_of(name: str, content: bytes) -> str | None:
    """Return what a file is, by its first bytes and, where those say several things, its ending; None for what is not kept."""
    ending = f".{name.rpartition('.')[2].lower()}"
    fits = [(kind, endings) for magic, kind, endings in MAGIC if content.startswith(magic)]
    by_name = next((kind for kind, endings in fits if ending in endings), None)
    if fits:
        # A picture or a PDF is one whatever it is called; an archive is a document only where it is called one.
        return by_name or (fits[0][0] if not content.startswith(b"PK") else None)
    if ending != ".txt" or b"\0" in content[:4096]:
        return None
    return PLAIN


def can_be_filed(name: str, content: bytes) -> bool:
    """Return whether a file is one that is kept with a letter."""
    return len(content) <= LARGEST_FILE and media_type_of(name, content) is not None


def _prompt_for_letters(session: Session, consultation_id: UUID, actor: Actor) -> Prompt:
    there = select(Prompt).where(Prompt.consultation_id == consultation_id, Prompt.for_letters)
    found = session.scalar(there)
    if found is not None:
        return found
    last = session.scalar(select(func.max(Prompt.position)).where(Prompt.consultation_id == consultation_id)) or 0
    prompt = Prompt(consultation_id=consultation_id, position=last + 1, for_letters=True)
    prompt.set_text("wording", WORDING)
    stored = stored_once(session, prompt, there)
    if stored is prompt:
        note(session, "add_prompt", prompt, actor)
    return stored


def files_of(submission_id: UUID) -> list[SubmissionFile]:
    """Return the documents of a letter in their order, without their content."""
    rows = select(SubmissionFile).where(SubmissionFile.submission_id == submission_id).order_by(SubmissionFile.position)
    return list(db.session.scalars(rows))


def mail_of(submission: Submission) -> InboundMail | None:
    """Return the received mail that was filed as this submission; None where it came in another way."""
    if submission.source is not Source.LETTER:
        return None
    filed = select(InboundMail).where(InboundMail.consultation_id == submission.consultation_id, InboundMail.state == InboxState.FILED)
    return db.session.scalar(filed.where(InboundMail.details["submission_id"].as_string() == str(submission.id)).limit(1))


def find_file(submission_id: UUID, position: int) -> SubmissionFile:
    """Return one document of a letter, or raise AbsentError."""
    wanted = select(SubmissionFile).where(SubmissionFile.submission_id == submission_id, SubmissionFile.position == position)
    found = db.session.scalar(wanted)
    if found is None:
        raise AbsentError
    return found
