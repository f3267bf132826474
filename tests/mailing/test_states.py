"""Whatever workers do, and wherever they are killed: no message is in two hands, and none is lost."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing import outbox, preparing, recording, sweeping
from engagement.mailing.hand import Arrived, Outgoing
from engagement.mailing.models import Message, MessageEvent, State
from tests.mailing.given import a_notice, a_person, a_text, begin_sending
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow
WORKERS = ("a", "b", "c")
MESSAGES = 4
KNOWN = {State.QUEUED, State.DEFERRED, State.CLAIMED, State.SENDING, State.SENT, State.DOUBTFUL, State.FAILED}


@pytest.fixture
def waiting(app, notices):
    """Return the ids of some messages that are written, and a way to have them wait again."""
    consultation = a_consultation()
    never_quiet(consultation)
    a_text(consultation)
    people = [a_person(consultation, f"p{each}@example.org") for each in range(MESSAGES)]
    ids = [a_notice(person).id for person in people]

    def again():
        with writing() as session:
            session.execute(delete(MessageEvent))
            for id_ in ids:
                row = session.get(Message, id_, populate_existing=True)
                row.to_address, row.raw = "p@example.org", b"x"
            session.flush()
            fresh = {"state": State.QUEUED, "attempts": 0, "claimed_by": None, "lease_until": None, "due_at": now(), "sent_at": None}
            session.execute(update(Message).values(**fresh))
        return ids

    return again


class World:
    """Workers, what each has in hand, and what a server has received."""

    def __init__(self, ids):
        self.ids = ids
        self.claimed: dict[str, list] = {name: [] for name in WORKERS}
        self.sending: dict[str, Outgoing | None] = dict.fromkeys(WORKERS)
        self.received: Counter = Counter()

    def claim(self, worker):
        self.claimed[worker] += outbox.claim(worker, 2)

    def begin(self, worker):
        if self.claimed[worker] and self.sending[worker] is None:
            found = begin_sending(self.claimed[worker].pop(0), worker)
            self.sending[worker] = found if isinstance(found, Outgoing) else None

    def arrive(self, worker):
        """Have the server take it; the worker hears of that, and stores the next one's beginning with it."""
        outgoing = self.sending[worker]
        if outgoing is not None:
            self.received[outgoing.id] += 1
            following = outbox.in_hand(self.claimed[worker][:1])
            self.claimed[worker] = self.claimed[worker][1:]
            state = outbox.turn(worker, Arrived(outgoing, "250 ok"), following[0] if following else None)
            self.sending[worker] = following[0] if following and state is State.SENDING else None

    def refuse(self, worker):
        outgoing, self.sending[worker] = self.sending[worker], None
        if outgoing is not None:
            recording.record_refused(worker, outgoing.id, "451 later", permanent=False)

    def unreachable(self, worker):
        outgoing, self.sending[worker] = self.sending[worker], None
        if outgoing is not None:
            recording.record_not_from_us(worker, outgoing.id, "421 later")

    def write(self, _):
        for id_ in preparing.due_to_be_written():
            preparing.prepare(id_)

    def killed(self, worker):
        """End the worker, whether the server had its message by then or not; its lease runs out."""
        outgoing = self.sending[worker]
        if outgoing is not None and len(self.received) % 2:
            self.received[outgoing.id] += 1
        self.claimed[worker], self.sending[worker] = [], None
        with writing() as session:
            session.execute(update(Message).where(Message.claimed_by == worker).values(lease_until=now() - timedelta(seconds=1)))

    def stops(self, worker):
        outbox.release(worker)
        self.claimed[worker] = []

    def sweep(self, _):
        sweeping.sweep()

    def time_passes(self, _):
        with writing() as session:
            session.execute(update(Message).where(Message.state == State.DEFERRED).values(due_at=now()))

    def check(self):
        db.session.rollback()
        rows = {row.id: row for row in db.session.scalars(select(Message).execution_options(populate_existing=True))}
        assert rows.keys() == set(self.ids)
        assert {row.state for row in rows.values()} <= KNOWN
        held = [each for some in self.claimed.values() for each in some] + [each.id for each in self.sending.values() if each]
        assert len(held) == len(set(held)), "two workers have the same message in hand"
        doubted = Counter(db.session.scalars(select(MessageEvent.message_id).where(MessageEvent.state == State.DOUBTFUL)))
        for id_, row in rows.items():
            in_flight = row.state is State.SENDING
            assert self.received[id_] <= 1 + doubted[id_], "it came twice, and nobody knew"
            assert row.state is not State.SENT or self.received[id_], "it counts as sent, and never arrived"
            assert in_flight or row.state in {State.SENT, State.DOUBTFUL} or self.received[id_] <= doubted[id_]


DEEDS = ("claim", "begin", "begin", "arrive", "arrive", "refuse", "unreachable", "killed", "stops", "sweep", "time_passes", "write")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(WORKERS)), max_size=40))
def test_no_order_of_events_gives_a_message_to_two_or_loses_one(waiting, deeds):
    world = World(waiting())
    for deed, worker in deeds:
        getattr(world, deed)(worker)
        world.check()
    # And after everything, whoever comes next brings each message to an end.
    for worker in WORKERS:
        world.killed(worker)
    for _ in range(2 * MESSAGES):
        world.sweep("a")
        world.time_passes("a")
        world.write("a")
        world.claim("a")
        world.begin("a")
        world.arrive("a")
        world.check()
    assert {row.state for row in db.session.scalars(select(Message))} <= {State.SENT, State.DOUBTFUL}
