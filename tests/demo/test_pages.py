"""Every page of both consultations opens for each role, in both languages, and says that the people are invented."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urldefrag, urlsplit

import pytest

from engagement.accounts.service import find_user
from engagement.demo.said import CHALLENGES
from tests.support.given import signed_in_as

pytestmark = [pytest.mark.slow, pytest.mark.walk]

# tests/app walks every page as an organizer; the others walk one consultation in each language.
ROLES = ["staff", "analyst", "notetaker", "viewer", None]
SLUGS = ["way-forward-2018", "ethical-procurement"]
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def kind_of(address):
    """Return what kind of page this is: there are many of each kind, and one of them is opened."""
    return IDS.sub("*", urlsplit(address).path)


def links_on(page, slug):
    for written in re.findall(r'<a [^>]*href="([^"]+)"', page):
        address = urldefrag(unescape(written))[0]
        if address.startswith((f"/c/{slug}", f"/consultation/{slug}")) and "lang=" not in address:
            yield address


@pytest.mark.parametrize(("slug", "language"), [("way-forward-2018", "fr"), ("ethical-procurement", "en")])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_and_says_that_the_people_are_invented(demo, role, slug, language):
    client = demo.test_client()
    if role:
        signed_in_as(client, find_user(f"{role}@example.org"))
    client.set_cookie("language", language)
    start = [f"/consultation/{slug}"]
    if role and role != "notetaker":
        start.append(f"/c/{slug}/")
    if role == "notetaker":
        start += [f"/c/{slug}/events", f"/c/{slug}/findings/prompts"]
    waiting, opened = deque(start), set()
    while waiting:
        address = waiting.popleft()
        if kind_of(address) in opened:
            continue
        opened.add(kind_of(address))
        page = client.get(address)
        assert page.status_code in {200, 302}, f"{role}: {address} is {page.status_code}"
        if page.mimetype != "text/html" or page.status_code == 302:
            continue
        assert ("invented" if language == "en" else "inventées") in page.text, address
        waiting.extend(links_on(page.text, slug))
    assert len(opened) >= (3 if role in {None, "notetaker"} else 6)


def test_the_first_page_lists_both_consultations(demo):
    page = demo.test_client().get("/").text
    assert all(f"/consultation/{slug}" in page for slug in SLUGS)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_public_page_names_no_unlisted_event(demo, language):
    page = demo.test_client().get(f"/consultation/way-forward-2018?lang={language}").text
    assert "Vancouver" in page
    for word in ("Survivor roundtable", "Table ronde des personnes survivantes", "Ottawa"):
        assert word not in page


def test_the_background_documents_are_documents(demo):
    client = demo.test_client()
    for language in ("en", "fr"):
        paper = client.get(f"/consultation/way-forward-2018/document/{language}")
        assert paper.data.startswith(b"%PDF-")
        assert paper.data.rstrip().endswith(b"%%EOF")


def test_a_viewer_sees_the_published_themes(demo):
    client = demo.test_client()
    signed_in_as(client, find_user("viewer@example.org"))
    page = client.get("/c/way-forward-2018/findings?lang=en").text
    assert "N = 288" in page
    assert all(theme.name.en in page for theme in CHALLENGES.themes)
