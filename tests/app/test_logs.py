"""Names, addresses and tokens never reach a log: canaries through the pages, the worker and the faults."""

import io
import logging
from contextlib import contextmanager

import pytest
from flask import current_app

from engagement.kernel import serving
from engagement.kernel.policy import Role
from tests.support.given import PASSWORD, a_consultation, a_member, signed_in_as

CANARY = "Zilpha"
ADDRESS = "zilpha.quagmire@example.org"


@contextmanager
def everything_logged():
    """Collect whatever any logger says, at any level but SQLAlchemy's and the tools' own debugging."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
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


def test_a_canary_that_is_logged_is_found(app):
    with everything_logged() as kept:
        current_app.logger.warning("invited %s", CANARY)
    assert CANARY in kept.getvalue()


def test_the_web_server_keeps_no_list_of_addresses():
    assert serving.accesslog is None
