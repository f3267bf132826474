"""A mailing on its way: how far it is, pausing, resuming, stopping, trying again, the list as a file."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing import together
from engagement.mailing.models import ContactTask, Hold, Message, MessageEvent, State, TaskState
from engagement.mailing.together import failures_of, kind_of_failure
from engagement.mailing.worker import send_due
from engagement.outreach.models import MailingState
from engagement.outreach.progress import Where, progress_of
from engagement.outreach.steering import NoReasonError, NotOnItsWayError, finish_what_was_begun, pause, resume, retry, stop
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, page_of, sent_on_its_way, stored
from tests.outreach.test_mailings import add_to_restricted
from tests.roster.given import a_batch
from tests.support.given import a_consultation, a_member, access_of, signed_in_as

pytestmark = pytest.mark.slow


def on_its_way(client, number=3, **more):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"p{each}@example.org", given_name=f"Ann{each}", **more) for each in range(number)]
    return sent_on_its_way(a_draft(an_event(consultation), people, organizer), organizer), organizer, consultation


def count(*conditions):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message).where(*conditions))


def put(state, why="", index=0, **values):
    with writing() as session:
        row = session.scalars(select(Message).order_by(Message.id)).all()[index]
        row.state, row.outcome = state, why
        for name, value in values.items():
            setattr(row, name, value)
    return row


def test_a_paused_mailing_sends_nothing_and_a_resumed_one_all_of_it(client, post):
    mailing, _, _ = on_its_way(client)
    assert pause(mailing_id=mailing.id, actor=SYSTEM) == 3
    assert count(Message.held_because == Hold.MAILING) == 3
    send_due()
    assert post.received == []
    assert resume(mailing_id=mailing.id, actor=SYSTEM) == 3
    send_due()
    assert len(post.received) == 3
    assert stored(mailing).state is MailingState.APPROVED


def test_who_was_not_gone_through_waits_as_well_while_it_is_paused(client, post):
    consultation, organizer = a_team(client)
    mailing = a_draft(an_event(consultation), [a_person(consultation)], organizer)
    client.post(page_of(mailing, "/approve"))
    with writing() as session:
        session.merge(stored(mailing)).planned = 0
    pause(mailing_id=mailing.id, actor=SYSTEM)
    send_due()
    assert stored(mailing).planned == 0


def test_a_mailing_paused_before_its_hour_says_when_it_goes_and_can_be_stopped(client):
    consultation, organizer = a_team(client)
    mailing = a_draft(an_event(consultation), [a_person(consultation), a_person(consultation, "q@example.org")], organizer)
    with writing() as session:
        session.merge(stored(mailing)).send_at = on_the_wall(now(), "America/Toronto").replace(hour=9, minute=30) + timedelta(days=2)
    client.post(page_of(mailing, "/approve"))
    pause(mailing_id=mailing.id, actor=SYSTEM)
    page = client.get(page_of(mailing)).text
    assert "2 people whose mail is not written yet wait." in page
    assert "Resumed in time, it goes on " in page
    assert "09:30 (Eastern)" in page
    assert page_of(mailing, "/stop") in page
    assert "No message was needed" not in page
    client.post(page_of(mailing, "/stop"))
    page = client.get(page_of(mailing)).text
    assert "2 people whose mail is not written yet get none." in page
    assert "No message was needed" not in page


def test_a_stopped_mailing_cancels_what_is_not_sent_with_a_reason_and_never_goes_on(client, post):
    mailing, _, _ = on_its_way(client)
    first = db.session.scalars(select(Message).order_by(Message.id)).first()
    put(State.SENT, sent_at=first.created_at)
    assert stop(mailing_id=mailing.id, actor=SYSTEM) == 2
    send_due()
    assert post.received == []
    assert count(Message.state == State.CANCELLED, Message.outcome == "the mailing was stopped") == 2
    assert db.session.scalar(select(func.count()).select_from(MessageEvent).where(MessageEvent.state == State.CANCELLED)) == 2
    for verb in (resume, pause):
        with pytest.raises(NotOnItsWayError):
            verb(mailing_id=mailing.id, actor=SYSTEM)


def with_a_call(client):
    consultation, organizer = a_team(client)
    people = [a_person(consultation), a_person(consultation, None, given_name="Tess")]
    mailing = sent_on_its_way(a_draft(an_event(consultation), people, organizer), organizer)
    send_due()
    assert db.session.scalar(select(ContactTask)).state is TaskState.OPEN
    return mailing


def test_nobody_is_called_for_a_stopped_mailing(client, post):
    mailing = with_a_call(client)
    stop(mailing_id=mailing.id, actor=SYSTEM)
    task = db.session.scalar(select(ContactTask))
    assert (task.state, task.why) == (TaskState.DROPPED, "the mailing was stopped")


def test_the_calls_of_a_mailing_whose_stop_was_interrupted_are_dropped_by_the_worker(client, post):
    mailing = with_a_call(client)
    with writing() as session:
        session.merge(stored(mailing)).state = MailingState.STOPPED
    finish_what_was_begun()
    assert db.session.scalar(select(ContactTask)).state is TaskState.DROPPED


def test_doing_it_twice_is_doing_it_once(client):
    mailing, _, _ = on_its_way(client)
    for verb in (pause, pause, resume, resume, stop, stop):
        verb(mailing_id=mailing.id, actor=SYSTEM)
    db.session.rollback()
    verbs = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_id == mailing.id).order_by(AuditEntry.at)).all()
    assert verbs[-3:] == ["pause_mailing", "resume_mailing", "stop_mailing"]


@pytest.mark.parametrize(("verb", "left"), [(pause, Message.held_because.is_(None)), (stop, Message.state != State.CANCELLED)])
def test_what_was_interrupted_is_gone_on_with_by_the_worker(client, monkeypatch, verb, left):
    mailing, _, _ = on_its_way(client, 5)
    monkeypatch.setattr(together, "AT_ONCE", 2)
    steps = []
    name = "_set" if verb is pause else "_move"
    whole = getattr(together, name)

    def dies(*words, **more):
        if len(steps) == 1:
            raise KeyboardInterrupt
        steps.append(1)
        return whole(*words, **more)

    monkeypatch.setattr(together, name, dies)
    with pytest.raises(KeyboardInterrupt):
        verb(mailing_id=mailing.id, actor=SYSTEM)
    monkeypatch.setattr(together, name, whole)
    assert count(left) == 3
    finish_what_was_begun()
    assert count(left) == 0


def test_an_interrupted_resumption_is_gone_on_with(client):
    mailing, _, _ = on_its_way(client)
    pause(mailing_id=mailing.id, actor=SYSTEM)
    with writing() as session:
        session.merge(stored(mailing)).state = MailingState.APPROVED
    finish_what_was_begun()
    assert count(Message.held_because.is_not(None)) == 0


def test_what_failed_is_tried_again_by_reason_and_nothing_else_is(client, post):
    mailing, _, _ = on_its_way(client)
    put(State.FAILED, "550 5.1.1 <a@example.org> unknown", 0)
    put(State.FAILED, "554 5.7.1 refused", 1)
    put(State.FAILED, "550 5.1.1 <b@example.org> unknown", 2)
    assert failures_of(mailing.id) == {"5.1.1": 2, "5.7.1": 1}
    page = client.get(page_of(mailing, "/retry?lang=fr")).text
    assert "Le serveur de courriel a répondu 5.1.1." in page
    client.post(page_of(mailing, "/retry"), data={"reasons": ["5.7.1"]})
    assert count(Message.state == State.FAILED) == 2
    send_due()
    assert len(post.received) == 1
    assert "sent again" not in client.get(page_of(mailing, "/retry?lang=en")).text


def test_trying_again_needs_a_reason_and_a_mailing_on_its_way(client):
    mailing, _, _ = on_its_way(client)
    put(State.FAILED, "550 5.1.1 unknown")
    with pytest.raises(NoReasonError):
        retry(mailing_id=mailing.id, reasons=[], actor=SYSTEM)
    for language in ("en", "fr"):
        assert 'href="#reasons"' in client.post(page_of(mailing, f"/retry?lang={language}"), data={}).text
        assert 'href="#reasons"' in client.post(page_of(mailing, f"/retry?lang={language}"), data={"reasons": ["made up"]}).text
    stop(mailing_id=mailing.id, actor=SYSTEM)
    with pytest.raises(NotOnItsWayError):
        retry(mailing_id=mailing.id, reasons=["5.1.1"], actor=SYSTEM)


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [("550 5.1.1 <a@b.org> no", "5.1.1"), ("552 too big", "552"), ("the address cannot be written to", "the address cannot be written to")],
)
def test_failures_are_alike_by_the_servers_code_and_never_by_an_address(outcome, kind):
    assert kind_of_failure(outcome) == kind


def test_every_place_has_its_figure_its_reasons_and_its_rows_in_both_languages(client):
    mailing, organizer, consultation = on_its_way(client, 8)
    first = db.session.scalars(select(Message)).first()
    put(State.SENT, sent_at=first.created_at, index=0)
    put(State.DEFERRED, "451 4.7.1 later", 1)
    put(State.FAILED, "550 5.1.1 <p@example.org> unknown", 2)
    put(State.DOUBTFUL, "its worker was lost while sending", 3)
    put(State.SUPPRESSED, "suppressed: opted_out", 4)
    put(State.CANCELLED, "replied meanwhile", 5)
    put(State.PLANNED, "", 6, held_because=Hold.RESTORED)
    found = progress_of(access_of(organizer, consultation), mailing)
    assert {figure.where: figure.count for figure in found.figures} == dict.fromkeys(Where, 1)
    for language, words in (("en", "1 of 8 mails sent"), ("fr", "Courriels envoyés\u00a0: 1 sur 8")):
        page = client.get(page_of(mailing) + f"?lang={language}").text
        assert words in page
        assert "p@example.org" not in page
        for where in Where:
            rows = client.get(page_of(mailing, f"/rows/{where}?lang={language}"))
            assert rows.text.count("/mail/messages/") == 1, where
    assert client.get(page_of(mailing, "/rows/nowhere")).status_code == 404
    assert client.get(page_of(mailing, "/rows/sent?page=99999999999999999999")).status_code == 200


def test_each_step_says_in_numbers_what_it_will_do_before_it_does_it(client):
    mailing, _, _ = on_its_way(client)
    expected = {
        "pause": ("3 mails that have not gone yet wait.", "3 courriels qui ne sont pas encore partis attendent."),
        "resume": ("3 mails go on.", "3 courriels poursuivent leur route."),
        "stop": ("3 mails that have not gone yet are cancelled.", "3 courriels qui ne sont pas encore partis sont annulés."),
    }
    for verb, (english, french) in expected.items():
        assert english in client.get(page_of(mailing, f"/{verb}?lang=en")).text
        assert french in client.get(page_of(mailing, f"/{verb}?lang=fr")).text
    assert stored(mailing).state is MailingState.APPROVED
    client.post(page_of(mailing, "/pause"))
    assert stored(mailing).state is MailingState.PAUSED
    for language, words in (("en", "This mailing is paused"), ("fr", "Cet envoi est suspendu")):
        assert words in client.get(page_of(mailing) + f"?lang={language}").text
    client.post(page_of(mailing, "/resume"))
    client.post(page_of(mailing, "/stop"))
    assert stored(mailing).state is MailingState.STOPPED
    for language, words in (("en", "This mailing was stopped"), ("fr", "Cet envoi a été arrêté")):
        assert words in client.get(page_of(mailing) + f"?lang={language}").text


def test_the_page_loads_itself_again_only_while_something_moves(client, post):
    mailing, _, _ = on_its_way(client)
    assert 'data-refresh="5"' in client.get(page_of(mailing)).text
    send_due()
    assert "data-refresh" not in client.get(page_of(mailing)).text


def test_the_list_is_safe_in_a_spreadsheet_complete_and_on_record(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, "a@example.org", given_name='=HYPERLINK("x")'), a_person(consultation, "b@example.org", language=None)]
    mailing = sent_on_its_way(a_draft(an_event(consultation), people, organizer), organizer)
    send_due()
    answer = client.get(page_of(mailing, "/list.csv?lang=fr"))
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == ["Personne", "Adresse", "Langue", "État", "Moment", "Raison"]
    assert rows[1][0].startswith("'=")
    assert {row[1] for row in rows[1:]} == {"a@example.org", "b@example.org"}
    assert {row[3] for row in rows[1:]} == {"Envoyé"}
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "export_mailing")) == 1


def test_the_list_and_the_steps_are_for_those_who_may(client):
    mailing, _, consultation = on_its_way(client)
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    for address in ("/list.csv", "/rows/sent", "/pause", "/retry", "/again", "/package"):
        assert client.get(page_of(mailing, address)).status_code == 404, address


def test_people_whom_a_member_may_not_know_of_stand_in_no_row_and_no_file(client):
    consultation, organizer = a_team(client)
    hidden = add_to_restricted(consultation, a_batch(consultation, "Lived experience", restricted=True))
    people = [a_person(consultation), hidden]
    mailing = sent_on_its_way(a_draft(an_event(consultation), people, organizer), organizer)
    for address in ("", "/rows/waiting", "/list.csv", "/again"):
        shown = client.get(page_of(mailing, address)).text
        assert hidden.family_name not in shown
        assert hidden.email not in shown


def test_another_consultations_mailing_cannot_be_steered(client):
    other = a_consultation("other")
    organizer = a_member(other)
    theirs = sent_on_its_way(a_draft(an_event(other), [a_person(other)], organizer), organizer)
    a_team(client)
    for verb in ("pause", "resume", "stop", "retry", "again"):
        assert client.post(page_of(theirs, f"/{verb}")).status_code == 404
    assert stored(theirs).state is MailingState.APPROVED


def test_what_the_server_answered_to_a_mail_that_went_stands_with_the_message_only(client, post):
    mailing, _, _ = on_its_way(client, number=1)
    send_due()
    message = db.session.scalars(select(Message)).one()
    assert message.outcome.startswith("250 ")
    for address, words in (("/rows/sent?lang=en", "The server took it"), ("/list.csv?lang=fr", "Le serveur l’a accepté")):
        page = client.get(page_of(mailing, address)).get_data(as_text=True)
        assert words in page
        assert message.outcome not in page
    shown = client.get(f"/c/fisheries/mail/messages/{message.id}?lang=en").text
    assert "The server took it" in shown
    assert f'<small><code lang="en">{message.outcome}</code></small>' in shown
