"""What a received mail is told as, and what is said of it: the values that the rooms exchange over ``ports.inbound``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from engagement.mailing.mime import Mail
    from engagement.mailing.reports import Report


class Kind(StrEnum):
    """What a received mail is.

    reply (of a calendar), bounce (a delivery report), complaint (a feedback report), auto (a machine
    answered for somebody), unsubscribe, request (for the questionnaire), submission (a letter), or
    unplaced: for people to read.
    """

    REPLY = "reply"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTO = "auto"
    UNSUBSCRIBE = "unsubscribe"
    REQUEST = "request"
    SUBMISSION = "submission"
    UNPLACED = "unplaced"


class InboxState(StrEnum):
    """Where a received mail stands.

    received (stored, not looked at yet), done (the program did what it asks), waiting (for the
    team), filed (the team recorded or filed it), dismissed (the team found nothing to do).
    """

    RECEIVED = "received"
    DONE = "done"
    WAITING = "waiting"
    FILED = "filed"
    DISMISSED = "dismissed"


@dataclass(slots=True)
class Arrival:
    """A received mail as the rooms are shown it. A room that can place it further writes what it knows into it.

    ``tokens`` maps what stands before the plus of an address of ours ("replies", "bounces",
    "unsubscribe") to what stands behind it. ``answers`` holds the Message-IDs that the mail
    refers to. ``calendar`` is the calendar object that states a method, ``method`` what it states;
    ``other_calendars`` are further ones of the same mail with theirs.
    ``whole`` is False where only the headers were read.
    """

    id: UUID
    kind: Kind
    received_at: datetime
    mail: Mail
    sender: str
    sender_name: str
    subject: str
    text: str
    recipients: tuple[str, ...] = ()
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    calendar: str = ""
    method: str = ""
    other_calendars: tuple[tuple[str, str], ...] = ()
    report: Report | None = None
    whole: bool = True
    consultation_id: UUID | None = None
    person_id: UUID | None = None
    # The person is who the mail is from for certain, not only by an address that anybody can write.
    person_sure: bool = False
    invitation_id: UUID | None = None
    message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a received mail. ``outcome`` is a word for programs, ``why`` a sentence of ours (English, as in the outbox).

    What is None leaves what is known of it as it was. ``details`` are plain ids and words that a
    form of the inbox begins with.
    """

    state: InboxState
    outcome: str
    why: str = ""
    kind: Kind | None = None
    consultation_id: UUID | None = None
    person_id: UUID | None = None
    invitation_id: UUID | None = None
    message_id: UUID | None = None
    details: dict[str, str] = field(default_factory=dict)


def waits(why: str, outcome: str = "waiting", *, kind: Kind | None = None, details: dict[str, str] | None = None) -> Verdict:
    """Return that a mail waits for the team, and why."""
    return Verdict(InboxState.WAITING, outcome, why, kind, details=details or {})


def done(outcome: str, why: str = "") -> Verdict:
    """Return that the program did what a mail asks."""
    return Verdict(InboxState.DONE, outcome, why)


# What programs are told: a complaint is the strongest way of asking for no more mail.
TOLD_AS: dict[Kind, str] = {**{kind: kind.value for kind in Kind}, Kind.COMPLAINT: "unsubscribe"}
