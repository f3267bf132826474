"""Names, addresses and tokens never reach a log: canaries through the pages, the worker and the faults.

Beside them, the whole suite fails where a line holds an address or a live link (tests.support.logs).
"""

import io
import logging
from contextlib import contextmanager

import pytest
from flask import current_app

from engagement.kernel import serving
from engagement.kernel.policy import Role
from engagement.kernel.ports import ports
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from tests.mailing.given import a_notice, a_person, a_post_office, a_text, notices_are_composed
from tests.mailing.inbound_given import guests
from tests.support.given import PASSWORD, a_consultation, a_member, signed_in_as
from tests.support.logs import secrets_in

CANARY = "Zilpha"
ADDRESS = "zilpha.quagmire@example.org"


@contextmanager
def everything_logged():
    """Collect whatever any logger says, at any level but SQLAlchemy's and the tools' own debugging."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    # The post office of the tests logs as well.
    handler.addFilter(lambda record: not record.name.startswith("mail.log"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield kept
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_signing_in_leaves_no_name_in_the_logs(app, client):
    consultation = a_consultation()
    a_member(consultation, Role.ORGANIZER, email=ADDRESS)
    with everything_logged() as kept:
        client.post("/sign-in", data={"email": ADDRESS, "password": "wrong " + CANARY})
        client.post("/sign-in", data={"email": ADDRESS, "password": PASSWORD})
        client.get("/c/fisheries/")
        client.get(f"/r/{CANARY * 7}")
        client.get(f"/f/{CANARY * 7}")
        client.get(f"/no-such-page/{CANARY}?email={ADDRESS}")
    assert CANARY.lower() not in kept.getvalue().lower()


def test_the_roster_leaves_no_name_in_the_logs(app, client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    with everything_logged() as kept:
        client.post(
            "/c/fisheries/people/new",
            data={
                "given_name": CANARY,
                "family_name": "Quagmire",
                "email": ADDRESS,
                "identified_through": "staff",
                **dict.fromkeys(("sector", "region", "language", "batch_id"), ""),
            },
        )
        assert CANARY in client.get("/c/fisheries/people").text
        client.get(f"/c/fisheries/people?search={CANARY}")
    assert CANARY.lower() not in kept.getvalue().lower()


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, UnicodeError, LookupError])
def test_a_fault_is_logged_by_its_kind_and_place_without_what_it_said(planted, kind):
    planted.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    told = f"{CANARY} Quagmire"

    def fault():
        raise kind(told)

    planted.view_functions["accounts.sign_in_page"] = fault
    with everything_logged() as kept:
        planted.test_client().get("/sign-in")
    assert kind.__name__ in kept.getvalue()
    assert CANARY not in kept.getvalue()


@pytest.fixture
def post(app):
    with a_post_office(app) as office, notices_are_composed() as composer:
        office.composer = composer
        yield office


def a_canary(consultation, address=ADDRESS):
    return a_person(consultation, address, given_name=CANARY, family_name="Quagmire")


def test_the_worker_leaves_no_name_in_the_logs_whatever_the_server_answers(app, post):
    consultation = a_consultation()
    a_text(consultation)
    answers = {
        "refused": ("at_rcpt", "550 5.7.1 <{}> is not wanted here"),
        "unknown": ("at_rcpt", "550 5.1.1 <{}> user unknown"),
        "later": ("at_rcpt", "451 4.7.1 <{}> greylisted"),
        "late": ("at_data", "554 5.7.26 {} fails DMARC"),
        "cut": ("at_data", "drop"),
        "taken": ("at_rcpt", "250 OK"),
    }
    for kind, (when, said) in answers.items():
        address = f"{CANARY.lower()}@{kind}.example.org"
        getattr(post, when)[address] = said.format(address)
        a_notice(a_canary(consultation, address))
    with everything_logged() as kept:
        send_due()
    assert "refused by policy" in kept.getvalue()
    assert CANARY.lower() not in kept.getvalue().lower()


def test_a_mail_that_cannot_be_written_leaves_no_name_in_the_logs(app, post):
    consultation = a_consultation()
    a_text(consultation)
    a_notice(a_canary(consultation))
    post.composer.fault = ValueError(f"{CANARY} {ADDRESS}")
    with everything_logged() as kept:
        send_due()
    assert "cannot be written" in kept.getvalue()
    assert CANARY.lower() not in kept.getvalue().lower()


def test_received_mail_leaves_no_name_in_the_logs(app, post, monkeypatch):
    guest = guests(a_consultation(), post, ADDRESS)[0]
    with everything_logged() as kept:
        for mail in ("postfix-bounce.eml", "exchange-ndr.eml"):
            guest.answers(mail, TO="consultations@convoke.example")
        receive(f"From: {CANARY} <{ADDRESS}>\r\nSubject: {CANARY}\r\n\r\nI am {CANARY}.\r\n".encode())

        def fault(arrival):
            raise ValueError(arrival.sender)

        monkeypatch.setattr(ports(), "inbound", [fault])
        receive(f"From: {CANARY} <{ADDRESS}>\r\nSubject: Again {CANARY}\r\n\r\nI am {CANARY}.\r\n".encode())
    assert "cannot be handled" in kept.getvalue()
    assert CANARY.lower() not in kept.getvalue().lower()


def test_an_address_or_a_live_link_in_any_log_of_the_suite_is_found():
    lines = ["engagement refused for zilpha@example.org", f"engagement /r/{'x' * 43}", "engagement a message from team@convoke.example"]
    assert secrets_in(lines) == lines[:2]


def test_what_a_test_logs_is_kept_for_the_guard_of_the_suite(app, told_in_logs):
    logging.getLogger("engagement.mailing.rounds").warning("refused for %s", ADDRESS)
    assert secrets_in(told_in_logs) == [f"engagement.mailing.rounds refused for {ADDRESS}"]
    told_in_logs.clear()


def test_a_canary_that_is_logged_is_found(app):
    with everything_logged() as kept:
        current_app.logger.warning("invited %s", CANARY)
    assert CANARY in kept.getvalue()


def test_the_web_server_keeps_no_list_of_addresses():
    assert serving.accesslog is None
