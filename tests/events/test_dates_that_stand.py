"""Of an event of several sittings, mails name the dates to which somebody can come: none that is cancelled, none that is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engagement.events.cancelling import cancel_sitting
from engagement.events.service import sittings_of
from engagement.events.wording import when_words
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import at_moment, now
from engagement.kernel.db import db
from engagement.mailing.batches import prepare_many
from engagement.mailing.models import ContactTask, State, TaskState
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.worker import send_due
from engagement.outreach.facts import facts_of
from engagement.outreach.models import ReminderKind
from engagement.outreach.reminding import draft_reminder, thing_about
from engagement.outreach.schedules import occasions_of, schedule_reminder
from tests.events.given import an_event
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, moved
from tests.mailing.given import a_person, states
from tests.outreach.given import a_draft, a_silent_guest, a_team, an_announcement, never_quiet, sent_on_its_way, stored

pytestmark = pytest.mark.slow


@pytest.fixture
def team(client):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    return consultation, organizer


def said_of(event, sitting):
    return when_words(event, sitting, "en").partition(",")[0]


def test_an_invitation_names_no_date_that_was_cancelled_or_is_over(team, post):
    consultation, _ = team
    event = an_event(consultation, days=4)
    first, second, third, fourth = sittings_of(event.id)
    cancel_sitting(sitting_id=second.id, actor=SYSTEM)
    with at_moment(first.ends_at + timedelta(minutes=1)):
        asked(event, a_person(consultation))
        mails = delivered(post)
    assert len(mails) == 2
    for mail in mails:
        assert "There are 2 sittings" in mail.plain
        assert said_of(event, third) in mail.plain
        assert said_of(event, fourth) in mail.plain
        assert said_of(event, first) not in mail.plain
        assert said_of(event, second) not in mail.plain


def test_a_written_invitation_to_another_date_is_written_afresh_when_one_is_cancelled_or_moved(team, post):
    consultation, _ = team
    event = an_event(consultation, days=3)
    first, second, third = sittings_of(event.id)
    asked(event, a_person(consultation))
    prepare_many(due_to_be_written())
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    moved(second, 8)
    mails = delivered(post)
    assert len(mails) == 2
    for mail in mails:
        assert "There are 2 sittings" in mail.plain
        assert said_of(event, first) not in mail.plain
        assert when_words(event, stored(second), "en") in mail.plain
        assert when_words(event, third, "en") in mail.plain


def test_a_reminder_names_the_first_date_that_stands(team, post):
    consultation, organizer = team
    event = an_event(consultation, days=3)
    first, second, third = sittings_of(event.id)
    a_silent_guest(event, a_person(consultation))
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    delivered(post)
    with at_moment(now() + timedelta(days=5)):
        sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
        (mail,) = delivered(post)
    assert f"When: {when_words(event, second, 'en')}" in mail.plain
    assert said_of(event, third) in mail.plain
    assert said_of(event, first) not in mail.plain


def test_a_reminder_that_waits_says_the_time_that_holds_when_it_goes(team, post):
    consultation, organizer = team
    event = an_event(consultation)
    (sitting,) = sittings_of(event.id)
    a_silent_guest(event, a_person(consultation, "p@example.org"))
    post.at_rcpt["p@example.org"] = "451 4.2.0 greylisted"
    sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
    delivered(post)
    assert states("event_reminder") == [State.DEFERRED]
    moved(sitting, 9)
    post.at_rcpt.clear()
    with at_moment(now() + timedelta(hours=5)):
        (mail,) = delivered(post)
    assert when_words(event, stored(sitting), "en") in mail.plain


def test_nobody_is_reminded_of_an_event_whose_last_standing_date_is_over(team):
    consultation, _ = team
    event = an_event(consultation, days=2)
    first, second = sittings_of(event.id)
    cancel_sitting(sitting_id=second.id, actor=SYSTEM)
    thing = thing_about(event.id, None)
    assert thing.deadline == first.starts_at
    with at_moment(first.ends_at + timedelta(minutes=1)):
        assert thing_about(event.id, None).is_closed


def test_no_note_goes_the_day_before_a_date_that_was_cancelled(team):
    consultation, organizer = team
    event = an_event(consultation, days=2)
    first, second = sittings_of(event.id)
    kind = ReminderKind.DAY_BEFORE
    row = schedule_reminder(
        thing=thing_about(event.id, None), kind=kind, days_before=1, at=first.starts_wall.time(), actor=staff(organizer.id)
    )
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    assert [each.sittings for each in occasions_of(row, thing_about(event.id, None))] == [(second.id,)]


def test_an_announcement_names_no_date_that_was_cancelled(team, post):
    consultation, organizer = team
    event = an_event(consultation, days=2)
    first, second = sittings_of(event.id)
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    body = Text("News: ((when))", "Nouvelles : ((when))")
    sent_on_its_way(an_announcement(consultation, [a_person(consultation)], organizer, about=event, body=body), organizer)
    (mail,) = delivered(post)
    assert said_of(event, second) in mail.plain
    assert said_of(event, first) not in mail.plain


def test_a_date_that_is_cancelled_after_the_yes_on_paper_is_a_change_of_what_was_approved(team):
    consultation, organizer = team
    event = an_event(consultation, days=2)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    before = facts_of(mailing)
    cancel_sitting(sitting_id=sittings_of(event.id)[0].id, actor=SYSTEM)
    assert facts_of(stored(mailing)) != before


def test_an_announcement_that_waits_says_the_time_that_holds_when_it_goes(team, post):
    consultation, organizer = team
    event = an_event(consultation)
    (sitting,) = sittings_of(event.id)
    body = Text("News: ((when))", "Nouvelles : ((when))")
    person = a_person(consultation, "p@example.org")
    post.at_rcpt["p@example.org"] = "451 4.2.0 greylisted"
    sent_on_its_way(an_announcement(consultation, [person], organizer, about=event, body=body), organizer)
    delivered(post)
    assert states("announcement") == [State.DEFERRED]
    moved(sitting, 9)
    post.at_rcpt.clear()
    with at_moment(now() + timedelta(hours=5)):
        # The door sends it back to be written; the next round takes it along.
        (mail,) = delivered(post) + delivered(post)
    assert when_words(event, stored(sitting), "en") in mail.plain


def scripts():
    db.session.rollback()
    return [task.script for task in db.session.scalars(select(ContactTask).where(ContactTask.state == TaskState.OPEN))]


def test_who_has_no_address_is_called_about_a_date_that_is_not_over(team):
    consultation, _ = team
    event = an_event(consultation, days=2)
    first, second = sittings_of(event.id)
    with at_moment(first.ends_at + timedelta(minutes=1)):
        asked(event, a_person(consultation, None, phone="819-555-0100"))
        send_due()
        (script,) = scripts()
    assert said_of(event, second) in script


@pytest.mark.parametrize("called_for", [False, True])
def test_who_was_to_be_called_about_a_date_that_is_cancelled_is_called_about_the_next(team, called_for):
    consultation, _ = team
    event = an_event(consultation, days=2)
    first, second = sittings_of(event.id)
    asked(event, a_person(consultation, None, phone="819-555-0100"))
    if called_for:
        send_due()
        assert said_of(event, first) in scripts()[0]
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    send_due()
    (script,) = scripts()
    assert said_of(event, second) in script
    assert said_of(event, first) not in script
