"""The rule of seats: pure, over every history that guests can make."""

from hypothesis import given
from hypothesis import strategies as st

from engagement.events.models import Format, SeatState
from engagement.events.seats import Held, Step, modes_of, next_step, open_to_newcomers
from engagement.invitations.models import Choice, Mode

HELD = st.one_of(st.none(), st.builds(Held, st.sampled_from(Mode), st.sampled_from(SeatState)))
MODES = st.one_of(st.none(), st.sampled_from(Mode))


@given(st.sampled_from(Choice), MODES, HELD)
def test_only_a_yes_takes_and_only_what_is_held_is_freed(choice, mode, held):
    step = next_step(choice, mode, held)
    assert (step is Step.TAKE) <= (choice is Choice.ACCEPTED and mode is not None)
    assert (step is Step.FREE) <= (held is not None)


@given(st.sampled_from(Mode), st.sampled_from(SeatState))
def test_saying_the_same_again_keeps_the_seat_or_the_place_in_line(mode, state):
    assert next_step(Choice.ACCEPTED, mode, Held(mode, state)) is Step.NOTHING


@given(st.sampled_from([Choice.TENTATIVE, Choice.DECLINED]), MODES, HELD)
def test_maybe_and_no_leave_nothing_held(choice, mode, held):
    assert next_step(choice, mode, held) is (Step.FREE if held else Step.NOTHING)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_newcomers_never_get_what_somebody_holds_or_waits_for(seats, taken, waiting):
    free = open_to_newcomers(seats, taken, waiting)
    assert 0 <= free <= max(0, seats - taken)
    assert free == 0 or free + taken + waiting == seats


def test_the_format_says_which_seats_there_are():
    assert modes_of(Format.HYBRID) == (Mode.IN_PERSON, Mode.ONLINE)
    assert modes_of(Format.ONLINE) == (Mode.ONLINE,)
