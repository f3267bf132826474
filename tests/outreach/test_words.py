"""What one mailing says: its own words, begun from a template, kept under a name, fixed by the yes."""

import pytest
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.placeholders import MissingPlaceholderError, SecretInSubjectError, UnknownPlaceholderError, missing_from
from engagement.mailing.service import BadTextError, change_text
from engagement.mailing.texts import shipped_text
from engagement.mailing.worker import send_due
from engagement.outreach.models import Mailing, SavedText
from engagement.outreach.service import NotReadyError, approve, faults_before_sending
from engagement.outreach.words import BadNameError, NotForAllError, WordsFixedError, change_words, own_words, save_words, words_of
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, page_of, sent_on_its_way, stored
from tests.support.given import a_consultation, a_member

SUBJECT, BODY = Text("Do come", "Venez"), Text("((salutation))\nCome: ((reply_link))", "((salutation))\nVenez : ((reply_link))")
FIELDS = {"subject_en": SUBJECT.en, "subject_fr": SUBJECT.fr, "body_en": BODY.en, "body_fr": BODY.fr}


@pytest.fixture
def draft(client):
    consultation, organizer = a_team(client)
    return a_draft(an_event(consultation), [a_person(consultation, "ada@example.org", language="en")], organizer)


def change(mailing, subject=SUBJECT, body=BODY, **more):
    return change_words(mailing_id=mailing.id, subject=subject, body=body, actor=SYSTEM, **more)


def test_a_mailing_says_its_own_words_and_other_mailings_do_not(client, post, draft):
    consultation_id = draft.consultation_id
    client.post(page_of(draft, "/words"), data=FIELDS)
    assert "It has words of its own." in client.get(page_of(draft) + "?lang=en").text
    approve(mailing_id=draft.id, actor=SYSTEM)
    send_due()
    assert [str(mail["Subject"]) for mail in post.mails()] == ["Do come"]
    assert "/r/" in post.mails()[0].get_body(("plain",)).get_content()
    assert words_of(Mailing(consultation_id=consultation_id, purpose="event_invitation")) == shipped_text("event_invitation")


def test_the_words_are_sealed_where_they_are_stored(draft):
    change(draft)
    row = stored(draft)
    assert row.subject_en == "Do come"
    assert b"Do come" not in row.subject_en_sealed


def test_one_language_edited_alone_makes_the_other_stale_and_the_mailing_waits(client, draft):
    standing = words_of(draft)
    change(draft, subject=standing.subject, body=Text(standing.body.en + "\nMore.", standing.body.fr))
    assert "French text of the mail is older" in faults_before_sending(stored(draft))[0].en
    for language, words in (("en", "older than"), ("fr", "plus ancien")):
        assert words in client.get(page_of(draft) + f"?lang={language}").text
        assert 'class="stale"' in client.get(page_of(draft, "/words") + f"?lang={language}").text
    with pytest.raises(NotReadyError):
        approve(mailing_id=draft.id, actor=SYSTEM)
    change(draft, subject=standing.subject, body=Text(standing.body.en + "\nMore.", standing.body.fr), confirmed=True)
    assert faults_before_sending(stored(draft)) == []


def test_what_was_stale_in_the_consultations_text_stays_stale_in_words_begun_from_it(draft):
    composer_places = ("salutation", "reply_link")
    shared = {"consultation_id": draft.consultation_id, "purpose": "event_invitation", "placeholders": composer_places, "actor": SYSTEM}
    change_text(subject=SUBJECT, body=BODY, **shared)
    change_text(subject=SUBJECT, body=Text(BODY.en + "!", BODY.fr), **shared)
    change(draft, subject=Text("Other", "Autre"), body=Text(BODY.en + "!", BODY.fr))
    assert stored(draft).stale_texts() == {"body": "fr"}


@pytest.mark.parametrize(
    ("subject", "body", "error", "field"),
    [
        (Text("", "Venez"), BODY, BadTextError, "subject_en"),
        (SUBJECT, Text("Come", " "), BadTextError, "body_fr"),
        (SUBJECT, Text("Come ((first_name))", "Venez"), UnknownPlaceholderError, "body_en"),
        (SUBJECT, Text("Come ((salutation)", "Venez"), UnknownPlaceholderError, "body_en"),
        (Text("Come ((reply_link))", "Venez"), BODY, SecretInSubjectError, "subject_en"),
        (SUBJECT, Text("((questionnaire_title))", "Venez"), UnknownPlaceholderError, "body_en"),
        (SUBJECT, Text("Come: ((reply_link))", "Venez"), MissingPlaceholderError, "body_fr"),
    ],
)
def test_words_that_cannot_be_are_refused_with_their_field_and_nothing_is_saved(draft, subject, body, error, field):
    with pytest.raises(error) as said:
        change(draft, subject, body)
    assert said.value.field == field
    assert own_words(stored(draft)) is None


SAID = (
    ("en", "Put the placeholder “reply_link” into the text in French"),
    ("fr", "Ajoutez le champ «\u00a0reply_link\u00a0» au texte en français"),
)


def test_words_without_the_link_on_which_one_replies_are_not_saved_and_the_page_says_so(client, draft):
    texts = page_of(draft).replace(f"mailings/{draft.id}", "texts/event_invitation")
    for language, words in SAID:
        for page in (page_of(draft, "/words"), texts):
            assert "((reply_link))" in client.get(f"{page}?lang={language}").text
            assert words in client.post(f"{page}?lang={language}", data={**FIELDS, "body_fr": "Venez."}).text
    assert own_words(stored(draft)) is None
    assert words_of(draft) == shipped_text("event_invitation")


def test_a_mailing_whose_words_were_stored_without_its_link_is_not_approved(client, draft):
    change(draft)
    with writing() as session:
        session.get(Mailing, draft.id).set_text("body", Text("Do come.", "Venez."))
    assert "leaves out “reply_link”" in faults_before_sending(stored(draft))[0].en
    with pytest.raises(NotReadyError):
        approve(mailing_id=draft.id, actor=SYSTEM)


def test_each_text_that_we_ship_holds_what_its_mail_cannot_do_without(app):
    composers = ports().composers.values()
    assert {each.purpose for each in composers if each.needed} >= {"event_invitation", "event_reminder", "access_code"}
    assert {each.purpose for each in composers if "link" in each.needed} == {
        "questionnaire_invitation", "questionnaire_reminder", "nomination_invitation",
    }  # fmt: skip
    for each in composers:
        body = shipped_text(each.purpose).body
        assert set(each.needed) <= set(each.placeholders)
        assert missing_from(body.en, each.needed) == missing_from(body.fr, each.needed) == []


def test_the_page_says_the_fault_at_its_field_in_both_languages(client, draft):
    for language in ("en", "fr"):
        answer = client.post(page_of(draft, f"/words?lang={language}"), data={**FIELDS, "body_fr": "((personne))"})
        assert 'href="#body_fr"' in answer.text
    assert own_words(stored(draft)) is None


def test_after_the_yes_the_words_stand(client, draft):
    sent_on_its_way(draft, a_member(a_consultation("other")))
    with pytest.raises(WordsFixedError):
        change(draft)
    assert client.post(page_of(draft, "/words"), data=FIELDS).status_code == 302
    client.post(page_of(draft, "/words/usual"))
    assert own_words(stored(draft)) is None


def test_words_can_be_begun_from_what_is_usual_what_is_shipped_or_what_was_kept(client, draft):
    change_text(
        consultation_id=draft.consultation_id, purpose="event_invitation", subject=Text("Ours", "Le nôtre"), body=BODY,
        placeholders=("salutation", "reply_link"), actor=SYSTEM,
    )  # fmt: skip
    change(draft)
    row = save_words(mailing_id=draft.id, name="Warm words", actor=SYSTEM)
    for begin, words in (
        ("", "Do come"),
        ("usual", "Ours"),
        ("shipped", "Invitation: ((event_name))"),
        (row.id, "Do come"),
        ("x", "Do come"),
    ):
        assert words in client.get(page_of(draft, f"/words?from={begin}")).text
    assert "Warm words" in client.get(page_of(draft, "/words")).text
    client.post(page_of(draft, "/words/usual"))
    assert own_words(stored(draft)) is None


def test_kept_words_have_a_name_of_their_own_whatever_its_case_and_accents(client, draft):
    change(draft)
    client.post(page_of(draft, "/words/keep"), data={"name": "Été 2026"})
    for language, name in (("en", "  ete   2026 "), ("fr", "ÉTÉ 2026")):
        answer = client.post(page_of(draft, f"/words/keep?lang={language}"), data={"name": name})
        assert 'href="#name"' in answer.text
    for name in ("", " ", "x" * 101):
        with pytest.raises(BadNameError):
            save_words(mailing_id=draft.id, name=name, actor=SYSTEM)
    db.session.rollback()
    kept = db.session.scalars(select(SavedText)).one()
    assert (kept.name, kept.text("body")) == ("Été 2026", BODY)


def test_kept_words_can_be_thrown_away_and_mailings_keep_theirs(client, draft):
    change(draft)
    row = save_words(mailing_id=draft.id, name="Warm", actor=SYSTEM)
    assert client.post(page_of(draft, f"/words/kept/{row.id}/drop")).status_code == 302
    db.session.rollback()
    assert db.session.scalar(select(SavedText.id)) is None
    assert own_words(stored(draft)) is not None
    assert client.post(page_of(draft, f"/words/kept/{row.id}/drop")).status_code == 404


def test_the_words_of_a_mailing_about_a_restricted_event_are_not_kept_for_all(app):
    consultation = a_consultation()
    mailing = a_draft(an_event(consultation, "Survivors", restricted=True), [a_person(consultation)], a_member(consultation))
    with pytest.raises(NotForAllError):
        save_words(mailing_id=mailing.id, name="Warm", actor=SYSTEM)


def test_another_consultations_kept_words_are_not_there(client, draft):
    other = a_consultation("other")
    theirs = a_draft(an_event(other), [a_person(other)], a_member(other))
    row = save_words(mailing_id=theirs.id, name="Theirs", actor=SYSTEM)
    assert "Theirs" not in client.get(page_of(draft, f"/words?from={row.id}")).text
    assert client.post(page_of(draft, f"/words/kept/{row.id}/drop")).status_code == 404
