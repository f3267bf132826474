"""SEQUENCE as a property: it rises exactly with what changes for a guest, whatever is edited, told and sent in between."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from engagement.events.models import CalendarEntry, Event, Sitting
from engagement.events.replies import Answer
from engagement.events.telling import TOLD
from engagement.invitations.models import Choice, Invitation, Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.mailing.worker import send_due
from tests.events.given import COMING, a_person, an_event, the_sitting
from tests.events.telling_given import asked, behind, fresh, moved, placed, replied, tell
from tests.mailing.test_two_workers import at_once
from tests.support.given import a_consultation

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)
NO = Answer(Choice.DECLINED)


def as_it_stands(event, state):
    texts = {"venue": Text(state["place"], state["place"]), "about": Text(state["about"], state["about"])}
    placed(event, texts=texts, online_link=state["link"])


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("time"), st.sampled_from([13, 14, 15])),
        st.tuples(st.just("place"), st.sampled_from(["Here", "There"])),
        st.tuples(st.just("link"), st.sampled_from(["https://meet.example.org/a", "https://meet.example.org/b"])),
        st.tuples(st.just("about"), st.sampled_from(["This", "That"])),
        st.tuples(st.just("seats"), st.sampled_from([41, 42])),
        st.tuples(st.just("reply"), st.sampled_from([COMING, ONLINE, Answer(Choice.TENTATIVE), NO])),
        st.tuples(st.just("tell"), st.none()),
        st.tuples(st.just("send"), st.none()),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_sequence_rises_exactly_with_time_place_and_link_and_never_falls(app, post, edits):
    consultation = a_consultation(f"c{fresh(select(func.count()).select_from(Event))}")
    event = an_event(consultation)
    state = {"time": 13, "place": "Here", "link": "https://meet.example.org/a", "mode": None, "about": "This", "seats": 40}
    as_it_stands(event, state)
    invitation = asked(event, a_person(consultation))
    send_due()
    entry = fresh(select(CalendarEntry.id).where(CalendarEntry.invitation_id == invitation.id))
    expected = 0

    def seen():
        online = state["mode"] is Mode.ONLINE
        return (state["time"], "" if online else state["place"], state["link"] if online else "")

    for kind, value in edits:
        before = seen()
        if kind == "reply":
            replied(invitation, value)
            state["mode"] = value.mode if value.choice is Choice.ACCEPTED else None
        elif kind == "tell":
            if any(guest.fate in TOLD for guest in behind(event)):
                tell(event)
        elif kind == "send":
            send_due()
        elif kind in {"time", "seats"}:
            state[kind] = value
            moved(the_sitting(event), state["time"], in_person=state["seats"])
        else:
            state[kind] = value
            as_it_stands(event, state)
        expected += seen() != before
        assert fresh(select(CalendarEntry.sequence).where(CalendarEntry.id == entry)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(6))
def test_a_reply_while_the_team_moves_the_sitting_twice_is_a_revision_more_and_never_one_less(app, turn):
    consultation = a_consultation()
    event = an_event(consultation)
    invitation_id, sitting_id = asked(event, a_person(consultation)).id, the_sitting(event).id
    hours = iter([None, 15, 17])

    def act():
        hour = next(hours)
        if hour is None:
            replied(db.session.get(Invitation, invitation_id), ONLINE)
        else:
            moved(db.session.get(Sitting, sitting_id), hour)

    at_once(app, 3, act)
    assert fresh(select(CalendarEntry.sequence)) == 3
