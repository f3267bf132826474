"""Sending again, and the paper of a reminder, say and do what is true of each person."""

import pytest

from engagement.kernel.audit import SYSTEM, staff
from engagement.mailing.worker import send_due
from engagement.outreach.again import NobodyToReachError, next_round, send_again
from engagement.outreach.package import content_of
from engagement.outreach.planning import plan_rest
from engagement.outreach.reminding import draft_reminder, thing_about
from engagement.outreach.steering import stop
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_silent_guest, a_team, never_quiet, sent_on_its_way, stored
from tests.support.given import access_of


def begun(client, number):
    """Store an event with a team and so many people to write to."""
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    people = [a_person(consultation, f"p{n}@example.org") for n in range(number)]
    return access_of(organizer, consultation), organizer, an_event(consultation), people


def addresses(post):
    return sorted(address for _, address in post.envelopes)


def test_who_was_invited_by_another_mailing_is_not_invited_again_unnamed(client, post):
    access, organizer, event, (first, second) = begun(client, 2)
    sent_on_its_way(a_draft(event, [first], organizer), organizer)
    send_due()
    mailing = sent_on_its_way(a_draft(event, [first, second], organizer), organizer)
    send_due()
    assert next_round(access, stored(mailing)).due == ()
    send_again(access=access, mailing_id=mailing.id, once_more=[second.id])
    plan_rest(mailing.id)
    send_due()
    assert addresses(post) == ["p0@example.org", "p1@example.org", "p1@example.org"]


def test_who_was_named_before_a_stop_still_gets_it_once_more_in_the_round_after(client, post):
    access, organizer, event, people = begun(client, 2)
    mailing = sent_on_its_way(a_draft(event, people, organizer), organizer)
    send_due()
    for turn, person in enumerate(people):
        send_again(access=access, mailing_id=mailing.id, once_more=[person.id])
        if turn == 0:
            stop(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    send_due()
    assert addresses(post) == ["p0@example.org", "p0@example.org", "p1@example.org", "p1@example.org"]


def test_the_package_of_a_reminder_names_those_who_are_reminded(client, post):
    access, organizer, event, people = begun(client, 3)
    for each in people:
        a_silent_guest(event, each)
    mailing = draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id))
    content = content_of(access, mailing)
    assert {row["id"] for row in content["recipients"]} == {str(each.id) for each in people}
    assert content["left_out"] == []


def test_a_reminder_that_reached_somebody_is_not_offered_to_them_once_more(client, post):
    access, organizer, event, (person,) = begun(client, 1)
    a_silent_guest(event, person)
    mailing = sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
    send_due()
    assert len(post.envelopes) == 1
    assert next_round(access, stored(mailing)).reached == ()
    with pytest.raises(NobodyToReachError):
        send_again(access=access, mailing_id=mailing.id, once_more=[person.id])
