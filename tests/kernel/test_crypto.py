"""Sealed values open in their own place only, and keys can be replaced."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.kernel.crypto import KeyRing, SealError, address_index, keys, place_of
from engagement.kernel.db import db, writing
from engagement.roster.models import IdentifiedThrough, Person
from tests.support.given import a_consultation

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32}


def ring(*parts):
    made = KeyRing()
    made.use({name: key for part in parts for name, key in part.items()})
    return made


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=40))
def test_what_is_sealed_opens_again_and_only_in_its_place(plain, place):
    made = ring(OLD)
    sealed = made.seal(plain, place)
    assert made.open(sealed, place) == plain
    assert len(plain) < 8 or plain not in sealed
    with pytest.raises(SealError):
        made.open(sealed, place + b"x")


@given(st.binary(min_size=1, max_size=50), st.integers(min_value=0))
def test_a_damaged_value_does_not_open(plain, position):
    made = ring(OLD)
    sealed = bytearray(made.seal(plain, b"place"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises((SealError, ValueError, IndexError)):
        made.open(bytes(sealed), b"place")


def test_two_keys_live_side_by_side_while_one_replaces_the_other():
    sealed = ring(OLD).seal(b"said before", b"place")
    both = ring(NEW, OLD)
    assert both.open(sealed, b"place") == b"said before"
    assert ring(NEW).open(both.seal(b"said now", b"place"), b"place") == b"said now"
    assert both.blind_index("a@example.org") == ring(OLD).blind_index("a@example.org")
    with pytest.raises(SealError, match="key"):
        ring(NEW).open(sealed, b"place")


def test_the_blind_index_tells_equality_and_nothing_else(app):
    assert address_index(" A@Example.org ") == address_index("a@example.ORG")
    assert address_index("a@example.org") != address_index("b@example.org")
    assert ring(OLD).blind_index("a") != ring(NEW).blind_index("a")


def a_person(consultation_id, words):
    from engagement.kernel.clock import now

    person = Person(
        consultation_id=consultation_id, given_name="Ada", name_key="ada", identified_through=IdentifiedThrough.STAFF, created_at=now()
    )
    person.safe_contact = words
    with writing() as session:
        session.add(person)
    return person


def test_a_sealed_column_reads_back_and_is_not_stored_in_clear(app):
    person = a_person(a_consultation().id, "call after six")
    db.session.rollback()
    stored = db.session.scalar(select(Person.safe_contact_sealed))
    assert b"call after six" not in stored
    assert db.session.get(Person, person.id).safe_contact == "call after six"


def test_a_sealed_value_that_was_moved_to_another_row_or_column_does_not_open(app):
    consultation = a_consultation()
    one, two = a_person(consultation.id, "call after six"), a_person(consultation.id, "write to the office")
    two.safe_contact_sealed = one.safe_contact_sealed
    with pytest.raises(SealError):
        _ = two.safe_contact
    with pytest.raises(SealError):
        keys.open(one.safe_contact_sealed, place_of("person", "another_sealed", one.id))
    with pytest.raises(SealError):
        keys.open(one.safe_contact_sealed, place_of("person", "safe_contact_sealed", uuid4()))
    db.session.rollback()


def test_nothing_reads_as_the_empty_text(app):
    assert a_person(a_consultation().id, "").safe_contact == ""
