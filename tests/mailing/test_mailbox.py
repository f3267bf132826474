"""The local mailbox, its pages and its server; and the commands of mail."""

import base64
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from config import read_settings
from engagement import create_app
from engagement.kernel.db import db
from engagement.mailing.mailbox import keep, newest, open_mail
from engagement.mailing.models import Message, State
from tests.mailing.given import ICS, a_notice, a_person, a_text
from tests.mailing.test_builder import a_letter, build
from tests.support.given import a_consultation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(app):
    """Return the mailbox's folder, emptied."""
    found = app.config["SETTINGS"].mailbox_folder
    found.mkdir(exist_ok=True)
    for file in found.iterdir():
        file.unlink()
    return found


def a_mail(folder, **changes):
    values = {"plain": "Bonjour,\n\nhttp://localhost/r/abc\nhttps://elsewhere.example/x\n<b>bold</b>\n", **changes}
    return keep(folder, "bounces+x@convoke.example", ["ada@example.org"], build(a_letter(**values)))


def test_an_empty_mailbox_says_what_to_do(client, folder):
    for language in ("en", "fr"):
        assert client.get(f"/mailbox?lang={language}").status_code == 200
    assert "No mail has arrived yet" in client.get("/mailbox?lang=en").text


def test_mails_stand_newest_first_and_are_read_as_text(client, folder):
    a_mail(folder, subject="First")
    name = a_mail(folder, subject="Réunion à Québec", from_name="Ministère de la Pêche et des Océans du Canada, région du Québec")
    page = client.get("/mailbox").text
    assert page.index("Réunion à Québec") < page.index("First")
    for language in ("en", "fr"):
        mail = client.get(f"/mailbox/{name}?lang={language}").text
        assert '<a href="http://localhost/r/abc">' in mail
        assert 'href="https://elsewhere.example' not in mail
        assert "&lt;b&gt;bold&lt;/b&gt;" in mail
        assert "Ministère de la Pêche et des Océans du Canada, région du Québec" in mail


def test_the_calendar_part_is_summed_up(client, folder):
    name = a_mail(folder, calendar=("REQUEST", ICS))
    for language in ("en", "fr"):
        page = client.get(f"/mailbox/{name}?lang={language}").text
        assert "METHOD:REQUEST" in page
        assert "one@example.org" in page
    assert "8 December 2026, 13:00 to" in client.get(f"/mailbox/{name}?lang=en").text
    assert "8 décembre 2026, de 13\u00a0h à" in client.get(f"/mailbox/{name}?lang=fr").text


def test_a_mail_is_shown_as_html_on_a_page_that_can_do_nothing_but_be_read(client, folder):
    name = a_mail(folder, html='<!doctype html><html lang="en"><p style="color:red">Hello</p><script>alert(1)</script></html>')
    for language, said in (("en", "See it as a mail program shows it"), ("fr", "Voir le courriel tel que l’affiche une messagerie")):
        assert said in client.get(f"/mailbox/{name}?lang={language}").text
    page = client.get(f"/mailbox/{name}/html")
    assert '<p style="color:red">Hello</p>' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_mail_without_html_has_no_page_for_it(client, folder):
    name = keep(folder, "", ["a@example.org"], b"Subject: plain\r\n\r\nplain words\r\n")
    assert f"/mailbox/{name}/html" not in client.get(f"/mailbox/{name}").text
    assert client.get(f"/mailbox/{name}/html").status_code == 404


def test_a_subject_keeps_its_non_breaking_spaces(folder):
    name = a_mail(folder, subject="Invitation\u00a0: de 13\u00a0h à 15\u00a0h, dans un lieu dont le nom est assez long")
    assert open_mail(folder, name).subject.startswith("Invitation\u00a0: de 13\u00a0h à 15\u00a0h")


def test_a_mail_can_be_downloaded_as_it_came(client, folder):
    name = a_mail(folder)
    answer = client.get(f"/mailbox/{name}/mail.eml")
    assert answer.mimetype == "message/rfc822"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data == (folder / f"{name}.eml").read_bytes()
    answer.close()


@pytest.mark.parametrize("name", ["nothing", "..%2Fsecrets", "00000000000000000000-00000000", "secrets.json"])
def test_no_other_file_is_shown(client, folder, name):
    assert client.get(f"/mailbox/{name}").status_code == 404
    assert client.get(f"/mailbox/{name}/mail.eml").status_code == 404


def test_half_a_file_is_never_listed(folder):
    (folder / "00000000000000000001-00000000.part").write_bytes(b"half")
    assert newest(folder) == []


def test_a_mail_of_another_program_is_shown_too(folder):
    name = keep(folder, "", ["a@example.org"], b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\nplain words\r\n")
    mail = open_mail(folder, name)
    assert (mail.subject, mail.plain, mail.entries) == ("café", "plain words", [])


def in_production(folder):
    return read_settings(
        {
            "CONVOKE_ENV": "production", "CONVOKE_DATA": str(folder), "SECRET_KEY": "s" * 40, "BASE_URL": "https://convoke.example",
            "ENCRYPTION_KEYS": "k:" + base64.b64encode(b"k" * 32).decode(), "TRUSTED_HOSTS": "convoke.example",
            "MAIL_SERVER": "smtp.example", "MAIL_USE_TLS": "true", "MAIL_DEFAULT_SENDER": "us@convoke.example",
        }
    )  # fmt: skip


def test_in_production_there_is_no_local_mailbox(the_app, tmp_path):
    from engagement.kernel.crypto import keys

    try:
        app = create_app(in_production(tmp_path))
        assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/mailbox")]
        ended = app.test_cli_runner().invoke(args=["mail", "mailbox"])
        assert ended.exit_code == 2
    finally:
        keys.use(the_app.config["SETTINGS"].encryption_keys)


def test_send_prints_one_json_document(app, post, notices):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_person(consultation))
    ended = app.test_cli_runner().invoke(args=["mail", "send", "--json"])
    assert json.loads(ended.stdout) == {"sent": 1, "deferred": 0, "failed": 0, "suppressed": 0, "cancelled": 0, "doubtful": 0}
    assert "0 sent" in app.test_cli_runner().invoke(args=["mail", "send"]).stdout


def environment(app, data_folder, **more):
    settings = app.config["SETTINGS"]
    key = next(iter(settings.encryption_keys.values()))
    return {
        **os.environ, "CONVOKE_DATA": str(data_folder), "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": "test:" + base64.b64encode(key).decode(), "BASE_URL": "http://localhost", **more,
    }  # fmt: skip


def a_process(*command, env):
    return subprocess.Popen([sys.executable, "-m", "flask", *command], cwd=ROOT, env=env, stderr=subprocess.PIPE)


def wait_until(holds, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def answers(port):
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as line:
            return line.noop()[0] == 250
    except OSError:
        return False


@pytest.mark.slow
def test_the_worker_and_the_mailbox_deliver_by_themselves_and_stop_cleanly(app, folder, data_folder):
    port = free_port()
    env = environment(app, data_folder, MAIL_PORT=str(port))
    mailbox, worker = a_process("mail", "mailbox", env=env), a_process("mail", "work", env=env)
    try:
        assert wait_until(lambda: answers(port))
        from engagement.kernel.audit import SYSTEM
        from engagement.outreach.planning import plan_rest
        from engagement.outreach.service import approve
        from tests.events.given import an_event
        from tests.outreach.given import a_draft
        from tests.support.given import a_member

        consultation = a_consultation()
        mailing = a_draft(an_event(consultation), [a_person(consultation)], a_member(consultation))
        approve(mailing_id=mailing.id, actor=SYSTEM)
        plan_rest(mailing.id)
        assert wait_until(lambda: newest(folder))
        assert newest(folder)[0].subject.startswith("Invitation: Session 1")
        db.session.rollback()
        assert wait_until(lambda: _state() is State.SENT)
    finally:
        worker.send_signal(signal.SIGTERM)
        mailbox.send_signal(signal.SIGINT)
        said = [worker.communicate(timeout=20)[1], mailbox.communicate(timeout=20)[1]]
    assert (worker.returncode, mailbox.returncode) == (0, 0), said
    assert b"Traceback" not in b"".join(said)


def _state():
    db.session.rollback()
    return db.session.scalars(select(Message.state)).one()


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_clear_line(app, data_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = environment(app, data_folder, MAIL_PORT=str(taken.getsockname()[1]))
        process = a_process("mail", "mailbox", env=env)
        said = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 2
    assert "MAIL_PORT" in said
    assert "Traceback" not in said


def test_the_bell_rings_when_the_transaction_is_stored_and_not_before(app, notices, monkeypatch):
    from engagement.kernel.db import writing
    from engagement.kernel.ports import ports

    rung = []
    monkeypatch.setattr(ports(), "bell", lambda: rung.append(1))
    consultation = a_consultation()
    person = a_person(consultation)
    with writing():
        a_notice(person)
        assert not rung
    assert rung


def test_a_queue_that_cannot_be_reached_loses_no_mail(app, notices, monkeypatch):
    from engagement.kernel.ports import ports

    def broken():
        raise OSError

    monkeypatch.setattr(ports(), "bell", broken)
    message = a_notice(a_person(a_consultation()))
    db.session.rollback()
    assert db.session.get(Message, message.id).state is State.PLANNED


def test_the_local_mailbox_leads_back_to_the_consultations(client, folder):
    assert '<p class="trail"><a href="/consultations">Consultations</a></p>' in client.get("/mailbox?lang=en").text
