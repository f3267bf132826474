"""Received mail: one row for each mail, sealed, and how far a mailbox has been read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, words
from engagement.kernel.crypto import SealedBytes, SealedText
from engagement.mailing.inbound import InboxState, Kind


class InboundMail(Base):
    """One mail that was received. It is kept whatever it is; what is in it goes some time after it was settled."""

    __tablename__ = "inbound_mail"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", InboxState),
        # What waits for people is there to be read; only what is settled loses its bytes.
        CheckConstraint("state NOT IN ('received', 'waiting') OR raw_sealed IS NOT NULL", name="kept_while_it_waits"),
        CheckConstraint("state IN ('received', 'waiting') OR settled_at IS NOT NULL", name="settled_has_time"),
        Index("ix_inbound_mail_listed", "consultation_id", "state", "received_at"),
    )

    # None: nobody knows yet which consultation it is about.
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    # SHA-256 over what stays the same however often a mail is delivered: the same mail acts once.
    key: Mapped[str] = mapped_column(String(64), unique=True)
    # When it reached our mailbox; what its Date says is not believed.
    received_at: Mapped[datetime]
    kind: Mapped[Kind] = mapped_column(words(Kind))
    state: Mapped[InboxState] = mapped_column(words(InboxState), default=InboxState.RECEIVED)
    # What became of it: a word for programs, and a sentence of ours.
    outcome: Mapped[str] = mapped_column(String(40), default="")
    why: Mapped[str] = mapped_column(String(300), default="")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    # False: the person is guessed by the address that the mail says it is from.
    person_sure: Mapped[bool] = mapped_column(default=False)
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    # The message of ours that it is about.
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), index=True)
    # Plain ids and words that the inbox's forms begin with; never a name.
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    settled_at: Mapped[datetime | None]
    # The account that settled it; None: the program did.
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # In bytes, as it was received; what is stored is less where it was too large.
    size: Mapped[int] = mapped_column(BigInteger)
    # Blind index of the address that it says it is from.
    sender_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sender_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    sender_name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # The names, kinds and sizes of its files, as JSON; the files themselves stand in the bytes.
    files_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # As it was received; of a mail that was too large, its headers.
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    sender = SealedText()
    sender_name = SealedText()
    subject = SealedText()
    text = SealedText()
    files = SealedText()
    raw = SealedBytes()


class InboundCursor(Base):
    """How far one IMAP mailbox has been read, so that a mail that somebody opened first is not overlooked."""

    __tablename__ = "inbound_cursor"

    # SHA-256 of host, account and folder.
    mailbox: Mapped[str] = mapped_column(String(64), unique=True)
    # UIDs mean something within one value of this only (RFC 3501, 2.3.1.1).
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
