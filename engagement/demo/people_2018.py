"""Who is on the model case's roster, and what each of them did: a plan that the loading follows.

Pure: the same seed plans the same people. The numbers are those of the published report where
it gives them (450 distributed, 42 answered, more than 200 people at the events); the others
are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

from engagement.demo.names import Generator, Invented
from engagement.demo.texts_2018 import GATHERINGS, PARTNERS
from engagement.invitations.models import Choice
from engagement.roster.models import IdentifiedThrough
from engagement.roster.vocabulary import REGIONS, SECTORS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping

    from engagement.kernel.bilingual import Text

SEED = "the way forward"
SOURCES = (
    IdentifiedThrough.PAST_CONSULTATION, IdentifiedThrough.EARLIER_ENGAGEMENT, IdentifiedThrough.MEDIA, IdentifiedThrough.WEB_SEARCH,
)  # fmt: skip
FIRST_BATCH, OPEN_CALL = 176, 6
# People by name who joined at each step, and how many of each wave answered.
LATER_WAVES = (121, 66, 18)
ANSWERED_BY_WAVE = (23, 12, 6, 1)
IN_PART = 6
ANSWERED_AND_CAME = 5
OPENED_ONLY, BOUNCED = 76, 16
CAME_TWICE = 21
NAMED_EVERY = 9
NEAR = {"vancouver": ("BC", "AB", "YT"), "winnipeg": ("MB", "SK", "NT", "NU"), "montreal": ("QC", "NB", "ON")}
SECTOR_WEIGHTS = (5, 2, 3, 14, 12, 7, 10, 12, 8, 6, 6, 7, 4, 6, 5, 5)
REGION_WEIGHTS = (14, 9, 5, 6, 30, 18, 4, 5, 2, 3, 1, 1, 1, 1)
OPEN_EVENTS = tuple(gathering for gathering in GATHERINGS if not gathering.restricted)


@dataclass
class Someone:
    """One person of the plan. ``replies`` maps the key of an event to what they replied, None for silence."""

    invented: Invented
    through: IdentifiedThrough
    replies: dict[str, Choice | None] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)
    # The wave in which the questionnaire reached them; None: it did not.
    wave: int | None = None
    referrer: Someone | None = None
    partner: int | None = None
    # Named by the referrer, with their agreement; the others used a link.
    named: bool = False
    opened: bool = False
    bounced: bool = False
    answered: bool = False
    in_part: bool = False


@dataclass
class Plan:
    """Everybody: those on the open roster, and the survivors, of whom only code names are known."""

    people: list[Someone]
    code_names: list[str]


def plan_people() -> Plan:
    """Return the plan."""
    generator = Generator(SEED)
    drawn = generator.random
    sectors, regions = _weighted(SECTORS, SECTOR_WEIGHTS, drawn), _regions(drawn)
    guests = _guests(generator, sectors)
    first = _first_batch(guests, [_someone(generator, next(sectors), next(regions)) for _ in range(106)], drawn)
    callers = [_someone(generator, next(sectors), next(regions), IdentifiedThrough.OPEN_CALL) for _ in range(OPEN_CALL)]
    for person in callers:
        person.wave = 0
    waves = [first + callers]
    for wave, size in enumerate(LATER_WAVES, start=1):
        waves.append(
            _joined(
                waves[-1], wave, [_someone(generator, next(sectors), next(regions), IdentifiedThrough.REFERRAL) for _ in range(size)], drawn
            )
        )
    _answer(waves, drawn)
    survivors = next(gathering for gathering in GATHERINGS if gathering.restricted)
    people = list({id(person): person for person in [*guests, *(each for wave in waves for each in wave)]}.values())
    return Plan(people, [f"{number:02d}" for number in range(1, survivors.invited + 1)])


def _regions(drawn: random.Random) -> Iterator[str]:
    return _weighted(REGIONS, REGION_WEIGHTS, drawn)


def _weighted(vocabulary: Mapping[str, Text], weights: tuple[int, ...], drawn: random.Random) -> Iterator[str]:
    """Draw keys: each of them once, then by weight."""
    keys = list(vocabulary)
    yield from keys
    while True:
        yield drawn.choices(keys, weights)[0]


def _someone(generator: Generator, sector: str, region: str, through: IdentifiedThrough | None = None) -> Someone:
    return Someone(generator.person(sector, region), through or generator.random.choice(SOURCES))


def _guests(generator: Generator, sectors: Iterator[str]) -> list[Someone]:
    """Return the people invited to the open events; some were at a roundtable and came to the summit as well."""
    drawn = generator.random
    everybody: list[Someone] = []
    regions = _regions(drawn)
    for gathering in OPEN_EVENTS:
        # People come from near a roundtable, and from everywhere to the summit.
        near = cycle(NEAR[gathering.key]) if gathering.key in NEAR else regions
        again = [person for person in everybody if person.came][: CAME_TWICE * 2 : 2] if gathering.key == "summit" else []
        new = [_someone(generator, next(sectors), next(near)) for _ in range(gathering.invited - len(again))]
        guests = again + new
        for place, person in enumerate(guests):
            if place < gathering.came:
                person.came.add(gathering.key)
            person.replies[gathering.key] = _reply(place, gathering.came, gathering.invited)
        everybody += new
        drawn.shuffle(everybody)
    return everybody


def _reply(place: int, came: int, invited: int) -> Choice | None:
    """Return what the guest at ``place`` replied: those who came had accepted, a few accepted and stayed away."""
    if place < came + 3:
        return Choice.ACCEPTED
    rest = (place - came - 3) / (invited - came - 3)
    if rest < 0.15:
        return Choice.TENTATIVE
    return Choice.DECLINED if rest < 0.65 else None


def _first_batch(guests: list[Someone], others: list[Someone], drawn: random.Random) -> list[Someone]:
    """Return the first batch: guests who could not come, a few who came, and people who were not invited to an event."""
    stayed_away = [person for person in guests if not person.came][: FIRST_BATCH - len(others) - 12]
    came = [person for person in guests if person.came and not person.came & {"ottawa"}][: FIRST_BATCH - len(others) - len(stayed_away)]
    batch = stayed_away + came + others
    for person in batch:
        person.wave = 0
    drawn.shuffle(batch)
    return batch


def _joined(before: list[Someone], wave: int, people: list[Someone], drawn: random.Random) -> list[Someone]:
    """Let these people come through somebody of the wave before, or (in the first step) through a partner."""
    through_partners = [place for place, (_, _, named) in enumerate(PARTNERS) for _ in range(named)] if wave == 1 else []
    # A few people pass on much and most pass on nothing.
    passing_on = drawn.sample(before, max(4, len(before) // 6))
    for place, person in enumerate(people):
        person.wave = wave
        if place < len(through_partners):
            person.partner = through_partners[place]
        else:
            person.referrer = drawn.choice(passing_on)
            person.named = place % NAMED_EVERY == 0
    drawn.shuffle(people)
    return people


def _answer(waves: list[list[Someone]], drawn: random.Random) -> None:
    came = [person for person in waves[0] if person.came][:ANSWERED_AND_CAME]
    answering = list(came)
    for wave, (people, number) in enumerate(zip(waves, ANSWERED_BY_WAVE, strict=True)):
        stayed = [person for person in people if not person.came]
        answering += drawn.sample(stayed, number - (len(came) if wave == 0 else 0))
    for person in answering:
        person.opened = person.answered = True
    for person in drawn.sample(answering, IN_PART):
        person.in_part = True
    # Whoever passes something on has read it; nobody did so from an address that does not exist.
    referrers = {id(person.referrer) for people in waves for person in people}
    silent = [person for people in waves for person in people if not person.answered]
    for person in drawn.sample(silent, OPENED_ONLY):
        person.opened = True
    for person in drawn.sample([each for each in silent if not each.opened and id(each) not in referrers], BOUNCED):
        person.bounced = True
