"""People, organizations, batches, and imports that wait for somebody's yes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, or_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column, relationship

from engagement.kernel.base import Base, one_of, unique_where, words
from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import SealedBytes, SealedText

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


class IdentifiedThrough(StrEnum):
    """How the team came to know of somebody."""

    PAST_CONSULTATION = "past_consultation"
    EARLIER_ENGAGEMENT = "earlier_engagement"
    MEDIA = "media"
    WEB_SEARCH = "web_search"
    REFERRAL = "referral"
    OPEN_CALL = "open_call"
    STAFF = "staff"


class Organization(Base):
    """An organization as one consultation knows it."""

    __tablename__ = "organization"
    __table_args__ = (UniqueConstraint("consultation_id", "name_key"),)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(300))
    # The name folded (case, accents, spaces), by which the same organization is found again.
    name_key: Mapped[str] = mapped_column(String(300))


class Person(Base):
    """Somebody to be heard, in one consultation."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("identified_through", IdentifiedThrough),
        CheckConstraint("language IN ('en', 'fr')", name="language_known"),
        CheckConstraint("given_name <> '' OR family_name <> ''", name="has_a_name"),
        # One person per address among those whom the whole team sees; people without an address are many
        # (NULLs differ). Somebody who is known through a restricted batch only has a row of their own even
        # if the open roster holds the same address, since a refusal would tell that they are there.
        unique_where("uq_person_address", "consultation_id", "email_index", where="open_to_team"),
        Index("ix_person_address", "consultation_id", "email_index"),
        # A wish not to be contacted holds for the address, in whichever consultation it was heard: asked before each mail.
        Index("ix_person_email_index", "email_index"),
        Index("ix_person_listed", "consultation_id", "name_key", "id"),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    given_name: Mapped[str] = mapped_column(String(150), default="")
    family_name: Mapped[str] = mapped_column(String(150), default="")
    # "family given", folded: the order of every list, and what a search looks in.
    name_key: Mapped[str] = mapped_column(String(320))
    email: Mapped[str | None] = mapped_column(String(320))
    # Blind index of the address (kernel.crypto.address_index).
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    phone: Mapped[str] = mapped_column(String(60), default="")
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"), index=True)
    # Keys of roster.vocabulary; None is "not known".
    sector: Mapped[str | None] = mapped_column(String(40))
    region: Mapped[str | None] = mapped_column(String(10))
    # None: not known, and both texts are sent whole.
    language: Mapped[str | None] = mapped_column(String(2))
    # The name was typed behind a link that anybody may have, for an address that may be somebody else's: until
    # somebody answers from there, or the team has looked at it, no mail of ours says it (addressed_as).
    name_unproven: Mapped[bool] = mapped_column(default=False)
    identified_through: Mapped[IdentifiedThrough] = mapped_column(words(IdentifiedThrough))
    # Where and when it is safe to reach this person; see safe_contact.
    safe_contact_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When this person may be written to or called, as JSON; see roster.safe_hours. Empty: at any time.
    safe_hours_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Asked not to be written to at all.
    do_not_contact: Mapped[bool] = mapped_column(default=False)
    # What they still want: invitations and news, reminders, an entry for their calendar.
    wants_mailings: Mapped[bool] = mapped_column(default=True)
    wants_reminders: Mapped[bool] = mapped_column(default=True)
    wants_calendar: Mapped[bool] = mapped_column(default=True)
    # Neutral sender name, subject and calendar title: others may see this person's screen. What they said
    # in this row; mails go by ``discreet``.
    asks_discretion: Mapped[bool] = mapped_column("discreet", default=False)
    # False: known through restricted batches only, so that members who are cleared for none of them
    # never see this person (roster.filters.visible).
    open_to_team: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    organization: Mapped[Organization | None] = relationship(lazy="selectin")
    safe_contact = SealedText()
    safe_hours = SealedText()

    if TYPE_CHECKING:
        # Whether any row with this address, in whichever consultation, asks for discretion; whether another one has hours.
        mailbox_is_discreet: Mapped[bool]
        mailbox_has_hours: Mapped[bool]

    @hybrid_property
    def discreet(self) -> bool:
        """Return whether mails to this person are discreet: they asked for it here, or in another row with the same mailbox."""
        return bool(self.asks_discretion or self.mailbox_is_discreet)

    @discreet.inplace.setter
    def _set_discreet(self, value: bool) -> None:  # noqa: FBT001
        self.asks_discretion = value

    @discreet.inplace.expression
    @classmethod
    def _is_discreet(cls) -> ColumnElement[bool]:
        return or_(cls.asks_discretion, cls.mailbox_is_discreet)

    @property
    def name(self) -> str:
        """Return the name as it is read aloud: given, then family."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def addressed_as(self) -> str:
        """Return the name as a mail to this person may say it, empty where a stranger may have typed it."""
        return "" if self.name_unproven else self.name

    def greeted(self, dear: str = "Dear") -> Text:
        """Return how a mail to this person begins."""
        name = self.addressed_as
        return Text(f"{dear} {name},", f"Bonjour {name},") if name else Text("Hello,", "Bonjour,")

    @property
    def organization_name(self) -> str:
        """Return the name of the organization, empty where there is none."""
        return self.organization.name if self.organization else ""


# Somebody in a restricted batch has a row of their own, and may be added again with the same address: whoever reads
# their mailbox reads the mail of both rows. Asked with the row itself, so that no mail has to ask again.
_OTHER = aliased(Person)
_same_mailbox = select(_OTHER.id).where(_OTHER.email_index == Person.email_index)
Person.mailbox_is_discreet = column_property(_same_mailbox.where(_OTHER.asks_discretion).correlate_except(_OTHER).exists())
Person.mailbox_has_hours = column_property(
    _same_mailbox.where(_OTHER.id != Person.id, _OTHER.safe_hours_sealed.is_not(None)).correlate_except(_OTHER).exists()
)


class Batch(Base):
    """A part of the roster that was chosen together. A restricted one is known to cleared members only."""

    __tablename__ = "batch"
    # The names of restricted batches are never "taken": that would tell of them.
    __table_args__ = (unique_where("uq_batch_open_name", "consultation_id", "name_index", where="NOT restricted"),)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    # Sealed, since the name of a restricted batch would tell what its people have lived.
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Blind index of the folded name, by which an import finds the batch again.
    name_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    restricted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    name = SealedText()


class BatchMember(Base):
    """A person in a batch."""

    __tablename__ = "batch_member"
    __table_args__ = (UniqueConstraint("batch_id", "person_id"),)

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    added_at: Mapped[datetime]


class RosterImport(Base):
    """A file that was read and checked, kept until somebody has looked at the preview and said yes."""

    __tablename__ = "roster_import"

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    # Set when its last row is on the roster.
    applied_at: Mapped[datetime | None]
    # How many of its good rows have been gone through, and how many of them made a new person: an import
    # that was interrupted goes on here.
    rows_done: Mapped[int] = mapped_column(default=0)
    people_added: Mapped[int] = mapped_column(default=0)
    # What was read, as JSON; dropped when it has been applied.
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    content = SealedBytes()
