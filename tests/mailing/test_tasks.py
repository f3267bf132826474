"""Calls and letters in place of mails: on stored rows, through the worker as it runs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engagement.consultations.models import Status
from engagement.events.replies import Answer, promote_from_waitlist, reply_to_event, withdraw_guest
from engagement.events.seats import waiting_line
from engagement.events.service import ask_to_come, cancel_event
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.kernel.audit import SYSTEM, AuditEntry, by_link, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import at_moment, now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.mailing import sweeping
from engagement.mailing.composing import Dropped, Kind, Waits
from engagement.mailing.contacting import (
    BadOutcomeError,
    NotOpenError,
    change_channel,
    look_at_open_tasks,
    make_task,
    record_outcome,
)
from engagement.mailing.models import ContactTask, Message, State, Suppression, TaskChannel, TaskOutcome, TaskReason, TaskState
from engagement.mailing.outbox import NotNowError
from engagement.mailing.placeholders import names_in
from engagement.mailing.preparing import prepare
from engagement.mailing.service import send_again
from engagement.mailing.tasks import script_in, script_of
from engagement.mailing.texts import MailText, text_of
from engagement.mailing.worker import send_due
from tests.events.given import an_event, the_sitting
from tests.mailing.given import a_notice, a_person, a_text, of_kind, state_of
from tests.support.given import a_consultation, a_member

COMING = Answer(Choice.ACCEPTED, Mode.IN_PERSON)
ZONE = "America/Toronto"
TEXTS = Path(__file__).resolve().parents[2] / "templates" / "mail"


@pytest.fixture
def consultation(app):
    return a_consultation()


def tasks():
    db.session.rollback()
    return list(db.session.scalars(select(ContactTask).order_by(ContactTask.created_at)))


def the_task():
    [task] = tasks()
    return task


def messages():
    db.session.rollback()
    return list(db.session.scalars(select(Message).order_by(Message.created_at)))


def invited(consultation, person, event=None):
    event = event or an_event(consultation)
    ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)
    return event


def test_a_person_without_address_becomes_a_call_with_its_script_in_french(consultation, post):
    person = a_person(consultation, None, given_name="Zoé", language="fr", phone="819-555-0100")
    event = invited(consultation, person)
    send_due()
    task = the_task()
    assert (task.state, task.channel, task.reason, task.language) == (TaskState.OPEN, TaskChannel.CALL, TaskReason.NO_ADDRESS, "fr")
    assert task.script.startswith("Bonjour Zoé Example,")
    assert event.title.fr in task.script
    assert task.subject.startswith("Invitation")
    assert "/r/" not in task.script
    assert "noter votre réponse par téléphone" in task.script
    [message] = messages()
    assert (message.state, message.outcome) == (State.CANCELLED, "became a task")
    assert post.received == []
    # Nothing that opens a page was made for it, and no name stands in the audit.
    assert db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_table == "contact_task")).all() == ["make_contact_task"]


def test_whose_language_is_not_known_has_both_scripts_whole(consultation):
    invited(consultation, a_person(consultation, None, language=None))
    send_due()
    assert "Dear Ada Example," in the_task().script
    assert "Bonjour Ada Example," in the_task().script


def test_the_script_is_read_in_the_other_language_on_demand(consultation):
    invited(consultation, a_person(consultation, None, language="fr"))
    send_due()
    other = script_in(the_task(), "en")
    assert other.plain.startswith("Dear Ada Example,")
    assert "/r/" not in other.plain


def test_a_script_speaks_of_no_page_that_the_caller_cannot_show_and_says_once_what_can_be_done(consultation):
    invited(consultation, a_person(consultation, None, language="en"))
    send_due()
    script = the_task().script
    assert script.count("We can send you a personal link, or take your answer by telephone.") == 1
    for words in ("Your own page is here", "To choose which mails you get", "/u/", "\n\n\n"):
        assert words not in script


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("purpose", sorted(each.parent.name for each in TEXTS.glob("*/body.en.txt")))
def test_no_text_of_ours_speaks_of_a_link_to_whom_it_is_read_aloud(app, purpose, language):
    text = text_of(None, purpose)
    names = {each for part in (text.subject, text.body) for each in names_in(part.in_(language))}
    script = script_of(language, {language: dict.fromkeys(names, "...")}, text).plain
    spoken = re.compile(r"(the|this) link is|opening it|link below|ce lien|lien (ci-dessous|suivant)|ouvrir la page", re.IGNORECASE)
    assert spoken.search(script) is None


def test_a_paragraph_that_says_more_than_where_the_page_is_stays_in_the_script(consultation):
    values = {
        "en": {"your_reply": "You are coming.", "reply_link": "https://x.example/r/secret", "preferences": "https://x.example/u/secret"}
    }
    body = Text("((your_reply))\n((reply_link))\n\nBring a coat.\n\nTo stop:\n((preferences))", "x")
    written = script_of("en", values, MailText(Text("S", "S"), body, {}))
    assert written.plain == "You are coming.\nWe can send you a personal link, or take your answer by telephone.\n\nBring a coat.\n"


def test_script_and_note_are_sealed(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    record_outcome(task_id=the_task().id, outcome=TaskOutcome.NO_ANSWER, remark="call her sister", actor=SYSTEM)
    task = the_task()
    for sealed in (task.script_sealed, task.subject_sealed, task.note_sealed):
        assert b"Ada" not in sealed
        assert b"sister" not in sealed
    assert task.note == "call her sister"


def test_what_was_prepared_twice_is_one_task(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    [message] = messages()
    prepare(message.id)
    send_due()
    assert len(tasks()) == 1


def test_after_no_answer_it_stays_open_with_its_tries_and_whoever_was_reached_counts_as_invited(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    caller = a_member(consultation)
    for _ in range(2):
        record_outcome(task_id=the_task().id, outcome=TaskOutcome.NO_ANSWER, actor=staff(caller.id))
    assert (the_task().state, the_task().tries, the_task().settled_at) == (TaskState.OPEN, 2, None)
    record_outcome(task_id=the_task().id, outcome=TaskOutcome.WRONG_NUMBER, actor=staff(caller.id))
    assert (the_task().state, the_task().tries) == (TaskState.OPEN, 3)
    assert db.session.scalars(select(Invitation)).one().distributed_at is None
    record_outcome(task_id=the_task().id, outcome=TaskOutcome.REACHED, actor=staff(caller.id))
    assert (the_task().state, the_task().settled_by) == (TaskState.DONE, caller.id)
    assert db.session.scalars(select(Invitation)).one().distributed_at is not None
    with pytest.raises(NotOpenError):
        record_outcome(task_id=the_task().id, outcome=TaskOutcome.REACHED, actor=SYSTEM)


def test_what_is_not_needed_is_dropped_and_says_so(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    record_outcome(task_id=the_task().id, outcome=TaskOutcome.NOT_NEEDED, actor=SYSTEM)
    assert (the_task().state, the_task().why) == (TaskState.DROPPED, "not needed, says the team")
    assert db.session.scalars(select(Invitation)).one().distributed_at is None


def test_a_note_that_is_too_long_is_refused_and_nothing_is_stored(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    with pytest.raises(BadOutcomeError):
        record_outcome(task_id=the_task().id, outcome=TaskOutcome.REACHED, remark="x" * 2001, actor=SYSTEM)
    assert the_task().state is TaskState.OPEN


def test_a_call_becomes_a_letter(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    change_channel(task_id=the_task().id, channel=TaskChannel.LETTER, actor=SYSTEM)
    assert the_task().channel is TaskChannel.LETTER


def test_a_reply_on_the_page_drops_the_call_and_one_by_telephone_is_the_call_done(consultation):
    invited(consultation, a_person(consultation, None))
    invited(consultation, a_person(consultation, None, given_name="Bea"))
    send_due()
    web, called = tasks()
    reply_to_event(invitation_id=web.invitation_id, answers=COMING, actor=by_link(web.invitation_id))
    caller = a_member(consultation)
    reply_to_event(invitation_id=called.invitation_id, answers=COMING, channel=Channel.TELEPHONE, actor=staff(caller.id))
    web, called = tasks()
    assert (web.state, web.why) == (TaskState.DROPPED, "replied meanwhile")
    assert (called.state, called.outcome, called.settled_by) == (TaskState.DONE, TaskOutcome.REACHED, caller.id)
    assert db.session.get(Invitation, called.invitation_id).distributed_at is not None


def test_a_withdrawn_guest_is_not_called(consultation):
    invited(consultation, a_person(consultation, None))
    send_due()
    withdraw_guest(invitation_id=the_task().invitation_id, actor=SYSTEM)
    assert (the_task().state, the_task().why) == (TaskState.DROPPED, "withdrawn")


def test_calls_about_a_cancelled_event_are_dropped_by_the_worker(consultation):
    event = invited(consultation, a_person(consultation, None))
    send_due()
    cancel_event(event_id=event.id, actor=SYSTEM)
    with writing() as session:
        session.get(ContactTask, the_task().id).looked_at = now() - timedelta(minutes=6)
    look_at_open_tasks()
    assert (the_task().state, the_task().why) == (TaskState.DROPPED, "the event is cancelled")


def test_a_composer_that_breaks_leaves_the_call_open_and_lets_the_reply_through(consultation, notices):
    person = a_person(consultation, None)
    a_text(consultation)
    event = an_event(consultation)
    message = a_notice(person, invitation_id=invite_to(event, person).id)
    send_due()
    notices.fault = RuntimeError("Ada Example cannot be written to")
    reply_to_event(invitation_id=message.invitation_id, answers=COMING, actor=by_link(message.invitation_id))
    assert the_task().state is TaskState.OPEN


def invite_to(event, person):
    from tests.events.given import a_guest

    return a_guest(event, person)


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (("bounced", False), [TaskReason.BOUNCED]),
        (("bounced", True), [TaskReason.BOUNCED]),
        (("opted_out", True), [TaskReason.OPTED_OUT]),
        (("opted_out", False), []),
        (("complained", False), []),
    ],
)
def test_a_notice_to_whom_no_mail_may_go_becomes_a_call_where_the_address_is_dead_or_a_seat_is_held(
    consultation, notices, post, why, expected
):
    reason, has_a_seat = why
    a_text(consultation)
    with writing() as session:
        session.add(Suppression(address_index=address_index("ada@example.org"), reason=reason, at=now()))
    person = a_person(consultation)
    mailing = a_notice(person)
    send_due()
    assert state_of(mailing) is State.SUPPRESSED
    assert tasks() == []
    of_kind(Kind.NOTICE)
    notices.must_reach = has_a_seat
    a_notice(person, dedup_key="another")
    send_due()
    assert [task.reason for task in tasks()] == expected
    assert post.received == []


def test_whoever_asked_not_to_be_contacted_and_has_no_address_is_not_called_either(consultation, notices):
    a_text(consultation)
    message = a_notice(a_person(consultation, None, do_not_contact=True))
    send_due()
    assert (state_of(message), tasks()) == (State.CANCELLED, [])


def test_a_seat_that_is_somebodys_after_all_is_told_by_telephone_to_whom_no_mail_reaches(consultation, post):
    event = an_event(consultation, in_person=1)
    first, second = (a_person(consultation, None, given_name=name) for name in ("Ada", "Bea"))
    for person in (first, second):
        invitation = invite_to(event, person)
        answer = Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True)
        reply_to_event(invitation_id=invitation.id, answers=answer, channel=Channel.TELEPHONE, actor=SYSTEM)
    assert tasks() == []
    db.session.rollback()
    [waiting] = waiting_line(db.session(), the_sitting(event).id, Mode.IN_PERSON)
    taken = db.session.scalars(select(Invitation).where(Invitation.person_id == first.id)).one()
    withdraw_guest(invitation_id=taken.id, tell=False, actor=SYSTEM)
    promote_from_waitlist(seat_id=waiting.id, actor=SYSTEM)
    send_due()
    assert "Your seat is kept." in the_task().script
    assert the_task().person_id == second.id


@pytest.mark.parametrize("state", ["planned", "failed", "doubtful"])
@pytest.mark.parametrize("channel", list(TaskChannel))
def test_staff_make_a_call_or_a_letter_of_a_message(consultation, notices, state, channel):
    a_text(consultation)
    message = a_notice(a_person(consultation))
    with writing() as session:
        session.get(Message, message.id).state = State(state)
    made = make_task(message_id=message.id, channel=channel, actor=staff(a_member(consultation).id))
    assert (made.reason, made.channel) == (TaskReason.STAFF, channel)
    assert state_of(message) is State.CANCELLED


def test_a_message_that_went_or_is_not_needed_does_not_become_a_task(consultation, notices, post):
    a_text(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    with pytest.raises(NotNowError):
        make_task(message_id=message.id, channel=TaskChannel.CALL, actor=SYSTEM)
    other = a_notice(a_person(consultation, "bea@example.org"))
    for said in (Dropped("replied meanwhile"), Dropped("asked not to be written to"), Waits("a text is stale")):
        notices.answer = said
        with pytest.raises(NotNowError):
            make_task(message_id=other.id, channel=TaskChannel.CALL, actor=SYSTEM)
    assert tasks() == []


def test_a_message_sent_again_drops_its_call_and_becomes_it_again_where_no_address_is_there_yet(consultation, notices, post):
    a_text(consultation)
    person = a_person(consultation, None)
    message = a_notice(person)
    send_due()
    send_again(message_id=message.id, actor=SYSTEM)
    assert the_task().state is TaskState.DROPPED
    send_due()
    assert the_task().state is TaskState.OPEN
    with writing() as session:
        session.merge(person).email = "ada@example.org"
    send_again(message_id=message.id, actor=SYSTEM)
    send_due()
    assert (the_task().state, len(post.received)) == (TaskState.DROPPED, 1)


def test_nothing_becomes_a_task_while_the_consultation_is_paused(consultation):
    invited(consultation, a_person(consultation, None))
    with writing() as session:
        session.merge(consultation).status = Status.PAUSED
    send_due()
    assert tasks() == []


def test_nobody_is_to_call_for_what_is_too_late(consultation, notices, monkeypatch):
    a_text(consultation)
    last = now() + timedelta(minutes=5)
    late = [a_notice(a_person(consultation, None, given_name=f"p{each}"), not_after=last) for each in range(3)]
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    with at_moment(last + timedelta(minutes=1)):
        send_due()
        send_due()
    assert tasks() == []
    assert [state_of(each) for each in late] == [State.CANCELLED] * 3
