"""A pasted list of addresses: taken apart, checked line by line, and never half saved."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.outreach.models import Mailing
from engagement.outreach.pasted import MOST_ENTRIES, TooLongListError, check_list, entries_of
from engagement.roster.models import IdentifiedThrough, Person
from tests.mailing.given import a_person
from tests.outreach.given import a_team
from tests.outreach.test_mailings import add_to_restricted
from tests.roster.given import a_batch
from tests.support.given import a_consultation, a_member, access_of

ADDRESSES = st.from_regex(r"[a-z][a-z0-9.]{0,10}[a-z0-9]@[a-z]{1,10}\.(org|ca)", fullmatch=True)
NAMES = st.text(st.characters(categories=["L", "Zs"], exclude_characters="\u1680"), max_size=20)
SEPARATORS = st.sampled_from([", ", ",", ";", "; ", "\t", "\n", "\r\n", "\n\n", " ;\t"])


def addresses(text):
    return [each.address for each in entries_of(text)]


@given(st.lists(st.tuples(ADDRESSES, NAMES, st.sampled_from("bqn")), max_size=20), st.data())
def test_every_address_is_found_in_its_order_however_it_is_parted(rows, data):
    written = []
    for address, name, form in rows:
        shape = {"b": address, "q": f'"{name}, {name}" <{address}>', "n": f"{name} <{address}>"}
        written.append(shape[form])
    parts = [part for each in written for part in (each, data.draw(SEPARATORS))]
    assert addresses("".join(parts)) == [address for address, _, _ in rows]


@given(st.text(max_size=300))
def test_no_text_breaks_the_taking_apart_and_lines_are_counted_upwards(text):
    found = entries_of(text)
    assert [each.line for each in found] == sorted(each.line for each in found)
    assert all(each.address.strip() for each in found if each.address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Email\na@b.org", ["a@b.org"]),
        ("Example, Ada <a@b.org>, Bob <b@b.org>", ["a@b.org", "b@b.org"]),
        ("a@b.org <a@b.org>", ["a@b.org"]),
        ("a@b.org, Bob <b@b.org>", ["a@b.org", "b@b.org"]),
        ("<a@b.org>;<b@b.org>", ["a@b.org", "b@b.org"]),
        ("mailto:a@b.org", ["a@b.org"]),
        ("\ufeffa@b.org\u00a0", ["a@b.org"]),
        ("'a@b.org'", ["a@b.org"]),
        (" ,; \n\t\n", []),
    ],
)
def test_what_spreadsheets_and_mail_programs_give_is_understood(text, expected):
    assert addresses(text) == expected


@pytest.mark.parametrize(
    "text", [" " * 2_000_000, "a" * 2_000_000, "a, " * 600_000, '"' * 500_000, "<" * 500_000, 'a"' * 300_000, ",x<" * 300_000]
)
def test_no_list_takes_long_to_take_apart(text):
    begun = time.monotonic()
    entries_of(text)
    assert time.monotonic() - begun < 5


def test_each_line_that_chooses_nobody_says_why_and_which_it_is(app):
    consultation = a_consultation()
    ada = a_person(consultation, "ada@example.org")
    access = access_of(a_member(consultation), consultation)
    found = check_list(access, "ADA@example.org\nnobody@example.org\nnot an address\nAda <ada@example.org>")
    assert found.people == [ada.id]
    assert [each.said.en for each in found.problems] == [
        "Line 2: nobody on the roster has “nobody@example.org”.",
        "Line 3: “not an address” is not an address.",
        "Line 4: “ada@example.org” stands on line 1 already.",
    ]
    assert all(each.said.fr.startswith("Ligne ") for each in found.problems)


def test_hidden_people_look_exactly_like_unknown_ones(app):
    consultation = a_consultation()
    hidden = add_to_restricted(consultation, a_batch(consultation, "Lived experience", restricted=True))
    access = access_of(a_member(consultation), consultation)
    problems = check_list(access, f"{hidden.email}\nnobody@example.org\n{hidden.email}").problems
    said = [each.said.en.replace(hidden.email, "X").replace("nobody@example.org", "X") for each in problems]
    assert said == [
        "Line 1: nobody on the roster has “X”.",
        "Line 2: nobody on the roster has “X”.",
        "Line 3: “X” stands on line 1 already.",
    ]
    assert check_list(access, hidden.email).people == []


def test_another_consultations_people_are_not_found(app):
    consultation, other = a_consultation(), a_consultation("other")
    a_person(other, "ada@example.org")
    assert check_list(access_of(a_member(consultation), consultation), "ada@example.org").people == []


@pytest.mark.slow
def test_ten_thousand_lines_are_checked_and_one_more_is_refused(app):
    consultation = a_consultation()
    access = access_of(a_member(consultation), consultation)
    with writing() as session:
        session.execute(insert(Person), [_row(consultation, number) for number in range(MOST_ENTRIES)])
    lines = [f"p{number}@example.org" for number in range(MOST_ENTRIES)]
    found = check_list(access, "\n".join(lines))
    assert (len(found.people), found.problems) == (MOST_ENTRIES, [])
    with pytest.raises(TooLongListError):
        check_list(access, "\n".join([*lines, "more@example.org"]))


def _row(consultation, number):
    return {
        "id": new_id(), "consultation_id": consultation.id, "given_name": f"P{number}", "family_name": "Many",
        "name_key": f"many p{number}",
        "email": f"p{number}@example.org", "email_index": address_index(f"p{number}@example.org"),
        "identified_through": IdentifiedThrough.STAFF, "created_at": now(),
    }  # fmt: skip


def mailings():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Mailing))


def test_a_list_with_a_fault_saves_nothing_until_its_lines_are_left_out(client):
    consultation, _ = a_team(client)
    ada = a_person(consultation, "ada@example.org")
    sent = {"about": "announcement", "addresses": "ada@example.org\nnobody@example.org"}
    for language, words in (("en", "Line 2: nobody on the roster"), ("fr", "Ligne 2\u00a0: «\u00a0nobody@example.org")):
        answer = client.post(f"/c/fisheries/mail/new/list?lang={language}", data=sent)
        assert words in answer.text
        assert 'href="#addresses"' in answer.text
        assert mailings() == 0
    assert client.post("/c/fisheries/mail/new/list", data={**sent, "leave_out": "y"}).status_code == 302
    db.session.rollback()
    made = db.session.scalars(select(Mailing)).one()
    assert made.people == [str(ada.id)]
    assert made.chosen_by == {"whom": "list"}


def test_an_empty_list_and_nothing_to_send_are_said_with_their_fields(client):
    a_team(client)
    for language in ("en", "fr"):
        answer = client.post(f"/c/fisheries/mail/new/list?lang={language}", data={"about": "", "addresses": ""})
        assert 'href="#about"' in answer.text
        assert 'href="#addresses"' in answer.text
    only_faults = client.post("/c/fisheries/mail/new/list?lang=en", data={"about": "announcement", "addresses": "x", "leave_out": "y"})
    assert "Choose at least one person." in only_faults.text
    assert mailings() == 0
