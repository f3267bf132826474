"""What one guest is told of one sitting, as a value: its mark, its words, and what makes a new revision of it.

Pure. Two guests of one sitting may be told different things: the online link is for whoever
holds an online seat, and a discreet guest reads no title that tells.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from engagement.events.models import EventStatus, Format
from engagement.events.vocabulary import KINDS
from engagement.invitations.models import Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import keys
from engagement.kernel.wording import span_words

if TYPE_CHECKING:
    from engagement.events.models import Event, Sitting
    from engagement.kernel.bilingual import Language

# What a calendar, a subject or a file is called that others may see over somebody's shoulder.
NEUTRAL_TITLE = Text("Meeting", "Réunion")
NEUTRAL_ORGANIZER = Text("Organizing team", "Équipe organisatrice")
# The length of CalendarEntry.told.
MARK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one guest is told. Moments are UTC; wall times are of ``zone``.

    ``place`` is empty for whoever takes part online, ``link`` for everybody else. ``offered``:
    both ways of taking part are open to them still. ``title`` is what a calendar may show.
    """

    starts_at: datetime
    ends_at: datetime
    starts_wall: datetime
    ends_wall: datetime
    zone: str
    place: Text
    online: bool
    offered: bool
    link: str
    title: Text
    cancelled: bool = False

    @property
    def as_calendars_see(self) -> tuple[object, ...]:
        """Return time, place, link and status: a change of these is a new revision (RFC 5546, 2.1.4)."""
        return (self.starts_at, self.ends_at, self.place, self.online, self.link, self.cancelled)

    @property
    def mark(self) -> str:
        """Return a keyed fingerprint of what is told; the name of the zone does not count, the instants do."""
        told = [
            *(moment.timestamp() for moment in (self.starts_at, self.ends_at)),
            *(self.place.en, self.place.fr, self.online, self.offered, self.link, self.title.en, self.title.fr, self.cancelled),
        ]
        return keys.blind_index(json.dumps(told)).hex()[:MARK]

    def when(self, language: Language) -> str:
        """Return when it is, on its own clocks."""
        return span_words(self.starts_wall, self.ends_wall, self.zone, language)

    @property
    def where(self) -> Text:
        """Return where it is for this guest; never with the link."""
        if self.online:
            return Text("Online", "En ligne")
        if not self.place.whole:
            return _NO_PLACE_OR_ONLINE if self.offered else _NO_PLACE
        return Text(f"{self.place.en}, or online", f"{self.place.fr}, ou en ligne") if self.offered else self.place

    def as_facts(self) -> str:
        """Return everything of it in one line, to be stored sealed."""
        moments = {name: getattr(self, name).isoformat() for name in _MOMENTS}
        texts = {name: [getattr(self, name).en, getattr(self, name).fr] for name in _TEXTS}
        return json.dumps({**moments, **texts, **{name: getattr(self, name) for name in _PLAIN}})

    @classmethod
    def from_facts(cls, facts: str) -> Self | None:
        """Return what was stored; None where nothing was."""
        if not facts:
            return None
        read: dict[str, Any] = json.loads(facts)
        values: dict[str, Any] = {name: datetime.fromisoformat(read[name]) for name in _MOMENTS}
        values |= {name: Text(*read[name]) for name in _TEXTS}
        return cls(**values, **{name: read[name] for name in _PLAIN})


_MOMENTS = ("starts_at", "ends_at", "starts_wall", "ends_wall")
_TEXTS = ("place", "title")
_PLAIN = ("zone", "online", "offered", "link", "cancelled")
_NO_PLACE = Text("The place is not set yet", "Le lieu n’est pas encore fixé")
_NO_PLACE_OR_ONLINE = Text("In person or online; the place is not set yet", "En personne ou en ligne; le lieu n’est pas encore fixé")


def title_for(event: Event, *, discreet: bool) -> Text:
    """Return what subjects and calendars call ``event`` to somebody who is ``discreet`` or not.

    The name of a restricted event would tell what its guests have lived: its kind stands there.
    """
    if discreet or event.discreet:
        return NEUTRAL_TITLE
    return KINDS[event.kind] if event.restricted else event.title


def shown_to(event: Event, sitting: Sitting, mode: Mode | None, *, discreet: bool) -> Shown:
    """Return what somebody is told who holds a seat in ``mode`` (None: none)."""
    online = event.format is Format.ONLINE or mode is Mode.ONLINE
    return Shown(
        starts_at=sitting.starts_at,
        ends_at=sitting.ends_at,
        starts_wall=sitting.starts_wall,
        ends_wall=sitting.ends_wall,
        zone=event.zone,
        place=Text("", "") if online else event.text("venue"),
        online=online,
        offered=event.format is Format.HYBRID and mode is None,
        link=event.online_link if mode is Mode.ONLINE else "",
        title=title_for(event, discreet=discreet),
        cancelled=event.status is EventStatus.CANCELLED or sitting.cancelled_at is not None,
    )


def marks_known(event: Event, sitting: Sitting, mode: Mode | None, *, discreet: bool) -> tuple[str, ...]:
    """Return the marks of those who know how it stands.

    A chair in the room and no reply yet are told the same place: a reply alone makes nobody's knowledge old.
    """
    alike = (Mode.ONLINE,) if mode is Mode.ONLINE else (None, Mode.IN_PERSON)
    return tuple(dict.fromkeys(shown_to(event, sitting, each, discreet=discreet).mark for each in alike))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was told: what it is, as it was, as it is."""

    what: Text
    before: Text
    after: Text


WHEN = Text("Date and time", "Date et heure")
WHERE = Text("Place", "Lieu")
LINK = Text("Online link", "Lien de connexion")
TITLE = Text("Title", "Titre")
NOT_KNOWN = Text("not set yet", "à venir")
ADDED = Text("A date was added", "Une date s’ajoute")
NO_LINK = Text("none", "aucun")
EARLIER_LINK = Text("the earlier link, which is no longer valid", "l’ancien lien, qui n’est plus valide")


def differences(before: Shown | None, after: Shown, *, one_of_several: bool = False) -> list[Difference]:
    """Return what has changed for a guest since they were told; before None: they knew of no date, or not of this one of several.

    Where nothing has, a mail that may have arrived said something else: they are told what holds.
    """
    when = Text(after.when("en"), after.when("fr"))
    if before is None:
        return [Difference(ADDED, Text("", ""), when) if one_of_several else Difference(WHEN, NOT_KNOWN, when)]
    was = Text(before.when("en"), before.when("fr"))
    moved = (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at)
    found = [Difference(WHEN, was, when)] if moved or was != when else []
    if before.where != after.where:
        found.append(Difference(WHERE, before.where, after.where))
    if before.link != after.link:
        found.append(Difference(LINK, EARLIER_LINK if before.link else NO_LINK, Text(after.link, after.link) if after.link else NO_LINK))
    if before.title != after.title:
        found.append(Difference(TITLE, before.title, after.title))
    return found or [Difference(WHEN, Text("", ""), when), Difference(WHERE, Text("", ""), after.where)]


def difference_words(found: list[Difference], language: Language) -> str:
    """Return the differences as a mail says them."""
    before, now = ("avant\u00a0: ", "maintenant\u00a0: ") if language == "fr" else ("before: ", "now: ")

    def said(each: Difference) -> str:
        if not each.before:
            return f"{each.what.in_(language)}\n{each.after.in_(language)}"
        return f"{each.what.in_(language)}\n{before}{each.before.in_(language)}\n{now}{each.after.in_(language)}"

    return "\n\n".join(said(each) for each in found)
