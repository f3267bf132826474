"""What a mail says: the text we ship for each purpose, or what a consultation made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.bilingual import Language, Text
from engagement.kernel.db import db
from engagement.mailing.composing import Kind
from engagement.mailing.models import MailTemplate

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "mail"


@dataclass(frozen=True, slots=True)
class MailText:
    """The subject and body of one kind of mail, and which language of them is out of date.

    ``changed_at`` is None for the text that we ship.
    """

    subject: Text
    body: Text
    stale: dict[str, Language]
    changed_at: datetime | None = None

    @property
    def sendable(self) -> bool:
        """Return whether both languages are there and neither is older than the other."""
        return self.subject.whole and self.body.whole and not self.stale


@cache
def shipped_text(purpose: str) -> MailText:
    """Return the text we ship for ``purpose``; where there is none, it is empty and not sendable."""
    return MailText(subject=_read(purpose, "subject"), body=_read(purpose, "body"), stale={})


def _read(purpose: str, part: str) -> Text:
    folder = FOLDER / purpose
    sides = [folder / f"{part}.{language}.txt" for language in ("en", "fr")]
    return Text(*(path.read_text(encoding="utf-8").strip() if path.is_file() else "" for path in sides))


def own_text(consultation_id: UUID | None, purpose: str) -> MailTemplate | None:
    """Return what the consultation made of the text, if it did."""
    if consultation_id is None:
        return None
    return db.session.scalar(select(MailTemplate).where(MailTemplate.consultation_id == consultation_id, MailTemplate.purpose == purpose))


def text_of(consultation_id: UUID | None, purpose: str) -> MailText:
    """Return what a mail of ``purpose`` says in this consultation."""
    row = own_text(consultation_id, purpose)
    if row is None:
        return shipped_text(purpose)
    return MailText(row.text("subject"), row.text("body"), row.stale_texts(), row.changed_at)


def text_to_send(consultation_id: UUID | None, purpose: str, kind: Kind) -> MailText:
    """Return what a mail says that goes now.

    What a guest must know never waits for a translator: where the consultation's own text is
    not whole, a notice goes with the one that we ship, which is.
    """
    text = text_of(consultation_id, purpose)
    return shipped_text(purpose) if kind is Kind.NOTICE and not text.sendable else text
