"""Whom a mailing is for: filters of the roster, of replies to an event, of responses to a questionnaire.

A filter stands in the address, and what it chooses is fixed when the mailing is drafted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import UUID

from sqlalchemy import and_, false, func, select

from engagement.events.guest_list import ATTENDED, NO_REPLY, WAITING, guests_asked
from engagement.events.models import Event
from engagement.events.service import events_of
from engagement.invitations.models import Choice, Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.questionnaires.asked import COMPLETE, NOT_OPENED, OPENED, PARTIAL, SILENT, asked_at
from engagement.questionnaires.service import questionnaires_of
from engagement.roster.filters import Filter, PageOfPeople, chosen
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

REPLIED: dict[str, Text] = {
    Choice.ACCEPTED: Text("coming", "participeront"),
    Choice.TENTATIVE: Text("maybe", "peut-être"),
    Choice.DECLINED: Text("cannot come", "ne peuvent pas participer"),
    NO_REPLY: Text("no reply yet", "sans réponse"),
    WAITING: Text("on a waiting list", "sur une liste d’attente"),
    ATTENDED: Text("were there", "étaient là"),
}
STAGES: dict[str, Text] = {
    NOT_OPENED: Text("not opened", "pas ouvert"),
    OPENED: Text("begun, not sent in", "commencé, pas envoyé"),
    PARTIAL: Text("answered in part", "réponse partielle"),
    COMPLETE: Text("answered in full", "réponse complète"),
    SILENT: Text("silent", "sans réponse"),
}
# A word that is on no list chooses nobody, since to leave it out would choose everybody.
NO_SUCH = "?"


@dataclass(frozen=True, slots=True)
class Whom:
    """What is asked: of the roster, and of what people did. A part that is empty asks nothing.

    ``replied`` is "<event id>:<reply>", ``answered`` is "<questionnaire id>:<stage>"; each may
    have nothing after the colon, for everybody who was asked.
    """

    people: Filter
    replied: str = ""
    answered: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Return what an address asks for."""
        replied, answered = query.get("replied", ""), query.get("answered", "")
        return cls(Filter.from_query(query), _known(replied, REPLIED), _known(answered, STAGES))

    def as_query(self) -> dict[str, str]:
        """Return the parts of an address that ask for this, and nothing for what it does not ask."""
        more = {"replied": self.replied, "answered": self.answered}
        return self.people.as_query() | {name: value for name, value in more.items() if value}

    def __bool__(self) -> bool:
        """Return whether anything is asked."""
        return bool(self.as_query())


def _known(value: str, words: Mapping[str, Text]) -> str:
    if not value:
        return ""
    name, _, what = value.partition(":")
    try:
        UUID(name)
    except ValueError:
        return NO_SUCH
    return value if not what or what in words else NO_SUCH


def people_asked(access: Access, whom: Whom) -> list[UUID]:
    """Return the ids of everybody whom ``whom`` chooses and this member may know of, in the order of the roster."""
    return list(db.session.scalars(select(Person.id).where(_condition(access, whom)).order_by(Person.name_key, Person.id)))


def first_of(access: Access, whom: Whom, size: int) -> PageOfPeople:
    """Return the first people whom ``whom`` chooses, and how many there are in all."""
    condition = _condition(access, whom)
    total = db.session.scalar(select(func.count()).select_from(Person).where(condition)) or 0
    rows = db.session.scalars(select(Person).where(condition).order_by(Person.name_key, Person.id).limit(size))
    return PageOfPeople(list(rows), total, 1, size)


def _condition(access: Access, whom: Whom) -> ColumnElement[bool]:
    conditions = [chosen(access, whom.people)]
    if whom.replied:
        conditions.append(_have_replied(access, whom.replied))
    if whom.answered:
        conditions.append(_have_answered(access, whom.answered))
    return and_(*conditions)


def _have_replied(access: Access, asked: str) -> ColumnElement[bool]:
    name, _, reply = asked.partition(":")
    event: Event | None = next((each for each in events_of(access) if str(each.id) == name), None)
    if event is None:
        return false()
    return Person.id.in_(select(Invitation.person_id).where(guests_asked(event, reply)))


def _have_answered(access: Access, asked: str) -> ColumnElement[bool]:
    name, _, stage = asked.partition(":")
    found = next((each for each in questionnaires_of(access.consultation.id) if str(each.id) == name), None)
    if found is None:
        return false()
    return Person.id.in_(select(Invitation.person_id).where(asked_at(found.id, stage)))


@dataclass(frozen=True, slots=True)
class Group:
    """The ways in which people can be chosen by what they did about one thing: (value, words) each."""

    title: Text
    ways: tuple[tuple[str, Text], ...]


def reply_groups(access: Access) -> list[Group]:
    """Return, for each event that this member may know of, the replies to choose by."""
    return [
        _group(event.id, event.title, Text("everybody invited", "toutes les personnes invitées"), REPLIED) for event in events_of(access)
    ]


def answer_groups(access: Access) -> list[Group]:
    """Return, for each questionnaire, the stages to choose by."""
    everybody = Text("everybody asked", "toutes les personnes sollicitées")
    return [_group(each.id, each.text("title"), everybody, STAGES) for each in questionnaires_of(access.consultation.id)]


def _group(thing: UUID, title: Text, everybody: Text, words: Mapping[str, Text]) -> Group:
    ways = [("", everybody), *words.items()]
    return Group(title, tuple((f"{thing}:{key}", said) for key, said in ways))
