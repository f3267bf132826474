"""The way out of our mails: what stands in their headers, and what one click of a mail program does."""

import email
import re
from dataclasses import replace
from datetime import timedelta
from email.policy import default

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, func, select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.base import Base
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.kernel.tokens import digest
from engagement.mailing.builder import BadMailError
from engagement.mailing.composing import Composer, Kind
from engagement.mailing.models import Message, PreferenceLink, State
from engagement.mailing.preference_links import FOOTER, LINK_LIFE, draft_preference_link, stop_mails, with_preferences
from engagement.mailing.service import plan
from engagement.mailing.texts import text_of
from engagement.mailing.worker import send_due
from engagement.portal.unsubscribing import CSRF_EXEMPT
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
from tests.mailing.given import a_notice, a_person, a_text, state_of
from tests.mailing.test_builder import a_letter, build
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation, keep

pytestmark = pytest.mark.slow

ALWAYS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def consultation(app):
    made = a_consultation()
    never_quiet(made)
    a_text(made)
    return made


def of_kind(kind):
    """Have the notices of this test be mails of ``kind``."""
    there = ports().composers["notice"]
    ports().composers["notice"] = Composer("notice", there.placeholders, there.compose, kind=kind)


def sent(post, person, kind=Kind.MAILING, **more):
    """Send somebody a mail of ``kind`` and return it, parsed."""
    of_kind(kind)
    a_notice(person, dedup_key=f"{kind}:{person.id}:{len(post.received)}", **more)
    assert send_due()["sent"] == 1
    return post.mails()[-1]


def token_in(mail):
    """Return the token of the https address in the header."""
    return re.search(r"<http://localhost/u/([\w-]{43})>", mail["List-Unsubscribe"]).group(1)


def wishes_of(person):
    db.session.rollback()
    row = db.session.get(Person, person.id, populate_existing=True)
    return row.wants_mailings, row.wants_reminders, row.wants_calendar, row.do_not_contact


def counted():
    db.session.rollback()
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}


@pytest.mark.parametrize("kind", Kind)
def test_exactly_the_expected_headers_and_a_way_out_of_mailings_and_reminders_only(post, notices, consultation, kind):
    mail = sent(post, a_person(consultation), kind)
    expected = ALWAYS | ({"List-Unsubscribe", "List-Unsubscribe-Post"} if kind in {Kind.MAILING, Kind.REMINDER} else set())
    assert set(mail.keys()) == expected
    assert len(mail.keys()) == len(expected)


def test_the_https_address_stands_first_and_the_mailbox_second(post, notices, consultation):
    mail = sent(post, a_person(consultation))
    token = token_in(mail)
    ways = [each.strip() for each in mail["List-Unsubscribe"].split(",")]
    message = db.session.scalars(select(Message)).one()
    # Found again by the name that its bounce would come back to; the secret stands in the https address alone.
    assert ways == [f"<http://localhost/u/{token}>", f"<mailto:unsubscribe+{message.bounce_token}@convoke.example>"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = db.session.scalars(select(PreferenceLink)).one()
    assert link.token_hash == digest(token)
    assert link.expires_at - link.created_at == LINK_LIFE > timedelta(days=60)


def test_where_one_mailbox_must_do_there_is_no_address_with_a_plus(post, notices, consultation, app, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mail_one_mailbox=True))
    mail = sent(post, a_person(consultation))
    assert "mailto" not in mail["List-Unsubscribe"]
    assert token_in(mail)


def test_each_mail_carries_a_link_of_its_own_which_is_the_same_in_header_and_text(post, notices, consultation):
    person = a_person(consultation)
    first, second = sent(post, person), sent(post, person, Kind.REMINDER)
    assert token_in(first) != token_in(second)
    for mail in (first, second):
        for kind in ("plain", "html"):
            assert f"/u/{token_in(mail)}" in mail.get_body((kind,)).get_content()


def test_words_of_the_team_that_leave_the_way_out_unsaid_get_it_below(post, notices, consultation):
    both = sent(post, a_person(consultation, language=None)).get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert FOOTER.en.partition("\n")[0] in both
    assert FOOTER.fr.partition("\n")[0] in both
    assert "((" not in both


def test_words_of_the_team_that_say_it_themselves_are_left_alone(post, notices, consultation):
    elsewhere = a_consultation("elsewhere")
    a_text(elsewhere, body=Text("Stop: ((preferences))", "Arrêter\u00a0: ((preferences))"))
    mail = sent(post, a_person(elsewhere))
    assert mail.get_body(("plain",)).get_content().strip() == f"Stop: http://localhost/u/{token_in(mail)}"


def test_a_confirmation_says_nothing_of_a_way_out(post, notices, consultation):
    mail = sent(post, a_person(consultation), Kind.ANSWER)
    assert "/u/" not in mail.get_body(("plain",)).get_content()
    assert db.session.scalar(select(func.count()).select_from(PreferenceLink)) == 0


def test_nothing_remote_stands_in_the_html(post, notices, consultation):
    page = BeautifulSoup(sent(post, a_person(consultation)).get_body(("html",)).get_content(), "html.parser")
    assert not page.find_all(["img", "script", "link", "iframe", "object", "video", "audio", "source", "style", "form"])
    assert not page.find_all(src=True)
    assert {link["href"].partition("/")[0] + "//" + link["href"].split("/")[2] for link in page.find_all("a")} == {"http://localhost"}
    assert "url(" not in str(page)


def test_a_mail_to_nobody_of_the_roster_has_no_link(post, notices, consultation):
    person = a_person(consultation)
    compose = ports().composers["notice"].compose

    def to_staff(message):
        message.person_id, kept = person.id, message.person_id
        try:
            return compose(message)
        finally:
            message.person_id = kept

    ports().composers["notice"] = Composer("notice", ("name", "link"), to_staff)
    plan(consultation_id=consultation.id, person_id=None, purpose="notice", language="en", dedup_key="x", actor=SYSTEM)
    assert send_due()["sent"] == 1
    assert "List-Unsubscribe" not in post.mails()[0]


def test_giving_a_mail_its_link_asks_the_database_nothing(notices, consultation):
    message = a_notice(a_person(consultation))
    said, text = notices.compose(message), text_of(consultation.id, "notice")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with_preferences(message, said, text)
    assert asked == []


@pytest.mark.parametrize(
    "url", ["https://a.example/u/x>", "https://a.example/\r\nBcc: b@example.org", "javascript:alert(1)", "https://a b", "x"]
)
def test_an_address_that_would_break_out_of_the_header_is_refused(url):
    with pytest.raises(BadMailError):
        build(a_letter(unsubscribe=url))


def test_long_addresses_stay_within_the_lines_of_a_mail():
    host = "https://" + "consultations." * 12 + "example.org"
    raw = build(a_letter(unsubscribe=f"{host}/u/{'t' * 43}", unsubscribe_mailbox=f"unsubscribe+{'t' * 43}@example.org"))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert f"<{host}/u/{'t' * 43}>" in email.message_from_bytes(raw, policy=default)["List-Unsubscribe"]


def test_fetching_an_unsubscribe_link_changes_nothing(post, notices, consultation, client):
    person = a_person(consultation)
    address = f"/u/{token_in(sent(post, person))}"
    before = counted()
    for method in ("GET", "HEAD"):
        assert client.open(address, method=method).status_code == 302
    page = client.get(address, follow_redirects=True)
    assert "Which mails you get" in page.text
    client.get(f"{address}?List-Unsubscribe=One-Click")
    assert counted() == before
    assert wishes_of(person) == (True, True, True, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"List-Unsubscribe": ""},
        {"List-Unsubscribe": "one-click"},
        {"List-Unsubscribe": ["One-Click", "One-Click"]},
        {"List-Unsubscribe": "One-Click", "csrf_token": "x"},
        {"list-unsubscribe": "One-Click"},
        {"wants_mailings": "", "do_not_contact": "y", "form_seal": "x", "csrf_token": "x"},
    ],
)
@pytest.mark.usefixtures("notices", "csrf")
def test_a_form_that_is_not_the_one_click_of_a_mail_program_changes_nothing(post, consultation, client, body):
    person = a_person(consultation)
    address = f"/u/{token_in(sent(post, person))}"
    before = counted()
    answer = client.post(f"{address}?List-Unsubscribe=One-Click", data=body)
    assert answer.status_code == 400
    assert counted() == before
    assert wishes_of(person) == (True, True, True, False)


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_of_another_kind_changes_nothing(post, notices, consultation, client, kind):
    person = a_person(consultation)
    address = f"/u/{token_in(sent(post, person))}"
    assert client.post(address, data="List-Unsubscribe=One-Click", content_type=kind).status_code == 400
    assert wishes_of(person) == (True, True, True, False)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.usefixtures("notices", "csrf")
def test_one_click_stops_mailings_and_not_the_confirmation_of_a_reply(post, consultation, client, kind):
    person = a_person(consultation)
    token = token_in(sent(post, person))
    answer = client.post(f"/u/{token}", data=ONE_CLICK, content_type=kind)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert wishes_of(person) == (False, False, True, False)
    states = {}
    for each in Kind:
        of_kind(each)
        message = a_notice(person, dedup_key=each)
        send_due()
        states[each] = state_of(message)
    assert [each for each, state in states.items() if state is State.SENT] == [Kind.ANSWER, Kind.NOTICE]


def test_one_click_reaches_a_mail_that_was_written_already(post, notices, consultation, client):
    from engagement.mailing.preparing import prepare

    person = a_person(consultation)
    token = token_in(sent(post, person))
    waiting = a_notice(person, dedup_key="waiting")
    assert prepare(waiting.id) is State.QUEUED
    client.post(f"/u/{token}", data=ONE_CLICK)
    assert send_due()["suppressed"] == 1
    assert len(post.received) == 1


def test_two_clicks_are_one(post, notices, consultation, client):
    person = a_person(consultation)
    token = token_in(sent(post, person))
    first, again = (client.post(f"/u/{token}", data=ONE_CLICK) for _ in range(2))
    assert (first.status_code, first.text) == (again.status_code, again.text)
    noted = [verb for verb in db.session.scalars(select(AuditEntry.verb)) if verb in {"change_wishes", "unsubscribe"}]
    assert sorted(noted) == ["change_wishes", "unsubscribe"]


def test_one_click_means_every_row_with_that_mailbox_here_and_none_elsewhere(post, notices, consultation, client):
    person = a_person(consultation)
    hidden = a_person(consultation, open_to_team=False)
    elsewhere = a_person(a_consultation("elsewhere"))
    someone_else = a_person(consultation, "bea@example.org")
    client.post(f"/u/{token_in(sent(post, person))}", data=ONE_CLICK)
    assert [wishes_of(each)[0] for each in (person, hidden, elsewhere, someone_else)] == [False, False, True, True]


def an_old_token(person, **values):
    url, link = draft_preference_link(person.id, None)
    keep(link, **values)
    return url.rpartition("/")[2]


@pytest.mark.parametrize("odd", ["x", "é", "a/b", "%00x", "-" * 2000, "..", "List-Unsubscribe"])
def test_an_unknown_token_answers_like_a_known_one(post, notices, consultation, client, odd):
    person = a_person(consultation)
    known = client.post(f"/u/{token_in(sent(post, person))}", data=ONE_CLICK)
    change_wishes(person_id=person.id, wishes=Wishes(wants_mailings=True, wants_reminders=True), actor=SYSTEM)
    unknown = [
        client.post(f"/u/{odd}" if "%00" not in odd else "/u/x", data=ONE_CLICK),
        client.post(f"/u/{an_old_token(person, expires_at=now() - timedelta(seconds=1))}", data=ONE_CLICK),
        client.post(f"/u/{an_old_token(person, revoked_at=now())}", data=ONE_CLICK),
    ]
    assert wishes_of(person) == (True, True, True, False)
    for answer in unknown:
        assert answer.status_code == known.status_code == 200
        # The link to the other language repeats the address that was asked for.
        assert re.sub(r'href="/u/[^"]*"', "", answer.text) == re.sub(r'href="/u/[^"]*"', "", known.text)
        assert set(answer.headers.keys()) == set(known.headers.keys())


def test_links_that_do_not_open_look_the_same(consultation, client):
    person = a_person(consultation)
    pages = [
        client.get(f"/u/{token}")
        for token in ("x" * 43, an_old_token(person, expires_at=now() - timedelta(seconds=1)), an_old_token(person, revoked_at=now()))
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r'href="/u/[^"]*"', "", page.text) for page in pages}) == 1


def test_somebody_who_was_erased_is_not_found_by_their_old_link(post, notices, consultation, client):
    person = a_person(consultation)
    token = token_in(sent(post, person))
    with writing() as session:
        session.delete(session.get(Person, person.id))
    assert not stop_mails(token)
    assert client.post(f"/u/{token}", data=ONE_CLICK).status_code == 200


def test_the_one_form_without_a_csrf_token_is_the_one_click(app):
    from engagement import csrf as protection

    assert protection._exempt_views == {CSRF_EXEMPT}
    assert protection._exempt_blueprints == set()
    view = app.view_functions["portal.one_click"]
    assert f"{view.__module__}.{view.__name__}" == CSRF_EXEMPT
