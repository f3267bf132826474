"""Somebody in a restricted batch is added again with the same address: what protects their mailbox holds for both rows."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.mailing.batches import prepare_many
from engagement.mailing.models import ContactTask, State
from engagement.mailing.preparing import prepare
from engagement.roster.models import IdentifiedThrough
from engagement.roster.particulars import Particulars
from engagement.roster.safe_hours import SafeHours, both, change_safe_hours, hours_of
from engagement.roster.service import add_batch, add_person, find_or_add
from engagement.roster.wishes import Wishes, change_wishes, wish_for_address
from tests.mailing.given import a_notice, a_person, a_text
from tests.support.given import a_consultation, a_member, signed_in_as, stored

ZONE = "America/Toronto"


@pytest.fixture
def consultation(notices):
    made = a_consultation()
    a_text(made)
    return made


@pytest.fixture
def hidden(consultation):
    batch = add_batch(consultation_id=consultation.id, name="Survivors", restricted=True, actor=SYSTEM)
    return add_person(
        consultation_id=consultation.id, given_name="Ana", family_name="Hidden", email="ana@home.example",
        identified_through=IdentifiedThrough.STAFF, actor=SYSTEM, batch_id=batch.id,
    )  # fmt: skip


def again(consultation):
    named = Particulars(given_name="Ana", family_name="Again", email="ana@home.example", identified_through=IdentifiedThrough.REFERRAL)
    person, new = find_or_add(consultation_id=consultation.id, particulars=named, actor=SYSTEM)
    assert new
    return person


@pytest.mark.parametrize("alone", [True, False])
def test_a_mail_is_discreet_whichever_row_with_its_address_asks_for_it(consultation, hidden, alone):
    wish_for_address(person_id=hidden.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    message = a_notice(again(consultation))
    state = prepare(message.id) if alone else prepare_many([message.id])[0]
    assert state is State.QUEUED
    assert stored(message).subject == "Information for you / Renseignements pour vous"
    assert stored(message).raw.startswith(b"From: consultations@convoke.example\r\n")


def test_a_mail_waits_for_the_hours_of_every_row_with_its_address(consultation, hidden):
    tomorrow = on_the_wall(now() + timedelta(days=1), ZONE)
    change_safe_hours(person_id=hidden.id, hours=SafeHours(days=frozenset({tomorrow.weekday()})), actor=SYSTEM)
    message = a_notice(again(consultation))
    assert prepare_many([message.id]) == [State.DEFERRED]
    assert on_the_wall(stored(message).due_at, ZONE).date() == tomorrow.date()


def test_no_mail_goes_to_an_address_that_one_row_wants_called_only(consultation, hidden):
    change_safe_hours(person_id=hidden.id, hours=SafeHours(calls_only=True), actor=SYSTEM)
    message = a_notice(again(consultation))
    assert prepare_many([message.id]) == [State.CANCELLED]
    assert db.session.scalars(select(ContactTask)).one().message_id == message.id


def test_hours_without_a_moment_in_common_let_no_mail_through():
    morning, evening = SafeHours(opens=time(9), until=time(12)), SafeHours(opens=time(18), until=time(20))
    assert both(morning, evening) == SafeHours(opens=time(9), until=time(12), calls_only=True)
    assert both(SafeHours(days=frozenset({0})), SafeHours(days=frozenset({1}))).calls_only
    assert both(SafeHours(), evening) == evening
    assert both(morning, SafeHours(days=frozenset({0, 2}), opens=time(8), until=time(10))) == SafeHours(
        days=frozenset({0, 2}), opens=time(9), until=time(10)
    )


def test_the_row_that_the_team_sees_tells_nothing_of_the_other(client, consultation, hidden):
    wish_for_address(person_id=hidden.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    person = again(consultation)
    signed_in_as(client, a_member(consultation, Role.STAFF))
    assert stored(person).discreet
    assert not stored(person).asks_discretion
    assert " checked" not in client.get(f"/c/fisheries/mail/wishes/{person.id}").text.split("discreet")[1][:200]
    assert hours_of(stored(person)).always


def test_a_wish_that_another_row_has_is_not_written_down_again_and_again(consultation, hidden):
    change_wishes(person_id=hidden.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    person = again(consultation)
    assert wish_for_address(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    assert stored(person).asks_discretion
    assert not wish_for_address(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)


def test_people_without_an_address_have_no_mailbox_in_common(consultation):
    one, other = (a_person(consultation, None, given_name=name) for name in ("Ada", "Bo"))
    change_wishes(person_id=one.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    assert not stored(other).discreet
