"""Over imaps, the password goes to a server only that proves who it is; other letters than ASCII may stand in it."""

import base64
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from engagement.mailing.domain_checks import check_mailbox, check_sending
from engagement.mailing.domain_findings import Grade
from engagement.mailing.imap import fetch
from engagement.mailing.imap_line import MailboxDownError, address_of, look_in
from tests.mailing.servers import a_certificate
from tests.mailing.test_domain_checks import us
from tests.mailing.test_imap import a_mail_server, as_set

pytestmark = pytest.mark.slow

SAYS_YES = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"LOGOUT": b"* BYE\r\n", b"SELECT": b"* 0 EXISTS\r\n"}


class Keeper:
    """An IMAP server that lets everybody in, and keeps each line that it was sent."""

    def __init__(self, context=None):
        self.heard = []
        self.context = context
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            # Who does not like the certificate hangs up.
            with caller, suppress(OSError), self.context.wrap_socket(caller, server_side=True) if self.context else caller as line:
                self._talk(line)

    def _talk(self, caller):
        caller.sendall(b"* OK here\r\n")
        with caller.makefile("rb") as lines:
            while line := lines.readline():
                self.heard.append(line)
                tag, verb = line.split()[:2]
                said = self.authenticate(caller, lines, tag) if verb == b"AUTHENTICATE" else tag + b" OK done\r\n"
                caller.sendall(SAYS_YES.get(verb, b"") + said)

    def authenticate(self, caller, lines, tag):
        caller.sendall(b"+ \r\n")
        self.heard.append(lines.readline())
        return tag + b" OK done\r\n"

    def heard_of(self, secret):
        return any(secret in line for line in self.heard)


@contextmanager
def keeping(context=None):
    keeper = Keeper(context)
    yield keeper
    keeper.listening.close()


@pytest.mark.parametrize(("name", "days"), [("127.0.0.1", 30), ("mail.example.org", 30), ("127.0.0.1", -1)])
def test_a_server_that_does_not_prove_who_it_is_hears_no_password(app, tmp_path, name, days):
    certificate = a_certificate(tmp_path, name, days=days)
    trusted = None if (name, days) == ("127.0.0.1", 30) else str(certificate.file)
    with keeping(certificate.context()) as server:
        url = f"imaps://demouser:demopass@127.0.0.1:{server.port}/"
        with as_set(app, imap_url=url, mail_ca_file=trusted), pytest.raises(MailboxDownError, match="CertVerification"):
            list(fetch())
        assert not server.heard


def test_a_private_certificate_that_is_trusted_by_its_file_is_taken(app, tmp_path):
    certificate = a_certificate(tmp_path)
    with keeping(certificate.context()) as server:
        look_in(address_of(f"imaps://demouser:demopass@127.0.0.1:{server.port}/", str(certificate.file)))
        assert server.heard_of(b'LOGIN "demouser" "demopass"')


def test_a_name_and_a_password_with_other_letters_are_sent_as_they_are():
    with keeping() as server:
        look_in(address_of(f"imap://ren%C3%A9e:m%C3%A9lodie@127.0.0.1:{server.port}/"))
        assert server.heard_of(base64.b64encode("\0renée\0mélodie".encode()))


def test_the_page_on_sending_says_whether_the_mailbox_can_be_opened(app):
    with a_mail_server() as port:
        for url, grade, said in (
            (f"imap://demouser:demopass@127.0.0.1:{port}/INBOX", Grade.FINE, "can be opened"),
            (f"imap://demouser:wrong@127.0.0.1:{port}/INBOX", Grade.TO_SET, "does not let us in"),
            (f"imap://demouser:demopass@127.0.0.1:{port}/Nowhere", Grade.TO_SET, "no such folder"),
            ("imap://demouser:demopass@127.0.0.1:1/", Grade.UNKNOWN, "cannot be reached"),
            ("", Grade.TO_SET, "IMAP_URL is not set"),
        ):
            found = check_mailbox(us(imap_url=url), None)
            assert (found.grade, said in found.said.en) == (grade, True), found
            assert found.said.whole
            assert "wrong" not in found.said.en + found.said.fr


def test_a_mailbox_that_is_silent_keeps_nobody_waiting(app):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        chosen = replace(app.config["SETTINGS"], imap_url=f"imap://u:p@127.0.0.1:{port}/", mail_dns_resolver=("127.0.0.1", 1), mail_port=1)
        (found,) = (each for each in check_sending(chosen, seconds=1) if "IMAP" in each.title.en)
    assert found.grade is Grade.UNKNOWN
