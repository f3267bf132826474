"""Whoever sends or plans mail is killed at random moments: nothing is lost, and what may have come twice is known."""

import random
import time
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import func, select

from benchmarks.queued import fill
from engagement.invitations.models import Invitation
from engagement.kernel.db import db
from engagement.mailing.models import Message, MessageEvent, State
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.planning import plan_what_is_owed
from tests.crash.program import a_parent
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.mailing.test_two_workers import installation_of
from tests.outreach.given import a_draft
from tests.support.given import a_consultation, a_member, signed_in_as
from tests.support.sink import Sink

pytestmark = pytest.mark.slow

MAILS = 2500
KILLS = 24
SEED = 20261208
PATIENCE = 240


class Slow(Sink):
    """A server that thinks for a moment over each text, so that a kill finds somebody at work."""

    def answer_to_text(self, recipient):
        """Take the text, then wait a little before saying so."""
        said = super().answer_to_text(recipient)
        time.sleep(0.006)
        return said


def unsettled():
    db.session.rollback()
    going = Message.state.in_([State.QUEUED, State.DEFERRED, State.CLAIMED, State.SENDING])
    return db.session.scalar(select(func.count()).select_from(Message).where(going))


def kill_one_of_two(parent, chance):
    """Have two workers send, and kill one of them again and again; return how often."""
    workers, kills = [parent.start("send"), parent.start("send")], 0
    while kills < KILLS and unsettled():
        time.sleep(chance.uniform(0.15, 0.7))
        victim = chance.randrange(2)
        parent.kill(workers[victim])
        kills += 1
        workers[victim] = parent.start("send")
    until = time.monotonic() + PATIENCE
    while unsettled():
        assert time.monotonic() < until, "it never came to an end"
        time.sleep(0.5)
    return kills


def recipients():
    db.session.rollback()
    return {row.id: row.to_address for row in db.session.scalars(select(Message))}


def doubtful_events():
    chosen = select(MessageEvent.message_id, func.count()).where(MessageEvent.state == State.DOUBTFUL).group_by(MessageEvent.message_id)
    return {row[0]: row[1] for row in db.session.execute(chosen)}


def test_of_2500_mails_none_is_lost_when_workers_are_killed_and_each_that_came_twice_was_flagged(app, closing):
    fill(MAILS)
    environ = installation_of(app)
    with Slow() as sink, a_parent({**environ, "MAIL_PORT": str(sink.port), "MAIL_RESEND_DOUBTFUL": "true"}) as parent:
        kills = kill_one_of_two(parent, random.Random(SEED))  # noqa: S311
        arrived = Counter(sink.arrived)
    to, doubtful = recipients(), doubtful_events()
    lost = [id_ for id_, address in to.items() if not arrived[address] and id_ not in doubtful]
    twice = [id_ for id_, address in to.items() if arrived[address] > 1]
    closing(
        f"Mail workers killed ({app.config['SETTINGS'].database_url.split(':')[0].split('+')[0]}): {MAILS} messages, {kills} kills, "
        f"{len(twice)} arrived twice, {sum(doubtful.values())} times doubtful, {len(lost)} lost"
    )
    assert kills >= 10
    assert len(to) == MAILS
    assert lost == []
    assert set(twice) <= doubtful.keys()
    assert sum(doubtful.values()) <= kills
    # Nothing came more often than it was let go: once, and once more for each time that it was doubtful.
    assert all(arrived[address] <= 1 + doubtful.get(id_, 0) for id_, address in to.items())
    # And what is known to have arrived was told to its invitation in the same moment.
    sent = {row.invitation_id for row in db.session.scalars(select(Message).where(Message.state == State.SENT))}
    told = set(db.session.scalars(select(Invitation.id).where(Invitation.distributed_at.is_not(None))))
    assert sent == told


PEOPLE = 60
ROUNDS = 8


def planned_for(mailing_id):
    db.session.rollback()
    return Counter(db.session.scalars(select(Message.person_id).where(Message.mailing_id == mailing_id)))


def test_a_mailing_whose_page_is_killed_is_planned_as_a_whole_or_not_at_all_and_says_which(app, client, closing):
    consultation = a_consultation()
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    people = [a_person(consultation, f"p{each}@example.org", family_name=f"No{each}") for each in range(PEOPLE)]
    events = [an_event(consultation, f"Session {each}") for each in range(ROUNDS)]
    drafts = [a_draft(event, people, organizer).id for event in events]
    chance, found = random.Random(SEED), Counter()  # noqa: S311
    ids = [each.id for each in people]
    db.session.rollback()
    with a_parent(installation_of(app)) as parent:
        for draft in drafts:
            pid = parent.start("plan", str(draft))
            time.sleep(chance.uniform(0.0, 0.6))
            parent.kill(pid)
            found[check_one(client, draft, ids)] += 1
    told = ", ".join(f"{number} {what}" for what, number in sorted(found.items()))
    closing(f"Mailings whose page was killed ({ROUNDS} of {PEOPLE} people): {told}; nobody planned twice")
    assert sum(found.values()) == ROUNDS


def check_one(client, mailing_id: UUID, people: list[UUID]):
    """Look at one mailing after the kill, let the worker go on, and return what the kill had left."""
    before = planned_for(mailing_id)
    mailing = db.session.get(Mailing, mailing_id, populate_existing=True)
    page = client.get(f"/c/fisheries/mail/mailings/{mailing_id}?lang=en").text
    if mailing.state is MailingState.DRAFT:
        assert not before
        assert "Approved on" not in page
        plan_what_is_owed()
        assert not planned_for(mailing_id)
        return "not approved, nothing planned"
    assert "Approved on" in page
    whole = len(before) == len(people)
    if not whole:
        assert "people is written; the rest follows" in page
    plan_what_is_owed()
    assert planned_for(mailing_id) == Counter(people)
    return "planned whole" if whole else "finished by the worker"
