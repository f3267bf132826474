"""Adding, finding and changing people."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.roster.filters import Filter, list_people, matching_ids
from engagement.roster.models import IdentifiedThrough, Organization, Person
from engagement.roster.particulars import BadPersonError, Particulars
from engagement.roster.service import (
    AddressTakenError,
    add_person,
    batches_of,
    batches_with,
    edit_person,
    find_or_add,
    find_person,
    put_in_batch,
)
from tests.roster.given import a_batch, a_person, cleared_for
from tests.support.given import a_consultation, a_member, access_of

pytestmark = pytest.mark.usefixtures("app")


def an_access():
    consultation = a_consultation()
    return consultation, access_of(a_member(consultation), consultation)


def test_a_person_is_kept_cleaned_and_found_by_any_spelling_of_their_name():
    consultation, access = an_access()
    a_person(consultation, " Zoë ", "O’Brien-Côté", email="Zoe.OBrien@Example.ORG", organization="  Île  aux Coudres ")
    for words in ("brien", "o'brien cote", "ZOE", "cote zoë", "ile aux", "zoe.obrien@"):
        assert [person.name for person in list_people(access, Filter(search=words)).rows] == ["Zoë O’Brien-Côté"], words
    person = list_people(access, Filter()).rows[0]
    assert person.email == "Zoe.OBrien@example.org"
    assert person.organization_name == "Île aux Coudres"
    assert list_people(access, Filter(search="100%")).total == list_people(access, Filter(search="_")).total == 0


def test_one_address_is_one_person_whatever_its_case():
    consultation, _ = an_access()
    first = a_person(consultation, email="sam@example.org")
    with pytest.raises(AddressTakenError):
        a_person(consultation, "Other", email="SAM@example.org")
    named = Particulars(given_name="Samuel", family_name="", email="Sam@Example.org", identified_through=IdentifiedThrough.REFERRAL)
    same, added = find_or_add(consultation_id=consultation.id, particulars=named, actor=SYSTEM)
    assert (same.id, same.given_name, added) == (first.id, "Noémie", False)


def test_the_same_address_in_another_consultation_is_another_person():
    one, other = a_consultation("one"), a_consultation("other")
    assert a_person(one, email="sam@example.org").id != a_person(other, email="sam@example.org").id


def test_people_without_an_address_are_many():
    consultation, access = an_access()
    a_person(consultation), a_person(consultation)
    assert list_people(access, Filter()).total == 2


def test_the_same_organization_is_stored_once_whatever_its_spelling():
    consultation, _ = an_access()
    a_person(consultation, organization="Université des Lacs")
    a_person(consultation, organization="universite des  lacs")
    assert db.session.scalar(select(func.count()).select_from(Organization)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "a@b.example; c@d.example"),
        ("email", "renée@example.org"),
        ("email", f"{'a' * 65}@example.org"),
        ("given_name", "x" * 151),
        ("family_name", "bell\x07"),
        ("family_name", "turned\u202earound"),
        ("phone", "1" * 61),
        ("organization", "o" * 301),
        ("sector", "survivor"),
        ("region", "XX"),
        ("language", "de"),
    ],
)
def test_particulars_that_cannot_be_are_refused_on_their_field_and_nothing_is_stored(field, value):
    consultation, access = an_access()
    with pytest.raises(BadPersonError) as refused:
        a_person(consultation, **{field: value})
    assert refused.value.field == field
    assert refused.value.said.whole
    assert list_people(access, Filter()).total == 0


def test_somebody_without_any_name_is_refused():
    consultation, _ = an_access()
    with pytest.raises(BadPersonError):
        a_person(consultation, " ", "\u00a0")


def test_filters_choose_by_every_column_and_unknown():
    consultation, access = an_access()
    batch = a_batch(consultation)
    one = a_person(consultation, "A", sector="health", region="QC", language="fr", identified_through=IdentifiedThrough.MEDIA)
    two = a_person(consultation, "B", sector="ngo", region="ON", batch_id=batch.id)
    for asked, expected in (
        (Filter(sector="health"), [one]),
        (Filter(region="ON"), [two]),
        (Filter(language="fr"), [one]),
        (Filter(language="unknown"), [two]),
        (Filter(batch_id=batch.id), [two]),
        (Filter(identified_through="media"), [one]),
        (Filter(sector="health", region="ON"), []),
        (Filter(), [one, two]),
    ):
        assert matching_ids(access, asked) == [person.id for person in expected], asked


def test_a_word_that_is_on_no_list_chooses_nobody():
    consultation, access = an_access()
    a_person(consultation)
    for query in ({"sector": "nope"}, {"region": "'--"}, {"language": "\0"}, {"batch": "x"}, {"through": "x"}, {"search": "\0zz"}):
        assert list_people(access, Filter.from_query(query)).total == 0, query


def test_a_filter_survives_the_address():
    asked = Filter(search="côté", sector="ngo", region="unknown", language="en", batch_id=None, identified_through="media")
    assert Filter.from_query(asked.as_query()) == asked
    assert not Filter()


def test_pages_hold_everybody_once_and_a_page_past_the_end_is_the_last():
    consultation, access = an_access()
    for number in range(7):
        a_person(consultation, "Same", "Name" if number % 2 else "Other")
    pages = [list_people(access, Filter(), page, size=3) for page in (1, 2, 3)]
    assert len({person.id for page in pages for person in page.rows}) == 7
    assert list_people(access, Filter(), 10**9, size=3).page == 3
    assert (pages[1].first, pages[1].last) == (4, 6)


def test_an_edit_is_stored_and_noted_and_cannot_take_somebody_elses_address():
    consultation, access = an_access()
    person = a_person(consultation, email="a@example.org")
    a_person(consultation, "Other", email="b@example.org")
    changed = Particulars(given_name="Élise", family_name="Roy", email="c@example.org", safe_contact="After six")
    edit_person(person_id=person.id, particulars=changed, actor=SYSTEM)
    with pytest.raises(AddressTakenError):
        edit_person(person_id=person.id, particulars=Particulars(given_name="X", family_name="", email="B@example.org"), actor=SYSTEM)
    db.session.rollback()
    stored = find_person(access, person.id)
    assert (stored.name, stored.email, stored.safe_contact) == ("Élise Roy", "c@example.org", "After six")
    assert db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_id == person.id)).all() == ["add_person", "edit_person"]


def test_a_person_of_another_consultation_is_absent():
    consultation, _ = an_access()
    other = a_consultation("other")
    with pytest.raises(AbsentError):
        find_person(access_of(a_member(other, email="o@example.org"), other), a_person(consultation).id)


class TestRestricted:
    def given(self):
        consultation = a_consultation()
        knows, knows_not = a_member(consultation), a_member(consultation, email="other@example.org")
        batch = a_batch(consultation, "Survivors", restricted=True)
        cleared_for(knows, batch)
        return consultation, batch, access_of(knows, consultation), access_of(knows_not, consultation)

    def test_somebody_known_through_a_restricted_batch_only_is_seen_by_cleared_members_only(self):
        consultation, batch, knows, knows_not = self.given()
        person = a_person(consultation, email="r@example.org", batch_id=batch.id)
        assert find_person(knows, person.id).id == person.id
        assert batches_of(knows_not) == []
        assert list_people(knows_not, Filter()).total == 0
        assert list_people(knows_not, Filter(batch_id=batch.id)).total == 0
        with pytest.raises(AbsentError):
            find_person(knows_not, person.id)

    def test_putting_somebody_who_is_in_no_open_batch_into_it_hides_them(self):
        consultation, batch, knows, knows_not = self.given()
        alone, listed = a_person(consultation, "Alone"), a_person(consultation, "Listed", batch_id=a_batch(consultation).id)
        assert put_in_batch(batch_id=batch.id, person_ids=[alone.id, listed.id, listed.id], actor=SYSTEM) == 2
        db.session.rollback()
        assert matching_ids(knows_not, Filter()) == [listed.id]
        assert set(matching_ids(knows, Filter(batch_id=batch.id))) == {alone.id, listed.id}
        assert [each.name for each, _ in batches_with(knows_not, listed.id)] == ["First batch"]

    def test_an_open_batch_does_not_bring_them_into_the_open(self):
        consultation, batch, _, knows_not = self.given()
        person = a_person(consultation, batch_id=batch.id)
        assert put_in_batch(batch_id=a_batch(consultation).id, person_ids=[person.id], actor=SYSTEM) == 0
        assert list_people(knows_not, Filter()).total == 0

    def test_adding_their_address_openly_tells_nothing_and_makes_a_row_of_its_own(self):
        consultation, batch, _, knows_not = self.given()
        hidden = a_person(consultation, "Code name", email="r@example.org", batch_id=batch.id)
        shown = a_person(consultation, "Real", email="r@example.org")
        assert shown.id != hidden.id
        assert matching_ids(knows_not, Filter()) == [shown.id]

    def test_a_batch_of_its_name_can_be_made_by_somebody_who_does_not_know_of_it(self):
        consultation, _, _, _ = self.given()
        assert not a_batch(consultation, "survivors").restricted


def test_only_people_of_its_consultation_enter_a_batch():
    one, other = a_consultation("one"), a_consultation("other")
    batch = a_batch(one)
    assert put_in_batch(batch_id=batch.id, person_ids=[a_person(other).id], actor=SYSTEM) == 0
    with pytest.raises(AbsentError):
        add_person(
            consultation_id=other.id, given_name="X", family_name="", identified_through=IdentifiedThrough.STAFF,
            actor=SYSTEM, batch_id=batch.id,
        )  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
