"""Choosing one's mails: what the page shows, what saving does, and what whoever holds the link cannot do."""

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from engagement.invitations.models import HeldForm
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.base import Base
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing.models import PreferenceLink
from engagement.mailing.preference_links import draft_preference_link
from engagement.mailing.suppressions import suppress, suppression_of
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, seal_of, send
from tests.support.given import a_consultation, a_member, keep, signed_in_as

pytestmark = pytest.mark.slow

AS_AT_FIRST = {"language": "en", "wants_mailings": "y", "wants_reminders": "y", "wants_calendar": "y"}


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def ada(consultation):
    return a_guest(consultation)


def a_preference_link(person, **values):
    """Store a link of somebody and return its path."""
    url, link = draft_preference_link(person.id, None)
    keep(link, **values)
    return "/u/" + url.rpartition("/")[2]


def opened(client, person):
    """Open a new link of somebody in the browser and return the address of their page."""
    answer = client.get(a_preference_link(person))
    assert answer.status_code == 302
    return answer.location


def stored(person):
    db.session.rollback()
    return db.session.get(Person, person.id, populate_existing=True)


def wishes_of(person):
    row = stored(person)
    return {name: getattr(row, name) for name in ("language", *AS_AT_FIRST, "discreet", "do_not_contact") if name != "language"} | {
        "language": row.language
    }


def ticked(page):
    """Return the names of the boxes that are ticked, and the language that is chosen."""
    soup = BeautifulSoup(page.text, "html.parser")
    return {
        (box["name"], box["value"]) if box["type"] == "radio" else box["name"]
        for box in soup.find_all("input", type=["checkbox", "radio"])
        if box.has_attr("checked")
    }


def counted():
    db.session.rollback()
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}


def test_the_page_shows_what_stands(client, ada):
    change_wishes(person_id=ada.id, wishes=Wishes(wants_reminders=False, discreet=True, language=""), actor=SYSTEM)
    page = client.get(opened(client, ada))
    assert ticked(page) == {("language", "both"), "wants_mailings", "wants_calendar", "discreet"}
    assert "Department of Examples" in page.text


def test_nothing_is_stored_until_it_is_saved_and_then_exactly_what_was_chosen(client, ada):
    address = opened(client, ada)
    before = counted()
    client.get(address)
    client.get(f"{address}?wants_mailings=&do_not_contact=y")
    assert counted() == before
    answer = send(client, address, language="fr", wants_calendar="y", discreet="y")
    assert answer.status_code == 302
    assert "Saved." in client.get(f"{address}?lang=en").text
    assert wishes_of(ada) == {
        "language": "fr", "wants_mailings": False, "wants_reminders": False, "wants_calendar": True, "discreet": True,
        "do_not_contact": False,
    }  # fmt: skip
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "change_wishes")).one()
    assert (entry.actor_kind, entry.actor_id) == ("link", db.session.scalars(select(PreferenceLink.id)).one())


def test_the_form_posted_as_it_was_found_changes_nothing(client, ada, csrf):
    change_wishes(person_id=ada.id, wishes=Wishes(wants_reminders=False, language=""), actor=SYSTEM)
    address = opened(client, ada)
    before, wishes = counted(), wishes_of(ada)
    soup = BeautifulSoup(client.get(address).text, "html.parser")
    fields = {}
    for tag in soup.find("form", attrs={"novalidate": True}).find_all(["input", "textarea"]):
        if tag.get("type") not in {"checkbox", "radio"} or tag.has_attr("checked"):
            fields[tag["name"]] = tag.get("value", "") if tag.name == "input" else tag.get_text().strip()
    assert client.post(address, data=fields).status_code == 302
    assert (counted(), wishes_of(ada)) == (before, wishes)


@pytest.mark.parametrize("language", ["", "de", "EN", "both\r\n"])
def test_a_language_that_is_not_offered_is_refused_in_words(client, ada, language):
    address = opened(client, ada)
    answer = send(client, address, language=language, do_not_contact="y")
    assert answer.status_code == 200
    assert "Choose an answer." in answer.text
    assert not stored(ada).do_not_contact


def test_without_a_token_against_forgery_nothing_is_taken(client, ada, csrf):
    address = opened(client, ada)
    seal = seal_of(client.get(address))
    answer = client.post(address, data={"form_seal": seal, "language": "en", "do_not_contact": "y"})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert not stored(ada).do_not_contact


def test_not_at_all_says_what_follows_and_can_be_taken_back_on_the_same_page(client, ada):
    address = opened(client, ada)
    assert "the team may call you" in client.get(address).text
    send(client, address, **AS_AT_FIRST, do_not_contact="y")
    page = client.get(address)
    assert stored(ada).do_not_contact
    assert "You asked us not to write to you at all." in page.text
    assert "do_not_contact" in ticked(page)
    send(client, address, **AS_AT_FIRST)
    assert not stored(ada).do_not_contact
    assert "You asked us not to write" not in client.get(address).text


def test_what_is_told_of_safe_contact_is_added_and_never_shown(client, ada):
    with writing() as session:
        session.get(Person, ada.id).safe_contact = "Old note: call the shelter"
    address = opened(client, ada)
    send(client, address, **AS_AT_FIRST, safe_contact="Only on Tuesdays\r\nNo voice mail")
    kept = stored(ada).safe_contact
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d: Only on Tuesdays\nNo voice mail\n\nOld note: call the shelter", kept)
    for page in (client.get(address), send(client, address, language="x")):
        assert "Tuesdays" not in page.text
        assert "shelter" not in page.text
    send(client, address, **AS_AT_FIRST, safe_contact="")
    assert stored(ada).safe_contact == kept


def test_what_does_not_fit_is_said_and_nothing_is_lost(client, ada):
    with writing() as session:
        session.get(Person, ada.id).safe_contact = "x" * 1900
    address = opened(client, ada)
    answer = send(client, address, **AS_AT_FIRST, safe_contact="y" * 400, do_not_contact="y")
    assert "Please call us instead." in answer.text
    assert "y" * 400 in answer.text
    row = stored(ada)
    assert (row.safe_contact, row.do_not_contact) == ("x" * 1900, False)
    assert "at most 500 characters" in send(client, address, **AS_AT_FIRST, safe_contact="y" * 501).text


def test_a_complaint_shows_as_nothing_wanted_and_is_taken_back_by_whoever_made_it(client, ada):
    with writing() as session:
        suppress(session, ada.email, "complained")
    address = opened(client, ada)
    assert not {"wants_mailings", "wants_reminders"} & ticked(client.get(address))
    send(client, address, language="en", wants_calendar="y")
    assert suppression_of(ada.email) is not None
    send(client, address, **AS_AT_FIRST)
    assert suppression_of(ada.email) is None


@pytest.mark.parametrize("reason", ["bounced", "staff"])
def test_a_bounce_and_the_word_of_the_team_stand(client, ada, reason):
    with writing() as session:
        suppress(session, ada.email, reason)
    send(client, opened(client, ada), **AS_AT_FIRST)
    assert suppression_of(ada.email) is not None


def test_the_same_mailbox_of_this_consultation_is_meant_whole(client, consultation, ada):
    with writing() as session:
        hidden = Person(
            consultation_id=consultation.id, family_name="Roy", name_key="roy", email=ada.email, email_index=ada.email_index,
            identified_through="staff", open_to_team=False, created_at=now(),
        )  # fmt: skip
        session.add(hidden)
    elsewhere = a_guest(a_consultation("elsewhere"))
    send(client, opened(client, ada), language="en")
    assert [stored(each).wants_mailings for each in (ada, hidden, elsewhere)] == [False, False, True]


def test_two_preference_links_in_one_browser_never_mix(client, consultation, ada):
    bo = a_guest(consultation, "bo@example.org", given="Bo")
    first, second = opened(client, ada), opened(client, bo)
    for_ada, for_bo = seal_of(client.get(first)), seal_of(client.get(second))
    answer = client.post(second, data={"form_seal": for_ada, "language": "fr", "do_not_contact": "y"})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.text
    client.post(first, data={**AS_AT_FIRST, "form_seal": for_ada, "discreet": "y"})
    client.post(second, data={"form_seal": for_bo, "language": "fr"})
    assert (stored(ada).discreet, stored(ada).wants_mailings, stored(ada).language) == (True, True, "en")
    assert (stored(bo).discreet, stored(bo).wants_mailings, stored(bo).language) == (False, False, "fr")


def test_the_cookie_of_one_link_opens_no_other(client, consultation, ada):
    bo = a_guest(consultation, "bo@example.org", given="Bo")
    first, second = opened(client, ada), opened(client, bo)
    link_one, link_two = (address.rpartition("/")[2].replace("-", "") for address in (first, second))
    client.delete_cookie(f"choices-{link_two}", path=second)
    assert client.get(second).status_code == 403
    cookie = client.get_cookie(f"choices-{link_one}", path=first)
    client.set_cookie(f"choices-{link_two}", cookie.value, path=second)
    assert client.get(second).status_code == 403
    assert client.post(second, data={"language": "fr", "do_not_contact": "y"}).status_code == 403
    assert not stored(bo).do_not_contact


@pytest.mark.parametrize("seal", ["", "x", "a.b.c", "é", "\x00"])
def test_a_form_without_a_good_seal_changes_nothing(client, ada, seal):
    address = opened(client, ada)
    answer = client.post(address, data={"form_seal": seal, "language": "fr", "do_not_contact": "y"})
    assert answer.status_code == 409
    assert stored(ada).language == "en"


def test_the_form_of_an_invitation_is_not_one_of_a_preference_link(client, consultation, ada):
    invitation = an_invitation(ada, event=an_event(consultation))
    seal = seal_of(client.get(open_link_in(client, invitation)))
    address = opened(client, ada)
    assert client.post(address, data={"form_seal": seal, "language": "fr"}).status_code == 409


def test_a_page_that_was_open_too_long_asks_to_open_the_link_again(client, ada):
    import time_machine

    with time_machine.travel(0, tick=False) as clock:
        address = opened(client, ada)
        seal = seal_of(client.get(address))
        clock.shift(31 * 60)
        assert client.get(address).status_code == 403
        assert client.post(address, data={**AS_AT_FIRST, "form_seal": seal, "do_not_contact": "y"}).status_code == 403
    assert not stored(ada).do_not_contact


def test_a_link_that_was_revoked_or_whose_person_is_gone_shows_nothing(client, ada):
    address = opened(client, ada)
    with writing() as session:
        session.scalars(select(PreferenceLink)).one().revoked_at = now()
    assert client.get(address).status_code == 403
    assert client.get("/mails/00000000-0000-4000-8000-000000000000").status_code == 403
    with writing() as session:
        session.delete(session.get(Person, ada.id))
    assert db.session.scalar(select(func.count()).select_from(PreferenceLink)) == 0
    assert client.get(address).status_code == 403


def test_the_page_is_one_of_those_behind_a_link(client, consultation, ada):
    signed_in_as(client, a_member(consultation))
    for language, head, leave in (
        ("en", "Which mails you get", "Leave this page"),
        ("fr", "Les courriels que vous recevez", "Quitter cette page"),
    ):
        page = client.get(f"{opened(client, ada)}?lang={language}")
        title = BeautifulSoup(page.text, "html.parser").title.get_text()
        assert title == head
        assert leave in page.text
        assert "1-800-555-0100" in page.text
        assert "/c/fisheries" not in page.text
        assert "Ada" not in page.text


def test_a_guest_comes_to_their_choices_from_the_pages_of_their_invitation(client, consultation, ada):
    invitation = an_invitation(ada, event=an_event(consultation))
    address = open_link_in(client, invitation)
    assert f'href="{address}/mails"' in client.get(address).text
    assert ticked(client.get(f"{address}/mails")) == {("language", "en"), "wants_mailings", "wants_reminders", "wants_calendar"}
    send(client, f"{address}/mails", language="en", wants_mailings="y")
    assert (stored(ada).wants_mailings, stored(ada).wants_reminders) == (True, False)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "change_wishes")).one()
    assert (entry.actor_kind, entry.actor_id) == ("link", invitation.id)


def test_choices_sent_too_late_from_an_invitation_are_kept_and_not_shown(client, consultation, ada):
    invitation = an_invitation(ada, event=an_event(consultation))
    address = open_link_in(client, invitation)
    seal = seal_of(client.get(f"{address}/mails"))
    client.delete_cookie(f"visit-{invitation.id.hex}", path=address)
    fields = {"form_seal": seal, "language": "en", "discreet": "y", "safe_contact": "Only on Tuesdays"}
    assert client.post(f"{address}/mails", data=fields).status_code == 202
    assert not stored(ada).discreet
    assert open_link_in(client, invitation) == f"{address}/mails"
    page = client.get(f"{address}/mails")
    assert "Tuesdays" not in page.text
    held = db.session.scalars(select(HeldForm)).one()
    client.post(f"{address}/mails", data={"form_seal": seal_of(page), "held": held.id, "kept": "send"})
    assert stored(ada).discreet
    assert "Tuesdays" in stored(ada).safe_contact
    assert db.session.scalar(select(func.count()).select_from(HeldForm)) == 0


@pytest.mark.parametrize("words", ["\x00", "<script>alert(1)</script>", "\x1b[31m", "x" * 20_000, "\u202e", "=1+1"])
def test_hostile_words_break_nothing(client, ada, words):
    address = opened(client, ada)
    answer = send(client, address, language=words, safe_contact=words, wants_mailings=words)
    assert answer.status_code in {200, 302}
    assert "<script>alert" not in answer.text
    assert send(client, address, **AS_AT_FIRST, safe_contact=words).status_code in {200, 302}
