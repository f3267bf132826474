"""Ports: places where rooms that do not know each other meet.

A room declares or uses a port; ``create_app`` plugs in what each capability contributes.
A port belongs to one application and is found with ``ports()``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import current_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from engagement.kernel.bilingual import Text

EXTENSION = "convoke_ports"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened with a person: when, what (both languages), and where to read on."""

    at: datetime
    what: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """An event or a batch as the team page names it; ``kind`` is "event" or "batch"."""

    kind: str
    id: UUID
    title: Text
    restricted: bool


@dataclass(frozen=True, slots=True)
class OverviewLine:
    """One line of the overview: what it is about, how it stands, and the page to go to.

    ``waiting`` says that somebody has to do something about it.
    """

    what: Text
    stands: Text
    url: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done before a consultation opens: what, whether it is done, and the page to do it on.

    ``optional``: not every consultation needs it.
    """

    what: Text
    done: bool
    url: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of another room's page: the template that draws it, which knows the section as ``panel``, and what it shows."""

    template: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of a rehearsal: what a person would get or see, and when.

    Either a mail (``purpose`` names its kind) or a page (``page`` gives it as html in the
    language of the current page, with every form and link of it made inert). ``key`` is its
    part of an address. ``only_if`` is empty for what happens in any case.
    """

    key: str
    at: datetime
    what: Text
    only_if: Text | None = None
    purpose: str = ""
    page: Callable[[], str] | None = None


@dataclass(slots=True)
class Ports:
    """What the capabilities have plugged in.

    ``timeline``: each takes (person id, access) and gives entries that this member may see.
    ``person_panels``: each takes (person id, access) and gives sections of the person's page that this member may see.
    ``subjects``: each takes an access and gives the events or batches that this member knows of.
    ``overview``: each takes an access and gives lines of the overview page that this member may see.
    ``overview_panels``: each takes an access and gives sections that stand first on the overview page.
    ``first_steps``: each takes an access and gives what is to be done in its room before a consultation opens.
    ``composers``: mail purpose to the composer that renders a planned message.
    ``sent``: mail purpose to what must be stored in the transaction that marks a message sent; the message may be
    in no session: it is read and not changed. It runs without a session where it needs none (``kernel.quick``).
    ``greetings``: each gives lines that the start command prints once the pages answer.
    ``bounced``: each takes a message whose address does not exist, in the transaction that notes it.
    ``doubtful``: each takes a message of which nobody knows whether it arrived, in the transaction that notes it.
    ``undelivered``: each takes a message that went and did not arrive, says a report, in the transaction that notes it.
    ``bell``: tells the worker that there is mail to send.
    ``chores``: each does work that is owed (the rest of a mailing), before the worker sends.
    ``sheltered``: each takes ids of people who were put in a restricted batch, in the transaction that puts them.
    ``mailing_text``: takes a mailing's id and gives what it says in its own words, None where it has none.
    ``rehearsal``: each takes a sketch (whom, about what) and when the first mail goes, and gives the scenes that follow.
    ``quiet_hours``: takes some messages and gives what takes one of them and its consultation's zone and gives the hours in which it
    waits, None where it need not.
    ``too_soon``: takes a reminder and a moment, and says whether its person was written to so lately that it must not go.
    ``resumed``: each takes a consultation id, in the transaction that ends its pause.
    ``person_changed``: each takes the id of a person whose particulars or wishes were changed, in the transaction that changes them.
    ``address_changed``: each takes the id of a person who is reached under another address from now on, or under none, in the same way.
    ``consultation_changed``: each takes the id of a consultation that says something else of itself now, in the same way.
    ``restored``: each has what is owed of before a restore of the database wait for the team, or plans it to be held; twice is once.
    ``absent``: each takes a moment, and has what should have gone before it wait for the team, in the transaction that finds it.
    ``inbound``: each takes a received mail and says what became of it, None where it is not theirs to place.
    ``person_tables``: table names holding a person's id, with what erasure does there.
    """

    timeline: list[Callable[[UUID, Any], Iterable[TimelineEntry]]] = field(default_factory=list)
    person_panels: list[Callable[[UUID, Any], Iterable[Panel]]] = field(default_factory=list)
    subjects: list[Callable[[Any], Iterable[Subject]]] = field(default_factory=list)
    overview: list[Callable[[Any], Iterable[OverviewLine]]] = field(default_factory=list)
    overview_panels: list[Callable[[Any], Iterable[Panel]]] = field(default_factory=list)
    first_steps: list[Callable[[Any], Iterable[Step]]] = field(default_factory=list)
    composers: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    greetings: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    bounced: list[Callable[[Any], None]] = field(default_factory=list)
    doubtful: list[Callable[[Any], None]] = field(default_factory=list)
    undelivered: list[Callable[[Any], None]] = field(default_factory=list)
    bell: Callable[[], None] | None = None
    chores: list[Callable[[], None]] = field(default_factory=list)
    sheltered: list[Callable[[list[UUID]], None]] = field(default_factory=list)
    mailing_text: Callable[[UUID], Any] | None = None
    rehearsal: list[Callable[[Any, datetime], Iterable[Scene]]] = field(default_factory=list)
    quiet_hours: Callable[[Any], Callable[[Any, str], Any]] | None = None
    too_soon: Callable[[Any, datetime], bool] | None = None
    resumed: list[Callable[[UUID], None]] = field(default_factory=list)
    person_changed: list[Callable[[UUID], None]] = field(default_factory=list)
    address_changed: list[Callable[[UUID], None]] = field(default_factory=list)
    consultation_changed: list[Callable[[UUID], None]] = field(default_factory=list)
    restored: list[Callable[[], None]] = field(default_factory=list)
    absent: list[Callable[[datetime], None]] = field(default_factory=list)
    inbound: list[Callable[[Any], Any]] = field(default_factory=list)
    person_tables: dict[str, str] = field(default_factory=dict)


def ports() -> Ports:
    """Return the ports of the current application."""
    found: Ports = current_app.extensions[EXTENSION]
    return found
