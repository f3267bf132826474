"""The outbox: one row per person per message, and everything that happened to it; whom not to write to."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engagement.kernel.base import Base, index_where, one_of, unique_where, words
from engagement.kernel.bilingual import BilingualRow
from engagement.kernel.crypto import SealedBytes, SealedText


class State(StrEnum):
    """Where a message stands.

    planned (no bytes yet), queued (bytes stored), claimed (a worker has it, with a lease),
    sending (stored before the socket is touched), sent; deferred (will be tried again),
    failed, suppressed (must not go to this address), cancelled (need not go any more), and
    doubtful: a ``sending`` whose lease ran out, so that nobody knows whether it arrived.
    """

    PLANNED = "planned"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    DOUBTFUL = "doubtful"


class Hold(StrEnum):
    """Why a message waits for somebody of the team, whatever its state, or a mailing that nobody of them paused.

    restored (the database is an older one than this machine has sent from), resumed (the
    consultation was paused when it was due), too_old (nobody was there to send it for too
    long), mailing (its mailing was paused).
    """

    RESTORED = "restored"
    RESUMED = "resumed"
    TOO_OLD = "too_old"
    MAILING = "mailing"


class Message(Base):
    """One mail to one person."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("state", State),
        one_of("held_because", Hold),
        CheckConstraint("language IN ('en', 'fr', 'both')", name="language_known"),
        CheckConstraint("state NOT IN ('queued', 'claimed', 'sending') OR raw_sealed IS NOT NULL", name="bytes_before_sending"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        Index("ix_message_due", "state", "due_at"),
        Index("ix_message_listed", "consultation_id", "created_at"),
        Index("ix_message_address", "address_index"),
        index_where("ix_message_not_after", "not_after", where="not_after IS NOT NULL"),
        index_where("ix_message_held", "consultation_id", "held_because", "due_at", where="held_because IS NOT NULL"),
    )

    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    # What it is about, where there is one; the composer of ``purpose`` knows.
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    mailing_id: Mapped[UUID | None] = mapped_column(ForeignKey("mailing.id", ondelete="SET NULL"), index=True)
    # Names the composer, the template and the ``sent`` port.
    purpose: Mapped[str] = mapped_column(String(60))
    # Plain values that the composer needs and finds nowhere else (ids, dates); never a name.
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    language: Mapped[str] = mapped_column(String(4))
    # The same thing is never said twice to the same person: purpose, subject and person.
    dedup_key: Mapped[str] = mapped_column(String(200), unique=True)
    # Message-ID (RFC 5322), made once and kept through every retry.
    rfc_message_id: Mapped[str] = mapped_column(String(200), unique=True)
    # The name in the envelope sender by which a bounce is matched (VERP).
    bounce_token: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[State] = mapped_column(words(State), default=State.PLANNED)
    due_at: Mapped[datetime]
    # After this it must not go any more.
    not_after: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # Who claimed it, and until when nobody else may; what waits to go keeps their place (see ``moving``).
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # Waits for the team: not due until somebody lets it go or cancels it.
    held_because: Mapped[Hold | None] = mapped_column(words(Hold))
    # It was sent, and a delivery report said later that it did not arrive (RFC 3464).
    bounced_at: Mapped[datetime | None]
    # Blind indexes of the address it was written for and of that address's domain; kept with the address.
    address_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    domain_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # The server's last word, or why it was not sent.
    outcome: Mapped[str] = mapped_column(String(500), default="")
    to_address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The bytes as they go over the wire, rendered once; dropped some time after sending.
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    to_address = SealedText()
    subject = SealedText()
    raw = SealedBytes()


class MessageEvent(Base):
    """One change of a message's state; never altered."""

    __tablename__ = "message_event"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    state: Mapped[State] = mapped_column(words(State))
    why: Mapped[str] = mapped_column(String(500), default="")

    # Tells the mapper which of the two rows is stored first.
    message: Mapped[Message] = relationship()


class MailTemplate(BilingualRow, Base):
    """What a consultation says in one kind of mail, where it differs from the text we ship."""

    __tablename__ = "mail_template"
    __table_args__ = (UniqueConstraint("consultation_id", "purpose"),)

    bilingual_fields = ("subject", "body")

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(60))
    subject_en: Mapped[str] = mapped_column(String(300), default="")
    subject_fr: Mapped[str] = mapped_column(String(300), default="")
    body_en: Mapped[str] = mapped_column(Text, default="")
    body_fr: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime]


class Why(StrEnum):
    """Why an address is not written to any more.

    bounced (it does not exist), complained (its owner told their mail system that we are not
    wanted), opted_out (its owner wants none of our mailings), staff (the team decided so).
    """

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"
    STAFF = "staff"


class Suppression(Base):
    """An address that is not written to any more, and why. It holds across the installation."""

    __tablename__ = "suppression"
    __table_args__ = (one_of("reason", Why),)

    # The address itself is kept nowhere here: it is recognized, never read.
    address_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    # Where it was heard: the consultation, the message that came back or was complained about, the account that decided.
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="SET NULL"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # It was typed in by a member who knew of nobody with this address: their team sees the row, whoever it belongs to.
    typed: Mapped[bool] = mapped_column(default=False)
    # Why, in the words of whoever decided.
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    note = SealedText()


class PreferenceLink(Base):
    """A secret address on which one person chooses which mails they get; each message carries one of its own."""

    __tablename__ = "preference_link"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class TaskChannel(StrEnum):
    """How somebody of the team reaches a person whom no mail may reach."""

    CALL = "call"
    LETTER = "letter"


class TaskReason(StrEnum):
    """Why a message became a task.

    no_address, safe_hours (it would have come outside them, or too late within them),
    opted_out and bounced (no mail may go, and they hold a seat), staff (somebody said so).
    """

    NO_ADDRESS = "no_address"
    SAFE_HOURS = "safe_hours"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    STAFF = "staff"


class TaskState(StrEnum):
    """Where a task stands. Dropped: it is not needed any more, and nobody did it."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class TaskOutcome(StrEnum):
    """What came of the last try. After no_answer and wrong_number the task stays open."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    LETTER_SENT = "letter_sent"
    NOT_NEEDED = "not_needed"


class ContactTask(Base):
    """A message that somebody of the team says by telephone or sends as a letter, with its script."""

    __tablename__ = "contact_task"
    __table_args__ = (
        one_of("channel", TaskChannel),
        one_of("reason", TaskReason),
        one_of("state", TaskState),
        one_of("outcome", TaskOutcome),
        CheckConstraint("language IN ('en', 'fr', 'both')", name="language_known"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_has_time"),
        CheckConstraint("tries >= 0", name="tries_count_up"),
        # What no mail says is said once.
        unique_where("uq_contact_task_message", "message_id", where="message_id IS NOT NULL"),
        Index("ix_contact_task_listed", "consultation_id", "state", "due_on"),
        Index("ix_contact_task_looked_at", "state", "looked_at"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    mailing_id: Mapped[UUID | None] = mapped_column(ForeignKey("mailing.id", ondelete="SET NULL"), index=True)
    # The message that it stands for.
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    purpose: Mapped[str] = mapped_column(String(60))
    channel: Mapped[TaskChannel] = mapped_column(words(TaskChannel))
    language: Mapped[str] = mapped_column(String(4))
    # What the mail would have said, without what opens somebody's page.
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    script_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[TaskReason] = mapped_column(words(TaskReason))
    # The day by which it should be done, in the consultation's zone.
    due_on: Mapped[date]
    state: Mapped[TaskState] = mapped_column(words(TaskState), default=TaskState.OPEN)
    outcome: Mapped[TaskOutcome | None] = mapped_column(words(TaskOutcome))
    # How often somebody tried in vain.
    tries: Mapped[int] = mapped_column(default=0)
    # Why it was dropped: what the composer said.
    why: Mapped[str] = mapped_column(String(500), default="")
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    # When it was last asked whether it is still needed.
    looked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    subject = SealedText()
    script = SealedText()
    note = SealedText()


class MailGuard(Base):
    """What this database knows of its own sending: one row, whose id is that of the installation.

    A file beside the database holds the same id and a generation that is never ahead of this
    one, unless the database was put back to an older state.
    """

    __tablename__ = "mail_guard"
    # One row, so that every worker finds the same.
    __table_args__ = (CheckConstraint("the_only_one", name="one_row"), UniqueConstraint("the_only_one"))

    the_only_one: Mapped[bool] = mapped_column(default=True)
    # Rises each time that a worker takes messages in hand.
    generation: Mapped[int] = mapped_column(default=0)
    # When a worker last looked at what is due; None where none ever has.
    ran_at: Mapped[datetime | None]
    # Why the mail server cannot be used now, by the name of a LineTrouble, its last words, and since when.
    trouble: Mapped[str] = mapped_column(String(40), default="")
    trouble_words: Mapped[str] = mapped_column(String(300), default="")
    trouble_since: Mapped[datetime | None]


class MailHold(Base):
    """An order to hold what waits. While it stands, nothing that it covers goes; the worker carries it out in steps."""

    __tablename__ = "mail_hold"
    __table_args__ = (one_of("because", Hold),)

    # None: the whole installation.
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    because: Mapped[Hold] = mapped_column(words(Hold))
    # Restored: what was planned up to this moment; the others: what was due up to it.
    until: Mapped[datetime]


class MailDomain(Base):
    """A domain that wants no mail for now, or that gets only so much a minute."""

    __tablename__ = "mail_domain"

    domain_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    # For the team to read. Sealed: a family's domain is a name.
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # How often in a row it turned us away (421, 4.7.x), its last words, and from when until when nothing goes to it.
    failures: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(String(500), default="")
    shut_at: Mapped[datetime | None]
    shut_until: Mapped[datetime | None]
    # The token bucket: what was left in it at that moment, and when there is one again where none was left.
    tokens: Mapped[float | None]
    filled_at: Mapped[datetime | None]
    empty_until: Mapped[datetime | None]

    name = SealedText()
