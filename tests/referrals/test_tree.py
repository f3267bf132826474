"""The picture of who came through whom: everybody in their wave, and no line that would betray a restricted batch."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.audit import SYSTEM
from engagement.kernel.policy import Role
from engagement.referrals.links import forward_link_for, join_by_link
from engagement.referrals.nominations import nominate
from engagement.referrals.tree import Dot, branches, dots_of, rows_of, tree_of
from engagement.roster.service import add_batch, put_in_batch
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


def joined(token, name):
    join_by_link(token=token, given_name=name, family_name="Guest", email=f"{name}@example.org", language="en", actor=SYSTEM)


@pytest.fixture
def world(app):
    """Return a consultation, its organizer, and the invitation of the guest through whom two others came."""
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    first = asked(questionnaire, somebody(consultation))
    for name in ("one", "two"):
        joined(forward_link_for(first.id, SYSTEM), name)
    return consultation, a_member(consultation), first


def test_everybody_stands_in_their_wave_with_a_line_to_whoever_referred_them(world):
    consultation, host, first = world
    dots = dots_of(access_of(host, consultation))
    assert rows_of(dots) == [(1, 2, 1)]
    assert [dot.through for dot in dots.values() if dot.joined] == [first.id, first.id]
    assert sorted((each.column, each.held_by is None) for each in branches(dots)) == [(0, True), (1, False), (1, False)]


def test_of_people_in_a_restricted_batch_no_line_is_drawn(world):
    consultation, host, first = world
    batch = add_batch(consultation_id=consultation.id, name="Sheltered", restricted=True, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[first.person_id], actor=SYSTEM)
    dots = dots_of(access_of(host, consultation))
    assert rows_of(dots) == [(1, 2, 0)]
    assert not [each for each in branches(dots) if each.held_by]


def test_whoever_is_only_named_is_not_in_it_yet(client, world):
    consultation, host, first = world
    nominate(
        invitation_id=first.id, given_name="Grace", family_name="Hopper", email="grace@example.org", organization="Navy",
        language="both", names_nominator=True, actor=SYSTEM,
    )  # fmt: skip
    assert rows_of(dots_of(access_of(host, consultation))) == [(1, 2, 1)]
    signed_in_as(client, host)
    assert "waits for a decision" in client.get("/c/fisheries/referrals?lang=en").text


def test_the_page_has_the_picture_over_its_table_and_files_of_it(client, world):
    consultation, host, _ = world
    signed_in_as(client, host)
    for language, title in (("en", "Who came through whom"), ("fr", "Qui est venu par qui")):
        page = BeautifulSoup(client.get(f"/c/fisheries/referrals?lang={language}").text, "html.parser")
        assert page.find("h2").text == title
        assert "N = 2" in page.find(class_="together").text
        assert [cell.text for cell in page.find("table").tbody.tr.find_all(["th", "td"])] == ["1", "2", "1"]
    begins = {"svg": b"<?xml", "png": b"\x89PNG", "csv": b"\xef\xbb\xbf"}
    for kind, start in begins.items():
        assert client.get(f"/c/fisheries/referrals/tree.{kind}").data.startswith(start)
    assert client.get("/c/fisheries/referrals/tree.pdf").status_code == 404
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    assert client.get("/c/fisheries/referrals/tree.svg").status_code == 404


def test_without_a_referral_there_is_no_picture(client):
    signed_in_as(client, a_member(a_consultation()))
    assert "<svg" not in client.get("/c/fisheries/referrals").text
    assert client.get("/c/fisheries/referrals/tree.svg").status_code == 404


KEYS = [uuid4() for _ in range(12)]


@given(st.dictionaries(st.sampled_from(KEYS), st.builds(Dot, st.integers(0, 4), st.one_of(st.none(), st.sampled_from(KEYS)))))
def test_whatever_the_rows_say_every_dot_stands_once_and_is_held_by_an_earlier_wave(dots: dict[UUID, Dot]):
    placed = branches(dots)
    assert len(placed) == len(dots)
    assert sorted(each.column for each in placed) == sorted(dot.wave for dot in dots.values())
    for each in placed:
        assert each.held_by is None or each.held_by[0] < each.column
    assert (tree_of(dots, "fr") is None) == (not any(dot.joined for dot in dots.values()))
