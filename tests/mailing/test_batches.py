"""Many messages written at once say what each says alone; one that is out of the ordinary holds up nobody."""

import email
import re
from datetime import timedelta
from email.policy import default

import pytest
from sqlalchemy import delete, event, func, select

from engagement.invitations.models import Invitation, PersonalLink
from engagement.invitations.service import invite
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, domain_index
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing import batches
from engagement.mailing.batches import prepare_many
from engagement.mailing.composing import Dropped, Waits
from engagement.mailing.models import Message, MessageEvent, State, Suppression
from engagement.mailing.planning import Mail, plan_many
from engagement.mailing.preparing import due_to_be_written, prepare
from engagement.mailing.service import cancel, plan
from engagement.mailing.texts import MailText
from engagement.questionnaires.service import ask_to_answer
from engagement.roster.models import Person
from tests.events.given import an_event
from tests.mailing.given import a_notice, a_person, a_text, state_of
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation


@pytest.fixture
def consultation(app):
    return a_consultation()


def all_messages():
    db.session.rollback()
    return list(
        db.session.scalars(select(Message).order_by(Message.created_at, Message.dedup_key).execution_options(populate_existing=True))
    )


def invited(consultation, languages=("en", "fr", None)):
    """Have people of these languages asked to an event of two days and to a questionnaire."""
    from engagement.events.posting import ask_to_come

    event_, asked = an_event(consultation, days=2), a_questionnaire(consultation)
    people = [a_person(consultation, f"p{each}@example.org", language=of) for each, of in enumerate(languages)]
    for person in people:
        ask_to_come(event_id=event_.id, person_id=person.id, actor=SYSTEM)
        ask_to_answer(questionnaire_id=asked.id, person_id=person.id, actor=SYSTEM)
    return people


def unprepared():
    with writing() as session:
        session.execute(delete(PersonalLink))
        session.execute(delete(MessageEvent).where(MessageEvent.state != State.PLANNED))
        for row in session.scalars(select(Message)):
            row.raw = row.address_index = row.domain_index = None
            row.to_address = row.subject = ""
            row.state = State.PLANNED


def reading(message):
    """Return everything that a mail says, without what is made anew each time."""
    mail = email.message_from_bytes(message.raw, policy=default)
    headers = [(name, _same(str(value))) for name, value in mail.items() if name not in {"Date", "Content-Type"}]
    parts = [(part.get_content_type(), _same(part.get_content())) for part in mail.walk() if not part.is_multipart()]
    # What is sealed for the calendar entry differs each time.
    details = {name: value for name, value in message.details.items() if name != "facts"}
    return headers, parts, message.to_address, message.subject, message.address_index, message.domain_index, details


def _same(content):
    text = content.decode() if isinstance(content, bytes) else content
    unfolded = text.replace("\r\n ", "")
    return re.sub(r"/([ru])/[A-Za-z0-9_-]{43}", r"/\1/…", re.sub(r"DTSTAMP:\d+T\d+Z", "DTSTAMP", unfolded))


def test_a_batch_writes_what_each_message_says_alone(consultation):
    invited(consultation)
    ids = due_to_be_written()
    assert [prepare(each) for each in ids] == [State.QUEUED] * 9
    alone = {each.id: reading(each) for each in all_messages()}
    links = db.session.scalar(select(func.count()).select_from(PersonalLink))
    unprepared()
    assert prepare_many(ids) == [State.QUEUED] * 9
    together = {each.id: reading(each) for each in all_messages()}
    assert together == alone
    assert db.session.scalar(select(func.count()).select_from(PersonalLink)) == links == 9
    told = select(MessageEvent.message_id, MessageEvent.state, MessageEvent.why).where(MessageEvent.state == State.QUEUED)
    assert sorted(map(str, db.session.execute(told))) == sorted(map(str, [(each, State.QUEUED, "") for each in ids]))


def test_in_a_batch_an_unknown_language_gets_both_texts_whole(consultation):
    invited(consultation, (None,))
    prepare_many(due_to_be_written())
    for message in all_messages():
        (plain,) = [content for kind, content in reading(message)[1] if kind == "text/plain"]
        assert re.search(r"^(Dear|Hello) Ada Example,", plain, re.MULTILINE)
        assert "Bonjour Ada Example," in plain


def test_what_is_written_at_once_takes_few_questions_however_many_there_are(consultation):
    def questions(number):
        for each in range(number):
            person = a_person(consultation, f"n{number}p{each}@example.org")
            ask_to_answer(questionnaire_id=asked.id, person_id=person.id, actor=SYSTEM)
        asked_of_it = []
        engine = db.engine
        listen = (engine, "before_cursor_execute", lambda *given: asked_of_it.append(given[2]))
        event.listen(*listen)
        assert set(prepare_many(due_to_be_written())) == {State.QUEUED}
        event.remove(*listen)
        return len(asked_of_it)

    asked = a_questionnaire(consultation)
    assert questions(3) == questions(30)


def test_one_that_cannot_be_written_holds_up_nobody_in_a_batch(consultation, notices):
    a_text(consultation)
    people = [a_person(consultation, f"p{each}@example.org", given_name=f"P{each}") for each in range(4)]
    messages = [a_notice(person) for person in people]
    compose = notices.compose

    def breaks_for_one(message):
        if message.person_id == people[1].id:
            raise ZeroDivisionError
        return compose(message)

    composers = ports().composers
    from dataclasses import replace

    composers["notice"] = replace(composers["notice"], compose=breaks_for_one)
    states = prepare_many([each.id for each in messages])
    assert sorted(states) == sorted([State.QUEUED] * 3 + [State.DEFERRED])
    assert [state_of(each) for each in messages] == [State.QUEUED, State.DEFERRED, State.QUEUED, State.QUEUED]


def test_one_that_cannot_be_stored_holds_up_nobody_in_a_batch(consultation, notices, monkeypatch):
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(3)]

    def breaks(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(batches, "_queue", breaks)
    assert prepare_many([each.id for each in messages]) == [State.QUEUED] * 3
    assert {state_of(each) for each in messages} == {State.QUEUED}


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Dropped("not needed"), State.CANCELLED), (Waits("not yet"), State.DEFERRED), (None, State.QUEUED)],
)
def test_what_does_not_go_is_settled_in_the_same_batch(consultation, notices, answer, state):
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(3)]
    notices.answer = answer
    assert prepare_many([each.id for each in messages]) == [state] * 3
    assert {state_of(each) for each in messages} == {state}


def test_in_a_batch_nobody_is_written_to_who_must_not_be(consultation, notices):
    a_text(consultation)
    elsewhere = a_consultation("other")
    wished, bounced, heard, fine = (a_person(consultation, f"{name}@example.org") for name in ("wished", "bounced", "heard", "fine"))
    a_person(elsewhere, "Heard@example.org", do_not_contact=True)
    messages = {each.id: a_notice(each) for each in (wished, bounced, heard, fine)}
    with writing() as session:
        session.get_one(Person, wished.id).do_not_contact = True
        session.add(Suppression(address_index=address_index("bounced@example.org"), reason="bounced", at=now()))
    prepare_many([each.id for each in messages.values()])
    states = {person: state_of(message) for person, message in messages.items()}
    assert states == {wished.id: State.SUPPRESSED, bounced.id: State.SUPPRESSED, heard.id: State.SUPPRESSED, fine.id: State.QUEUED}
    assert "bounced" in db.session.get_one(Message, messages[bounced.id].id).outcome


def test_somebody_without_an_address_is_in_no_mail_and_holds_up_nobody(consultation, notices):
    a_text(consultation)
    nowhere, fine = a_notice(a_person(consultation, None)), a_notice(a_person(consultation, "fine@example.org"))
    prepare_many([nowhere.id, fine.id])
    assert (state_of(nowhere), state_of(fine)) == (State.CANCELLED, State.QUEUED)


def test_what_was_cancelled_while_it_was_written_stays_cancelled(consultation, notices):
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(2)]
    written = dict(batches._written([each.id for each in messages]))
    cancel(message_id=messages[0].id, actor=SYSTEM)
    assert sorted(batches._stored(written)) == sorted([State.CANCELLED, State.QUEUED])
    assert state_of(messages[0]) is State.CANCELLED
    assert db.session.get_one(Message, messages[0].id).raw is None


def test_what_is_sealed_in_a_batch_opens_in_its_own_row_only(consultation, notices):
    a_text(consultation)
    message = a_notice(a_person(consultation, "ada@example.org"))
    prepare_many([message.id])
    row = all_messages()[0]
    assert row.to_address == "ada@example.org"
    assert row.raw.startswith(b"From: ")
    assert (row.address_index, row.domain_index) == (address_index("ada@example.org"), domain_index("ada@example.org"))


def test_a_mailing_says_its_own_words(consultation, notices, monkeypatch):
    from engagement.outreach.models import Mailing

    a_text(consultation)
    with writing() as session:
        mailing = Mailing(consultation_id=consultation.id, purpose="notice", people=[], created_at=now())
        session.add(mailing)
    own = MailText(Text("Own words", "Nos mots"), Text("Come, ((name))!", "Venez, ((name))!"), {})
    monkeypatch.setattr(ports(), "mailing_text", lambda mailing_id: own if mailing_id == mailing.id else None)
    people = [a_person(consultation, f"p{each}@example.org") for each in range(3)]
    messages = [a_notice(people[0], mailing_id=mailing.id), a_notice(people[1], mailing_id=mailing.id), a_notice(people[2])]
    prepare_many([messages[0].id, messages[2].id])
    prepare(messages[1].id)
    db.session.rollback()
    assert [db.session.get_one(Message, each.id).subject for each in messages] == ["Own words", "Own words", "For Ada Example"]


def test_a_mailing_whose_own_words_are_stale_waits(consultation, notices, monkeypatch):
    from engagement.outreach.models import Mailing

    a_text(consultation)
    with writing() as session:
        mailing = Mailing(consultation_id=consultation.id, purpose="notice", people=[], created_at=now())
        session.add(mailing)
    stale = MailText(Text("Own words", "Nos mots"), Text("New", "Vieux"), {"body": "fr"})
    monkeypatch.setattr(ports(), "mailing_text", lambda _: stale)
    message = a_notice(a_person(consultation), mailing_id=mailing.id)
    assert prepare_many([message.id]) == [State.DEFERRED]


def test_the_longest_due_come_first_and_those_that_wait_are_asked_among_them(consultation, notices):
    a_text(consultation)
    first, second, third = (a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(3))
    with writing() as session:
        for message, minutes, state in ((first, 3, State.PLANNED), (second, 9, State.DEFERRED), (third, -5, State.PLANNED)):
            row = session.get_one(Message, message.id)
            row.due_at, row.state = now() - timedelta(minutes=minutes), state
    assert due_to_be_written() == [second.id, first.id]
    assert due_to_be_written(1) == [second.id]


def columns_of(row, *made_anew):
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in {"id", *made_anew}}


def test_planning_many_stores_what_planning_one_stores(consultation):
    first, second = a_person(consultation, "a@example.org"), a_person(consultation, "b@example.org", language=None)
    asked = invite(consultation_id=consultation.id, person_id=first.id, event_id=an_event(consultation).id, actor=SYSTEM)
    due, last = now() + timedelta(hours=1), now() + timedelta(days=1)
    values = [
        {
            "consultation_id": consultation.id, "person_id": person.id, "purpose": "notice", "language": person.language or "both",
            "invitation_id": invitation_id, "details": {"sitting_id": "x"}, "due_at": due, "not_after": last,
        }
        for person, invitation_id in ((first, asked.id), (second, None))
    ]  # fmt: skip
    for number, given in enumerate(values):
        plan(**given, dedup_key=f"one:{number}", actor=SYSTEM)
    new = plan_many([Mail(**given, dedup_key=f"many:{number}") for number, given in enumerate(values)], actor=SYSTEM)
    assert len(new) == 2
    rows = {each.dedup_key: each for each in all_messages()}
    made_anew = ("dedup_key", "rfc_message_id", "bounce_token", "created_at")
    for number in range(2):
        one, many = rows[f"one:{number}"], rows[f"many:{number}"]
        assert columns_of(one, *made_anew) == columns_of(many, *made_anew)
        assert re.sub("[0-9a-f]{32}", "", one.rfc_message_id) == re.sub("[0-9a-f]{32}", "", many.rfc_message_id)
        assert told_of(one) == told_of(many)
        assert noted_of(one) == noted_of(many) != []


def told_of(message):
    rows = db.session.scalars(select(MessageEvent).where(MessageEvent.message_id == message.id))
    return [columns_of(each, "message_id", "at") for each in rows]


def noted_of(message):
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == message.id))
    return [columns_of(each, "subject_id", "at") for each in rows]


def test_what_was_planned_before_is_not_planned_again_among_many(consultation):
    person = a_person(consultation)
    mails = [
        Mail(consultation_id=consultation.id, person_id=person.id, purpose="notice", language="en", dedup_key=key)
        for key in ("known", "new", "new", "newer")
    ]  # fmt: skip
    plan_many(mails[:1], actor=SYSTEM)
    assert len(plan_many(mails, actor=SYSTEM)) == 2
    assert plan_many(mails, actor=SYSTEM) == []
    assert plan_many([], actor=SYSTEM) == []
    assert [each.dedup_key for each in all_messages()] == ["known", "new", "newer"]
    assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0
