"""``flask mail``: sending, what is held, letting it go; one clear line for each fault."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import update

from engagement.kernel.db import writing
from engagement.mailing.models import Hold, Message, State
from tests.crash.program import an_installation, run
from tests.journeys.program import ROOT
from tests.mailing.given import a_notice, a_person, a_text, state_of
from tests.support.given import a_consultation


def mail(app, *words, **options):
    return app.test_cli_runner().invoke(args=["mail", *words], **options)


def held(*slugs, because=Hold.RESTORED):
    messages = []
    for slug in slugs:
        consultation = a_consultation(slug)
        a_text(consultation)
        messages.append(a_notice(a_person(consultation)))
    with writing() as session:
        session.execute(update(Message).values(held_because=because))
    return messages


def test_sending_prints_one_document_and_nothing_else(app, post, notices):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_person(consultation))
    result = mail(app, "send", "--json")
    counts = dict.fromkeys(("deferred", "failed", "suppressed", "cancelled", "doubtful"), 0)
    assert json.loads(result.stdout) == {"sent": 1, **counts}
    assert (result.exit_code, result.stderr) == (0, "")


def test_sending_names_what_is_held(app, post, notices):
    held("fisheries")
    result = mail(app, "send")
    assert "0 sent" in result.stdout
    assert "1 restored" in result.stdout
    assert json.loads(mail(app, "send", "--json").stdout)["held"] == {"restored": 1}


def test_a_server_that_cannot_be_used_is_one_line_and_a_status(app, post, notices):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_person(consultation))
    app.extensions["mail"].port = 1
    result = mail(app, "send", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["trouble"] == "unreachable"
    assert result.stderr.splitlines() == ["Nothing more was sent: the mail server cannot be reached: ConnectionRefusedError."]


def test_what_is_held_is_listed_by_what_it_belongs_to(app, notices):
    assert "Nothing is held." in mail(app, "held").stdout
    held("fisheries", "forests")
    with writing() as session:
        session.execute(update(Message).where(Message.language == "en").values(consultation_id=None))
    assert "of no consultation" in mail(app, "held").stdout
    rows = json.loads(mail(app, "held", "--json").stdout)["held"]
    assert [(row["consultation"], row["because"], row["messages"]) for row in rows] == [(None, "restored", 2)]


def test_by_default_only_what_belongs_to_no_consultation_is_let_go(app, post, notices):
    first, second = held("fisheries", "forests")
    assert "0 messages let go" in mail(app, "release", "--yes").stdout
    assert "1 messages let go" in mail(app, "release", "--consultation", "forests", "--yes").stdout
    mail(app, "send")
    assert [state_of(each) for each in (first, second)] == [State.PLANNED, State.SENT]
    assert "0 messages" in mail(app, "release", "--everything", "--because", "too_old", "--yes").stdout
    assert "1 messages cancelled" in mail(app, "release", "--everything", "--cancel", "--yes").stdout
    assert state_of(first) is State.CANCELLED


def test_letting_go_asks_first(app, notices):
    message = held("fisheries")[0]
    result = mail(app, "release", "--everything", input="n\n")
    assert result.exit_code != 0
    assert "Let go 1 messages?" in result.stderr
    assert state_of(message) is State.PLANNED
    assert "1 messages let go" in mail(app, "release", "--everything", input="y\n").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("release", "--consultation", "nothing"), "There is no consultation nothing."),
        (("release", "--consultation", "x", "--everything"), "Choose --consultation or --everything, not both."),
    ],
)
def test_a_wrong_choice_is_one_line_and_status_2(app, words, line):
    result = mail(app, *words)
    assert (result.exit_code, result.stderr.strip(), result.stdout) == (2, line, "")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["send", "work"])
def test_a_database_that_is_not_there_yet_is_one_line_and_status_2(tmp_path, command):
    environ = {**os.environ, "CONVOKE_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environ.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "mail", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "The database cannot be used (OperationalError): is it there, and did flask db upgrade run?"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "number"), [("send", signal.SIGINT), ("send", signal.SIGTERM), ("work", signal.SIGTERM)])
def test_a_signal_ends_it_after_the_message_in_hand(tmp_path, command, number):
    with an_installation(tmp_path, 400) as installation:
        answer = installation.sink.answer_to_text

        def slowly(recipient):
            time.sleep(0.02)
            return answer(recipient)

        installation.sink.answer_to_text = slowly
        process = subprocess.Popen([sys.executable, "-m", "flask", "mail", command], cwd=ROOT, env=installation.environ)
        until = time.monotonic() + 60
        while len(installation.sink.arrived) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(30) == 0
        gone = len(installation.sink.arrived)
        assert 5 <= gone < 400
        rest = json.loads(run(installation, ["-m", "flask", "mail", "send", "--json"]).stdout)
        # Everything went once: the one in hand was finished, what was claimed went back.
        assert (rest["sent"], rest["doubtful"]) == (400 - gone, 0)
        assert len(set(installation.sink.arrived)) == len(installation.sink.arrived) == 400
