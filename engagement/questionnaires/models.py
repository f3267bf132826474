"""Questionnaires, sections, questions, options; responses and their answers."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy import Text as LongString
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, unique_where, words
from engagement.kernel.bilingual import BilingualRow
from engagement.kernel.crypto import SealedText


class Questionnaire(BilingualRow, Base):
    """A set of questions that people are asked to answer by name."""

    __tablename__ = "questionnaire"
    __table_args__ = (
        UniqueConstraint("consultation_id", "name"),
        CheckConstraint("closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name="closes_after_opening"),
    )

    bilingual_fields = ("title", "introduction", "thanks")

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    # Its part of the address: letters, digits and hyphens.
    name: Mapped[str] = mapped_column(String(80))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    title_fr: Mapped[str] = mapped_column(String(300), default="")
    introduction_en: Mapped[str] = mapped_column(LongString, default="")
    introduction_fr: Mapped[str] = mapped_column(LongString, default="")
    # Shown when it has been submitted: what happens next.
    thanks_en: Mapped[str] = mapped_column(LongString, default="")
    thanks_fr: Mapped[str] = mapped_column(LongString, default="")
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    # Late answers are taken until the end of this day; without it, until closes_on.
    received_until: Mapped[date | None]
    # A respondent may pass on a link that names nobody.
    allows_forwarding: Mapped[bool] = mapped_column(default=True)
    # A respondent may name somebody; an organizer approves.
    allows_nominations: Mapped[bool] = mapped_column(default=False)
    # People who ask for it on the public page get it.
    open_call: Mapped[bool] = mapped_column(default=True)
    # So many answered questions make a partial response sufficient.
    sufficient_answers: Mapped[int] = mapped_column(default=1)
    # Rises whenever a question changes after somebody answered.
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Section(BilingualRow, Base):
    """An area of a questionnaire: one page."""

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("questionnaire_id", "position"),)

    bilingual_fields = ("title", "introduction")

    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    position: Mapped[int]
    title_en: Mapped[str] = mapped_column(String(300), default="")
    title_fr: Mapped[str] = mapped_column(String(300), default="")
    introduction_en: Mapped[str] = mapped_column(LongString, default="")
    introduction_fr: Mapped[str] = mapped_column(LongString, default="")


class QuestionKind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    YES_NO = "yes_no"
    NUMBER = "number"
    SHORT = "short"
    LONG = "long"


class Question(BilingualRow, Base):
    """One question."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("section_id", "position"),
        UniqueConstraint("questionnaire_id", "code"),
        one_of("kind", QuestionKind),
        CheckConstraint("(condition_question_id IS NULL) = (condition_value IS NULL)", name="condition_is_whole"),
        CheckConstraint("condition_question_id IS NULL OR condition_question_id <> id", name="not_on_itself"),
    )

    bilingual_fields = ("wording", "help")

    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    section_id: Mapped[UUID] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"))
    position: Mapped[int]
    # The column in an export: letters, digits and underscores.
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[QuestionKind] = mapped_column(words(QuestionKind))
    wording_en: Mapped[str] = mapped_column(LongString, default="")
    wording_fr: Mapped[str] = mapped_column(LongString, default="")
    help_en: Mapped[str] = mapped_column(LongString, default="")
    help_fr: Mapped[str] = mapped_column(LongString, default="")
    # Offers "Prefer not to say", and says why it is asked.
    sensitive: Mapped[bool] = mapped_column(default=False)
    # The smallest and largest number that are taken.
    least: Mapped[int | None]
    most: Mapped[int | None]
    # One condition: this question is asked only if that one was answered with that value
    # (an option's code, "yes" or "no"; for a multiple choice, that it is among those chosen).
    condition_question_id: Mapped[UUID | None] = mapped_column(ForeignKey("question.id"))
    condition_value: Mapped[str | None] = mapped_column(String(40))


class Option(BilingualRow, Base):
    """One choice of a question."""

    __tablename__ = "option"
    __table_args__ = (UniqueConstraint("question_id", "code"), UniqueConstraint("question_id", "position"))

    bilingual_fields = ("label",)

    question_id: Mapped[UUID] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    label_en: Mapped[str] = mapped_column(String(500), default="")
    label_fr: Mapped[str] = mapped_column(String(500), default="")


class ResponseState(StrEnum):
    """Where a response stands. In progress (opened) from the first answer on."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    SUBMITTED_IN_PART = "submitted_in_part"


class Response(Base):
    """What one invited person answered."""

    __tablename__ = "response"
    __table_args__ = (
        one_of("state", ResponseState),
        CheckConstraint("(state = 'in_progress') = (submitted_at IS NULL)", name="submitted_has_time"),
        unique_where("uq_response_invitation", "invitation_id", where="invitation_id IS NOT NULL"),
        Index("ix_response_counted", "questionnaire_id", "state", "submitted_at"),
    )

    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    state: Mapped[ResponseState] = mapped_column(words(ResponseState), default=ResponseState.IN_PROGRESS)
    # The version of the questionnaire that was answered.
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(2))
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class Answer(Base):
    """One answer. Saving it touches this row and no other."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("response_id", "question_id"),)

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    question_id: Mapped[UUID] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), index=True)
    # JSON: a text, an option's code, a list of codes, a number, "yes"/"no"; sealed.
    value_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The person chose "Prefer not to say".
    declined: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime]

    value = SealedText()
