from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engagement.invitations.held import TooLargeToHoldError, held_forms, hold_form, let_go
from engagement.invitations.links import draft_link, find_link, was_not_revoked
from engagement.invitations.models import HeldForm, Invitation, PersonalLink
from engagement.invitations.service import invite, withdraw
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.tokens import digest
from engagement.roster.models import Person
from engagement.roster.particulars import Particulars
from engagement.roster.service import edit_person
from tests.portal.given import a_guest, a_link, an_event, an_invitation
from tests.support.given import a_consultation


@pytest.fixture
def invitation(app):
    consultation = a_consultation()
    return an_invitation(a_guest(consultation), event=an_event(consultation))


def test_a_drafted_link_opens_nothing_until_it_is_stored(invitation):
    token, link = draft_link(invitation.id, now() + timedelta(days=1))
    assert find_link(token) is None
    with writing() as session:
        store_all(session, [link])
    assert find_link(token).invitation.id == invitation.id


def test_only_the_fingerprint_of_a_token_is_stored(invitation):
    token = a_link(invitation)
    row = db.session.scalars(select(PersonalLink)).one()
    assert row.token_hash == digest(token)
    assert token.encode() not in row.token_hash
    assert len(token) == 43


def test_the_links_that_went_to_a_persons_former_address_open_nothing(invitation):
    token, person = a_link(invitation), db.session.get_one(Person, invitation.person_id)
    known = Particulars(given_name=person.given_name, family_name=person.family_name, email=person.email)
    for same in (replace(known, phone="819-555-0199"), replace(known, email=person.email.upper())):
        edit_person(person_id=person.id, particulars=same, actor=SYSTEM)
        assert find_link(token) is not None
    edit_person(person_id=person.id, particulars=replace(known, email="elsewhere@example.org"), actor=SYSTEM)
    assert find_link(token) is None
    fresh = a_link(invitation)
    assert find_link(fresh).invitation.id == invitation.id
    edit_person(person_id=person.id, particulars=replace(known, email=None), actor=SYSTEM)
    assert find_link(fresh) is None


def test_each_message_has_a_link_of_its_own_and_all_of_them_open(invitation):
    first, second = a_link(invitation), a_link(invitation)
    assert first != second
    assert find_link(first).invitation.id == find_link(second).invitation.id == invitation.id


@pytest.mark.parametrize("why", ["unknown", "expired", "revoked", "withdrawn"])
def test_a_link_that_must_not_open_does_not(invitation, why):
    token = a_link(invitation)
    with writing() as session:
        link = session.scalars(select(PersonalLink)).one()
        if why == "expired":
            link.expires_at = now() - timedelta(seconds=1)
        if why == "revoked":
            link.revoked_at = now()
        if why == "withdrawn":
            session.get_one(Invitation, invitation.id).withdrawn_at = now()
    assert find_link("other" if why == "unknown" else token) is None


def test_inviting_again_revives_no_link_of_before(invitation):
    before = a_link(invitation)
    withdraw(invitation_id=invitation.id, actor=SYSTEM)
    again = invite(consultation_id=invitation.consultation_id, person_id=invitation.person_id, event_id=invitation.event_id, actor=SYSTEM)
    assert again.id == invitation.id
    assert find_link(before) is None
    assert find_link(a_link(invitation)).invitation.id == invitation.id


def test_a_revoked_link_leaves_the_others_open(invitation):
    revoked, other = a_link(invitation, revoked_at=now()), a_link(invitation)
    assert find_link(revoked) is None
    assert find_link(other) is not None


def test_a_link_that_was_opened_is_known_when_its_time_is_over_and_only_for_its_own_invitation(invitation):
    opened = find_link(a_link(invitation))
    consultation = a_consultation("second")
    other = an_invitation(a_guest(consultation), event=an_event(consultation))
    assert not was_not_revoked(opened.id, other.id)
    with writing() as session:
        session.get_one(PersonalLink, opened.id).expires_at = now() - timedelta(days=1)
    assert was_not_revoked(opened.id, invitation.id)


def test_what_is_held_comes_back_as_it_was_typed_and_is_sealed(invitation):
    fields = [("reason", "Ça va « ainsi »\r\n"), ("kinds", "asl"), ("kinds", "lsq")]
    hold_form(invitation_id=invitation.id, endpoint="portal.reason", arguments={"n": "1"}, fields=fields)
    (kept,) = held_forms(invitation.id)
    assert (kept.endpoint, kept.arguments, list(kept.fields)) == ("portal.reason", {"n": "1"}, fields)
    assert b"ainsi" not in db.session.scalars(select(HeldForm)).one().fields_sealed


def test_holding_again_takes_the_place_of_what_was_held_of_the_same_page(invitation):
    for number, words in (("1", "first"), ("2", "other page"), ("1", "second")):
        hold_form(invitation_id=invitation.id, endpoint="portal.page", arguments={"n": number}, fields=[("a", words)])
    assert sorted(dict(held.fields)["a"] for held in held_forms(invitation.id)) == ["other page", "second"]


def test_nobody_lets_go_of_what_is_held_for_somebody_else(invitation):
    consultation = a_consultation("second")
    other = an_invitation(a_guest(consultation), event=an_event(consultation))
    hold_form(invitation_id=invitation.id, endpoint="portal.page", arguments={}, fields=[("a", "b")])
    kept = held_forms(invitation.id)[0]
    let_go(kept.id, other.id)
    assert held_forms(invitation.id) == [kept]
    let_go(kept.id, invitation.id)
    assert held_forms(invitation.id) == []


def test_more_than_a_form_takes_is_not_held(invitation):
    with pytest.raises(TooLargeToHoldError):
        hold_form(invitation_id=invitation.id, endpoint="portal.page", arguments={}, fields=[("a", "x" * 600_000)])
    assert held_forms(invitation.id) == []
