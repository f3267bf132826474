"""The list of messages, one message, and what mails say."""

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing import outbox, recording
from engagement.mailing.models import MailTemplate, Message, State
from engagement.mailing.placeholders import check_placeholders
from engagement.mailing.preparing import prepare
from engagement.mailing.suppressions import suppress
from engagement.mailing.texts import shipped_text
from engagement.mailing.worker import send_due
from engagement.outreach.history_views import overview, timeline
from engagement.outreach.planning import plan_rest
from engagement.outreach.service import approve
from tests.events.given import an_event
from tests.mailing.given import a_person, begin_sending
from tests.outreach.given import a_draft
from tests.support.given import a_consultation, a_member, access_of, signed_in_as, stored

pytestmark = pytest.mark.slow


def a_message(client, **more):
    consultation = a_consultation()
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    person = a_person(consultation, **more)
    mailing = a_draft(an_event(consultation), [person], organizer)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    return consultation, organizer, person, db.session.scalars(select(Message)).one()


def test_the_pages_say_the_next_step_when_there_is_nothing_yet(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    for language in ("en", "fr"):
        for address in ("mail", "mail/new", "mail/texts", "mail?state=failed"):
            assert (
                client.get(f"/c/fisheries/{address}?lang={language}" if "?" not in address else f"/c/fisheries/{address}").status_code
                == 200
            )
    assert "No mailing yet" in client.get("/c/fisheries/mail?lang=en").text
    assert "nothing to invite people to" in client.get("/c/fisheries/mail/new").text


def test_a_sent_message_shows_its_history_and_text_but_never_the_personal_link(client, post):
    _, _, _, message = a_message(client)
    send_due()
    token = re.search(r"/r/([A-Za-z0-9_-]{40,})", post.mails()[0].get_body(("plain",)).get_content()).group(1)
    for language in ("en", "fr"):
        page = client.get(f"/c/fisheries/mail/messages/{message.id}?lang={language}").text
        assert "Dear Ada Example" in page
        assert token not in page
        assert "/r/…" in page
        assert "/u/…" in page
        assert not re.search(r"/u/[A-Za-z0-9_-]{20,}", page)
    assert "Ada Example" in client.get("/c/fisheries/mail?state=sent").text
    assert "No message stands there" in client.get("/c/fisheries/mail?state=failed&lang=en").text


def doubtful(message):
    prepare(message.id)
    outbox.claim("w")
    begin_sending(message.id, "w")
    recording.record_unknown("w", message.id, "its worker was lost while sending")


def test_staff_decide_on_a_doubtful_message(client, post):
    _, _, _, message = a_message(client)
    doubtful(message)
    page = client.get(f"/c/fisheries/mail/messages/{message.id}?lang=fr").text
    assert "Incertain" in page
    raw = stored(message).raw
    client.post(f"/c/fisheries/mail/messages/{message.id}/again")
    send_due()
    assert stored(message).state is State.SENT
    assert post.received == [raw]


def test_a_doubtful_message_that_arrived_counts_as_sent_and_goes_no_more(client, post):
    _, _, _, message = a_message(client)
    doubtful(message)
    client.post(f"/c/fisheries/mail/messages/{message.id}/arrived")
    send_due()
    assert stored(message).state is State.SENT
    assert not post.received
    client.post(f"/c/fisheries/mail/messages/{message.id}/arrived")
    assert stored(message).state is State.SENT


def test_a_mail_that_failed_goes_to_the_address_the_person_has_now(client, post):
    _, _, person, message = a_message(client)
    post.at_rcpt["ada@example.org"] = "550 5.1.1 unknown"
    send_due()
    from engagement.invitations.models import Invitation

    db.session.rollback()
    invitation = db.session.get(Invitation, message.invitation_id, populate_existing=True)
    assert invitation.bounced_at is not None
    assert invitation.distributed_at is not None
    assert client.get(f"/c/fisheries/mail/messages/{message.id}?lang=fr").status_code == 200
    with writing() as session:
        session.merge(person).email = "ada@new.example"
    client.post(f"/c/fisheries/mail/messages/{message.id}/again")
    send_due()
    assert post.envelopes[0][1] == "ada@new.example"


def test_a_planned_mail_can_be_cancelled(client, post):
    _, _, _, message = a_message(client)
    assert client.get(f"/c/fisheries/mail/messages/{message.id}?lang=fr").status_code == 200
    client.post(f"/c/fisheries/mail/messages/{message.id}/cancel")
    send_due()
    assert stored(message).state is State.CANCELLED
    assert not post.received


def test_a_persons_page_and_the_overview_tell_of_their_mail(client, post):
    consultation, organizer, person, message = a_message(client)
    access = access_of(organizer, consultation)
    with client.application.test_request_context():
        assert [entry.what.en for entry in timeline(person.id, access)] == ["Mail: Invitation to an event – Planned"]
    doubtful(message)
    with client.application.test_request_context():
        assert [line.waiting for line in overview(access)] == [True]
    assert client.get("/c/fisheries/").status_code == 200


def test_every_text_that_we_ship_stands_in_both_languages_and_names_only_its_placeholders(app):
    for purpose, composer in ports().composers.items():
        text = shipped_text(purpose)
        assert text.sendable, purpose
        for words in (text.subject.en, text.subject.fr, text.body.en, text.body.fr):
            check_placeholders(words, composer.placeholders, purpose)


FIELDS = {
    "subject_en": "For you", "subject_fr": "Pour vous",
    "body_en": "Hello ((salutation)) ((reply_link))", "body_fr": "Bonjour ((salutation)) ((reply_link))",
}  # fmt: skip


def a_text_page(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    return "/c/fisheries/mail/texts/event_invitation"


def test_the_team_changes_what_a_mail_says_and_goes_back(client):
    address = a_text_page(client)
    for language in ("en", "fr"):
        assert client.get(f"{address}?lang={language}").status_code == 200
    assert client.post(address, data=FIELDS).status_code == 302
    assert "Hello Dear Dominique Tremblay," in client.get(address).text
    client.post(f"{address}/drop")
    db.session.rollback()
    assert db.session.scalar(select(MailTemplate.id)) is None


def test_an_unknown_placeholder_is_named_with_its_field_and_nothing_is_saved(client):
    address = a_text_page(client)
    for language, words in (("en", "is not a placeholder"), ("fr", "n’est pas un champ")):
        answer = client.post(f"{address}?lang={language}", data={**FIELDS, "body_fr": "Bonjour ((prénom))"})
        summary = answer.text.partition("error-summary")[2]
        assert words in answer.text
        assert 'href="#body_fr"' in summary
    db.session.rollback()
    assert db.session.scalar(select(MailTemplate.id)) is None


def test_a_personal_link_in_a_subject_is_refused_with_its_field_and_nothing_is_saved(client):
    address = a_text_page(client)
    for language, words in (("en", "must not stand in the subject in French"), ("fr", "ne va pas dans l’objet en français")):
        answer = client.post(f"{address}?lang={language}", data={**FIELDS, "subject_fr": "Invitation ((reply_link))"})
        assert words in answer.text
        assert 'href="#subject_fr"' in answer.text.partition("error-summary")[2]
    db.session.rollback()
    assert db.session.scalar(select(MailTemplate.id)) is None


def test_a_missing_french_text_is_refused_in_one_line(client):
    address = a_text_page(client)
    answer = client.post(f"{address}?lang=en", data={**FIELDS, "body_fr": ""})
    assert "Enter the text in French." in answer.text
    db.session.rollback()
    assert db.session.scalar(select(MailTemplate.id)) is None


def test_an_english_edit_makes_the_french_stale_until_somebody_confirms(client):
    address = a_text_page(client)
    client.post(address, data=FIELDS)
    client.post(address, data={**FIELDS, "body_en": "Good day ((salutation)) ((reply_link))"})
    assert "The French text is older than the English one." in client.get(f"{address}?lang=en").text
    assert "nothing is sent" in client.get("/c/fisheries/mail/texts?lang=en").text
    client.post(address, data={**FIELDS, "body_en": "Good day ((salutation)) ((reply_link))", "confirm_texts": "y"})
    assert "older than" not in client.get(f"{address}?lang=en").text


def test_a_mail_that_waited_for_its_text_goes_when_the_text_is_mended(client, post):
    _, _, _, message = a_message(client)
    address = "/c/fisheries/mail/texts/event_invitation"
    client.post(address, data=FIELDS)
    client.post(address, data={**FIELDS, "body_en": "Good day ((salutation)) ((reply_link))"})
    send_due()
    assert stored(message).state is State.DEFERRED
    assert client.get(f"/c/fisheries/mail/messages/{message.id}?lang=fr").status_code == 200
    client.post(address, data={**FIELDS, "body_en": "Good day ((salutation)) ((reply_link))", "confirm_texts": "y"})
    send_due()
    assert stored(message).state is State.SENT


def test_an_address_that_was_suppressed_can_be_written_to_again_and_it_is_on_record(client, post):
    _, _, person, message = a_message(client)
    with writing() as session:
        suppress(session, person.email, "bounced")
    send_due()
    where = f"/c/fisheries/mail/messages/{message.id}"
    assert stored(message).state is State.SUPPRESSED
    assert "Allow mail to this address again" in client.get(f"{where}?lang=en").text
    assert "Permettre de nouveau" in client.get(f"{where}?lang=fr").text
    client.post(f"{where}/allow")
    client.post(f"{where}/allow")
    assert "Permettre de nouveau" not in client.get(f"{where}?lang=fr").text
    db.session.rollback()
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "allow_again")).all()) == 1
    client.post(f"{where}/again")
    assert send_due()["sent"] == 1


def test_the_check_before_sending_shows_the_way_to_stop_such_mails_with_a_link_that_opens_nothing(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    person = a_person(consultation, language=None)
    mailing = a_draft(an_event(consultation), [person], organizer)
    page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}/letter/{person.id}").text
    assert "To choose which mails you get, or to stop them:" in page
    assert "Pour choisir les courriels que vous recevez" in page
    assert page.count("/u/…") == 2


def test_no_subject_carries_the_link_to_ones_choices(client):
    signed_in_as(client, a_member(a_consultation()))
    body = "Reply: ((reply_link)) Stop: ((preferences))"
    fields = {"subject_en": "x ((preferences))", "subject_fr": "y", "body_en": body, "body_fr": body}
    answer = client.post("/c/fisheries/mail/texts/event_invitation", data=fields)
    assert "must not stand in the subject" in answer.text
    answer = client.post("/c/fisheries/mail/texts/event_invitation", data={**fields, "subject_en": "x"})
    assert answer.status_code == 302


def test_a_text_says_what_each_of_its_placeholders_is_filled_with(client):
    signed_in_as(client, a_member(a_consultation()))
    for language, said in (("en", "date and time"), ("fr", "date et heure")):
        page = BeautifulSoup(client.get(f"/c/fisheries/mail/texts/event_invitation?lang={language}").text, "html.parser")
        meanings = {row.dt.text: row.dd.text for row in page.main.find("details").find("dl").find_all("div")}
        assert meanings["((when))"] == said
        assert all(meanings.values())
