"""Mailings: a choice of people, and the yes that lets it go."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, words


class MailingState(StrEnum):
    """Where a mailing stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class Mailing(Base):
    """One message to many, chosen by filter: an invitation to an event, or to a questionnaire."""

    __tablename__ = "mailing"
    __table_args__ = (
        one_of("state", MailingState),
        CheckConstraint("(event_id IS NULL) <> (questionnaire_id IS NULL)", name="about_one_thing"),
        CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approved_has_time"),
        CheckConstraint("planned >= 0", name="planned_counts_up"),
    )

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
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
