"""Mailings: a choice of people, and the yes that lets it go."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, words
from engagement.kernel.bilingual import BilingualRow
from engagement.kernel.crypto import SealedBytes, SealedText
from engagement.mailing.models import Hold


class MailingState(StrEnum):
    """Where a mailing stands.

    Cancelled is a draft that was given up; stopped is one that was approved, whose unsent
    messages were cancelled.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class Mailing(BilingualRow, Base):
    """One message to many: an invitation to an event or a questionnaire, a reminder, an announcement."""

    __tablename__ = "mailing"
    __table_args__ = (
        one_of("state", MailingState),
        # An announcement may be about neither.
        CheckConstraint("event_id IS NULL OR questionnaire_id IS NULL", name="about_one_thing"),
        CheckConstraint("state NOT IN ('approved', 'paused', 'stopped') OR approved_at IS NOT NULL", name="approved_has_time"),
        one_of("paused_because", Hold),
        CheckConstraint("planned >= 0", name="planned_counts_up"),
        CheckConstraint("round >= 1", name="round_counts_up"),
    )

    bilingual_fields = ("subject", "body")

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    # Which template and composer.
    purpose: Mapped[str] = mapped_column(String(60))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    questionnaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"), index=True)
    # The filters that chose the people, as in the roster's address; ids only.
    chosen_by: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # The people themselves (ids), fixed at the preview: approving queues exactly these.
    people: Mapped[list[str]] = mapped_column(JSON, default=list)
    # How many of ``people`` have been invited and their message planned, since the yes.
    planned: Mapped[int] = mapped_column(default=0)
    state: Mapped[MailingState] = mapped_column(words(MailingState), default=MailingState.DRAFT)
    # Its own words, where it does not say what the template of its purpose says. Sealed: a restricted event may be named.
    subject_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Why it stands paused, where nobody of the team paused it.
    paused_because: Mapped[Hold | None] = mapped_column(words(Hold))
    # Not before this moment; None: as soon as it is approved.
    send_at: Mapped[datetime | None]
    # 1 at first; each time that the mailing is sent again to those it did not reach, one more.
    round: Mapped[int] = mapped_column(default=1)
    # Of this round: those who get it although they have been asked before (ids). Staff named each whom an earlier
    # round reached; the others could not be written to then.
    people_again: Mapped[list[str]] = mapped_column(JSON, default=list)
    # The reminder schedule that made it, where one did.
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("reminder_schedule.id", ondelete="SET NULL"))
    # What was approved on paper: the hash of the package, who said yes, on which day, under which file number.
    package_hash: Mapped[str | None] = mapped_column(String(64))
    # The hash of the facts in it that must not change after the yes (outreach.facts).
    facts_hash: Mapped[str | None] = mapped_column(String(64))
    approver_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    approved_on: Mapped[date | None]
    file_number: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    subject_en = SealedText()
    subject_fr = SealedText()
    body_en = SealedText()
    body_fr = SealedText()
    approver = SealedText()


class SavedText(BilingualRow, Base):
    """Words that a consultation keeps under a name, to begin other mailings of the same purpose from."""

    __tablename__ = "saved_text"
    # Two texts with one name could not be told apart where one is picked.
    __table_args__ = (UniqueConstraint("consultation_id", "name_key"),)

    bilingual_fields = ("subject", "body")

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    # The name folded (case, accents, spaces).
    name_key: Mapped[str] = mapped_column(String(200))
    subject_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime]
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    subject_en = SealedText()
    subject_fr = SealedText()
    body_en = SealedText()
    body_fr = SealedText()


class ApprovalPackage(Base):
    """What was laid before those who decide on paper, kept as it was: the document is made from it, and its hash."""

    __tablename__ = "approval_package"
    # The same content is one package, however often it is asked for.
    __table_args__ = (UniqueConstraint("mailing_id", "hash"),)

    mailing_id: Mapped[UUID] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"), index=True)
    # SHA-256 of the content, in hexadecimal.
    hash: Mapped[str] = mapped_column(String(64))
    # SHA-256 of that part of the content that must not change after the yes.
    facts_hash: Mapped[str] = mapped_column(String(64))
    # The canonical JSON: texts, recipients with names, exclusions, facts, schedule.
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    content = SealedBytes()


class ReminderKind(StrEnum):
    """When a reminder goes by itself.

    reply_deadline: so many days before the last day to reply, to guests who have not replied.
    day_before: so many days before a sitting, to those who hold a seat. questionnaire: so many
    days before it closes, to those who have not answered.
    """

    REPLY_DEADLINE = "reply_deadline"
    DAY_BEFORE = "day_before"
    QUESTIONNAIRE = "questionnaire"


class ReminderSchedule(Base):
    """A reminder that the team said yes to once, and that goes by itself at its time."""

    __tablename__ = "reminder_schedule"
    __table_args__ = (
        one_of("kind", ReminderKind),
        CheckConstraint("(event_id IS NULL) <> (questionnaire_id IS NULL)", name="about_one_thing"),
        CheckConstraint("(kind = 'questionnaire') = (questionnaire_id IS NOT NULL)", name="kind_fits"),
        CheckConstraint("days_before >= 0", name="before_not_after"),
        UniqueConstraint("event_id", "kind", "days_before"),
        UniqueConstraint("questionnaire_id", "kind", "days_before"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    questionnaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    kind: Mapped[ReminderKind] = mapped_column(words(ReminderKind))
    days_before: Mapped[int]
    # The wall time at which it goes, in the consultation's zone.
    at: Mapped[time]
    active: Mapped[bool] = mapped_column(default=True)
    # The last day (in the zone) for which it made a mailing: it makes one a day at most.
    made_for: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))


class ReminderRules(Base):
    """How decently the silent are chased in one consultation; without a row, what is said here."""

    __tablename__ = "reminder_rules"
    __table_args__ = (
        CheckConstraint("most_per_person >= 0 AND days_apart >= 0", name="not_negative"),
        UniqueConstraint("consultation_id"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    # So many reminders about one thing reach one person at the most.
    most_per_person: Mapped[int] = mapped_column(default=2)
    # And not within so many days of anything else that was sent to them.
    days_apart: Mapped[int] = mapped_column(default=3)
    # Nothing of ours leaves by itself between these wall times of the consultation's zone.
    quiet_from: Mapped[time] = mapped_column(default=time(21, 0))
    quiet_until: Mapped[time] = mapped_column(default=time(7, 0))
