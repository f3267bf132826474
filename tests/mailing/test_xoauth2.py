"""Signing in with an access token: a real token server, and a mail server that knows good tokens from bad ones."""

import base64
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from engagement.mailing import guard, xoauth2
from engagement.mailing.domain_checks import check_mailbox
from engagement.mailing.domain_findings import Grade
from engagement.mailing.imap import fetch
from engagement.mailing.imap_line import MailboxDownError, address_of, look_in
from engagement.mailing.models import State
from engagement.mailing.worker import send_due
from tests.mailing.given import settings_with, state_of
from tests.mailing.servers import SigningIn, a_token_server, serving
from tests.mailing.test_bad_servers import some_notices, trouble
from tests.mailing.test_domain_checks import us
from tests.mailing.test_imap_encrypted import Keeper

SECRET = "the client's secret"  # noqa: S105


@pytest.fixture(autouse=True)
def _no_token_is_held():
    xoauth2._held.clear()


@pytest.fixture
def tokens():
    with a_token_server() as server:
        yield server


@pytest.fixture
def office(app):
    with serving(app, SigningIn(), auth_require_tls=False) as server:
        yield server


def signing_in(app, tokens, **more):
    values = {
        "mail_username": "team@convoke.example", "mail_oauth_token_url": tokens.url, "mail_oauth_client_id": "convoke",
        "mail_oauth_client_secret": SECRET, "mail_oauth_scope": "https://outlook.office365.com/.default", **more,
    }  # fmt: skip
    return settings_with(app, **values)


def test_mail_goes_with_a_token_that_is_asked_for_once(app, notices, tokens, office):
    some_notices(3)
    office.good = {"token-1"}
    with signing_in(app, tokens, mail_per_connection=1):
        assert send_due()["sent"] == 3
    assert office.shown == ["token-1"] * 3
    assert tokens.asked == [
        {
            "grant_type": "client_credentials", "client_id": "convoke", "client_secret": SECRET,
            "scope": "https://outlook.office365.com/.default",
        }
    ]  # fmt: skip


def test_a_refresh_token_is_used_where_there_is_one(app, notices, tokens, office):
    some_notices(1)
    office.good = {"token-1"}
    with signing_in(app, tokens, mail_oauth_refresh_token="kept", mail_oauth_client_secret=None):  # noqa: S106
        assert send_due()["sent"] == 1
    assert tokens.asked[0]["grant_type"] == "refresh_token"
    assert tokens.asked[0]["refresh_token"] == "kept"  # noqa: S105
    assert "client_secret" not in tokens.asked[0]


def test_a_token_that_is_not_taken_any_more_is_asked_for_again_once(app, notices, tokens, office):
    messages = some_notices(2)
    office.good = {"token-2"}
    with signing_in(app, tokens):
        assert send_due()["sent"] == 2
    assert office.shown == ["token-1", "token-2"]
    office.good = set()
    office.shown.clear()
    more = some_more()
    with signing_in(app, tokens):
        send_due()
    assert office.shown == ["token-2", "token-3"]
    assert state_of(more) is State.QUEUED
    assert trouble()[0] == "sign_in"
    assert {state_of(each) for each in messages} == {State.SENT}


def some_more():
    from tests.mailing.given import a_notice, a_person, a_text
    from tests.support.given import a_consultation

    consultation = a_consultation("more")
    a_text(consultation)
    return a_notice(a_person(consultation))


def test_a_token_is_not_used_when_it_is_about_to_run_out(app, notices, tokens, office):
    tokens.lasts = xoauth2.MARGIN
    office.good = {"token-1", "token-2"}
    some_notices(2)
    with signing_in(app, tokens, mail_per_connection=1):
        assert send_due()["sent"] == 2
    assert office.shown == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"error": "invalid_client", "error_description": "the client\'s secret is wrong"}'),
        (500, "<html>"),
        (200, "no JSON"),
        (200, "[]"),
        (200, "{}"),
        (200, '{"access_token": "a\\r\\nMAIL FROM:<x>"}'),
        (200, '{"access_token": 5}'),
        (200, '{"access_token": ""}'),
    ],
)
def test_without_a_token_nothing_is_sent_and_the_team_is_told_without_secrets(app, notices, tokens, office, caplog, status, body):  # noqa: PLR0917
    message = some_notices(1)[0]
    tokens.status, tokens.body = status, body
    with signing_in(app, tokens), caplog.at_level(logging.WARNING):
        send_due()
    assert office.received == []
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "token"
    assert SECRET not in caplog.text + guard.trouble().trouble_words


@pytest.mark.parametrize("lasts", ["soon", None, -5, 1e12])
def test_a_strange_lifetime_does_no_harm(app, notices, tokens, office, lasts):
    some_notices(1)
    tokens.lasts = lasts
    office.good = {"token-1"}
    with signing_in(app, tokens):
        assert send_due()["sent"] == 1


def test_a_token_server_that_redirects_or_hangs_is_not_waited_for(app, notices, tokens, office):
    some_notices(1)
    tokens.status, tokens.location = 302, "http://127.0.0.1:1/elsewhere"
    with signing_in(app, tokens):
        send_due()
    assert trouble() == ("token", "the token address redirects elsewhere")
    tokens.status, tokens.location, tokens.waits = 200, "", 2.0
    with signing_in(app, tokens, mail_timeout=0.3):
        send_due()
    assert trouble()[0] == "token"


def test_a_server_that_offers_no_xoauth2_is_told_no_token(app, notices, tokens):
    from tests.mailing.given import Post

    message = some_notices(1)[0]
    with serving(app, Post()), signing_in(app, tokens):
        send_due()
    assert state_of(message) is State.QUEUED
    assert trouble()[0] == "sign_in"


class OfficeMailbox(Keeper):
    """An IMAP server that lets in whoever shows a token that it knows, and says no in two steps, as the large ones do."""

    good: frozenset[str] = frozenset()

    def authenticate(self, caller, lines, tag):
        caller.sendall(b"+ \r\n")
        self.heard.append(base64.b64decode(lines.readline()))
        if self.heard[-1] in {f"user=team@convoke.example\x01auth=Bearer {each}\x01\x01".encode() for each in self.good}:
            return tag + b" OK done\r\n"
        caller.sendall(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
        assert lines.readline() == b"\r\n"
        return tag + b" NO AUTHENTICATE failed.\r\n"


@pytest.fixture
def office_mailbox():
    server = OfficeMailbox()
    yield server
    server.listening.close()


def a_mailbox_without_a_password(port):
    return f"imap://team%40convoke.example@127.0.0.1:{port}/"


def the_finding_on_the_mailbox(app):
    """Return what the page on sending finds, in a thread of its own as there."""
    chosen = app.config["SETTINGS"]
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(check_mailbox, us(imap_url=chosen.imap_url, tokens=chosen), None).result()


def shown_to(server):
    return [line for line in server.heard if b"Bearer" in line]


def test_a_mailbox_without_a_password_is_opened_with_a_token(app, tokens, office_mailbox):
    office_mailbox.good = {"token-1"}
    with signing_in(app, tokens, imap_url=a_mailbox_without_a_password(office_mailbox.port)):
        assert list(fetch()) == []
        assert list(fetch()) == []
        assert the_finding_on_the_mailbox(app).grade is Grade.FINE
    assert len(shown_to(office_mailbox)) == 3
    assert len(tokens.asked) == 1
    assert not [line for line in office_mailbox.heard if b"LOGIN" in line]


def test_a_token_that_the_mailbox_does_not_take_any_more_is_asked_for_again_once(app, tokens, office_mailbox):
    office_mailbox.good = {"token-2"}
    with signing_in(app, tokens):
        address = address_of(a_mailbox_without_a_password(office_mailbox.port), tokens=app.config["SETTINGS"])
        look_in(address)
        assert [line.partition(b"Bearer ")[2].strip(b"\x01") for line in shown_to(office_mailbox)] == [b"token-1", b"token-2"]
        office_mailbox.good = frozenset()
        with pytest.raises(MailboxDownError) as said:
            look_in(address)
    assert said.value.refused
    assert "token" not in str(said.value)
    assert len(tokens.asked) == 3


def test_where_no_token_is_to_be_had_the_mailbox_is_not_called_and_the_page_says_so(app, tokens, office_mailbox):
    tokens.status = 401
    with signing_in(app, tokens, imap_url=a_mailbox_without_a_password(office_mailbox.port)):
        with pytest.raises(MailboxDownError, match=r"no access token for the mailbox .*: the token server answers 401"):
            list(fetch())
        found = the_finding_on_the_mailbox(app)
    assert not shown_to(office_mailbox)
    assert found.grade is Grade.UNKNOWN
    assert "access token" in found.said.en
    assert "jeton" in found.said.fr


def test_a_mailbox_with_a_password_is_signed_in_to_with_it_beside_tokens_for_sending(app, tokens, office_mailbox):
    with signing_in(app, tokens):
        look_in(address_of(f"imap://team:secret@127.0.0.1:{office_mailbox.port}/", tokens=app.config["SETTINGS"]))
    assert [line for line in office_mailbox.heard if b'LOGIN "team" "secret"' in line]
    assert not tokens.asked
