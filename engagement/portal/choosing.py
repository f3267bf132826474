"""What a guest can choose on the reply page, and what each choice means: pure rules.

Only the ways of taking part that an event has are offered. Where one is full, its option
says so and is the waiting list: nobody lands on it without having chosen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engagement.events.models import SeatState
from engagement.events.replies import Answer
from engagement.invitations.models import Choice, Mode
from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.events.guests import SittingSeen


class Way(StrEnum):
    """One option of the reply page."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    WAIT_IN_PERSON = "wait_in_person"
    WAIT_ONLINE = "wait_online"
    MAYBE = "maybe"
    NO = "no"


MEANS: dict[Way, Answer] = {
    Way.IN_PERSON: Answer(Choice.ACCEPTED, Mode.IN_PERSON),
    Way.ONLINE: Answer(Choice.ACCEPTED, Mode.ONLINE),
    Way.WAIT_IN_PERSON: Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True),
    Way.WAIT_ONLINE: Answer(Choice.ACCEPTED, Mode.ONLINE, may_wait=True),
    Way.MAYBE: Answer(Choice.TENTATIVE),
    Way.NO: Answer(Choice.DECLINED),
}
LABELS: dict[Way, Text] = {
    Way.IN_PERSON: Text("Yes, in person", "Oui, en personne"),
    Way.ONLINE: Text("Yes, online", "Oui, en ligne"),
    Way.WAIT_IN_PERSON: Text("Yes, in person: put me on the waiting list", "Oui, en personne\u00a0: mettez-moi sur la liste d’attente"),
    Way.WAIT_ONLINE: Text("Yes, online: put me on the waiting list", "Oui, en ligne\u00a0: mettez-moi sur la liste d’attente"),
    Way.MAYBE: Text("Maybe", "Peut-être"),
    Way.NO: Text("No", "Non"),
}
_FULL = Text(
    "All these seats are taken. We write to you if one becomes free.",
    "Toutes ces places sont prises. Nous vous écrirons s’il s’en libère une.",
)
_FULL_IN_PART = Text(
    "Some of the days are full. You get a seat where there is one, and wait for one where there is none.",
    "Certains jours sont complets. Vous aurez une place là où il en reste et serez en attente là où il n’y en a plus.",
)
_SAYS: dict[Way, Text] = {
    Way.ONLINE: Text("We send you the link.", "Nous vous envoyons le lien."),
    Way.MAYBE: Text("No seat is kept for you until you know.", "Aucune place n’est réservée tant que vous n’avez pas confirmé."),
}
_MODES = ((Mode.IN_PERSON, Way.IN_PERSON, Way.WAIT_IN_PERSON), (Mode.ONLINE, Way.ONLINE, Way.WAIT_ONLINE))


@dataclass(frozen=True, slots=True)
class Offer:
    """One option, and the line below it (empty for none)."""

    way: Way
    says: Text

    @property
    def label(self) -> Text:
        """Return the words of the option."""
        return LABELS[self.way]


def offers(modes: Sequence[Mode], sittings: Sequence[SittingSeen], venue: Text) -> tuple[Offer, ...]:
    """Return the options for these sittings taken together, in the order in which they are shown.

    Without a sitting (no date yet) there are no seats to count, and every way is open.
    """
    found = []
    for mode, yes, wait in _MODES:
        if mode not in modes or not _is_held(mode, modes, sittings):
            continue
        full = [sitting for sitting in sittings if not _has_seat(sitting, mode)]
        if full:
            found.append(Offer(wait, _FULL if len(full) == len(sittings) else _FULL_IN_PART))
        else:
            found.append(Offer(yes, venue if mode is Mode.IN_PERSON else _SAYS[Way.ONLINE]))
    nothing = Text("", "")
    return (*found, Offer(Way.MAYBE, _SAYS[Way.MAYBE]), Offer(Way.NO, nothing))


def _has_seat(sitting: SittingSeen, mode: Mode) -> bool:
    mine = sitting.standing
    holds = mine is not None and mine.seat is SeatState.TAKEN and mine.mode is mode
    return holds or sitting.free(mode) > 0


def _is_held(mode: Mode, modes: Sequence[Mode], sittings: Sequence[SittingSeen]) -> bool:
    """Return whether there are seats of this kind at all; where there are none of any kind, one can wait."""

    def planned(kind: Mode) -> bool:
        return any(count.seats for sitting in sittings for count in sitting.counts if count.mode is kind)

    return not sittings or planned(mode) or not any(planned(kind) for kind in modes)
