"""A real IMAP server: what is new is fetched by UID, marked as seen once it is stored, and acts once."""

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from engagement.mailing import imap, imap_line
from engagement.mailing.imap import fetch, fetch_each_minute
from engagement.mailing.imap_line import BadMailboxError, MailboxDownError, address_of
from engagement.mailing.inbound import InboxState
from engagement.mailing.receiving import LARGEST
from engagement.mailing.worker import send_due
from tests.mailing.inbound_given import guests, inbox, taken
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

PLAIN = b"From: a@example.org\r\nSubject: hello\r\nMessage-ID: <plain@example.org>\r\n\r\nhello\r\n"


@contextmanager
def a_mail_server():
    """Run pymap with its demonstration account and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("pymap"))
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict", "--demo-data"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def server():
    """Return the port of a real IMAP server."""
    with a_mail_server() as port:
        yield port


@contextmanager
def as_set(app, **changes):
    """Run the application with other settings."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, **changes)
    try:
        yield
    finally:
        app.config["SETTINGS"] = before


class Box:
    """The mailbox as another mail program sees it."""

    def __init__(self, port, folder):
        self.box = MailBoxUnencrypted("127.0.0.1", port)
        self.box.login("demouser", "demopass", initial_folder=None)
        self.folder = folder
        self.box.folder.create(folder)

    def put(self, raw, flags=()):
        self.box.append(raw, self.folder, flag_set=list(flags))

    def unseen(self):
        self.box.folder.set(self.folder)
        return self.box.uids("UNSEEN")

    def all(self):
        self.box.folder.set(self.folder)
        return self.box.uids("ALL")

    def see_all(self):
        self.box.folder.set(self.folder)
        self.box.flag(self.box.uids("ALL"), ["\\Seen"], True)


@pytest.fixture
def box(app, server, request):
    """Return an empty mailbox that the application fetches from."""
    name = f"In {abs(hash(request.node.name)) % 10**8}"
    with as_set(app, imap_url=f"imap://demouser:demopass@127.0.0.1:{server}/{name.replace(' ', '%20')}"):
        imap._fetched_at = 0.0
        opened = Box(server, name)
        yield opened
        opened.box.logout()


def test_a_reply_is_fetched_marked_as_seen_and_acts_once(box, post):
    (jo,) = guests(a_consultation(), post, "jo@example.org")
    box.put(jo.mail("outlook-accepted.eml"))
    (received,) = fetch()
    assert received.row.outcome == "accepted"
    assert box.unseen() == []
    assert list(fetch()) == []
    box.put(jo.mail("outlook-accepted.eml"))
    assert [each.again for each in fetch()] == [True]
    assert taken(jo.invitation.event_id) == 1


def test_what_somebody_marked_as_deleted_is_not_taken_out_of_the_mailbox(box):
    box.put(PLAIN.replace(b"hello", b"marked by somebody else"), ["\\Deleted"])
    box.put(PLAIN)
    assert len(list(fetch())) == 2
    assert len(box.all()) == 2


def test_a_mail_that_somebody_opened_first_is_not_overlooked(box):
    box.put(PLAIN.replace(b"hello", b"read before the first time"), ["\\Seen"])
    assert list(fetch()) == []
    box.put(PLAIN)
    box.see_all()
    assert [each.message_id for each in fetch()] == ["<plain@example.org>"]
    assert list(fetch()) == []


def test_whoever_is_stopped_in_the_middle_goes_on_there_and_acts_once(box):
    for number in range(4):
        box.put(PLAIN.replace(b"plain", f"plain{number}".encode()))
    going = fetch()
    next(going)
    next(going)
    going.close()
    assert len(box.unseen()) == 2
    assert [each.message_id for each in fetch()] == ["<plain2@example.org>", "<plain3@example.org>"]
    assert len(inbox()) == 4


def test_a_mail_that_was_stored_and_not_yet_marked_acts_once(box, monkeypatch):
    box.put(PLAIN)
    real, moves = imap._move_cursor, []

    def cut_off(*arguments):
        moves.append(arguments)
        if len(moves) > 1:
            raise OSError("the power failed")
        real(*arguments)

    monkeypatch.setattr(imap, "_move_cursor", cut_off)
    with pytest.raises(OSError, match="power"):
        list(fetch())
    monkeypatch.undo()
    assert len(box.unseen()) == 1
    assert [each.again for each in fetch()] == [True]
    assert (len(inbox()), box.unseen()) == (1, [])


def test_when_a_mail_came_is_what_the_server_says(box):
    box.put(PLAIN)
    (received,) = fetch()
    assert abs(received.row.received_at.timestamp() - time.time()) < 120


@pytest.mark.slow
def test_of_a_mail_that_is_too_large_the_headers_are_fetched(box):
    box.put(PLAIN + b"x" * LARGEST)
    (received,) = fetch()
    assert (received.row.state, received.row.size) == (InboxState.WAITING, len(PLAIN) + LARGEST)
    assert received.row.raw.endswith(b"<plain@example.org>\n\n")


def test_the_command_without_a_path_fetches_and_tells(app, box):
    box.put(PLAIN)
    result = app.test_cli_runner().invoke(args=["mail", "receive", "--json"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert [mail["message_id"] for mail in json.loads(result.stdout)] == ["<plain@example.org>"]
    assert app.test_cli_runner().invoke(args=["mail", "receive"]).output == "No new mail.\n"


def test_the_worker_fetches_once_a_minute_before_it_sends(box):
    box.put(PLAIN)
    send_due()
    assert len(inbox()) == 1
    box.put(PLAIN.replace(b"plain", b"second"))
    send_due()
    assert len(inbox()) == 1
    imap._fetched_at = 0.0
    fetch_each_minute()
    assert len(inbox()) == 2


@pytest.mark.parametrize(
    "url", ["imap://demouser:wrong@127.0.0.1:{port}/INBOX", "imap://demouser:demopass@127.0.0.1:{port}/No", "imap://u:p@127.0.0.1:1/"]
)
def test_a_mailbox_that_does_not_let_us_in_is_said_without_its_password(app, server, url, caplog):
    with as_set(app, imap_url=url.format(port=server)):
        imap._fetched_at = 0.0
        with pytest.raises(MailboxDownError):
            list(fetch())
        result = app.test_cli_runner().invoke(args=["mail", "receive", "--json"])
        send_due()
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    for secret in ("demopass", "wrong", "demouser"):
        assert secret not in result.stderr + caplog.text
    assert "tried again" in caplog.text


def test_a_server_that_says_nothing_does_not_hold_up_the_worker(app, monkeypatch):
    monkeypatch.setattr(imap_line, "TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, as_set(app, imap_url=f"imap://u:p@127.0.0.1:{silent.getsockname()[1]}/"):
        imap._fetched_at = 0.0
        began = time.monotonic()
        send_due()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "url", ["", "http://u:p@host/", "imaps://host/INBOX", "imap://u:p@mail.example.org/", "imaps://u:p@host:x/", "imaps://["]
)
def test_an_address_that_names_no_mailbox_is_refused(url):
    with pytest.raises(BadMailboxError, match="IMAP_URL"):
        address_of(url)


def test_an_address_says_its_parts_with_what_is_escaped_in_them():
    found = address_of("imaps://replies%40example.org:p%2Fss%3A@mail.example.org/INBOX/Replies")
    assert (found.user, found.password, found.port, found.folder) == ("replies@example.org", "p/ss:", 993, "INBOX/Replies")
    assert found.encrypted
