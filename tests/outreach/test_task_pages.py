"""The pages of calls and letters, as those who call and write see them."""

import re
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from engagement.events.service import ask_to_come
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing.models import ContactTask, Message, State, TaskChannel, TaskState
from engagement.mailing.worker import send_due
from engagement.roster.safe_hours import SafeHours, change_safe_hours
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft
from tests.support.given import a_consultation, a_member, signed_in_as, stored

pytestmark = pytest.mark.slow

LIST = "/c/fisheries/mail/tasks"


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def caller(client, consultation):
    signed_in_as(client, a_member(consultation, Role.STAFF))
    return client


def to_call(consultation, event=None, **more):
    """Store a call to somebody without an address, and return its address."""
    values = {"given_name": "Tess", "language": "fr", "phone": "819-555-0100", **more}
    person = a_person(consultation, None, **values)
    ask_to_come(event_id=(event or an_event(consultation)).id, person_id=person.id, actor=SYSTEM)
    send_due()
    db.session.rollback()
    task = db.session.scalars(select(ContactTask).where(ContactTask.person_id == person.id)).one()
    return task, f"{LIST}/{task.id}"


def test_the_list_says_whom_to_call_and_the_page_what_to_say(caller, consultation):
    assert "Nobody waits for a call" in caller.get(f"{LIST}?lang=en").text
    _, where = to_call(consultation, safe_contact="Never at work")
    for language, heads in (
        ("en", ("Call Tess Example", "No mail address")),
        ("fr", ("Appeler Tess Example", "Aucune adresse de courriel")),
    ):
        assert "819-555-0100" in caller.get(f"{LIST}?lang={language}").text
        page = caller.get(f"{where}?lang={language}").text
        for said in (*heads, "819-555-0100", "Never at work", "Bonjour Tess Example,"):
            assert said in page
        assert "/r/" not in page
    assert "Dear Tess Example," in caller.get(f"{where}?script=en").text
    assert caller.get(f"{where}?script=xx").status_code == 200


def test_what_came_of_it_is_recorded_with_one_form(caller, consultation):
    task, where = to_call(consultation)
    for language in ("en", "fr"):
        nothing = caller.post(f"{where}/outcome?lang={language}", data={})
        long = caller.post(f"{where}/outcome?lang={language}", data={"outcome": "reached", "note": "x" * 2001})
        wrong = caller.post(f"{where}/outcome?lang={language}", data={"outcome": "letter_sent"})
        assert nothing.text.count('class="error"') == long.text.count('class="error"') == wrong.text.count('class="error"') == 1
    caller.post(f"{where}/outcome", data={"outcome": "no_answer", "note": "Try in the evening"})
    assert (stored(task).state, stored(task).tries) == (TaskState.OPEN, 1)
    page = caller.get(f"{where}?lang=en").text
    assert "one try" in page
    assert "Try in the evening" in page
    assert caller.post(f"{where}/outcome", data={"outcome": "reached"}).location.endswith("/mail/tasks")
    assert stored(task).state is TaskState.DONE
    assert caller.post(f"{where}/outcome?lang=en", data={"outcome": "reached"}).status_code == 200
    assert "What came of it" not in caller.get(f"{where}?lang=en").text


def test_the_page_warns_outside_safe_hours(caller, consultation):
    task, where = to_call(consultation)
    wall = on_the_wall(now() + timedelta(hours=8), consultation.zone).time()
    opens = time(wall.hour, 0)
    change_safe_hours(person_id=task.person_id, hours=SafeHours(opens=opens, until=time(wall.hour, 59)), actor=SYSTEM)
    assert "Do not call now." in caller.get(f"{where}?lang=en").text
    assert "N’appelez pas maintenant." in caller.get(f"{where}?lang=fr").text
    change_safe_hours(person_id=task.person_id, hours=SafeHours(), actor=SYSTEM)
    assert "Do not call now." not in caller.get(f"{where}?lang=en").text


def test_letters_are_printed_a_page_each(caller, consultation):
    event = an_event(consultation)
    for name in ("Tess", "Uma"):
        _, where = to_call(consultation, event, given_name=name)
        caller.post(f"{where}/letter")
    to_call(consultation, event, given_name="Vera")
    sheets = caller.get(f"{LIST}/letters?lang=en").text
    assert sheets.count('class="sheet"') == 2
    assert "Bonjour Uma Example," in sheets
    assert "Vera" not in sheets
    assert "Print 2 letters" in caller.get(f"{LIST}?lang=en").text
    assert caller.get(f"{where}/letter").text.count('class="sheet"') == 1
    caller.post(f"{where}/outcome", data={"outcome": "letter_sent"})
    assert caller.get(f"{LIST}/letters").text.count('class="sheet"') == 1
    assert 'class="sheet"' not in caller.get(f"{LIST}/letters?language=en&lang=en").text


def test_the_list_is_filtered_by_the_address_and_takes_any_nonsense(caller, consultation):
    to_call(consultation)
    for query, there in (
        ("reason=no_address", True),
        ("reason=bounced", False),
        ("channel=call", True),
        ("channel=letter", False),
        ("language=fr", True),
        ("language=en", False),
        ("due=now", True),
        ("state=done", False),
        ("state=all", True),
        ("state=nonsense&reason=%27&channel=9&page=-4", True),
    ):
        assert ("Tess Example" in caller.get(f"{LIST}?{query}").text) is there, query


def test_a_mailings_page_leads_to_those_who_are_called(client, consultation):
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    mailing = a_draft(an_event(consultation), [a_person(consultation, None, given_name="Tess")], organizer)
    where = f"/c/fisheries/mail/mailings/{mailing.id}"
    assert "To be telephoned" in client.get(f"{where}?lang=en").text
    client.post(f"{where}/approve")
    send_due()
    [link] = set(re.findall(rf'href="([^"]*mail/tasks\?[^"]*{mailing.id}[^"]*)"', client.get(where).text))
    assert "Tess Example" in client.get(link.replace("&amp;", "&")).text


def test_a_message_is_made_a_call_or_a_letter_from_its_page(client, consultation):
    signed_in_as(client, a_member(consultation))
    person = a_person(consultation)
    ask_to_come(event_id=an_event(consultation).id, person_id=person.id, actor=SYSTEM)
    message = db.session.scalars(select(Message)).one()
    where = f"/c/fisheries/mail/messages/{message.id}"
    assert "Make this a letter" in client.get(f"{where}?lang=en").text
    answer = client.post(f"{where}/letter")
    assert "Write to Ada Example" in client.get(f"{answer.location}?lang=en").text
    db.session.rollback()
    assert db.session.scalars(select(ContactTask)).one().channel is TaskChannel.LETTER
    assert db.session.get(Message, message.id).state is State.CANCELLED
    for language, words in (("en", "Letter – To be done"), ("fr", "Lettre – À faire")):
        assert words in client.get(f"{where}?lang={language}").text
    # It became one before: nothing changes, and the page says so.
    assert client.post(f"{where}/call").location.endswith(where)


def test_the_overview_and_the_persons_page_say_it(client, consultation):
    signed_in_as(client, a_member(consultation))
    task, _ = to_call(consultation)
    assert "People to call or write to" in client.get("/c/fisheries/?lang=en").text
    history = client.get(f"/c/fisheries/people/{task.person_id}?lang=fr").text
    assert "Appel\u00a0: Invitation à un événement – À faire" in history


def test_hidden_people_and_events_are_for_cleared_members_only(caller, consultation):
    hidden, where = to_call(consultation, open_to_team=False)
    secret, beyond = to_call(consultation, an_event(consultation, "Survivors", restricted=True), given_name="Uma")
    page = caller.get(f"{LIST}?state=all").text
    assert "Tess" not in page
    assert "Uma" not in page
    for task, address in ((hidden, where), (secret, beyond)):
        assert caller.get(address).status_code == caller.get(f"{address}/letter").status_code == 404
        assert caller.post(f"{address}/outcome", data={"outcome": "reached"}).status_code == 404
        assert caller.post(f"{address}/letter").status_code == 404
        assert stored(task).state is TaskState.OPEN


def test_another_consultations_call_is_absent_and_who_may_not_record_sees_no_form(client, consultation):
    _, where = to_call(consultation)
    other = a_consultation("forests")
    signed_in_as(client, a_member(other))
    assert client.get(where.replace("fisheries", "forests")).status_code == 404
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    assert client.get(where).status_code == 404


def test_a_message_without_a_person_offers_no_call(client, consultation):
    signed_in_as(client, a_member(consultation))
    person = a_person(consultation)
    ask_to_come(event_id=an_event(consultation).id, person_id=person.id, actor=SYSTEM)
    with writing() as session:
        message = session.scalars(select(Message)).one()
        message.person_id = None
    assert "Make this a call" not in client.get(f"/c/fisheries/mail/messages/{message.id}?lang=en").text
    assert client.post(f"/c/fisheries/mail/messages/{message.id}/call").status_code == 404
