"""One policy row per route, and what each row means, for every route there is."""

from itertools import product
from uuid import uuid4

import pytest
from flask import Blueprint

from engagement.kernel.policy import HOLDS, Audience, Permission, Role, join_policies, member
from tests.app.house import badly_addressed, policy, routes_without_row, rows_without_route, rules
from tests.support.given import a_consultation, a_member, an_account, signed_in_as


def address_of(app, rule, slug):
    """Return an address of this route, with random ids and plain words in its places."""
    values = {name: slug if name == "slug" else _example(rule, name) for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def _example(rule, name):
    converter = rule._converters[name]
    if hasattr(converter, "items"):
        return min(converter.items)
    return {"UUIDConverter": uuid4(), "IntegerConverter": 1}.get(type(converter).__name__, "nothing")


def ask(client, app, rule, slug):
    """Ask for a route in each of its ways and return the answers."""
    address = address_of(app, rule, slug)
    return [client.open(address, method=method) for method in sorted(rule.methods & {"GET", "POST"})]


def member_rules(app):
    return [rule for rule in rules(app) if policy(app)[rule.endpoint].audience is Audience.MEMBER]


def test_every_route_has_a_row_and_every_row_a_route(app):
    assert routes_without_row(app) == []
    assert rows_without_route(app) == []


def test_routes_for_members_name_their_consultation_and_ids_are_typed(app):
    assert badly_addressed(app) == []


def test_a_route_without_a_row_is_found_and_refused(planted):
    room = Blueprint("planted", __name__)
    room.get("/planted")(lambda: "seen")
    planted.register_blueprint(room)
    assert routes_without_row(planted) == ["planted.<lambda>"]
    assert planted.test_client().get("/planted").status_code == 404


def test_a_route_with_an_untyped_id_or_without_its_consultation_is_found(planted):
    room = Blueprint("planted", __name__)
    room.get("/planted/<person_id>", endpoint="page")(lambda person_id: person_id)
    planted.register_blueprint(room)
    policy(planted)["planted.page"] = member(Permission.SEE_PEOPLE)
    assert len(badly_addressed(planted)) == 2
    signed_in_as(client := planted.test_client(), an_account())
    assert client.get("/planted/1").status_code == 404


def test_two_rows_for_one_route_are_refused():
    rows = {"room.page": member(Permission.SEE_PEOPLE)}
    with pytest.raises(ValueError, match=r"room\.page"):
        join_policies(rows, rows)


def test_nobody_signed_out_gets_further_than_the_sign_in(app, client):
    a_consultation()
    for rule in rules(app):
        if policy(app)[rule.endpoint].audience in {Audience.MEMBER, Audience.SIGNED_IN, Audience.ADMINISTRATOR}:
            for answer in ask(client, app, rule, "fisheries"):
                assert answer.status_code == 302, rule
                assert answer.location.startswith("/sign-in"), rule


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NOTE_TAKER])
def test_a_role_without_the_permission_gets_the_page_of_something_absent(app, client, role):
    signed_in_as(client, a_member(a_consultation(), role))
    absent = client.get("/c/nothing/").text
    lacking = [rule for rule in member_rules(app) if policy(app)[rule.endpoint].permission not in HOLDS[role]]
    for rule in lacking:
        for answer in ask(client, app, rule, "fisheries"):
            assert answer.status_code == 404, (role, rule)
            assert without_address(answer.text) == without_address(absent), (role, rule)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NOTE_TAKER])
def test_a_role_with_the_permission_is_let_in(app, client, role):
    signed_in_as(client, a_member(a_consultation(), role))
    for rule in member_rules(app):
        if policy(app)[rule.endpoint].permission in HOLDS[role] and rule.arguments == {"slug"} and "GET" in rule.methods:
            assert client.get(address_of(app, rule, "fisheries")).status_code != 404, (role, rule)


def test_another_consultation_looks_like_one_that_does_not_exist(app, client):
    a_consultation("other")
    signed_in_as(client, a_member(a_consultation()))
    for rule, slug in product(member_rules(app), ["other"]):
        there, nowhere = ask(client, app, rule, slug), ask(client, app, rule, "nothing")
        for one, two in zip(there, nowhere, strict=True):
            assert one.status_code == two.status_code == 404, rule
            assert without_address(one.text) == without_address(two.text), rule


def test_an_absent_object_of_ones_own_consultation_is_not_found(app, client):
    signed_in_as(client, a_member(a_consultation()))
    for rule in member_rules(app):
        if any(name.endswith("_id") for name in rule.arguments) and "GET" in rule.methods:
            assert client.get(address_of(app, rule, "fisheries")).status_code == 404, rule


def test_administrators_pages_are_closed_to_others(app, client):
    signed_in_as(client, a_member(a_consultation()))
    for rule in rules(app):
        if policy(app)[rule.endpoint].audience is Audience.ADMINISTRATOR:
            assert {answer.status_code for answer in ask(client, app, rule, "fisheries")} == {404}


def test_an_administrator_is_not_thereby_a_member(app, client):
    a_consultation()
    signed_in_as(client, an_account(administrator=True))
    assert client.get("/c/fisheries/").status_code == 404


def test_a_membership_ends_after_its_last_day(client):
    from datetime import timedelta

    from engagement.kernel.clock import today

    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, until=today(consultation.zone) - timedelta(days=1)))
    assert client.get("/c/fisheries/").status_code == 404


def without_address(page):
    """Return a page without the links that repeat its own address."""
    import re

    page = re.sub(r'value="[^"]*"', 'value=""', page)
    return re.sub(r'href="[^"]*[?&]lang=[^"]*"', 'href=""', page)
