"""Every page that an organizer of the demonstration can reach, in both languages; every object by another's address."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from engagement.accounts.models import User
from engagement.consultations.models import Consultation, Membership
from engagement.kernel.base import Base
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Audience, Role
from tests.app.crawl import ID, Site, ids_in
from tests.app.house import policy, rules
from tests.app.test_headers import lacking
from tests.app.test_policy import without_address
from tests.support.given import signed_in_as

pytestmark = pytest.mark.slow
SLUGS = ("way-forward-2018", "ethical-procurement")


@pytest.fixture(scope="module")
def organizer(furnished):
    """Return somebody who leads both consultations of the demonstration."""
    ids = list(db.session.scalars(select(Consultation.id).order_by(Consultation.slug)))
    assert len(ids) >= 2
    user = db.session.scalar(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.role == Role.ORGANIZER, Membership.event_id.is_(None))
        .group_by(User.id)
        .having(func.count() >= 2)
    )
    assert user is not None, "the demonstration has no organizer of both consultations"
    return user


@pytest.fixture(scope="module")
def site(furnished, organizer):
    """Return what a walk through all pages finds."""
    client = signed_in_as(furnished.test_client(), organizer)
    before = rows_of(furnished)
    found = Site(furnished).walk(client, "/", "/consultations", *(f"/c/{slug}/" for slug in SLUGS), "/mailbox")
    assert rows_of(furnished) == before, "a page that was only fetched has changed something"
    return found


def rows_of(app):
    """Return how many rows each table has; the audit, where reading something sensitive is noted, is let be."""
    db.session.rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name != "audit_entry"]
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in tables}


def test_the_walk_comes_to_every_route_that_can_be_come_to(site, furnished):
    table = policy(furnished)
    reachable = {rule.endpoint for rule in rules(furnished) if "GET" in rule.methods and table[rule.endpoint].audience is Audience.MEMBER}
    missed = reachable - site.pages.keys()
    # A page that the demonstration has nothing to show on yet may be missed; most may not.
    assert len(missed) <= len(reachable) // 6, sorted(missed)


def test_no_page_of_the_walk_fails(site):
    assert {address: status for address, status in site.seen.items() if status >= 400} == {}


def test_every_page_reads_in_french(site, furnished, organizer):
    client = signed_in_as(furnished.test_client(), organizer)
    for addresses in site.pages.values():
        for address in sorted(addresses)[:1]:
            with client.get(address + ("&" if "?" in address else "?") + "lang=fr") as answer:
                assert answer.status_code < 400, address
                assert lacking(answer) == [], address


def test_an_object_is_not_found_under_another_consultations_address(site, furnished, organizer):
    client = signed_in_as(furnished.test_client(), organizer)
    tried = 0
    for address in site.seen:
        for one, other in (SLUGS, SLUGS[::-1]):
            if address.startswith(f"/c/{one}/") and ids_in(address):
                moved = urlsplit(address).path.replace(f"/c/{one}/", f"/c/{other}/", 1)
                absent = ID.sub(lambda _: str(uuid4()), moved)
                there, nowhere = client.get(moved), client.get(absent)
                assert there.status_code == nowhere.status_code == 404, moved
                assert ID.sub("", without_address(there.text)) == ID.sub("", without_address(nowhere.text)), moved
                tried += 1
    assert tried > 20


def test_nothing_can_be_changed_under_another_consultations_address(site, furnished, organizer):
    client = signed_in_as(furnished.test_client(), organizer)
    before = rows_of(furnished)
    for form in site.forms.values():
        for one, other in (SLUGS, SLUGS[::-1]):
            if form.action.startswith(f"/c/{one}/") and ids_in(form.action):
                moved = form.action.replace(f"/c/{one}/", f"/c/{other}/", 1)
                assert client.post(moved, data=form.filled()).status_code == 404, moved
    assert rows_of(furnished) == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.STAFF])
def test_what_a_role_may_not_see_looks_absent_for_real_objects_too(site, furnished, role):
    from engagement.kernel.policy import HOLDS
    from tests.support.given import an_account

    consultation = db.session.scalar(select(Consultation).where(Consultation.slug == SLUGS[0]))
    user = an_account(f"{role}-of-the-matrix@example.org")
    with writing() as session:
        session.add(Membership(user_id=user.id, consultation_id=consultation.id, role=role))
    client = signed_in_as(furnished.test_client(), user)
    table = policy(furnished)
    for endpoint, addresses in site.pages.items():
        row = table[endpoint]
        for address in addresses:
            if row.audience is Audience.MEMBER and address.startswith(f"/c/{SLUGS[0]}/") and row.permission not in HOLDS[role]:
                assert client.get(address).status_code == 404, (role, address)


def test_a_query_that_nobody_meant_never_breaks_a_page(site, furnished, organizer):
    client = signed_in_as(furnished.test_client(), organizer)
    for addresses in site.pages.values():
        address = min(addresses)
        names = set(re.findall(r"[?&]([a-z_]+)=", " ".join(sorted(addresses)))) | {"page", "sort", "search", "batch", "sector", "q"}
        for odd in ("-1", "999999999999999999999", "'\";--", "\x00", "é" * 300, "null", "00000000-0000-0000-0000-000000000000"):
            with client.get(urlsplit(address).path, query_string=dict.fromkeys(names, odd)) as answer:
                assert answer.status_code < 500, (address, odd)
