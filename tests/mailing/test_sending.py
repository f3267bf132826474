"""From planned to sent, over a real SMTP server."""

from datetime import timedelta

from sqlalchemy import select, update

from engagement.consultations.models import Status
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing import outbox
from engagement.mailing.composing import CalendarPart, Composed, Composer, Dropped, Waits
from engagement.mailing.models import MailDomain, Message, MessageEvent, State, Suppression
from engagement.mailing.service import plan
from engagement.mailing.worker import send_due
from tests.mailing.given import ICS, a_notice, a_person, a_text, begin_sending, state_of
from tests.support.given import a_consultation, stored


def history(message):
    db.session.rollback()
    return [
        str(each)
        for each in db.session.scalars(select(MessageEvent.state).where(MessageEvent.message_id == message.id).order_by(MessageEvent.at))
    ]


def change(row, **values):
    with writing() as session:
        found = session.get(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


def its_domain_takes_mail_again():
    with writing() as session:
        session.execute(update(MailDomain).values(shut_until=now()))


def test_a_planned_message_is_written_and_sent_once(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    assert send_due()["sent"] == 1
    assert send_due()["sent"] == 0
    assert len(post.received) == 1
    assert history(message) == ["planned", "queued", "claimed", "sending", "sent"]
    assert notices.heard == [message.dedup_key]


def test_the_mail_is_what_was_stored_and_carries_its_own_envelope_sender(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    row, mail = stored(message), post.mails()[0]
    assert post.received[0] == row.raw
    assert post.envelopes == [(f"bounces+{row.bounce_token}@convoke.example", "ada@example.org")]
    assert mail["Message-ID"] == row.rfc_message_id
    assert mail["Subject"] == "For Ada Example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].display_name == "Department of Examples"
    assert "Please come." in mail.get_body(("plain",)).get_content()
    assert '<a href="http://localhost/r/token">' in mail.get_body(("html",)).get_content()


def test_somebody_whose_language_is_not_known_gets_both_texts_whole(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_person(consultation, language=None))
    send_due()
    text = post.mails()[0].get_body(("plain",)).get_content()
    assert "Dear Ada Example,\n\nPlease come." in text.replace("\r\n", "\n")
    assert "Bonjour Ada Example,\n\nVenez." in text.replace("\r\n", "\n")
    assert post.mails()[0]["Subject"] == "For Ada Example / Pour Ada Example"


def test_the_calendar_part_stands_last_among_the_alternatives(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    notices.calendar = CalendarPart("REQUEST", ICS)
    a_notice(a_person(consultation))
    send_due()
    mail = post.mails()[0]
    alternative, attached = mail.iter_parts()
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    assert mail.get_content_type() == "multipart/mixed"
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    calendar = list(alternative.iter_parts())[-1]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_disposition() is None
    assert (attached.get_content_type(), attached.get_filename()) == ("application/ics", "invite.ics")
    assert attached.get_payload(decode=True) == ICS == calendar.get_payload(decode=True)


def test_a_calendar_part_that_states_another_method_is_not_sent(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    notices.calendar = CalendarPart("CANCEL", ICS)
    message = a_notice(a_person(consultation))
    send_due()
    assert state_of(message) is State.FAILED
    assert not post.received


def test_the_same_thing_is_planned_once(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    person = a_person(consultation)
    first = a_notice(person)
    again = plan(
        consultation_id=consultation.id,
        person_id=person.id,
        purpose="notice",
        language="en",
        dedup_key=first.dedup_key,
        actor=outbox_actor(),
    )
    assert again is None
    send_due()
    assert len(post.received) == 1


def outbox_actor():
    from engagement.kernel.audit import SYSTEM

    return SYSTEM


def test_an_address_that_does_not_exist_fails_and_is_never_written_to_again(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    person = a_person(consultation)
    post.at_rcpt["ada@example.org"] = "550 5.1.1 <ada@example.org> no such user"
    bounced = []
    ports().bounced.append(bounced.append)
    message = a_notice(person)
    assert send_due()["failed"] == 1
    ports().bounced.pop()
    assert len(bounced) == 1
    assert "ada@example.org" not in stored(message).outcome
    assert db.session.scalar(select(Suppression.reason).where(Suppression.address_index == address_index("ADA@example.org"))) == "bounced"
    post.at_rcpt.clear()
    second = a_notice(person, dedup_key="second")
    assert send_due()["suppressed"] == 1
    assert state_of(second) is State.SUPPRESSED
    assert not post.received


def test_a_refusal_for_policy_does_not_blame_the_person(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    post.at_data["ada@example.org"] = "550 5.7.1 rejected by policy"
    message = a_notice(a_person(consultation))
    send_due()
    assert state_of(message) is State.FAILED
    assert db.session.scalar(select(Suppression.id)) is None


def test_a_server_that_is_busy_is_tried_again_later_with_the_same_bytes(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    post.at_rcpt["ada@example.org"] = "451 4.7.1 greylisted"
    message = a_notice(a_person(consultation))
    assert send_due()["deferred"] == 1
    raw = stored(message).raw
    assert stored(message).due_at > now()
    assert send_due()["deferred"] == 0
    post.at_rcpt.clear()
    change(message, due_at=now())
    its_domain_takes_mail_again()
    assert send_due()["sent"] == 1
    assert post.received == [raw]


def test_a_server_that_cannot_be_reached_loses_nothing(post, notices, app):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    app.extensions["mail"].port = 1
    assert send_due()["sent"] == 0
    assert state_of(message) is State.QUEUED
    app.extensions["mail"].port = post.port
    assert send_due()["sent"] == 1


def test_a_line_that_breaks_after_the_bytes_leaves_the_message_doubtful(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    post.at_data["ada@example.org"] = "drop"
    first = a_notice(a_person(consultation))
    a_notice(a_person(consultation, "bob@example.org"))
    counts = send_due()
    assert (counts["doubtful"], counts["sent"]) == (1, 1)
    assert state_of(first) is State.DOUBTFUL
    post.at_data.clear()
    assert send_due()["sent"] == 0
    assert len(post.received) == 2


def test_a_worker_killed_while_sending_leaves_a_doubtful_message_that_does_not_go_again_by_itself(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    from engagement.mailing.preparing import prepare

    prepare(message.id)
    assert outbox.claim("one that dies") == [message.id]
    begin_sending(message.id, "one that dies")
    assert send_due() == dict.fromkeys(("sent", "deferred", "failed", "suppressed", "cancelled", "doubtful"), 0)
    change(message, lease_until=now() - timedelta(seconds=1))
    assert send_due()["doubtful"] == 1
    assert send_due()["sent"] == 0
    assert state_of(message) is State.DOUBTFUL
    assert not post.received


def test_by_the_setting_a_doubtful_message_goes_once_more_and_not_twice(post, notices, app, monkeypatch):
    from dataclasses import replace

    consultation = a_consultation()
    a_text(consultation)
    post.at_data["ada@example.org"] = "drop"
    message = a_notice(a_person(consultation))
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mail_resend_doubtful=True))
    send_due()
    send_due()
    assert state_of(message) is State.DOUBTFUL
    assert len(post.received) == 2
    assert post.received[0] == post.received[1]


def test_what_a_lost_worker_had_only_claimed_goes_back(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    from engagement.mailing.preparing import prepare

    prepare(message.id)
    outbox.claim("one that dies")
    assert send_due()["sent"] == 0
    change(message, lease_until=now() - timedelta(seconds=1))
    assert send_due()["sent"] == 1


def test_nothing_is_sent_while_the_consultation_is_paused(post, notices):
    consultation = a_consultation(status=Status.PAUSED)
    a_text(consultation)
    message = a_notice(a_person(consultation))
    send_due()
    assert state_of(message) is State.PLANNED
    change(consultation, status=Status.OPEN)
    assert send_due()["sent"] == 1


def test_a_pause_holds_a_message_that_was_written_already(post, notices):
    from engagement.mailing.preparing import prepare

    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    prepare(message.id)
    outbox.claim("w")
    change(consultation, status=Status.PAUSED)
    assert begin_sending(message.id, "w") is State.QUEUED
    assert send_due()["sent"] == 0
    assert state_of(message) is State.QUEUED


def test_who_asked_not_to_be_written_to_is_not(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation, do_not_contact=True))
    assert send_due()["suppressed"] == 1
    assert state_of(message) is State.SUPPRESSED


def test_the_wish_counts_even_when_it_came_after_the_mail_was_written(post, notices):
    from engagement.mailing.preparing import prepare

    consultation = a_consultation()
    a_text(consultation)
    person = a_person(consultation)
    prepare(a_notice(person).id)
    change(person, do_not_contact=True)
    assert send_due()["suppressed"] == 1
    assert not post.received


def test_a_mail_that_need_not_go_any_more_is_cancelled(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    notices.answer = Dropped("replied already")
    message = a_notice(a_person(consultation))
    assert send_due()["cancelled"] == 1
    assert stored(message).outcome == "replied already"


def test_a_mail_that_cannot_go_yet_waits_and_says_why_once(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    notices.answer = Waits("no date yet")
    message = a_notice(a_person(consultation))
    send_due()
    change(message, due_at=now())
    send_due()
    assert history(message) == ["planned", "deferred"]
    notices.answer = None
    change(message, due_at=now())
    assert send_due()["sent"] == 1


def test_a_composer_that_fails_holds_up_nobody_else(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    person = a_person(consultation)
    notices.fault = KeyError("place")
    message = a_notice(person)
    send_due()
    assert state_of(message) is State.DEFERRED
    notices.fault = None
    a_notice(person, dedup_key="other")
    assert send_due()["sent"] == 1


def test_a_row_that_cannot_be_read_holds_up_nobody_and_its_fault_is_logged_without_names(post, notices, caplog):
    consultation = a_consultation()
    a_text(consultation)
    broken = a_notice(a_person(consultation), language="en")
    compose = notices.compose
    poison = Composed("Ada", "ada@example.org", {"en": {"name": 5, "link": ""}})
    ports().composers["notice"] = Composer("notice", ("name", "link"), lambda row: poison if row.id == broken.id else compose(row))
    a_notice(a_person(consultation, "bea@example.org"))
    assert send_due()["sent"] == 1
    assert state_of(broken) is State.DEFERRED
    assert stored(broken).due_at > now()
    person = "Ada Example"
    ports().chores.append(lambda: {}[person])
    send_due()
    ports().chores.pop()
    assert "KeyError" in caplog.text
    assert "Ada" not in caplog.text


def test_after_its_last_moment_a_message_is_cancelled(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation), not_after=now() - timedelta(minutes=1))
    assert send_due()["cancelled"] == 1
    assert state_of(message) is State.CANCELLED


def test_a_message_that_is_not_due_waits(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_person(consultation), due_at=now() + timedelta(hours=1))
    assert send_due()["sent"] == 0


def test_a_worker_told_to_stop_gives_back_what_it_claimed(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    for number in range(3):
        a_notice(a_person(consultation, f"p{number}@example.org"))
    sent = []
    counts = send_due(stop=lambda: bool(sent), done=lambda: sent.append(1))
    assert counts["sent"] == 1
    assert sorted(db.session.scalars(select(Message.state))) == [State.QUEUED, State.QUEUED, State.SENT]


def test_a_stale_text_is_not_sent(post, notices):
    from engagement.kernel.bilingual import Text

    consultation = a_consultation()
    row = a_text(consultation)
    with writing() as session:
        session.merge(row).set_text("body", Text("Changed in English only ((name))", row.body_fr))
    message = a_notice(a_person(consultation, language="en"))
    send_due()
    assert state_of(message) is State.DEFERRED
    assert not post.received
