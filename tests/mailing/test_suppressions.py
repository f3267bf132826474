"""Whom not to write to: the rule, what is kept of an address, and the way back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engagement.kernel.audit import SYSTEM, AuditEntry, staff
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer, Kind
from engagement.mailing.models import State, Suppression, Why
from engagement.mailing.suppressions import (
    OWN_WORD,
    Heard,
    NoReasonError,
    allow_again,
    held_by,
    suppress,
    suppress_by_staff,
    suppression_of,
    unsay,
)
from engagement.mailing.worker import send_due
from engagement.roster.particulars import BadPersonError
from engagement.roster.wishes import Wishes, change_wishes
from tests.mailing.given import a_notice, a_person, a_text, state_of
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation, a_member

HEARD = st.builds(
    Heard,
    suppressed=st.sampled_from([None, *Why]),
    do_not_contact=st.booleans(),
    wants_mailings=st.booleans(),
    wants_reminders=st.booleans(),
)


def of_kind(kind, *, asked_for=False):
    """Have the notices of this test be mails of ``kind``."""
    there = ports().composers["notice"]
    ports().composers["notice"] = Composer("notice", there.placeholders, there.compose, asked_for=asked_for, kind=kind)


def rows():
    db.session.rollback()
    return list(db.session.scalars(select(Suppression)))


def verbs():
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.at)))


@given(heard=HEARD, kind=st.sampled_from(Kind), asked_for=st.booleans())
def test_nothing_at_all_goes_where_nobody_reads_or_the_team_said_no(heard, kind, asked_for):
    if heard.suppressed in {Why.BOUNCED, Why.STAFF}:
        assert held_by(kind, heard, asked_for=asked_for) == f"suppressed: {heard.suppressed}"


@given(heard=HEARD, kind=st.sampled_from(Kind))
def test_what_somebody_asks_for_at_this_moment_goes_unless_nobody_would_read_it(heard, kind):
    if heard.suppressed not in {Why.BOUNCED, Why.STAFF}:
        assert held_by(kind, heard, asked_for=True) == ""


@given(heard=HEARD, kind=st.sampled_from(Kind))
def test_a_wish_for_fewer_mails_never_holds_back_an_answer_or_what_a_guest_must_know(heard, kind):
    alone = Heard(wants_mailings=heard.wants_mailings, wants_reminders=heard.wants_reminders)
    if kind in {Kind.ANSWER, Kind.NOTICE}:
        assert held_by(kind, alone) == ""
    assert bool(held_by(Kind.MAILING, alone)) == (not heard.wants_mailings)
    assert bool(held_by(Kind.REMINDER, alone)) == (not (heard.wants_mailings and heard.wants_reminders))


@given(heard=HEARD, kind=st.sampled_from(Kind))
def test_who_is_held_back_from_an_answer_is_held_back_from_everything(heard, kind):
    if held_by(Kind.ANSWER, heard):
        assert held_by(kind, heard)


@given(heard=HEARD)
def test_who_wants_nothing_gets_nothing_unasked(heard):
    if heard.do_not_contact:
        assert all(held_by(kind, heard) for kind in Kind)


@pytest.mark.parametrize(
    ("kind", "reason", "goes"),
    [
        (kind, reason, kind is Kind.ANSWER and reason in OWN_WORD)
        for kind, reason in itertools.product(Kind, Why)
    ],
)  # fmt: skip
def test_a_suppressed_address_gets_only_what_its_owner_asks_for(post, notices, kind, reason, goes):
    consultation = a_consultation()
    never_quiet(consultation)
    a_text(consultation)
    of_kind(kind)
    person = a_person(consultation)
    with writing() as session:
        suppress(session, person.email.upper(), reason)
    message = a_notice(person)
    send_due()
    # What a guest must know becomes a call in place of the mail, where their address is out of order.
    held = State.CANCELLED if kind is Kind.NOTICE and reason is Why.BOUNCED else State.SUPPRESSED
    assert state_of(message) is (State.SENT if goes else held)


def test_somebody_who_opted_out_of_mailings_still_gets_a_confirmation_and_a_notice(post, notices):
    consultation = a_consultation()
    never_quiet(consultation)
    a_text(consultation)
    person = a_person(consultation)
    change_wishes(person_id=person.id, wishes=Wishes(wants_mailings=False), actor=SYSTEM)
    states = {}
    for kind in Kind:
        of_kind(kind)
        message = a_notice(person, dedup_key=kind)
        send_due()
        states[kind] = state_of(message)
    assert states == {
        Kind.ANSWER: State.SENT,
        Kind.NOTICE: State.SENT,
        Kind.MAILING: State.SUPPRESSED,
        Kind.REMINDER: State.SUPPRESSED,
    }


def test_a_wish_holds_for_the_address_in_its_consultation_and_in_no_other(post, notices):
    here, there = a_consultation(), a_consultation("elsewhere")
    a_text(here)
    a_text(there)
    one = a_person(here)
    # Known through a restricted batch only: a row of its own, the same mailbox.
    hidden = a_person(here, open_to_team=False)
    other = a_person(there)
    change_wishes(person_id=one.id, wishes=Wishes(wants_mailings=False), actor=SYSTEM)
    messages = [a_notice(each) for each in (one, hidden, other)]
    send_due()
    assert [state_of(each) for each in messages] == [State.SUPPRESSED, State.SUPPRESSED, State.SENT]


def test_a_wish_not_to_be_contacted_holds_in_every_consultation(post, notices):
    here, there = a_consultation(), a_consultation("elsewhere")
    a_text(there)
    change_wishes(person_id=a_person(here).id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    message = a_notice(a_person(there))
    send_due()
    assert state_of(message) is State.SUPPRESSED


def test_of_a_bounce_the_row_says_when_where_and_through_which_message(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    post.at_rcpt["ada@example.org"] = "550 5.1.1 no such user"
    message = a_notice(a_person(consultation))
    send_due()
    row = rows()[0]
    assert (row.reason, row.consultation_id, row.message_id, row.recorded_by) == ("bounced", consultation.id, message.id, None)
    assert row.at <= now()


def test_the_address_stands_nowhere_in_clear(app):
    consultation = a_consultation()
    member = a_member(consultation)
    suppress_by_staff(
        address="Zoe@Example.ORG", why="Her office reads it", consultation_id=consultation.id, known=False, actor=staff(member.id)
    )
    row = rows()[0]
    assert (row.reason, row.note, row.recorded_by, row.typed) == ("staff", "Her office reads it", member.id, True)
    stored = db.session.execute(select(*Suppression.__table__.columns)).one()
    assert not any("zoe" in str(value).casefold() or "office" in str(value) for value in stored)
    assert suppression_of("zoe@example.org").id == row.id
    assert verbs() == ["suppress_address"]


def test_the_word_of_the_team_takes_the_place_of_a_bounce_and_is_one_row(app):
    consultation = a_consultation()
    member = a_member(consultation)
    with writing() as session:
        suppress(session, "zoe@example.org", "bounced")
    suppress_by_staff(address="zoe@example.org", why="Moved", consultation_id=consultation.id, known=True, actor=staff(member.id))
    assert [(row.reason, row.note, row.typed) for row in rows()] == [("staff", "Moved", False)]
    with writing() as session:
        suppress(session, "zoe@example.org", "complained")
    assert [row.reason for row in rows()] == ["staff"]


@pytest.mark.parametrize("why", ["", "  ", "x" * 501])
def test_without_a_reason_no_address_is_taken_off(app, why):
    with pytest.raises(NoReasonError):
        suppress_by_staff(address="zoe@example.org", why=why, consultation_id=a_consultation().id, known=True, actor=SYSTEM)
    assert not rows()


@pytest.mark.parametrize("address", ["", "zoe", "a@b@c", "zoé@example.org", "zoe@example.org\r\nBcc: all@example.org", "x" * 400 + "@a.ca"])
def test_what_is_no_address_is_refused(app, address):
    with pytest.raises(BadPersonError):
        suppress_by_staff(address=address, why="No", consultation_id=a_consultation().id, known=True, actor=SYSTEM)
    assert not rows()


def test_the_way_back_says_who_took_it_and_is_taken_once(app):
    consultation = a_consultation()
    member = a_member(consultation)
    person = a_person(consultation)
    with writing() as session:
        row = suppress(session, person.email, "bounced")
    assert allow_again(person_id=person.id, actor=staff(member.id))
    assert not allow_again(person_id=person.id, actor=staff(member.id))
    assert not allow_again(suppression_id=row.id, actor=staff(member.id))
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor_id, entry.subject_id, entry.consultation_id) == ("allow_again", member.id, row.id, consultation.id)
    assert suppression_of(person.email) is None


def test_an_owner_unsays_what_they_said_and_not_a_bounce(app):
    consultation = a_consultation()
    for number, reason in enumerate(Why):
        person = a_person(consultation, f"p{number}@example.org")
        with writing() as session:
            suppress(session, person.email, reason)
        assert unsay(person=person, actor=SYSTEM) == (reason in OWN_WORD)
    assert sorted(row.reason for row in rows()) == ["bounced", "staff"]


def test_the_database_refuses_a_reason_that_is_on_no_list(app):
    with pytest.raises(IntegrityError), writing() as session:
        session.add(Suppression(address_index=address_index("a@example.org"), reason="mood", at=now()))


def test_of_two_who_suppress_at_once_there_is_one_row(app):
    with writing() as session:
        first, again = (suppress(session, "ada@example.org", reason) for reason in ("bounced", "complained"))
        assert first is again
    assert [row.reason for row in rows()] == ["bounced"]
