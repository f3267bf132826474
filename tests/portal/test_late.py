"""Nothing that was typed is lost because a page was open too long."""

from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner
from sqlalchemy import func, select

from engagement.events.guests import needs_of
from engagement.invitations.models import Choice, HeldForm, Invitation, PersonalLink
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, seal_of, send
from tests.support.given import a_consultation


@pytest.fixture
def ada(app):
    consultation = a_consultation()
    return an_invitation(a_guest(consultation), event=an_event(consultation))


def forget(client, invitation):
    client.delete_cookie(f"visit-{invitation.id.hex}", path=f"/i/{invitation.id}")


def choice_of(invitation):
    db.session.rollback()
    return db.session.scalar(select(Invitation.choice).where(Invitation.id == invitation.id))


def held():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(HeldForm))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_was_sent_too_late_is_kept_and_sent_when_the_link_is_opened_again(client, ada, language):
    address = open_link_in(client, ada)
    form = seal_of(client.get(address))
    forget(client, ada)
    answer = client.post(f"{address}?lang={language}", data={"form_seal": form, "choice": "online"})
    assert answer.status_code == 202
    assert choice_of(ada) is None
    assert held() == 1
    assert open_link_in(client, ada) == address
    page = client.get(address)
    assert 'checked id="choice-1"' in page.text
    assert choice_of(ada) is None
    send(client, address, choice="online")
    assert choice_of(ada) is Choice.ACCEPTED
    assert held() == 0


def test_a_visit_ends_after_half_an_hour_without_use(client, ada, monkeypatch):
    address = open_link_in(client, ada)
    form = seal_of(client.get(address))
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 29 * 60)
    assert client.get(address).status_code == 200
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 58 * 60)
    assert client.get(address).status_code == 200
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 89 * 60)
    assert client.get(address).status_code == 403
    assert client.post(address, data={"form_seal": form, "choice": "no"}).status_code == 202
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 25 * 3600)
    assert client.post(address, data={"form_seal": form, "choice": "maybe"}).status_code == 403
    assert held() == 1


@pytest.mark.usefixtures("csrf")
def test_a_form_whose_session_is_gone_is_kept_as_well(client, ada):
    address = open_link_in(client, ada)
    form = seal_of(client.get(address))
    client.delete_cookie("session")
    answer = client.post(address, data={"form_seal": form, "choice": "no"})
    assert answer.status_code == 202
    assert f'href="{address}"' in answer.text
    assert choice_of(ada) is None
    page = client.get(address)
    assert "Send this now" in page.text
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(address, data={"form_seal": seal_of(page), "csrf_token": token, "choice": "no"})
    assert choice_of(ada) is Choice.DECLINED


@pytest.mark.usefixtures("csrf")
def test_a_form_from_elsewhere_without_a_token_or_a_seal_changes_nothing(client, ada):
    address = open_link_in(client, ada)
    answer = client.post(address, data={"choice": "no"})
    assert answer.status_code == 400
    assert choice_of(ada) is None
    assert held() == 0


def test_needs_that_were_sent_too_late_are_not_shown_without_a_code_but_can_be_sent(client, ada):
    address = open_link_in(client, ada)
    send(client, address, choice="in_person")
    form = seal_of(client.get(f"{address}/needs"))
    forget(client, ada)
    client.post(f"{address}/needs", data={"form_seal": form, "access": "A quiet room", "interpretation": ["lsq", "captioning"]})
    assert needs_of(ada.id) is None
    assert open_link_in(client, ada) == f"{address}/needs"
    page = client.get(f"{address}/needs")
    assert "A quiet room" not in page.text
    kept = db.session.scalars(select(HeldForm)).one()
    assert b"quiet" not in kept.fields_sealed
    client.post(f"{address}/needs", data={"form_seal": seal_of(page), "held": str(kept.id), "kept": "send"})
    assert needs_of(ada.id).access == "A quiet room"
    assert needs_of(ada.id).interpretation == ("lsq", "captioning")
    assert held() == 0


def test_what_is_kept_of_one_guest_cannot_be_sent_by_another(client, ada):
    consultation = a_consultation("second")
    bo = an_invitation(a_guest(consultation, "bo@example.org"), event=an_event(consultation))
    address = open_link_in(client, ada)
    form = seal_of(client.get(address))
    forget(client, ada)
    client.post(address, data={"form_seal": form, "choice": "online"})
    kept = db.session.scalars(select(HeldForm)).one()
    send(client, open_link_in(client, bo), held=str(kept.id))
    assert choice_of(bo) is None
    assert held() == 1


def test_only_the_latest_of_a_page_is_kept_and_nothing_of_a_withdrawn_guest_or_a_revoked_link(client, ada):
    address = open_link_in(client, ada)
    form = seal_of(client.get(address))
    forget(client, ada)
    for choice in ("online", "maybe", "no"):
        client.post(address, data={"form_seal": form, "choice": choice})
    assert held() == 1
    assert client.post(address, data={"form_seal": form, "choice": "x" * 600_000}).status_code == 403
    with writing() as session:
        for link in session.scalars(select(PersonalLink)):
            link.revoked_at = now()
        session.delete(session.scalars(select(HeldForm)).one())
    assert client.post(address, data={"form_seal": form, "choice": "no"}).status_code == 403
    with writing() as session:
        for link in session.scalars(select(PersonalLink)):
            link.revoked_at = None
        session.get_one(Invitation, ada.id).withdrawn_at = now()
    assert client.post(address, data={"form_seal": form, "choice": "no"}).status_code == 403
    assert held() == 0


def test_a_link_that_runs_out_while_the_page_is_open_closes_it(client, ada):
    address = open_link_in(client, ada)
    assert client.get(address).status_code == 200
    with writing() as session:
        session.scalars(select(PersonalLink)).one().expires_at = now() - timedelta(seconds=1)
    assert client.get(address).status_code == 403
