"""Invitations, the links that open them, and every reply that was ever given."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, words
from engagement.kernel.crypto import SealedBytes, SealedText


class Choice(StrEnum):
    """A reply, in the words of iCalendar's PARTSTAT."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Mode(StrEnum):
    """How somebody takes part."""

    IN_PERSON = "in_person"
    ONLINE = "online"


class Channel(StrEnum):
    """How a reply reached us."""

    WEB = "web"
    TELEPHONE = "telephone"
    LETTER = "letter"
    EMAIL = "email"
    CALENDAR = "calendar"
    IN_PERSON = "in_person"


class Invitation(Base):
    """One person asked to one event or to one questionnaire."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("(event_id IS NULL) <> (questionnaire_id IS NULL)", name="asked_to_one_thing"),
        UniqueConstraint("person_id", "event_id"),
        UniqueConstraint("person_id", "questionnaire_id"),
        CheckConstraint("wave >= 0", name="wave_counts_up"),
        Index("ix_invitation_event", "event_id"),
        Index("ix_invitation_questionnaire", "questionnaire_id", "wave"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    questionnaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    # 0 for a first batch and an open call, then the distance along referrals. Of a questionnaire only.
    wave: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    # Set when the first message about it was sent, or it was handed over by other means:
    # from then on it counts as distributed, whether or not the mail came back.
    distributed_at: Mapped[datetime | None]
    # The mail came back undelivered; it stays distributed.
    bounced_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    # The reply that counts now (the last one received), kept beside the ledger for lists.
    choice: Mapped[Choice | None] = mapped_column(words(Choice))
    replied_at: Mapped[datetime | None]


class PersonalLink(Base):
    """A secret address that opens one invitation. Each message carries one of its own."""

    __tablename__ = "personal_link"

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AccessCode(Base):
    """Six digits sent by mail, asked for before something sensitive is read back."""

    __tablename__ = "access_code"

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    # Keyed fingerprint of invitation and code; the code itself is only in the mail.
    code_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime]
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None]


class Reply(Base):
    """One answer to an invitation. Every answer is kept; the last one received counts."""

    __tablename__ = "reply"
    __table_args__ = (
        one_of("choice", Choice),
        one_of("mode", Mode),
        one_of("channel", Channel),
        CheckConstraint("mode IS NULL OR choice <> 'declined'", name="declined_has_no_mode"),
        Index("ix_reply_invitation", "invitation_id", "received_at"),
    )

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    # Which sitting it is about; None for all of them, or where there are none.
    sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"))
    choice: Mapped[Choice] = mapped_column(words(Choice))
    mode: Mapped[Mode | None] = mapped_column(words(Mode))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    # When we received it; for a call or a letter, the time that staff stated.
    received_at: Mapped[datetime]
    # When it was written down.
    recorded_at: Mapped[datetime]
    # The account that recorded it, for anything but the person's own page.
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    wants_questionnaire: Mapped[bool] = mapped_column(default=False)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    reason = SealedText()


class HeldForm(Base):
    """What somebody had typed when their page had timed out: kept until the link is opened again."""

    __tablename__ = "held_form"

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    # The route it was posted to.
    endpoint: Mapped[str] = mapped_column(String(100))
    held_at: Mapped[datetime]
    fields_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    fields = SealedBytes()
