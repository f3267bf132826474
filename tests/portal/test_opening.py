from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engagement.invitations.held import hold_form
from engagement.kernel.audit import AuditEntry
from engagement.kernel.clock import now
from engagement.kernel.db import db
from tests.portal.given import a_guest, a_link, an_event, an_invitation, open_link_in
from tests.support.given import a_consultation


def invited(**values):
    consultation = a_consultation()
    return an_invitation(a_guest(consultation), event=an_event(consultation), **values)


def test_a_link_opens_its_page_and_leaves_the_token_out_of_the_address(client):
    invitation = invited()
    token = a_link(invitation)
    answer = client.get(f"/r/{token}")
    assert answer.status_code == 302
    assert answer.location == f"/i/{invitation.id}"
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if "visit-" in line)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path=/i/{invitation.id}" in cookie
    assert "Max-Age=1800" in cookie
    assert token not in cookie
    assert client.get(answer.location).status_code == 200


def test_opening_a_link_writes_nothing(client):
    invitation = invited()
    token = a_link(invitation)
    before = db.session.scalar(select(func.count(AuditEntry.id)))
    for _ in range(3):
        client.get(f"/r/{token}")
        client.head(f"/r/{token}")
    db.session.rollback()
    assert db.session.scalar(select(func.count(AuditEntry.id))) == before


def test_links_that_do_not_open_cannot_be_told_apart(client):
    invitation = invited()
    withdrawn = an_invitation(a_guest(a_consultation("second")), event=an_event(a_consultation("third")), withdrawn_at=now())
    late, taken_back = a_link(invitation, lasts=timedelta(seconds=-1)), a_link(invitation, revoked_at=now())
    tokens = ["unknown", late, taken_back, a_link(withdrawn)]
    pages = [client.get(f"/r/{token}") for token in tokens]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text.replace(token, "") for page, token in zip(pages, tokens, strict=True)}) == 1


@pytest.mark.parametrize("token", ["../x", "a" * 5000, "é", "'; DROP TABLE person; --", "%ED%A0%80", "a/b/c", "{{7*7}}"])
def test_a_hostile_link_gets_the_page_of_an_unknown_one(client, token):
    page = client.get(f"/r/{token}")
    assert page.status_code == 404
    assert "This link does not open" in page.text


@pytest.mark.parametrize("page", ["", "/privacy", "/contact"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_first_page_reads_in_both_languages(client, page, language):
    address = open_link_in(client, invited())
    assert client.get(f"{address}{page}?lang={language}").status_code == 200


def test_over_https_the_cookie_goes_over_https_only(client, app, monkeypatch):
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    invitation = invited()
    answer = client.get(f"/r/{a_link(invitation)}", base_url="https://localhost")
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if "visit-" in line)
    assert cookie.startswith("__Secure-visit-")
    assert "Secure;" in cookie
    assert client.get(answer.location, base_url="https://localhost").status_code == 200


def test_what_was_kept_of_a_page_that_is_gone_does_not_stop_the_link(client):
    invitation = invited()
    hold_form(invitation_id=invitation.id, endpoint="portal.of_an_older_release", arguments={}, fields=[("a", "b")])
    assert open_link_in(client, invitation) == f"/i/{invitation.id}"
