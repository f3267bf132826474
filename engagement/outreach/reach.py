"""Who of some chosen people a mailing reaches, in which language, and who it does not, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.mailing.models import Message, State, Suppression
from engagement.outreach.nominees import silent_nominees
from engagement.outreach.words import ANNOUNCEMENT
from engagement.roster.models import Person
from engagement.roster.safe_hours import hours_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engagement.outreach.models import Mailing

T = TypeVar("T")
CHUNK = 500


class Reach(StrEnum):
    """What becomes of one person in a mailing."""

    ENGLISH = "english"
    FRENCH = "french"
    BOTH = "both"
    TELEPHONE = "telephone"
    ALREADY_INVITED = "already_invited"
    DO_NOT_CONTACT = "do_not_contact"
    BOUNCED = "bounced"
    OPTED_OUT = "opted_out"
    NOMINEE = "nominee"
    NOT_REMINDED = "not_reminded"


GETS_IT = (Reach.ENGLISH, Reach.FRENCH, Reach.BOTH)
DOES_NOT = (Reach.ALREADY_INVITED, Reach.DO_NOT_CONTACT, Reach.BOUNCED, Reach.OPTED_OUT, Reach.NOMINEE)
# Who is left out of a reminder.
NOT_REMINDED = (Reach.NOT_REMINDED, Reach.BOUNCED, Reach.OPTED_OUT)

WORDS: dict[Reach, Text] = {
    Reach.ENGLISH: Text("Will get it in English", "Le recevront en anglais"),
    Reach.FRENCH: Text("Will get it in French", "Le recevront en français"),
    Reach.BOTH: Text("Will get both, language not known", "Le recevront dans les deux langues, préférence inconnue"),
    Reach.TELEPHONE: Text(
        "To be telephoned: by telephone only, or no address", "À joindre par téléphone\u00a0: téléphone seulement, ou aucune adresse"
    ),
    Reach.ALREADY_INVITED: Text("Already invited", "Invitation déjà envoyée"),
    Reach.DO_NOT_CONTACT: Text("Asked not to be contacted", "Ont demandé à ne pas être contactées"),
    Reach.BOUNCED: Text("Mail to their address came back", "Courriel non distribué à leur adresse"),
    Reach.OPTED_OUT: Text("Opted out", "Ne veulent plus recevoir de courriels"),
    Reach.NOMINEE: Text(
        "Nominated by somebody and silent: one message and no more", "Proposées par quelqu’un et sans réponse\u00a0: un seul message"
    ),
    Reach.NOT_REMINDED: Text("Not to be reminded any more", "À qui il n’y a plus de rappel à faire"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about one person.

    ``suppressed`` is why their address is not written to, if it is not. ``nominated``: somebody
    named them, and they have not answered to the one message that says so.
    """

    language: str | None
    has_address: bool
    invited: bool
    do_not_contact: bool
    suppressed: str | None
    wants_mailings: bool = True
    nominated: bool = False


def reach_of(facts: Facts) -> Reach:
    """Return what becomes of a person; the first reason that holds is the one that is shown."""
    said_no = facts.suppressed is not None and facts.suppressed != "bounced"
    reasons = {
        Reach.DO_NOT_CONTACT: facts.do_not_contact,
        Reach.ALREADY_INVITED: facts.invited,
        Reach.NOMINEE: facts.nominated,
        Reach.TELEPHONE: not facts.has_address,
        Reach.OPTED_OUT: said_no or not facts.wants_mailings,
        Reach.BOUNCED: facts.suppressed is not None,
    }
    for reason, holds in reasons.items():
        if holds:
            return reason
    return {"en": Reach.ENGLISH, "fr": Reach.FRENCH}.get(facts.language or "", Reach.BOTH)


@dataclass(frozen=True, slots=True)
class Survey:
    """The people of a mailing by what becomes of them; ``hidden`` is how many the reader may not know of."""

    groups: dict[Reach, list[Person]] = field(default_factory=dict)
    hidden: int = 0

    def of(self, reach: Reach) -> list[Person]:
        """Return the people whom this becomes of, in the order of the roster."""
        return self.groups.get(reach, [])

    def readers(self, reaches: Sequence[Reach]) -> list[Person]:
        """Return the people to whom one of these becomes, in the order of the groups."""
        return [person for reach in reaches for person in self.of(reach)]

    @property
    def reached(self) -> int:
        """Return how many get the mail."""
        return sum(len(self.of(each)) for each in GETS_IT)


def survey(mailing: Mailing, people: Sequence[Person]) -> Survey:
    """Return what becomes of ``people`` (those of the mailing whom the reader may know of)."""
    invited = set(invited_already(mailing, [person.id for person in people]))
    suppressed, nominated = suppressed_among(people), nominees_among(people)
    groups: dict[Reach, list[Person]] = {}
    for person in people:
        reason = suppressed.get(person.email_index) if person.email_index else None
        mailed = may_be_mailed(person)
        asked, named = person.id in invited, person.id in nominated
        facts = Facts(person.language, mailed, asked, person.do_not_contact, reason, person.wants_mailings, named)
        groups.setdefault(reach_of(facts), []).append(person)
    return Survey(groups, len(set(mailing.people)) - len(people))


def may_be_mailed(person: Person) -> bool:
    """Return whether a mail can go to this person at all: there is an address, and not by telephone only."""
    return bool(person.email) and not hours_of(person).calls_only


def invited_already(mailing: Mailing, ids: Sequence[UUID]) -> Iterator[UUID]:
    """Give those of ``ids`` who have a standing invitation to what the mailing is about, and were not named to get it once more.

    An announcement invites nobody: it goes to those who are invited as well.
    """
    if mailing.purpose == ANNOUNCEMENT:
        return
    named = {UUID(each) for each in mailing.people_again or ()}
    ids = [each for each in ids if each not in named]
    about = Invitation.event_id == mailing.event_id if mailing.event_id else Invitation.questionnaire_id == mailing.questionnaire_id
    for chunk in _chunks(ids):
        yield from db.session.scalars(
            select(Invitation.person_id).where(about, Invitation.withdrawn_at.is_(None), Invitation.person_id.in_(chunk))
        )


def suppressed_among(people: Iterable[Person]) -> dict[bytes, str]:
    """Return why the addresses of some of these people are not written to, by blind index."""
    found: dict[bytes, str] = {}
    for chunk in _chunks([person.email_index for person in people if person.email_index]):
        rows = db.session.execute(select(Suppression.address_index, Suppression.reason).where(Suppression.address_index.in_(chunk)))
        found.update({index: reason for index, reason in rows})  # noqa: C416 - rows are not pairs to mypy.
    return found


def nominees_among(people: Iterable[Person]) -> set[UUID]:
    """Return those of some people who were nominated, were or will be written to as such, and have not answered."""
    on_its_way = Message.state.not_in([State.CANCELLED, State.FAILED, State.SUPPRESSED])
    chunks = _chunks([person.id for person in people])
    return {each for chunk in chunks for each in db.session.scalars(silent_nominees(on_its_way, Invitation.person_id.in_(chunk)))}


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))
