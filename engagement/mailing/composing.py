"""What a capability says to have one of its mails written: values for the texts, nothing else.

A capability registers a Composer for each purpose in ``ports.composers``; the outbox calls it
when a planned message is due. It decides again, at that moment, whether the mail should go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from engagement.kernel.bilingual import Language

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.kernel.bulk import NewRow
    from engagement.mailing.models import Message

# For each language that the mail is written in, a value for every placeholder of the purpose.
Values: TypeAlias = Mapping[Language, Mapping[str, str]]


class Kind(StrEnum):
    """What a mail is to the person who gets it; it decides what their wishes and hours mean for it.

    ANSWER: they did something, or asked for it, and this says so. MAILING: the team writes to
    many. REMINDER: to those who have not answered. NOTICE: something a guest must know, such
    as a change of place or a cancellation.
    """

    ANSWER = "answer"
    MAILING = "mailing"
    REMINDER = "reminder"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar object (RFC 5545) to go with a mail; ``method`` equals the METHOD inside it."""

    method: str
    ics: bytes


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail that should go now.

    ``values`` holds plain text for each language of the message (both, for "both").
    ``rows`` are stored in the transaction that stores the bytes: the personal link in them,
    for instance. ``from_name`` stands before our address; the consultation's lead if left out.
    ``reply_to`` is where answers go; the consultation's contact address if left out.
    ``details`` (plain ids, numbers and marks) are kept with the message when its bytes are
    stored, for its purpose's ``sent`` port. ``discreet``: neutral sender name and subject.
    ``unsubscribe`` is the address at which one click ends mails like this one (RFC 8058), and
    ``unsubscribe_mailbox`` where one can write to instead; a composer leaves both out.
    ``to_address`` is empty for somebody who has none.
    ``to_address`` is empty where there is none: somebody calls. ``must_reach``: they hold a
    seat and have to know, so that somebody calls too where no mail may go.
    """

    to_name: str
    to_address: str
    values: Values
    calendar: CalendarPart | None = None
    rows: list[NewRow] = field(default_factory=list)
    from_name: str = ""
    reply_to: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    discreet: bool = False
    unsubscribe: str = ""
    unsubscribe_mailbox: str = ""
    must_reach: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """The mail need not go any more: replied, withdrawn, cancelled. ``reason`` names nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The mail cannot go yet, for a text is stale or something is missing; it is asked again later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a preview is for: one person and one subject, before there is an invitation."""

    consultation_id: UUID
    person_id: UUID
    event_id: UUID | None = None
    questionnaire_id: UUID | None = None


# What a composer says of a message, and how it is asked.
Said: TypeAlias = Composed | Dropped | Waits
Compose: TypeAlias = "Callable[[Message], Said]"


@dataclass(frozen=True, slots=True)
class Composer:
    """How the mails of one purpose are written.

    ``placeholders`` is the closed list that the purpose's texts may use, ``needed`` those of them
    without which the mail is of no use: the link on which one replies. ``compose`` reads and
    never writes. ``preview`` gives both languages' values for the page on which a mailing is
    checked, with a link that opens nothing. ``asked_for``: the person asked for it at this
    moment, so that "do not contact" does not hold it back. ``private``: staff never read it.
    ``kind`` says what the mail is to whoever gets it. ``gather`` reads in a few questions what
    many messages are about, and gives what composes each of them from that and no further
    question; without it each message is composed on its own.
    """

    purpose: str
    placeholders: tuple[str, ...]
    compose: Compose
    preview: Callable[[Sketch], Values] | None = None
    asked_for: bool = False
    private: bool = False
    kind: Kind = Kind.MAILING
    gather: Callable[[Sequence[Message]], Compose] | None = None
    needed: tuple[str, ...] = ()
