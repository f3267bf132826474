"""Who is reminded and who is not, and why: a pure rule over plain values.

Only the silent are reminded. A nominee who has not answered is never reminded: they get
exactly one message (SOR/2013-221, s. 4(1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

EVENT_REMINDER, DAY_BEFORE, QUESTIONNAIRE_REMINDER = "event_reminder", "event_day_before", "questionnaire_reminder"
PURPOSES = frozenset({EVENT_REMINDER, DAY_BEFORE, QUESTIONNAIRE_REMINDER})


class Fate(StrEnum):
    """What becomes of one person in a reminder."""

    ENGLISH = "english"
    FRENCH = "french"
    BOTH = "both"
    TELEPHONE = "telephone"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    DECLINED = "declined"
    NOT_SENT = "not_sent"
    NOMINEE = "nominee"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    TOO_LATE = "too_late"
    ENOUGH = "enough"
    TOO_SOON = "too_soon"
    NO_SEAT = "no_seat"


REMINDED = (Fate.ENGLISH, Fate.FRENCH, Fate.BOTH, Fate.TELEPHONE)
# In the order in which they are looked at: the first that holds is the one that is shown.
LEFT_OUT = tuple(fate for fate in Fate if fate not in REMINDED)

WORDS: dict[Fate, Text] = {
    Fate.ENGLISH: Text("Reminded in English", "Rappel en anglais"),
    Fate.FRENCH: Text("Reminded in French", "Rappel en français"),
    Fate.BOTH: Text("Reminded in both, language not known", "Rappel dans les deux langues, préférence inconnue"),
    Fate.TELEPHONE: Text("To be telephoned", "À joindre par téléphone"),
    Fate.WITHDRAWN: Text("Invitation withdrawn", "Invitation retirée"),
    Fate.ANSWERED: Text("Have answered", "Ont répondu"),
    Fate.DECLINED: Text("Have declined", "Ont décliné"),
    Fate.NOT_SENT: Text("Invitation not sent yet", "Invitation pas encore envoyée"),
    Fate.NOMINEE: Text("Nominated by somebody: one message and no more", "Proposées par quelqu’un\u00a0: un seul message"),
    Fate.OPTED_OUT: Text("Want no reminders, or no mail", "Ne veulent pas de rappels ou de courriels"),
    Fate.BOUNCED: Text("Mail to their address came back", "Courriel non distribué à leur adresse"),
    Fate.TOO_LATE: Text("The deadline has passed", "La date limite est passée"),
    Fate.ENOUGH: Text("Reminded as often as your rules allow", "Rappels déjà aussi nombreux que le permettent vos règles"),
    Fate.TOO_SOON: Text("Something else was sent, or is about to be", "Autre courriel envoyé récemment ou sur le point de l’être"),
    Fate.NO_SEAT: Text("Hold no seat", "N’ont pas de place"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How decently people are chased: so many reminders about one thing, and so many days from anything else."""

    most_per_person: int = 2
    days_apart: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides about one invited person.

    ``answered``: any reply to an event, a submitted response (in whole or in part) to a
    questionnaire; one that was only begun is silence. ``opted_out`` holds every way of saying
    so; ``bounced`` every way of knowing it. ``reminders`` counts those about this very thing,
    also planned ones. ``written_at`` are the moments at which anything of this consultation was
    or will be sent to them. ``deadline`` is the last moment at which an answer is taken.
    """

    language: str | None
    has_address: bool
    withdrawn: bool = False
    answered: bool = False
    declined: bool = False
    distributed: bool = True
    nominated: bool = False
    opted_out: bool = False
    bounced: bool = False
    reminders: int = 0
    written_at: tuple[datetime, ...] = ()
    deadline: datetime | None = None


def fate_of(facts: Facts, limits: Limits, moment: datetime) -> Fate:
    """Return what becomes of a person who was invited, at ``moment``."""
    reasons = {
        Fate.WITHDRAWN: facts.withdrawn,
        # Said no is an answer too; it is shown by its own name.
        Fate.DECLINED: facts.declined,
        Fate.ANSWERED: facts.answered,
        Fate.NOT_SENT: not facts.distributed,
        Fate.NOMINEE: facts.nominated,
        Fate.OPTED_OUT: facts.opted_out,
        # Without an address nothing comes back: they are telephoned.
        Fate.BOUNCED: facts.bounced and facts.has_address,
        Fate.TOO_LATE: facts.deadline is not None and moment > facts.deadline,
        Fate.ENOUGH: facts.reminders >= limits.most_per_person,
        Fate.TOO_SOON: is_too_soon(facts.written_at, limits.days_apart, moment),
    }
    for reason, holds in reasons.items():
        if holds:
            return reason
    return _in_their_language(facts.language, has_address=facts.has_address)


def is_too_soon(written_at: Iterable[datetime], days_apart: int, moment: datetime) -> bool:
    """Return whether anything else is nearer than so many days, before ``moment`` or after it."""
    return any(abs(moment - each) < timedelta(days=days_apart) for each in written_at)


def day_before_fate(facts: Facts, *, holds_seat: bool) -> Fate:
    """Return what becomes of a guest in the note before a sitting.

    It is for those who hold a seat, and they have to know: whom no mail may reach is telephoned.
    It is no reminder to answer, so that neither number nor distance counts.
    """
    if facts.withdrawn:
        return Fate.WITHDRAWN
    if not holds_seat:
        return Fate.NO_SEAT
    may_be_mailed = facts.has_address and not facts.opted_out and not facts.bounced
    return _in_their_language(facts.language, has_address=may_be_mailed)


def _in_their_language(language: str | None, *, has_address: bool) -> Fate:
    if not has_address:
        return Fate.TELEPHONE
    return {"en": Fate.ENGLISH, "fr": Fate.FRENCH}.get(language or "", Fate.BOTH)
