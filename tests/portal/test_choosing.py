"""What is offered: only ways that the event has, a seat only where there is one, the waiting list only in so many words."""

from datetime import datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from engagement.events.guests import SittingSeen, Standing
from engagement.events.models import SeatState
from engagement.events.seats import Count
from engagement.invitations.models import Choice, Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.portal.choosing import LABELS, MEANS, Way, offers

BOTH = (Mode.IN_PERSON, Mode.ONLINE)
PLACE = Text("Here", "Ici")
DAY = datetime(2026, 12, 8, 13)  # noqa: DTZ001 - a wall time.


def counts(mode):
    return st.builds(
        lambda seats, taken, waiting: Count(mode, seats, min(taken, seats), waiting),
        *(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)),
    )


standings = st.none() | st.builds(
    lambda mode, seat: Standing(Choice.ACCEPTED, mode, now(), seat), st.sampled_from(BOTH), st.sampled_from([None, *SeatState])
)
sittings = st.builds(
    lambda person, online, standing: SittingSeen(uuid4(), DAY, DAY.replace(hour=15), (person, online), (), standing),
    counts(Mode.IN_PERSON),
    counts(Mode.ONLINE),
    standings,
)
modes = st.sampled_from([(Mode.IN_PERSON,), (Mode.ONLINE,), BOTH])


@given(modes, st.lists(sittings, max_size=3))
def test_each_way_is_offered_once_and_maybe_and_no_always(held, seen):
    ways = [offer.way for offer in offers(held, seen, PLACE)]
    assert len(ways) == len(set(ways))
    assert ways[-2:] == [Way.MAYBE, Way.NO]
    assert len(ways) > 2
    assert {MEANS[way].mode for way in ways[:-2]} <= set(held)


@given(modes, st.lists(sittings, min_size=1, max_size=3))
def test_a_plain_yes_is_offered_only_where_every_sitting_has_a_seat_for_this_guest(held, seen):
    for offer in offers(held, seen, PLACE):
        answer = MEANS[offer.way]
        if answer.choice is not Choice.ACCEPTED:
            continue
        has_all = all(
            sitting.free(answer.mode)
            or (sitting.standing and sitting.standing.seat is SeatState.TAKEN and sitting.standing.mode is answer.mode)
            for sitting in seen
        )
        assert answer.may_wait is not bool(has_all)


@given(modes)
def test_without_a_date_every_way_is_open(held):
    ways = {offer.way for offer in offers(held, (), PLACE)}
    assert not ways & {Way.WAIT_IN_PERSON, Way.WAIT_ONLINE}
    assert len(ways) == len(held) + 2


def test_a_way_without_any_seats_is_not_offered_beside_one_that_has_some():
    sitting = SittingSeen(uuid4(), DAY, DAY.replace(hour=15), (Count(Mode.IN_PERSON, 3, 0, 0), Count(Mode.ONLINE, 0, 0, 0)), (), None)
    assert [offer.way for offer in offers(BOTH, [sitting], PLACE)] == [Way.IN_PERSON, Way.MAYBE, Way.NO]


def test_every_way_has_words_and_a_meaning():
    assert set(LABELS) == set(MEANS) == set(Way)
    assert all(label.whole for label in LABELS.values())
