"""What stands in the database after ``flask demo``."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.accounts.models import User
from engagement.consultations.service import find_consultation
from engagement.kernel.db import db
from engagement.mailing.models import Message
from engagement.roster.models import Person
from tests.demo.conftest import run
from tests.demo.test_command import rows

pytestmark = pytest.mark.slow

RESERVED = {"example.org", "example.com", "example.net"}


def test_a_second_run_changes_nothing_and_says_so(demo):
    before = rows()
    code, said = run(demo, "demo")
    assert code == 0
    assert said == "The demonstration is loaded already. Nothing was changed.\n"
    assert rows() == before


def test_no_address_could_be_somebodys(demo):
    db.session.rollback()
    addresses = [*db.session.scalars(select(Person.email).where(Person.email.is_not(None))), *db.session.scalars(select(User.email))]
    assert {address.rpartition("@")[2] for address in addresses} <= RESERVED
    assert all("555-01" in phone for phone in db.session.scalars(select(Person.phone)) if phone)
    assert {message.to_address.rpartition("@")[2] for message in db.session.scalars(select(Message).limit(50))} <= RESERVED


def test_there_is_an_account_for_each_role(demo):
    db.session.rollback()
    names = {user.email.partition("@")[0] for user in db.session.scalars(select(User)) if user.is_demo}
    assert names == {"organizer", "staff", "analyst", "notetaker", "viewer", "admin"}


def test_a_guest_was_invited_before_they_replied(demo):
    db.session.rollback()
    live = select(Message).where(Message.consultation_id == find_consultation("ethical-procurement").id)
    sent = {(mail.invitation_id, mail.purpose): mail.sent_at for mail in db.session.scalars(live) if mail.sent_at}
    replied = [invitation for invitation, purpose in sent if purpose == "event_confirmation"]
    assert replied
    assert all(sent[each, "event_invitation"] < sent[each, "event_confirmation"] for each in replied)
