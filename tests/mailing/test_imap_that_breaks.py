"""An IMAP server that breaks off, stalls or refuses: what was stored is told, no mail holds up another, and nothing acts twice."""

import json
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from engagement.mailing import imap, imap_line
from engagement.mailing.imap import fetch, fetch_each_minute
from engagement.mailing.imap_line import MailboxDownError
from tests.mailing.inbound_given import inbox
from tests.mailing.test_imap import as_set

pytestmark = pytest.mark.slow

WHEN = "01-Dec-2026 10:00:00 +0000"
MAILS = 5


def a_mail(number):
    return f"From: p{number}@example.org\r\nSubject: s\r\nMessage-ID: <{number}@x>\r\n\r\nbody {number} {'z' * 3000}\r\n".encode()


class Server:
    """An IMAP server with five mails that does what it should not at some of them."""

    def __init__(self, **faults):
        self.mails = {number: a_mail(number) for number in range(1, MAILS + 1)}
        self.faults, self.seen = faults, set(faults.get("seen", ()))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"imap://u:p@127.0.0.1:{self.socket.getsockname()[1]}/INBOX"
        threading.Thread(target=self._take_calls, daemon=True).start()

    def at(self, fault, uid):
        return uid in self.faults.get(fault, ())

    def _take_calls(self):
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller):
        lines = caller.makefile("rwb")
        try:
            self._say(lines, "* OK hello\r\n")
            while self._answer(caller, lines, lines.readline().decode().strip()):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with suppress(OSError):
                lines.close()
            caller.close()

    @staticmethod
    def _say(lines, words):
        lines.write(words.encode() if isinstance(words, str) else words)
        lines.flush()

    def _answer(self, caller, lines, asked):
        tag, _, command = asked.partition(" ")
        words = command.upper()
        answer = f"{tag} OK done\r\n"
        if words.startswith("CAPABILITY"):
            answer = f"* CAPABILITY IMAP4rev1\r\n{answer}"
        elif words.startswith("SELECT"):
            answer = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n{answer}"
        elif words.startswith("UID SEARCH"):
            answer = f"* SEARCH {' '.join(map(str, self._found(words)))}\r\n{answer}"
        elif words.startswith("UID FETCH"):
            return self._fetch(caller, lines, tag, int(words.split()[2]), words)
        elif words.startswith("UID STORE"):
            answer = self._store(words) or answer
            answer = answer if answer.startswith(tag) else f"{tag} {answer}\r\n"
        self._say(lines, answer)
        return bool(asked) and not words.startswith("LOGOUT")

    def _found(self, words):
        if "UNSEEN" in words:
            return [uid for uid in self.mails if uid not in self.seen]
        if ":*" in words:
            first = int(words.split("UID ")[-1].split(":")[0])
            return [uid for uid in self.mails if uid >= first] or [max(self.mails)]
        return list(self.mails)

    def _store(self, words):
        if self.faults.get("read_only"):
            return "NO [READ-ONLY] no"
        uid = int(words.split()[2])
        (self.seen.add if "+FLAGS" in words else self.seen.discard)(uid)
        return ""

    def _fetch(self, caller, lines, tag, uid, words):
        raw = self.mails[uid]
        head = f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode()
        if self.at("refused", uid):
            self._say(lines, f"{tag} NO not this one\r\n")
        elif "SIZE" in words:
            self._say(lines, f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{WHEN}")\r\n{tag} OK done\r\n')
        elif self.at("reset", uid) or self.at("closed", uid) or self.at("stalls", uid):
            self._say(lines, head + raw[: len(raw) // 2])
            time.sleep(2 if self.at("stalls", uid) else 0.1)
            if self.at("reset", uid):
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        else:
            self._say(lines, head + raw + f")\r\n{tag} OK done\r\n".encode())
        return True


@pytest.fixture
def fetching(app, monkeypatch):
    """Return what fetches with the command from a server with faults, and gives its exit, what it tells, and its lines of error."""
    monkeypatch.setattr(imap_line, "TIMEOUT_SECONDS", 0.5)
    imap._fetched_at = 0.0
    servers = []

    def go(server):
        servers.append(server)
        with as_set(app, imap_url=server.url):
            result = app.test_cli_runner().invoke(args=["mail", "receive", "--json"])
        told = [(mail["message_id"][1:-3], mail["outcome"]) for mail in json.loads(result.stdout or "[]")]
        return result.exit_code, told, result.stderr.splitlines()

    yield go
    for each in servers:
        each.socket.close()


def new(*numbers):
    return [(str(number), "waiting") for number in numbers]


@pytest.mark.parametrize("fault", ["reset", "closed", "stalls"])
def test_where_the_line_breaks_at_one_mail_the_others_are_received_and_told(fetching, fault):
    server = Server(**{fault: [3]})
    code, told, said = fetching(server)
    assert (code, told) == (2, new(1, 2, 4, 5))
    assert len(said) == 1
    assert "broke off at the mail with the UID 3" in said[0]
    assert server.mails.keys() - server.seen == {3}
    assert fetching(server)[:2] == (2, [])
    server.faults = {}
    assert fetching(server) == (0, new(3), [])
    assert len(inbox()) == MAILS


def test_where_the_line_breaks_at_each_mail_it_is_given_up_after_some_calls(fetching):
    code, told, said = fetching(Server(reset=range(1, MAILS + 1)))
    assert (code, told, len(said)) == (2, [], 1)


def test_a_mail_that_the_server_does_not_give_out_holds_up_no_other_and_is_said_each_time(fetching):
    server = Server(refused=[3])
    code, told, said = fetching(server)
    assert (code, told) == (0, new(1, 2, 4, 5))
    assert said == ["The mailbox of IMAP_URL does not give out the mail with the UID 3; it is asked for again the next time."]
    assert fetching(server) == (0, [], said)
    server.faults = {}
    assert fetching(server) == (0, new(3), [])


def test_a_mail_that_somebody_opened_and_the_server_does_not_give_out_is_asked_for_again(fetching):
    server = Server(refused=[4], seen=[1, 2])
    first = {uid: server.mails.pop(uid) for uid in (3, 4, 5)}
    assert fetching(server) == (0, [], [])
    server.mails |= first
    server.seen |= {3, 4, 5}
    assert fetching(server)[:2] == (0, new(3, 5))
    server.faults = {}
    assert fetching(server) == (0, new(4), [])


def test_a_mailbox_that_marks_nothing_gives_every_mail_and_each_acts_once(fetching):
    server = Server(read_only=True)
    code, told, said = fetching(server)
    assert (code, told) == (0, new(*range(1, MAILS + 1)))
    assert said == ["The mailbox of IMAP_URL does not let mails be marked as seen: they are fetched again each time, and act once."]
    server.mails[6] = a_mail(6)
    assert fetching(server)[1][0] == ("6", "waiting")
    assert len(inbox()) == MAILS + 1


def test_what_is_new_comes_before_what_could_not_be_had_before(fetching):
    server = Server(reset=[1, 2, 3, 4])
    fetching(server)
    server.mails[6] = a_mail(6)
    assert new(6)[0] in fetching(server)[1]


def test_the_worker_goes_on_where_the_line_breaks(app, fetching, caplog):
    server = Server(reset=[2])
    with as_set(app, imap_url=server.url):
        fetch_each_minute()
        with pytest.raises(MailboxDownError):
            list(fetch())
    server.socket.close()
    assert len(inbox()) == MAILS - 1
    assert "tried again in a minute" in caplog.text
