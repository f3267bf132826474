"""Accounts, the sessions they are signed in with, and the sign-ins that failed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from engagement.kernel.base import Base


class User(Base):
    """Somebody who signs in. An administrator is not thereby let into a consultation."""

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint("language IN ('en', 'fr')", name="language_known"),)

    # As typed, to write to; email_key is what is compared.
    email: Mapped[str] = mapped_column(String(320))
    # The address in lower case.
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(2), default="en")
    is_administrator: Mapped[bool] = mapped_column(default=False)
    # Demo accounts show their password on the sign-in page and exist outside production only.
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffSession(Base):
    """One browser that is signed in. The cookie holds a secret, the row only its hash."""

    __tablename__ = "staff_session"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    # Moved on at most once a minute; the idle limit counts from here.
    last_seen_at: Mapped[datetime]
    # The absolute limit.
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class FailedSignIn(Base):
    """A sign-in that failed, kept for a quarter of an hour to slow guessing down."""

    __tablename__ = "failed_sign_in"

    # Blind index of what was typed, whether or not there is such an account.
    email_index: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
