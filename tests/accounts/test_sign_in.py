"""Signing in and out, and how a session ends."""

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from engagement.accounts import service
from engagement.accounts.models import FailedSignIn, StaffSession, User
from engagement.accounts.service import (
    ABSOLUTE_LIMIT,
    GUESSES,
    GUESSING_WINDOW,
    IDLE_LIMIT,
    AccountExistsError,
    BadAddressError,
    SignInRefusedError,
    TooManyGuessesError,
    WeakPasswordError,
    add_user,
    sign_in,
    sign_out,
    signed_in,
)
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.tokens import digest
from tests.support.given import PASSWORD, an_account, signed_in_as


def enter(client, email="someone@example.org", password=PASSWORD, query=""):
    return client.post(f"/sign-in{query}", data={"email": email, "password": password})


def test_somebody_signs_in_and_out(client):
    an_account()
    assert enter(client).location == "/consultations"
    assert client.get("/consultations").status_code == 200
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/consultations").location.startswith("/sign-in")


def test_the_address_may_be_typed_in_any_case(client):
    an_account()
    assert enter(client, " Someone@Example.ORG ").status_code == 302


def test_the_sign_in_page_reads_in_french_empty_and_refused(client):
    assert client.get("/sign-in?lang=fr").status_code == 200
    assert client.post("/sign-in?lang=fr", data={}).status_code == 200
    assert client.post("/sign-in?lang=fr", data={"email": "a@example.org", "password": "x"}).status_code == 200


def test_known_and_unknown_addresses_get_the_same_answer(client):
    an_account()
    known, unknown = enter(client, password="wrong"), enter(client, "nobody@example.org", "wrong")  # noqa: S106
    assert known.status_code == unknown.status_code
    assert without_typed(known.text) == without_typed(unknown.text)


def without_typed(page):
    """Return a page without what was typed and without its CSRF token."""
    return re.sub(r'value="[^"]*"', "", page)


@pytest.mark.slow
def test_known_and_unknown_addresses_take_the_same_time(app):
    add_user(email="real@example.org", name="Real", password=PASSWORD)

    def took(email):
        start = time.perf_counter()
        with pytest.raises(SignInRefusedError):
            sign_in(email=email, password="wrong")  # noqa: S106
        return time.perf_counter() - start

    pairs = [(took("real@example.org"), took("nobody@example.org")) for _ in range(5)]
    known, unknown = sorted(pair[0] for pair in pairs)[2], sorted(pair[1] for pair in pairs)[2]
    assert 0.4 < known / unknown < 2.5


def test_ten_wrong_guesses_close_the_door_for_a_quarter_of_an_hour(app):
    an_account()
    for _ in range(GUESSES):
        with pytest.raises(SignInRefusedError):
            sign_in(email="someone@example.org", password="wrong")  # noqa: S106
    with pytest.raises(TooManyGuessesError):
        sign_in(email="SOMEONE@example.org", password=PASSWORD)
    an_account("other@example.org")
    assert sign_in(email="other@example.org", password=PASSWORD)
    with time_machine.travel(now() + GUESSING_WINDOW + timedelta(seconds=1)):
        assert sign_in(email="someone@example.org", password=PASSWORD)


def test_the_throttle_keeps_no_address(app):
    with pytest.raises(SignInRefusedError):
        sign_in(email="someone@example.org", password="wrong")  # noqa: S106
    row = db.session.scalar(select(FailedSignIn))
    assert b"someone" not in row.email_index


def test_a_disabled_account_is_refused_and_its_sessions_end(client):
    user = an_account()
    signed_in_as(client, user)
    assert client.get("/consultations").status_code == 200
    with writing() as session:
        session.get(User, user.id).disabled_at = now()
    assert client.get("/consultations").status_code == 302
    with pytest.raises(SignInRefusedError):
        sign_in(email="someone@example.org", password=PASSWORD)


def test_a_cookie_kept_from_before_opens_nothing_after_signing_out(app, client):
    an_account()
    enter(client)
    kept = client.get_cookie("session").value
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("session", kept)
    assert thief.get("/consultations").location.startswith("/sign-in")


def test_only_the_hash_of_a_session_is_stored(app):
    an_account()
    secret = sign_in(email="someone@example.org", password=PASSWORD)
    row = db.session.scalar(select(StaffSession))
    assert row.secret_hash == digest(secret) != secret.encode()


def test_a_session_ends_when_idle_and_when_old(app):
    an_account()
    secret = sign_in(email="someone@example.org", password=PASSWORD)
    begun = now()
    with time_machine.travel(begun + IDLE_LIMIT + timedelta(minutes=1)):
        assert signed_in(secret) is None
    moment = begun
    while moment < begun + ABSOLUTE_LIMIT - timedelta(hours=1):
        moment += timedelta(hours=1)
        with time_machine.travel(moment):
            assert signed_in(secret), moment
        db.session.rollback()
    with time_machine.travel(begun + ABSOLUTE_LIMIT + timedelta(minutes=1)):
        assert signed_in(secret) is None


def test_a_session_is_marked_as_seen_once_a_minute_even_by_a_page_that_is_only_fetched(client):
    signed_in_as(client, an_account())
    begun = now()
    seen = []
    for seconds in (10, 70, 80, 140):
        with time_machine.travel(begun + timedelta(seconds=seconds), tick=False):
            client.get("/consultations")
        db.session.rollback()
        seen.append(db.session.scalar(select(StaffSession.last_seen_at)))
    assert seen[1] > seen[0]
    assert seen[2] == seen[1]
    assert seen[3] > seen[2]


def test_a_revoked_session_opens_nothing(app):
    an_account()
    secret = sign_in(email="someone@example.org", password=PASSWORD)
    sign_out(session_id=signed_in(secret).session.id)
    assert signed_in(secret) is None
    assert signed_in("nonsense") is None


def test_signing_in_drops_what_the_browser_held_before(client):
    an_account()
    with client.session_transaction() as held:
        held["left over"] = "from somebody else"
    enter(client)
    with client.session_transaction() as held:
        assert "left over" not in held


@pytest.mark.parametrize(
    ("wanted", "went"),
    [("/c/fisheries/", "/c/fisheries/"), ("//evil.example", "/consultations"), ("https://evil.example/", "/consultations")],
)
def test_after_signing_in_the_browser_goes_only_to_a_page_of_ours(client, wanted, went):
    an_account()
    assert enter(client, query=f"?next={wanted}").location == went


@pytest.mark.usefixtures("csrf")
def test_a_form_without_its_token_changes_nothing(client):
    signed_in_as(client, an_account())
    assert client.post("/sign-out").status_code == 400
    assert client.get("/consultations").status_code == 200
    assert enter(client).status_code == 400


def test_an_account_needs_an_address_and_a_password_and_is_there_once(app):
    with pytest.raises(BadAddressError):
        add_user(email="not an address", name="", password=PASSWORD)
    with pytest.raises(WeakPasswordError):
        add_user(email="a@example.org", name="", password="short")  # noqa: S106
    add_user(email="a@example.org", name="", password=PASSWORD)
    with pytest.raises(AccountExistsError):
        add_user(email="A@Example.org", name="", password=PASSWORD)


def test_demo_accounts_are_shown_only_where_there_are_any_and_never_in_production(app, client):
    assert "consult-and-listen" not in client.get("/sign-in").text
    add_user(email="demo@example.org", name="Demo", password="consult-and-listen", demo=True)  # noqa: S106
    assert "consult-and-listen" in client.get("/sign-in").text


def test_an_account_of_the_demonstration_opens_nothing_in_production(app, monkeypatch):
    tried_out = an_account()
    with writing() as session:
        session.get(User, tried_out.id).is_demo = True
    secret = sign_in(email=tried_out.email, password=PASSWORD)
    assert signed_in(secret) is not None
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], production=True))
    assert signed_in(secret) is None
    with pytest.raises(SignInRefusedError):
        sign_in(email=tried_out.email, password=PASSWORD)


def test_a_page_is_shown_though_the_note_that_it_was_seen_cannot_be_stored(client, monkeypatch):
    def held(session_id, moment):
        raise OperationalError("UPDATE staff_session", {}, Exception("database is locked"))

    signed_in_as(client, an_account())
    monkeypatch.setattr(service, "_mark_seen", held)
    with time_machine.travel(now() + timedelta(minutes=5)):
        assert client.get("/consultations").status_code == 200
