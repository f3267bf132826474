"""What an announcement about a restricted event leaves behind is known to those who are cleared, and to nobody else."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import ClearedFor
from engagement.consultations.service import clear
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.mailing.contacting import make_task
from engagement.mailing.models import Message, TaskChannel
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from engagement.outreach.inbox import list_inbox, number_waiting
from engagement.outreach.task_listing import TaskFilter, list_tasks, tasks_for, waiting_tasks
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_team, an_announcement, never_quiet, sent_on_its_way
from tests.support.given import a_member, access_of


@pytest.fixture
def announced(client, post):
    """Return a consultation, its organizer and somebody to whom a restricted event was announced."""
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    event = an_event(consultation, "Survivors", restricted=True)
    person = a_person(consultation, "guest@example.org", phone="819-555-0100")
    clear(consultation_id=consultation.id, user_id=organizer.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=SYSTEM)
    sent_on_its_way(an_announcement(consultation, [person], organizer, about=event), organizer)
    return consultation, organizer, person


def test_a_call_about_a_restricted_event_is_known_to_nobody_who_is_not_cleared(announced):
    consultation, organizer, person = announced
    message = db.session.scalars(select(Message)).one()
    assert message.invitation_id is None
    make_task(message_id=message.id, channel=TaskChannel.CALL, actor=SYSTEM)
    outsider = access_of(a_member(consultation, Role.STAFF), consultation)
    assert list_tasks(outsider, TaskFilter()).total == waiting_tasks(outsider) == len(tasks_for(outsider, person.id)) == 0
    assert list_tasks(access_of(organizer, consultation), TaskFilter()).total == 1


def test_an_answer_to_an_announcement_about_a_restricted_event_is_known_to_nobody_who_is_not_cleared(announced, post):
    consultation, organizer, _ = announced
    send_due()
    mail = post.mails()[0]
    raw = (
        f"From: guest@example.org\nTo: team@example.org\nSubject: A question\nIn-Reply-To: {mail['Message-ID']}\n"
        "Message-ID: <q@guest.example>\n\nIs there a lift?\n"
    )
    got = receive(raw.encode()).row
    db.session.rollback()
    assert got.message_id is not None
    assert got.invitation_id is None
    outsider = access_of(a_member(consultation, Role.STAFF), consultation)
    assert list_inbox(outsider, waiting=False, page=1).total == number_waiting(outsider) == 0
    assert list_inbox(access_of(organizer, consultation), waiting=False, page=1).total == 1
