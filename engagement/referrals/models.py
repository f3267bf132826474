"""Links that are passed on, people who were named, and counts that partners report."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base, one_of, words
from engagement.kernel.crypto import SealedText


class ForwardLink(Base):
    """An address that a respondent, a partner or the team may pass on. It holds nothing about anyone."""

    __tablename__ = "forward_link"

    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"), index=True)
    # Whoever uses it is one wave further than this invitation; None: the team's own, wave 0.
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    # Set where the link belongs to a partner.
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    # Sealed, so that the respondent's page can show the same link again.
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    token = SealedText()


class Partner(Base):
    """Somebody who passes a questionnaire on to people we do not know, and says to how many."""

    __tablename__ = "partner"

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    # The contact, if they are in the roster.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    # Opens the partner's own page, where the count is reported.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    token = SealedText()


class PartnerReport(Base):
    """A count that a partner stated. All are kept; the last one counts."""

    __tablename__ = "partner_report"
    __table_args__ = (CheckConstraint("passed_on >= 0", name="count_not_negative"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), index=True)
    # To how many people in all, so far.
    passed_on: Mapped[int]
    as_of: Mapped[date]
    reported_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))


class ReferralKind(StrEnum):
    """How somebody came to the questionnaire."""

    FORWARD_LINK = "forward_link"
    NOMINATION = "nomination"
    OPEN_CALL = "open_call"


class ReferralState(StrEnum):
    """Where a referral stands. Joined: the person is on the roster and was invited."""

    WAITING = "waiting"
    JOINED = "joined"
    DECLINED = "declined"


class Referral(Base):
    """One person who came, or was named, through somebody else (or of their own accord)."""

    __tablename__ = "referral"
    __table_args__ = (
        one_of("kind", ReferralKind),
        one_of("state", ReferralState),
        Index("ix_referral_state", "questionnaire_id", "state"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id", ondelete="CASCADE"))
    kind: Mapped[ReferralKind] = mapped_column(words(ReferralKind))
    state: Mapped[ReferralState] = mapped_column(words(ReferralState))
    # Whoever passed it on or named them; None for the team's link, a partner's, and an open call.
    from_invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id", ondelete="SET NULL"), index=True)
    # The person on the roster, once joined.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    # What was given, until it is decided: name, address, language as JSON; sealed.
    given_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The nominator agreed to be named to the nominee.
    names_nominator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    # Why a nomination was declined, for the team.
    why_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    given = SealedText()
    why = SealedText()
