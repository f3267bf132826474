"""Whoever receives mail is killed at random moments: no mail is lost, and each acts once."""

import random
import time
from collections import Counter

import pytest
from sqlalchemy import select

from engagement.invitations.models import Choice, Invitation, Reply
from engagement.kernel.db import db
from engagement.mailing.inbound import InboxState
from engagement.mailing.inbound_models import InboundMail
from tests.crash.program import a_parent
from tests.mailing.given import a_post_office
from tests.mailing.inbound_given import guests, taken
from tests.mailing.test_two_workers import installation_of
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

MAILS = 240
SEATS = 100
KILLS = 24
SEED = 20261209
PATIENCE = 120
ANSWERS = ("outlook-accepted.eml", "gmail-tentative.eml", "apple-declined.eml")


def a_mailbox(folder, mails):
    """Put each mail into a Maildir, as a mail server does."""
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, raw in enumerate(mails):
        (folder / "new" / f"{number:06}.mail.example").write_bytes(raw)
    return folder


def waiting(mailbox):
    return len(list((mailbox / "new").iterdir()))


def kill_one_of_two(parent, mailbox, chance):
    """Have two processes receive, and kill one of them again and again; return how often."""
    at_work, kills = [parent.start("receive", str(mailbox)) for _ in range(2)], 0
    until = time.monotonic() + PATIENCE
    while waiting(mailbox):
        assert time.monotonic() < until, "it never came to an end"
        time.sleep(chance.uniform(0.05, 0.4))
        if kills >= KILLS:
            continue
        victim = chance.randrange(2)
        parent.kill(at_work[victim])
        kills += 1
        at_work[victim] = parent.start("receive", str(mailbox))
    return kills


def test_of_240_calendar_replies_none_is_lost_and_each_acts_once_when_receivers_are_killed(app, tmp_path, closing):
    with a_post_office(app) as post:
        asked = guests(a_consultation(), post, *(f"g{each}@example.org" for each in range(MAILS)), in_person=SEATS)
    event_id = asked[0].invitation.event_id
    answers = {each.invitation.id: ANSWERS[number % 3] for number, each in enumerate(asked)}
    mailbox = a_mailbox(tmp_path / "Maildir", [each.mail(answers[each.invitation.id]) for each in asked])
    db.session.rollback()
    with a_parent(installation_of(app)) as parent:
        kills = kill_one_of_two(parent, mailbox, random.Random(SEED))  # noqa: S311
    # A mail leaves "new" once it has acted, not before: nothing is owed to anybody afterwards.
    states = Counter(db.session.scalars(select(InboundMail.state)))
    acted = Counter(db.session.scalars(select(Reply.invitation_id)))
    lost, twice = answers.keys() - acted.keys(), [each for each, times in acted.items() if times > 1]
    closing(
        f"Mail receivers killed ({db.engine.dialect.name}): {MAILS} calendar replies, {kills} kills, "
        f"{len(lost)} lost, {len(twice)} acted twice"
    )
    assert kills >= 5
    assert states == {InboxState.DONE: MAILS}
    assert acted == Counter(answers.keys())
    stand = {"outlook-accepted.eml": Choice.ACCEPTED, "gmail-tentative.eml": Choice.TENTATIVE, "apple-declined.eml": Choice.DECLINED}
    told = {row.id: row.choice for row in db.session.scalars(select(Invitation))}
    assert told == {each: stand[answer] for each, answer in answers.items()}
    assert taken(event_id) == MAILS // 3
