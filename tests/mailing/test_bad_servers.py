"""Servers that misbehave on purpose: each leaves a clear state, and loses and doubles nothing."""

import logging
import time
from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing import guard, transport
from engagement.mailing.models import MailDomain, Message, State, Suppression
from engagement.mailing.worker import send_due
from tests.mailing.given import Post, a_notice, a_person, a_text, settings_with, state_of
from tests.mailing.servers import Talker, a_certificate, sending_to, serving
from tests.support.given import a_consultation
from tests.support.sink import PLAIN_OFFERS, Sink

pytestmark = pytest.mark.slow


def some_notices(number, domain="example.org"):
    consultation = a_consultation()
    a_text(consultation)
    return [
        a_notice(a_person(consultation, f"p{each}@{domain}"), due_at=now() - timedelta(minutes=number - each)) for each in range(number)
    ]


def states(messages):
    return [state_of(each) for each in messages]


def trouble():
    db.session.rollback()
    row = guard.trouble()
    return (row.trouble, row.trouble_words) if row else None


def test_a_server_that_hangs_after_the_text_leaves_a_doubtful_message_and_the_rest_goes(app, notices, monkeypatch):
    messages = some_notices(3)
    monkeypatch.setattr(transport, "FINAL_REPLY_SECONDS", 0.3)
    with Talker(at_data=("hang",)) as server, sending_to(app, server.port):
        assert send_due()["sent"] == 2
    assert states(messages) == [State.DOUBTFUL, State.SENT, State.SENT]


def test_a_server_that_hangs_before_the_text_leaves_a_deferred_message_and_the_rest_goes(app, notices):
    messages = some_notices(3)
    with Talker(at_rcpt=("hang",)) as server, sending_to(app, server.port), settings_with(app, mail_timeout=0.3):
        assert send_due()["sent"] == 2
    assert states(messages) == [State.DEFERRED, State.SENT, State.SENT]
    assert len(server.arrived) == 2


def test_a_server_that_takes_a_text_and_dies_before_it_answers_is_not_sent_it_again(app, notices):
    messages = some_notices(2)
    with Talker(at_data=("drop",)) as server, sending_to(app, server.port):
        send_due()
        send_due()
        assert states(messages) == [State.DOUBTFUL, State.SENT]
        assert server.arrived == ["p0@example.org", "p1@example.org"]


def test_a_line_that_is_dropped_after_some_messages_is_opened_again(app, notices):
    messages = some_notices(7)
    with Talker(drops_after=3) as server, sending_to(app, server.port):
        send_due()
        assert server.calls >= 2
        found = states(messages)
    # The message in hand when the line broke may have arrived; every other one went once.
    assert found.count(State.SENT) + found.count(State.DOUBTFUL) == 7
    assert found.count(State.SENT) == len(server.arrived) == len(set(server.arrived))


@pytest.mark.parametrize("offers", [PLAIN_OFFERS, None])
def test_messages_go_over_one_line_as_many_as_the_setting_says(app, notices, offers):
    some_notices(5)
    server = Talker()
    server.offers = offers or server.offers
    with server, sending_to(app, server.port), settings_with(app, mail_per_connection=2):
        assert send_due()["sent"] == 5
    assert server.calls == 3
    assert not [each for each in server.commands if each.upper().startswith("NOOP")]


def test_a_line_that_was_quiet_is_asked_whether_it_stands(app, notices, monkeypatch):
    monkeypatch.setattr(transport, "QUIET_SECONDS", 0.0)
    some_notices(2)
    with Talker() as server, sending_to(app, server.port):
        assert send_due()["sent"] == 2
    assert [each for each in server.commands if each.upper().startswith("NOOP")]


def test_reports_are_asked_for_where_the_server_gives_them(app, notices):
    message = some_notices(1)[0]
    with Talker() as server, sending_to(app, server.port):
        send_due()
    row = db.session.get(Message, message.id, populate_existing=True)
    assert (
        f"MAIL FROM:<bounces+{row.bounce_token}@convoke.example> SIZE={len(row.raw)} RET=HDRS ENVID={row.bounce_token}" in server.commands
    )
    assert "RCPT TO:<p0@example.org> NOTIFY=FAILURE,DELAY" in server.commands


def test_a_server_without_extensions_is_asked_for_nothing(app, notices):
    some_notices(1)
    server = Talker()
    server.offers = PLAIN_OFFERS
    with server, sending_to(app, server.port):
        assert send_due()["sent"] == 1
    assert "RCPT TO:<p0@example.org>" in server.commands


def test_one_ordinary_mailbox_is_its_own_envelope_sender(app, notices):
    some_notices(1)
    with Talker() as server, sending_to(app, server.port), settings_with(app, mail_one_mailbox=True):
        send_due()
    assert any(each.startswith("MAIL FROM:<consultations@convoke.example>") for each in server.commands)


@pytest.mark.parametrize("said", ["421 4.7.0 too many", "451 4.7.1 greylisted", "450 4.7.26 unauthenticated"])
@pytest.mark.parametrize("at", ["at_rcpt", "at_data"])
def test_a_domain_that_turns_us_away_waits_alone_and_the_others_go_on(app, notices, said, at):
    first = some_notices(3, "busy.example")
    consultation = a_consultation("other")
    a_text(consultation)
    other = a_notice(a_person(consultation, "z@example.org"))
    with Talker(**{at: (said,)}) as server, sending_to(app, server.port):
        counts = send_due()
        assert (counts["deferred"], counts["sent"]) == (1, 1)
        assert states(first) == [State.DEFERRED, State.QUEUED, State.QUEUED]
        assert state_of(other) is State.SENT
        assert send_due()["sent"] == 0
        row = db.session.scalars(select(MailDomain)).one()
        assert (row.name, row.failures) == ("busy.example", 1)
        assert timedelta(seconds=30) <= row.shut_until - row.shut_at <= timedelta(seconds=90)
        its_time_has_come()
        assert send_due()["sent"] == 3
    assert db.session.scalars(select(MailDomain.failures)).one() == 0
    assert not db.session.scalars(select(Suppression.id)).all()


def its_time_has_come():
    with writing() as session:
        for row in session.scalars(select(MailDomain)):
            row.shut_until = now() - timedelta(seconds=1)
        for message in session.scalars(select(Message).where(Message.state == State.DEFERRED)):
            message.due_at = now() - timedelta(seconds=1)


def test_a_domain_that_keeps_turning_us_away_is_asked_ever_more_seldom(app, notices):
    some_notices(1, "busy.example")
    waits = []
    with Talker(at_rcpt=("451 4.7.1 no",) * 5) as server, sending_to(app, server.port):
        for _ in range(5):
            send_due()
            row = db.session.scalars(select(MailDomain).execution_options(populate_existing=True)).one()
            waits.append((row.shut_until - row.shut_at).total_seconds())
            its_time_has_come()
    assert all(30 * 2**step <= seconds <= 90 * 2**step for step, seconds in enumerate(waits))


@pytest.mark.parametrize("yes", ["250", "250 ", "251 ok", "252 cannot verify, but will take it", "299 fine"])
def test_every_yes_is_a_yes_with_or_without_words(app, notices, yes):
    messages = some_notices(3)
    with Talker(at_rcpt=(yes,), at_data=("250 2.0.0 taken", yes)) as server, sending_to(app, server.port):
        assert send_due()["sent"] == 3
    assert states(messages) == [State.SENT] * 3
    assert len(server.arrived) == 3


def test_an_answer_that_is_neither_yes_nor_no_leaves_the_message_doubtful(app, notices):
    messages = some_notices(2)
    with Talker(at_data=("354 go on",)) as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.DOUBTFUL, State.SENT]


def test_an_ordinary_temporary_error_holds_up_nobody_of_its_domain(app, notices):
    messages = some_notices(3)
    with Talker(at_rcpt=("450 4.2.2 mailbox full",)) as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.DEFERRED, State.SENT, State.SENT]
    assert not db.session.scalars(select(MailDomain)).all()


def test_a_refusal_by_policy_fails_the_message_blames_nobody_and_is_logged(app, notices, caplog):
    messages = some_notices(2)
    caplog.set_level(logging.WARNING)
    with Talker(at_rcpt=("550 5.7.1 <p0@example.org> rejected",)) as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.FAILED, State.SENT]
    assert not db.session.scalars(select(Suppression)).all()
    assert "refused by policy" in caplog.text
    assert "p0@" not in caplog.text


def test_an_address_that_does_not_exist_is_refused_in_one_go_and_the_next_message_goes(app, notices):
    messages = some_notices(3)
    with Talker(at_rcpt=("250 ok", "550 5.1.1 no such user")) as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.SENT, State.FAILED, State.SENT]
    assert server.arrived == ["p0@example.org", "p2@example.org"]
    assert len(db.session.scalars(select(Suppression)).all()) == 1


def test_a_greeting_that_turns_us_away_counts_as_no_attempt(app, notices):
    messages = some_notices(2)
    with Talker(greeting="421 4.3.2 going down") as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.QUEUED, State.QUEUED]
    assert set(db.session.scalars(select(Message.attempts))) == {0}
    assert trouble()[0] == "refused"


def test_a_text_that_is_too_long_for_the_server_fails_alone(app, notices):
    messages = some_notices(2)

    class Short(Talker):
        def answer(self, line):
            if line.startswith(b"MAIL") and not self.commands.count("MAIL"):
                self.commands.append("MAIL")
                return b"552 5.3.4 too long\r\n"
            return super().answer(line)

    with Short() as server, sending_to(app, server.port):
        send_due()
    assert states(messages) == [State.FAILED, State.SENT]
    assert not db.session.scalars(select(Suppression)).all()


def test_a_server_without_starttls_gets_nothing_and_the_team_is_told(app, notices):
    message = some_notices(1)[0]
    with serving(app, Post()) as post, settings_with(app, mail_use_tls=True):
        send_due()
    assert post.received == []
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "starttls"


@pytest.mark.parametrize(("name", "days"), [("127.0.0.1", 30), ("mail.example", 30), ("127.0.0.1", -1)])
def test_a_certificate_that_proves_nothing_gets_nothing(app, notices, tmp_path, name, days):
    certificate = a_certificate(tmp_path, name, days=days)
    message = some_notices(1)[0]
    trusted = None if (name, days) == ("127.0.0.1", 30) else str(certificate.file)
    with serving(app, Post(), tls_context=certificate.context()) as post, settings_with(app, mail_use_tls=True, mail_ca_file=trusted):
        send_due()
    assert post.received == []
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "certificate"


def test_a_private_certificate_that_is_named_is_trusted_and_the_trouble_is_over(app, notices, tmp_path):
    certificate = a_certificate(tmp_path)
    some_notices(1)
    guard.note_trouble("certificate", "self-signed")
    trusting = settings_with(app, mail_use_tls=True, mail_ca_file=str(certificate.file))
    with serving(app, Post(), tls_context=certificate.context(), require_starttls=True) as post, trusting:
        assert send_due()["sent"] == 1
    assert len(post.received) == 1
    assert trouble() is None


def test_encryption_from_the_first_byte_checks_the_certificate_too(app, notices, tmp_path):
    certificate = a_certificate(tmp_path)
    messages = some_notices(1)
    with serving(app, Post(), ssl_context=certificate.context(), server_hostname="127.0.0.1") as post:
        with settings_with(app, mail_use_ssl=True):
            send_due()
        assert states(messages) == [State.QUEUED]
        with settings_with(app, mail_use_ssl=True, mail_ca_file=str(certificate.file)):
            assert send_due()["sent"] == 1
    assert len(post.received) == 1


def test_a_password_that_is_not_taken_sends_nothing_and_is_told_without_the_password(app, notices, caplog):
    message = some_notices(1)[0]
    options = {"auth_require_tls": False, "authenticator": lambda *_: AuthResult(success=False, handled=False)}
    caplog.set_level(logging.WARNING)
    with serving(app, Post(), **options), settings_with(app, mail_username="team", mail_password="a secret word"):  # noqa: S106
        send_due()
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "sign_in"
    assert "a secret word" not in caplog.text


def test_a_user_and_a_password_with_accents_let_us_in(app, notices):
    some_notices(1)
    shown = []

    def lets_in(server, session, envelope, mechanism, said):
        shown.append((mechanism, said.login.decode(), said.password.decode()))
        return AuthResult(success=said.password == "été à 2".encode())

    options = {"auth_require_tls": False, "authenticator": lets_in}
    with serving(app, Post(), **options) as post, settings_with(app, mail_username="équipe", mail_password="été à 2"):  # noqa: S106
        assert send_due()["sent"] == 1
    assert shown == [("PLAIN", "équipe", "été à 2")]
    assert len(post.received) == 1


@pytest.mark.parametrize(("options", "words"), [({"auth_exclude_mechanism": ["PLAIN"]}, "no way to sign in"), ({}, "535")])
def test_a_password_with_accents_that_is_not_taken_sends_nothing_and_the_team_is_told(app, notices, options, words):
    message = some_notices(1)[0]
    refusing = {"auth_require_tls": False, "authenticator": lambda *_: AuthResult(success=False, handled=False), **options}
    with serving(app, Post(), **refusing), settings_with(app, mail_username="team", mail_password="été"):  # noqa: S106
        send_due()
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "sign_in"
    assert words in trouble()[1]


def test_an_envelope_that_would_speak_to_the_server_is_refused(app):
    from engagement.mailing.transport import Line, Refused, StoredMessage, mail

    line = Line(mail.connect().mail)
    for address in ("a@example.org>\r\nRCPT TO:<b@example.org", "a b@example.org", "", "é@example.org"):
        said = line.deliver(StoredMessage(b"x", address, "s@example.org"))
        assert isinstance(said, Refused)
        assert said.permanent


def test_nothing_is_sent_slower_for_a_server_that_answers_at_once(app, notices):
    some_notices(30)
    with Sink() as server, sending_to(app, server.port):
        begun = time.monotonic()
        assert send_due()["sent"] == 30
    assert server.arrived == [f"p{each}@example.org" for each in range(30)]
    assert time.monotonic() - begun < 30
