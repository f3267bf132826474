"""Hostile words in every field of every form, and names of columns that no form asks for."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.kernel.base import Base
from engagement.kernel.db import db
from tests.app.crawl import Site
from tests.app.test_every_page import SLUGS, organizer  # noqa: F401 - a fixture.
from tests.support.given import signed_in_as

pytestmark = [pytest.mark.slow, pytest.mark.walk]

HOSTILE = (
    "<script>document.title='taken'</script>",
    "\"'><img src=x onerror=alert(1)>",
    '=HYPERLINK("http://evil.example","click")',
    "\u202eolleh\u2066 \u200f",
    "NUL\x00NUL",
    "x" * 10_000,
    "line\r\nBcc: evil@evil.example",
    "'; DROP TABLE person; --",
    "\U0001f468\u200d\U0001f469 %s %n {0} ${x}",
    "99999999999999999999",
    "-1",
)


@pytest.fixture(scope="module")
def forms(furnished, organizer):  # noqa: F811
    """Return every form that a walk finds."""
    client = signed_in_as(furnished.test_client(), organizer)
    site = Site(furnished).walk(client, "/", "/consultations", *(f"/c/{slug}/" for slug in SLUGS))
    return [form for form in site.forms.values() if form.endpoint != "accounts.sign_out_now"]


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_in_any_field_break_no_page(furnished, organizer, forms, words):  # noqa: F811
    client = signed_in_as(furnished.test_client(), organizer)
    for form in forms:
        answer = client.post(form.action, data=form.filled(words))
        assert answer.status_code < 500, form.action
        assert "<script>document" not in answer.text, form.action
        assert "<img src=x" not in answer.text, form.action


@pytest.mark.parametrize("words", HOSTILE[:4], ids=range(4))
def test_a_choice_that_was_not_offered_breaks_no_page(furnished, organizer, forms, words):  # noqa: F811
    client = signed_in_as(furnished.test_client(), organizer)
    for form in forms:
        sent = {each.name: words for each in form.fields if each.kind != "file"}
        assert client.post(form.action, data=sent).status_code < 500, form.action


def test_what_was_typed_shows_as_it_was_typed_and_never_as_markup(furnished, organizer, forms):  # noqa: F811
    client = signed_in_as(furnished.test_client(), organizer)
    for words in HOSTILE[:2]:
        for form in forms:
            client.post(form.action, data=form.filled(words))
    site = Site(furnished).walk(client, "/", "/consultations", *(f"/c/{slug}/" for slug in SLUGS))
    for address in site.seen:
        page = client.get(address)
        if page.mimetype == "text/html":
            assert "<script>document" not in page.text, address
            assert "<img src=x" not in page.text, address


def test_columns_that_a_form_does_not_ask_for_are_not_stored(furnished, organizer, forms):  # noqa: F811
    """Every form is posted with every column's name beside its own fields: those columns stay as they were."""
    client = signed_in_as(furnished.test_client(), organizer)
    stranger = "7" * 32
    names = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    for form in forms:
        own = {each.name for each in form.fields}
        extra = dict.fromkeys(names - own, stranger)
        client.post(form.action, data={**extra, **form.filled()})
    db.session.rollback()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_id") or column.name in {"is_demo", "slug", "id", "email_key", "password_hash"}:
                stored = {str(value).replace("-", "") for value in db.session.scalars(select(column))}
                assert stranger not in stored, column
    assert db.session.scalar(select(Consultation.is_demo).where(Consultation.slug == SLUGS[1]))
