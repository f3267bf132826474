"""Two links opened in one browser never mix, and whoever else is signed in there changes nothing."""

import pytest
from sqlalchemy import func, select

from engagement.events.models import Seat
from engagement.invitations.models import Choice, HeldForm, Invitation, Reply
from engagement.kernel.audit import AuditEntry
from engagement.kernel.db import db
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, seal_of, send
from tests.support.given import a_consultation, a_member, signed_in_as


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def ada(consultation):
    return an_invitation(a_guest(consultation, "ada@example.org"), event=an_event(consultation, "first"))


@pytest.fixture
def bo(consultation):
    return an_invitation(a_guest(consultation, "bo@example.org", given="Bo"), event=an_event(consultation, "second"))


def nothing_is_recorded():
    db.session.rollback()
    kinds = (Reply, Seat, HeldForm)
    return [db.session.scalar(select(func.count()).select_from(kind)) for kind in kinds] == [0, 0, 0]


def choice_of(invitation):
    db.session.rollback()
    return db.session.scalar(select(Invitation.choice).where(Invitation.id == invitation.id))


def test_the_form_of_one_guest_sent_to_the_page_of_another_changes_nothing(client, ada, bo):
    for_ada = seal_of(client.get(open_link_in(client, ada)))
    address = open_link_in(client, bo)
    answer = client.post(address, data={"form_seal": for_ada, "choice": "in_person"})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.text
    assert nothing_is_recorded()


def test_the_form_of_one_guest_without_their_cookie_is_not_kept_for_another(client, ada, bo, app):
    for_ada = seal_of(client.get(open_link_in(client, ada)))
    stranger = app.test_client()
    answer = stranger.post(f"/i/{bo.id}", data={"form_seal": for_ada, "choice": "in_person"})
    assert answer.status_code == 403
    assert nothing_is_recorded()


def test_the_cookie_of_one_guest_does_not_open_the_page_of_another(client, ada, bo):
    open_link_in(client, ada)
    assert client.get(f"/i/{bo.id}").status_code == 403
    cookie = client.get_cookie(f"visit-{ada.id.hex}", path=f"/i/{ada.id}")
    assert cookie is not None
    client.set_cookie(f"visit-{bo.id.hex}", cookie.value, path=f"/i/{bo.id}")
    assert client.get(f"/i/{bo.id}").status_code == 403
    answer = client.post(f"/i/{bo.id}", data={"choice": "in_person"})
    assert answer.status_code == 403
    assert nothing_is_recorded()


def test_both_tabs_stay_open_and_each_answer_goes_to_its_own_guest(client, ada, bo):
    first, second = open_link_in(client, ada), open_link_in(client, bo)
    tab_one, tab_two = seal_of(client.get(first)), seal_of(client.get(second))
    client.post(first, data={"form_seal": tab_one, "choice": "no"})
    client.post(second, data={"form_seal": tab_two, "choice": "online"})
    assert (choice_of(ada), choice_of(bo)) == (Choice.DECLINED, Choice.ACCEPTED)
    client.post(f"{first}/change", data={"form_seal": tab_one, "choice": "maybe"})
    assert (choice_of(ada), choice_of(bo)) == (Choice.TENTATIVE, Choice.ACCEPTED)
    assert "You are coming, online." in client.get(second).text
    assert "Maybe." in client.get(first).text


@pytest.mark.parametrize("page", ["", "/change", "/each", "/needs", "/reason", "/code", "/code/send"])
def test_no_page_takes_a_form_that_names_another_invitation(client, ada, bo, page):
    for_ada = seal_of(client.get(open_link_in(client, ada)))
    address = open_link_in(client, bo)
    send(client, address, choice="no")
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    answer = client.post(
        f"{address}{page}", data={"form_seal": for_ada, "choice": "in_person", "reason": "x", "access": "x", "digits": "1"}
    )
    assert answer.status_code == 409
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


@pytest.mark.parametrize("seal", ["", "x", "a.b.c", "é", "\x00", "W10.aaaa.bbbb"])
def test_a_form_without_a_good_seal_changes_nothing(client, ada, seal):
    address = open_link_in(client, ada)
    answer = client.post(address, data={"form_seal": seal, "choice": "in_person"})
    assert answer.status_code == 409
    assert nothing_is_recorded()


def test_two_links_of_one_invitation_are_one_guest(client, ada):
    form = seal_of(client.get(open_link_in(client, ada)))
    address = open_link_in(client, ada)
    client.post(address, data={"form_seal": form, "choice": "online"})
    assert choice_of(ada) is Choice.ACCEPTED


def test_a_member_of_the_team_who_opens_a_guests_link_stays_who_they_are(client, consultation, ada):
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    address = open_link_in(client, ada)
    page = client.get(address)
    assert page.status_code == 200
    assert organizer.name not in page.text
    assert "/c/fisheries" not in page.text
    assert "/sign-out" not in page.text
    send(client, address, choice="in_person")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "record_reply")).one()
    assert (entry.actor_kind, entry.actor_id) == ("link", ada.id)
    assert client.get("/c/fisheries/").status_code == 200


def test_a_guest_is_let_into_no_page_of_the_team(client, consultation, ada):
    open_link_in(client, ada)
    assert client.get("/c/fisheries/").status_code == 302
    assert client.get("/consultations").status_code == 302


def test_whether_an_invitation_exists_cannot_be_told_without_its_link(client, ada):
    there = client.get(f"/i/{ada.id}")
    nowhere = client.get("/i/00000000-0000-4000-8000-000000000000")
    assert there.status_code == nowhere.status_code == 403
    assert there.text.replace(str(ada.id), "") == nowhere.text.replace("00000000-0000-4000-8000-000000000000", "")
