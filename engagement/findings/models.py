"""Submissions, the prompts they answer, codes and codings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, unique_where, words
from engagement.kernel.bilingual import BilingualRow
from engagement.kernel.crypto import SealedBytes, SealedText


class Prompt(BilingualRow, Base):
    """Something that was asked in a room, which submissions answer: the base of one table of themes."""

    __tablename__ = "prompt"
    # Letters answer one prompt, which is made with the first of them.
    __table_args__ = (unique_where("uq_prompt_letters", "consultation_id", where="for_letters"),)

    bilingual_fields = ("wording",)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    # Where it was asked; None: not at one event.
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    # What was written of its own accord stands under it: letters and briefs.
    for_letters: Mapped[bool] = mapped_column(default=False)
    wording_en: Mapped[str] = mapped_column(String(500), default="")
    wording_fr: Mapped[str] = mapped_column(String(500), default="")


class Source(StrEnum):
    """Where something was said or written."""

    IN_ROOM = "in_room"
    ANSWER = "answer"
    LETTER = "letter"


class Submission(Base):
    """Something that was said or written."""

    __tablename__ = "submission"
    __table_args__ = (
        one_of("source", Source),
        CheckConstraint("language IN ('en', 'fr')", name="language_known"),
        UniqueConstraint("prompt_id", "number"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    prompt_id: Mapped[UUID] = mapped_column(ForeignKey("prompt.id", ondelete="CASCADE"))
    source: Mapped[Source] = mapped_column(words(Source))
    # Its number within the prompt, by which a team speaks of it.
    number: Mapped[int]
    # The language it was said in; it is never translated here.
    language: Mapped[str] = mapped_column(String(2))
    said_on: Mapped[date | None]
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of a letter: who signed it, for which organization, and who got a copy.
    signatory_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    organization_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    copies_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    words = SealedText()
    signatory = SealedText()
    organization = SealedText()
    copies = SealedText()


class SubmissionFile(Base):
    """A document that came with a letter, as it was received. It is handed over as a download, never shown in a page."""

    __tablename__ = "submission_file"
    __table_args__ = (UniqueConstraint("submission_id", "position"),)

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id", ondelete="CASCADE"))
    position: Mapped[int]
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # By its first bytes, whatever its sender called it.
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    name = SealedText()
    content = SealedBytes()


class Code(BilingualRow, Base):
    """A theme of one prompt, or a pillar that themes belong to (its parent)."""

    __tablename__ = "code"
    __table_args__ = (CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),)

    bilingual_fields = ("name",)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    # None: a pillar, which serves all prompts.
    prompt_id: Mapped[UUID | None] = mapped_column(ForeignKey("prompt.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("code.id", ondelete="SET NULL"), index=True)
    position: Mapped[int]
    name_en: Mapped[str] = mapped_column(String(300), default="")
    name_fr: Mapped[str] = mapped_column(String(300), default="")


class Coding(Base):
    """A submission was found to speak of a theme. It can speak of several."""

    __tablename__ = "coding"
    __table_args__ = (UniqueConstraint("submission_id", "code_id"),)

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id", ondelete="CASCADE"))
    code_id: Mapped[UUID] = mapped_column(ForeignKey("code.id", ondelete="CASCADE"), index=True)
    coded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    coded_at: Mapped[datetime]
