"""Somebody of the team stops, pauses, withdraws or cancels at the moment at which a worker holds the rows of the very messages."""

import threading
from collections import Counter

import pytest
from sqlalchemy import select

from engagement.events.service import cancel_event, withdraw_guest
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing import batches, outbox
from engagement.mailing.models import Hold, Message, State
from engagement.mailing.worker import send_due
from engagement.outreach.steering import pause, stop
from tests.events.given import an_event
from tests.events.telling_given import asked
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, never_quiet, sent_on_its_way
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

PEOPLE = 3
# Where a worker's transaction holds the rows: when it takes them in hand, and when it stores their bytes.
MOMENTS = {"taken in hand": (outbox, "tell_all"), "written": (batches, "_to_be_looked_at")}


def meanwhile(app, monkeypatch, moment, deed):
    """Have ``deed`` begin in a thread of its own while a worker's transaction is open; return what waits for its end."""
    module, name = MOMENTS[moment]
    original, threads, found = getattr(module, name), [], []

    def of_its_own():
        with app.app_context():
            found.append(deed())
            db.session.remove()

    def hooked(*words, **more):
        if not threads:
            threads.append(threading.Thread(target=of_its_own))
            threads[0].start()
            threads[0].join(0.3)
        return original(*words, **more)

    monkeypatch.setattr(module, name, hooked)

    def ends():
        threads[0].join(20)
        assert not threads[0].is_alive()
        return found[0]

    return ends


def told():
    """Return what each person was sent, by their address."""
    db.session.rollback()
    sent = db.session.scalars(select(Message).where(Message.state == State.SENT).execution_options(populate_existing=True))
    return Counter((row.to_address, row.purpose) for row in sent)


def consistent(last_word):
    """Return whether everybody who was invited was told that it is off, and nobody else."""
    found = told()
    invited = {address for address, purpose in found if purpose == "event_invitation"}
    return invited == {address for address, purpose in found if purpose == last_word}


@pytest.mark.parametrize("moment", MOMENTS)
def test_who_is_invited_to_a_cancelled_event_after_all_is_told_that_it_is_off(app, post, monkeypatch, moment):
    consultation = a_consultation()
    never_quiet(consultation)
    event = an_event(consultation)
    for each in range(PEOPLE):
        asked(event, a_person(consultation, f"p{each}@example.org"))
    ends = meanwhile(app, monkeypatch, moment, lambda: cancel_event(event_id=event.id, actor=SYSTEM))
    send_due()
    ends()
    send_due()
    assert consistent("event_cancellation")


@pytest.mark.parametrize("moment", MOMENTS)
def test_who_is_invited_after_all_while_they_are_withdrawn_is_told(app, post, monkeypatch, moment):
    consultation = a_consultation()
    never_quiet(consultation)
    event = an_event(consultation)
    ids = [asked(event, a_person(consultation, f"p{each}@example.org")).id for each in range(PEOPLE)]
    ends = meanwhile(app, monkeypatch, moment, lambda: [withdraw_guest(invitation_id=each, actor=SYSTEM) for each in ids])
    send_due()
    ends()
    send_due()
    assert consistent("event_withdrawal")


@pytest.mark.parametrize("verb", [pause, stop])
def test_a_mailing_that_a_worker_has_in_hand_is_paused_and_stopped_whole(app, client, post, monkeypatch, verb):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    people = [a_person(consultation, f"p{each}@example.org") for each in range(PEOPLE)]
    mailing = sent_on_its_way(a_draft(an_event(consultation), people, organizer), organizer).id
    ends = meanwhile(app, monkeypatch, "taken in hand", lambda: verb(mailing_id=mailing, actor=SYSTEM))
    sent = send_due()["sent"]
    assert ends() + sent == PEOPLE
    assert send_due()["sent"] == 0
    db.session.rollback()
    left = {(row.state, row.held_because) for row in db.session.scalars(select(Message).where(Message.state != State.SENT))}
    assert left <= ({(State.QUEUED, Hold.MAILING)} if verb is pause else {(State.CANCELLED, None)})
