"""Events, sittings with their seats, agendas, what guests need, calendar entries."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy import Text as LongString
from sqlalchemy.orm import Mapped, mapped_column

from engagement.invitations.models import Choice, Mode
from engagement.kernel.base import Base, one_of, words
from engagement.kernel.bilingual import BilingualRow, Text
from engagement.kernel.crypto import SealedText


class Kind(StrEnum):
    """What sort of event it is."""

    ROUNDTABLE = "roundtable"
    SUMMIT = "summit"
    MEETING = "meeting"
    INFORMATION_SESSION = "information_session"


class Format(StrEnum):
    """Where it takes place."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class EventStatus(StrEnum):
    """Whether it takes place."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class Event(BilingualRow, Base):
    """A gathering to which people are invited."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("consultation_id", "name"),
        one_of("kind", Kind),
        one_of("format", Format),
        one_of("status", EventStatus),
        CheckConstraint("NOT (restricted AND listed)", name="restricted_is_unlisted"),
    )

    bilingual_fields = ("title", "venue", "access", "about", "date_note")

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    # Its part of the address: letters, digits and hyphens; a restricted event gets a random one.
    name: Mapped[str] = mapped_column(String(80))
    # Sealed, since the title of a restricted event would tell what its guests have lived.
    title_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    title_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    kind: Mapped[Kind] = mapped_column(words(Kind))
    format: Mapped[Format] = mapped_column(words(Format))
    status: Mapped[EventStatus] = mapped_column(words(EventStatus), default=EventStatus.SCHEDULED)
    # IANA name; sittings store the wall time of this zone.
    zone: Mapped[str] = mapped_column(String(60))
    # Shown on the public page ("By invitation"); never for a restricted event.
    listed: Mapped[bool] = mapped_column(default=True)
    # Known to cleared members only, its name included.
    restricted: Mapped[bool] = mapped_column(default=False)
    # Neutral sender name, subject and calendar title in everything that is sent about it.
    discreet: Mapped[bool] = mapped_column(default=False)
    # False: its mails carry no calendar entry at all.
    sends_calendar: Mapped[bool] = mapped_column(default=True)
    reply_by: Mapped[date | None]
    venue_en: Mapped[str] = mapped_column(String(500), default="")
    venue_fr: Mapped[str] = mapped_column(String(500), default="")
    # How to get in: steps, lift, quiet room.
    access_en: Mapped[str] = mapped_column(LongString, default="")
    access_fr: Mapped[str] = mapped_column(LongString, default="")
    about_en: Mapped[str] = mapped_column(LongString, default="")
    about_fr: Mapped[str] = mapped_column(LongString, default="")
    # Said where there is no sitting yet: "Date not published".
    date_note_en: Mapped[str] = mapped_column(String(200), default="")
    date_note_fr: Mapped[str] = mapped_column(String(200), default="")
    # Goes only to people who hold an online seat.
    online_link_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    title_en = SealedText()
    title_fr = SealedText()
    online_link = SealedText()

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return self.text("title")


class Sitting(Base):
    """A part of an event, usually a day, with seats of its own.

    The wall time and the event's zone are the truth; the UTC instants are derived from them.
    """

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("event_id", "position"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("seats_in_person >= 0 AND seats_online >= 0", name="seats_not_negative"),
        CheckConstraint("taken_in_person >= 0 AND taken_online >= 0", name="taken_not_negative"),
        # The last line of defence: no seat is ever promised twice.
        CheckConstraint("taken_in_person <= seats_in_person AND taken_online <= seats_online", name="never_oversold"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    position: Mapped[int]
    # Wall time, naive on purpose.
    starts_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    ends_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    seats_in_person: Mapped[int] = mapped_column(default=0)
    seats_online: Mapped[int] = mapped_column(default=0)
    # Counted in the same statement that takes or frees a seat.
    taken_in_person: Mapped[int] = mapped_column(default=0)
    taken_online: Mapped[int] = mapped_column(default=0)
    # It does not take place, while the event does; its seats and replies stay on record.
    cancelled_at: Mapped[datetime | None]


class SeatState(StrEnum):
    """What somebody has of a sitting."""

    TAKEN = "taken"
    WAITING = "waiting"


class Seat(Base):
    """A seat that one guest holds in one sitting, or waits for."""

    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("sitting_id", "invitation_id"),
        one_of("mode", Mode),
        one_of("state", SeatState),
        Index("ix_seat_waiting", "sitting_id", "state", "since"),
    )

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"))
    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    state: Mapped[SeatState] = mapped_column(words(SeatState))
    # The order of the waiting list.
    since: Mapped[datetime]


class Attendance(Base):
    """Somebody was there."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("sitting_id", "person_id"), one_of("mode", Mode))

    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    # None where the event's dates are not known.
    sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    recorded_at: Mapped[datetime]


class AgendaKind(StrEnum):
    """What happens in one item of an agenda."""

    WELCOME = "welcome"
    GUEST_SPEAKER = "guest_speaker"
    PRESENTATION = "presentation"
    PANEL = "panel"
    PLENARY = "plenary"
    BREAKOUT = "breakout"
    BREAK = "break"


class AgendaItem(BilingualRow, Base):
    """One item of a sitting's agenda."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        one_of("kind", AgendaKind),
        CheckConstraint("ends_wall > starts_wall", name="ends_after_start"),
    )

    bilingual_fields = ("title",)

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"), index=True)
    kind: Mapped[AgendaKind] = mapped_column(words(AgendaKind))
    starts_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    ends_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    title_fr: Mapped[str] = mapped_column(String(300), default="")


class Part(StrEnum):
    """What somebody does in an agenda item."""

    SPEAKER = "speaker"
    PANELIST = "panelist"
    MODERATOR = "moderator"
    FACILITATOR = "facilitator"
    NOTE_TAKER = "note_taker"
    INTERPRETER = "interpreter"
    ELDER = "elder"
    SUPPORT_PERSON = "support_person"


class AgendaPart(Base):
    """A person with a part in an agenda item; shown to guests only where the person agreed."""

    __tablename__ = "agenda_part"
    __table_args__ = (one_of("part", Part), UniqueConstraint("agenda_item_id", "person_id", "part"))

    agenda_item_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_item.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    part: Mapped[Part] = mapped_column(words(Part))
    # The person agreed to be named in the agenda that guests see.
    published: Mapped[bool] = mapped_column(default=False)


class Needs(Base):
    """What one guest needs to take part, in their own words; sealed."""

    __tablename__ = "needs"

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    access_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    diet_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Keys joined by spaces: asl, lsq, captioning, english, french; sealed as well.
    interpretation_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    stated_at: Mapped[datetime]

    access = SealedText()
    diet = SealedText()
    interpretation = SealedText()


class About(StrEnum):
    """What guests are told of."""

    CHANGE = "change"
    CANCELLATION = "cancellation"


class CalendarEntry(Base):
    """What one guest's calendar was told of one sitting (RFC 5545, RFC 5546)."""

    __tablename__ = "calendar_entry"
    __table_args__ = (UniqueConstraint("invitation_id", "sitting_id"),)

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"), index=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    # The local part of ORGANIZER after "replies+"; opens nothing, fixed for the UID's life.
    mailbox: Mapped[str] = mapped_column(String(40), unique=True)
    # Rises with a change of time, place, link or status and with each CANCEL; never on a resend.
    sequence: Mapped[int] = mapped_column(default=0)
    partstat: Mapped[Choice | None] = mapped_column(words(Choice))
    # The SEQUENCE and DTSTAMP of the last calendar reply that was taken: an older one changes nothing.
    last_reply_sequence: Mapped[int | None]
    last_reply_stamp: Mapped[datetime | None]
    # What the guest was last told of time, place, link and title (a keyed fingerprint), and when; None: nothing yet.
    told: Mapped[str | None] = mapped_column(String(32))
    told_at: Mapped[datetime | None]
    # The SEQUENCE with which the team last changed time, place, link or status: a calendar's reply to an older
    # one is about something else. What a guest's own reply changes for them raises ``sequence`` alone.
    revised_sequence: Mapped[int] = mapped_column(default=0)
    # The same in words that can be shown again: "before → after" is read from it.
    told_facts_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # METHOD:REQUEST was sent: their calendar holds the entry, until METHOD:CANCEL was.
    requested_at: Mapped[datetime | None]
    # METHOD:CANCEL was sent; a later REQUEST takes it back.
    cancelled_at: Mapped[datetime | None]

    told_facts = SealedText()

    @property
    def held(self) -> bool:
        """Return whether the guest's calendar holds the entry, as far as can be known from here."""
        return self.requested_at is not None and self.cancelled_at is None


class Telling(Base):
    """The team decided to tell guests of a change or a cancellation: who, when, and what they added."""

    __tablename__ = "telling"
    __table_args__ = (
        one_of("about", About),
        # Half a note would reach half of the guests.
        CheckConstraint("(note_en_sealed IS NULL) = (note_fr_sealed IS NULL)", name="note_in_both_languages"),
        Index("ix_telling_unfinished", "finished_at"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    # The one sitting that it is about; None for all of them.
    sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"))
    about: Mapped[About] = mapped_column(words(About))
    # Those who had declined and whose calendar holds the entry are told of the cancellation too.
    with_declined: Mapped[bool] = mapped_column(default=False)
    note_en_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    note_fr_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # Every mail of it is planned; None: the program still owes some.
    finished_at: Mapped[datetime | None]

    note_en = SealedText()
    note_fr = SealedText()

    @property
    def note(self) -> Text:
        """Return what the team added, in both languages; empty where nothing."""
        return Text(self.note_en, self.note_fr)
