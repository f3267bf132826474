"""What the pages say of a mailing whose time is ahead: whom it is for, what it says, what the quiet hours do to it, what pausing does."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from engagement.kernel.audit import SYSTEM
from engagement.mailing.worker import send_due
from engagement.outreach.models import MailingState
from engagement.outreach.rules import Rules, change_rules
from engagement.outreach.service import approve, schedule
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_questionnaire_draft, a_team, page_of, stored
from tests.questionnaires.given import a_questionnaire

ZONE = "America/Toronto"
TODAY = datetime(2026, 12, 1, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """Have it be noon of a day."""
    with time_machine.travel(TODAY, tick=False) as moved:
        yield moved


@pytest.fixture
def office(client):
    """Return a consultation, whose organizer is signed in, with two people."""
    consultation, organizer = a_team(client)
    return consultation, organizer, [a_person(consultation, f"p{each}@example.org", given_name=f"Ann{each}") for each in range(2)]


def tomorrow_at(mailing, wall):
    schedule(mailing_id=mailing.id, day=TODAY.date() + timedelta(days=1), at=wall, zone=ZONE, actor=SYSTEM)


def approved(mailing, wall=time(10)):
    tomorrow_at(mailing, wall)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    return mailing


def test_a_mailing_whose_time_is_ahead_says_whom_it_is_for_and_leads_to_its_mail_and_its_event(client, office):
    consultation, organizer, people = office
    event = an_event(consultation)
    mailing = approved(a_draft(event, people, organizer))
    page = client.get(page_of(mailing)).text
    assert "2 people" in page
    assert f"/c/fisheries/events/{event.name}" in page
    assert "usually within seconds" not in page
    assert "Read the mail as Ann0 Example will" in page
    letter = client.get(page_of(mailing, f"/letter/{people[0].id}")).text
    assert "Dear Ann0 Example," in letter
    assert "as a test" not in letter


def test_an_invitation_to_a_questionnaire_leads_to_it(client, office):
    consultation, organizer, people = office
    asked = a_questionnaire(consultation)
    page = client.get(page_of(approved(a_questionnaire_draft(asked, people, organizer)))).text
    assert f"/c/fisheries/questionnaires/{asked.name}" in page


def test_a_time_in_the_quiet_hours_is_taken_and_the_check_says_when_it_goes(client, post, office, clock):
    consultation, organizer, people = office
    change_rules(consultation_id=consultation.id, rules=Rules(quiet_from=time(22), quiet_until=time(7)), actor=SYSTEM)
    mailing = a_draft(an_event(consultation), people, organizer)
    tomorrow_at(mailing, time(23))
    for language, hours, goes in (
        ("en", "within your quiet hours (22:00 to 07:00)", "Thursday 3 December 2026, 07:00 (Eastern)"),
        ("fr", "dans vos heures de repos (de 22\u00a0h à 7\u00a0h)", "3\u00a0décembre\u00a02026, 7\u00a0h"),
    ):
        page = client.get(page_of(mailing) + f"?lang={language}").text
        assert hours in page
        assert goes.replace("\u00a0", " ") in page.replace("\u00a0", " ")
    client.post(page_of(mailing, "/approve"))
    clock.move_to(datetime(2026, 12, 3, 4, 30, tzinfo=UTC))
    send_due()
    assert post.received == []
    clock.move_to(datetime(2026, 12, 3, 12, 1, tzinfo=UTC))
    send_due()
    assert len(post.received) == 2


def test_a_time_outside_the_quiet_hours_needs_no_word(client, office):
    consultation, organizer, people = office
    mailing = a_draft(an_event(consultation), people, organizer)
    tomorrow_at(mailing, time(12))
    assert "quiet hours" not in client.get(page_of(mailing)).text


@pytest.mark.parametrize(
    ("verb", "english", "french"),
    [
        ("pause", "Nothing has gone yet: the mail to 2 people waits.", "le courriel à 2 personnes attend."),
        ("stop", "Nothing has gone yet, and nothing will: 2 people get no mail.", "2 personnes ne reçoivent pas de courriel."),
    ],
)
def test_before_anything_went_each_step_speaks_of_the_people_and_never_of_zero_mails(client, office, verb, english, french):
    consultation, organizer, people = office
    mailing = approved(a_draft(an_event(consultation), people, organizer))
    for language, words in (("en", english), ("fr", french)):
        page = client.get(page_of(mailing, f"/{verb}?lang={language}")).text
        assert words in page
        assert "0 mail" not in page
        assert "0 courriel" not in page
        assert "stays sent" not in page
    said = client.post(page_of(mailing, f"/{verb}?lang=en"), follow_redirects=True).text
    assert {"pause": "Paused. Nothing is sent until it is resumed.", "stop": "Stopped. Nothing more is sent."}[verb] in said
    assert "0 mail" not in said


def test_resumed_before_anything_went_people_get_it_as_planned(client, office):
    consultation, organizer, people = office
    mailing = approved(a_draft(an_event(consultation), people, organizer))
    client.post(page_of(mailing, "/pause"))
    page = client.get(page_of(mailing, "/resume?lang=en")).text
    assert "2 people whose mail is not written yet get it as planned." in page
    assert "0 mails" not in page
    client.post(page_of(mailing, "/resume"))
    assert stored(mailing).state is MailingState.APPROVED
