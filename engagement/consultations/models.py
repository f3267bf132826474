"""Consultations, their documents, their teams, and what single members are cleared to know."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, unique_where, words
from engagement.kernel.bilingual import BilingualRow
from engagement.kernel.policy import Role


class Status(StrEnum):
    """Where a consultation stands. Paused: nothing is sent, promoted or due, and forms say so."""

    PLANNED = "planned"
    OPEN = "open"
    PAUSED = "paused"
    ANALYSING = "analysing"
    REPORTED = "reported"
    NOT_GOING_FORWARD = "not_going_forward"


class Consultation(BilingualRow, Base):
    """One engagement process, in two languages."""

    __tablename__ = "consultation"
    __table_args__ = (
        one_of("status", Status),
        CheckConstraint("closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name="closes_after_opening"),
    )

    bilingual_fields = ("title", "lead", "why", "who", "what", "contact", "support_line", "privacy_notice")

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    status: Mapped[Status] = mapped_column(words(Status), default=Status.PLANNED)
    # Not planned and not shown to the public until somebody says so.
    is_public: Mapped[bool] = mapped_column(default=False)
    # Every page of it says that its people are invented.
    is_demo: Mapped[bool] = mapped_column(default=False)
    zone: Mapped[str] = mapped_column(String(60), default="America/Toronto")
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    # Late answers are still counted until the end of this day.
    received_until: Mapped[date | None]
    contact_email: Mapped[str] = mapped_column(String(320), default="")
    contact_phone: Mapped[str] = mapped_column(String(60), default="")
    title_en: Mapped[str] = mapped_column(String(300), default="")
    title_fr: Mapped[str] = mapped_column(String(300), default="")
    # Who runs it: the department or organization.
    lead_en: Mapped[str] = mapped_column(String(300), default="")
    lead_fr: Mapped[str] = mapped_column(String(300), default="")
    why_en: Mapped[str] = mapped_column(Text, default="")
    why_fr: Mapped[str] = mapped_column(Text, default="")
    who_en: Mapped[str] = mapped_column(Text, default="")
    who_fr: Mapped[str] = mapped_column(Text, default="")
    what_en: Mapped[str] = mapped_column(Text, default="")
    what_fr: Mapped[str] = mapped_column(Text, default="")
    contact_en: Mapped[str] = mapped_column(Text, default="")
    contact_fr: Mapped[str] = mapped_column(Text, default="")
    # Somebody to talk to; stands on every page that a stakeholder sees.
    support_line_en: Mapped[str] = mapped_column(String(500), default="")
    support_line_fr: Mapped[str] = mapped_column(String(500), default="")
    # Why it is asked, under which authority, who will see it, limits of confidentiality, how to complain.
    privacy_notice_en: Mapped[str] = mapped_column(Text, default="")
    privacy_notice_fr: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class Document(Base):
    """A background document of a consultation, in one language; a new upload replaces the old one."""

    __tablename__ = "consultation_document"
    __table_args__ = (
        UniqueConstraint("consultation_id", "language"),
        CheckConstraint("language IN ('en', 'fr')", name="language_known"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(String(300))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    # Up to 10 MB: read when it is downloaded, not where its title is shown.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_at: Mapped[datetime]


class Membership(Base):
    """A role of one account in one consultation, or in one event of it until a date."""

    __tablename__ = "membership"
    __table_args__ = (
        one_of("role", Role),
        unique_where("uq_membership_whole", "user_id", "consultation_id", where="event_id IS NULL"),
        unique_where("uq_membership_event", "user_id", "event_id", where="event_id IS NOT NULL"),
        CheckConstraint("role <> 'note_taker' OR event_id IS NOT NULL", name="note_taker_has_event"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    # Set: this event only (and, if it is restricted, cleared for it).
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    # The last day of the membership, in the consultation's zone.
    until: Mapped[date | None]


class ClearedFor(StrEnum):
    """What a member can be cleared to know."""

    EVENT = "event"
    BATCH = "batch"


class Clearance(Base):
    """Need to know: this member may see this restricted event or batch, its name included."""

    __tablename__ = "clearance"
    __table_args__ = (one_of("kind", ClearedFor), UniqueConstraint("user_id", "subject_id"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    kind: Mapped[ClearedFor] = mapped_column(words(ClearedFor))
    # An event or a batch, as ``kind`` says.
    subject_id: Mapped[UUID] = mapped_column(index=True)
    granted_at: Mapped[datetime]
