"""What a calendar answers, and whether it may be taken (RFC 5546, RFC 5545). Pure.

A REPLY is somebody's own answer only where its one ATTENDEE is the address that was invited. Among
replies of calendars the order is that of SEQUENCE, then of DTSTAMP, whatever the order in which
they arrive (RFC 5546, 2.1.5); and a reply to a revision that has been replaced since is about
another time or place. Whatever this cannot say for certain, people decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engagement.invitations.models import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST = 200_000
MOST_LINES = 5000
LONGEST_COMMENT = 1000
HIGHEST_SEQUENCE = 2**31 - 1
CHOICES = {"ACCEPTED": Choice.ACCEPTED, "TENTATIVE": Choice.TENTATIVE, "DECLINED": Choice.DECLINED}
_STAMP = re.compile(r"([0-9]{8}T[0-9]{6})Z?")
_ESCAPED = re.compile(r"\\([\\;,nN])")


@dataclass(frozen=True, slots=True)
class Attendee:
    """One ATTENDEE: the address (case-folded), PARTSTAT, and whether somebody else was sent in their place."""

    address: str
    partstat: str
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What a calendar object answers. ``sequence`` and ``stamp`` are None where they cannot be read."""

    method: str
    uids: tuple[str, ...]
    attendees: tuple[Attendee, ...]
    sequence: int | None
    stamp: datetime | None
    comment: str = ""
    one_of_a_series: bool = False

    @property
    def uid(self) -> str:
        """Return the UID where there is exactly one."""
        return self.uids[0] if len(self.uids) == 1 else ""

    @property
    def choice(self) -> Choice | None:
        """Return what the one ATTENDEE says, None where that is nothing a guest can reply."""
        return CHOICES.get(self.attendees[0].partstat) if len(self.attendees) == 1 else None


class Step(StrEnum):
    """What is to be done about a calendar reply: take it, leave it as an older one, or have people look at it."""

    TAKE = "take"
    OLDER = "older"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and why, in one sentence, where it is not to take it."""

    step: Step
    why: str = ""


_TAKE = Decision(Step.TAKE)
OLDER = Decision(Step.OLDER, "a calendar reply that was made after it has been taken")
_METHODS = {
    "COUNTER": "it proposes another time or place",
    "REFRESH": "a calendar asks to be sent the entry again",
    "DECLINECOUNTER": "it answers a proposal that we never made",
}
OTHER_METHOD = "it is a calendar message, and no reply"
SEVERAL_EVENTS = "it answers for several entries at once"
SEVERAL = "it answers for several people at once"
NOBODY = "it does not say who answers"
DELEGATED = "somebody else is sent instead; only the team lets anybody in"
NOT_INVITED = "it was answered by an address that was not invited, as after forwarding"
NO_CHOICE = "it says neither yes, maybe nor no"
UNREADABLE = "its revision or its time cannot be read"
EARLIER_REVISION = "it answers an entry that has been changed since"
LATER_REVISION = "it answers a revision that we never sent"
CLOCK_AHEAD = "the clock of an earlier reply was ahead: which of the two is the later cannot be told"


def decide(
    answered: Answered,
    *,
    is_invited: Callable[[str], bool],
    sequence: int,
    revised: int,
    last: tuple[int, datetime] | None,
    received_at: datetime,
) -> Decision:
    """Return what is to be done about an answer to the entry whose current revision is ``sequence``.

    ``revised`` is the revision with which the team last changed it; those since then differ
    in what the guest's own replies changed for them, such as the online link.
    ``last`` is the SEQUENCE and DTSTAMP of the last calendar reply that was taken; one of the
    same moment as that is taken, for the last received counts.
    """
    why = _why_wait(answered, is_invited)
    if why:
        return Decision(Step.WAIT, why)
    if answered.sequence is None or answered.stamp is None:
        return Decision(Step.WAIT, UNREADABLE)
    if last is not None and (answered.sequence, answered.stamp) < last:
        return Decision(Step.WAIT, CLOCK_AHEAD) if answered.sequence == last[0] and last[1] > received_at else OLDER
    if answered.sequence < revised:
        return Decision(Step.WAIT, EARLIER_REVISION)
    return Decision(Step.WAIT, LATER_REVISION) if answered.sequence > sequence else _TAKE


def _why_wait(answered: Answered, is_invited: Callable[[str], bool]) -> str:
    if answered.method != "REPLY":
        return _METHODS.get(answered.method, OTHER_METHOD)
    if len(answered.uids) > 1 or answered.one_of_a_series:
        return SEVERAL_EVENTS
    if len(answered.attendees) != 1:
        return SEVERAL if answered.attendees else NOBODY
    (attendee,) = answered.attendees
    if attendee.delegated or attendee.partstat == "DELEGATED":
        return DELEGATED
    if not is_invited(attendee.address):
        return NOT_INVITED
    return "" if attendee.partstat in CHOICES else NO_CHOICE


def read_answer(text: str) -> Answered:
    """Return what a calendar object answers, as far as it can be read; lines that are none are passed over. Never raises."""
    found: dict[str, list[tuple[dict[str, str], str]]] = {}
    uids: list[str] = []
    for within, name, params, value in _properties(text):
        if within[-1:] == ["VEVENT"] or (within == ["VCALENDAR"] and name == "METHOD"):
            found.setdefault(name, []).append((params, value))
            uids += [value] if name == "UID" and value not in uids else []
    attendees = dict.fromkeys(_attendee(params, value) for params, value in found.get("ATTENDEE", []))
    return Answered(
        method=_first(found, "METHOD").upper(),
        uids=tuple(uids[:10]),
        attendees=tuple(attendees)[:10],
        sequence=_number(_first(found, "SEQUENCE") or "0"),
        stamp=_moment(_first(found, "DTSTAMP")),
        comment=(_words(_first(found, "COMMENT")) or _beside(found.get("ATTENDEE", [])))[:LONGEST_COMMENT],
        one_of_a_series="RECURRENCE-ID" in found,
    )


def beginning_of(text: str) -> tuple[str, str]:
    """Return when an entry begins, as it is written there, and the zone that it names; empty where it says neither."""
    for within, name, params, value in _properties(text):
        if within[-1:] == ["VEVENT"] and name == "DTSTART":
            return value.strip()[:40], params.get("TZID", "").strip()[:80]
    return "", ""


def _properties(text: str) -> Iterator[tuple[list[str], str, dict[str, str], str]]:
    """Give each property with the components that it stands in, the outermost first."""
    within: list[str] = []
    for name, params, value in _lines(text):
        if name == "BEGIN":
            within.append(value.upper())
        elif name == "END":
            del within[-1:]
        else:
            yield within, name, params, value


def _lines(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    from icalendar.parser import Contentline  # noqa: PLC0415 - large, and needed where a calendar answers only.

    as_line: Callable[[str], Any] = Contentline

    unfolded = re.sub(r"\n[ \t]", "", text[:LONGEST].replace("\r\n", "\n"))
    for line in unfolded.splitlines()[:MOST_LINES]:
        if not line.strip():
            continue
        try:
            name, params, value = as_line(line.strip()).parts()
        except Exception:  # noqa: BLE001, S112 - a line that is none tells nothing; the others may.
            continue
        yield str(name).upper(), {str(key).upper(): _one(worth) for key, worth in params.items()}, str(value)


def _one(worth: object) -> str:
    return ",".join(map(str, worth)) if isinstance(worth, list) else str(worth)


def _first(found: dict[str, list[tuple[dict[str, str], str]]], name: str) -> str:
    return found[name][0][1].strip() if name in found else ""


def _attendee(params: dict[str, str], value: str) -> Attendee:
    address = re.sub(r"^mailto:", "", value.strip(), flags=re.IGNORECASE).strip("<> ").casefold()
    delegated = bool(params.get("DELEGATED-TO") or params.get("DELEGATED-FROM"))
    return Attendee(address[:320], params.get("PARTSTAT", "").strip().upper(), delegated)


def _beside(attendees: list[tuple[dict[str, str], str]]) -> str:
    """Return what the one attendee wrote beside their reply where Google's calendar puts it: not in COMMENT."""
    return _words(attendees[0][0].get("X-RESPONSE-COMMENT", "")) if len(attendees) == 1 else ""


def _number(written: str) -> int | None:
    return int(written) if re.fullmatch(r"[0-9]{1,10}", written) and int(written) <= HIGHEST_SEQUENCE else None


def _moment(written: str) -> datetime | None:
    found = _STAMP.fullmatch(written)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        # A leap second is one that Python does not know; so is the thirtieth of February.
        return None


def _words(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
