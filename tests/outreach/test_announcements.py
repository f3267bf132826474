"""Announcements: news to many, about an event, a questionnaire or nothing in particular; and a test to oneself."""

import re

import pytest
from sqlalchemy import func, select

from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Message, State
from engagement.mailing.placeholders import UnknownPlaceholderError
from engagement.mailing.worker import send_due
from engagement.outreach.listing import messages_of
from engagement.outreach.package import make_package, read_content
from engagement.outreach.service import NOTHING, Offer, approve, faults_before_sending, title_of
from engagement.outreach.trying import send_test
from engagement.outreach.words import change_words
from tests.events.given import a_guest, an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_questionnaire_draft, a_team, an_announcement, drafted, page_of, sent_on_its_way, stored
from tests.questionnaires.given import a_questionnaire
from tests.support.given import access_of

ABOUT = Text(
    "((salutation))\n((event_title)): ((when)), ((where))\n((reply_link))", "((salutation))\n((event_title)) : ((when))\n((reply_link))"
)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def invitations():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Invitation))


def test_an_announcement_about_nothing_reaches_each_in_their_language_and_invites_nobody(client, post):
    consultation, organizer = a_team(client)
    people = [
        a_person(consultation, f"{name}@example.org", language=language) for name, language in (("e", "en"), ("f", "fr"), ("b", None))
    ]
    mailing = an_announcement(consultation, people, organizer)
    check = client.get(page_of(mailing) + "?lang=en").text
    assert "Approve and send to 3 people" in check
    client.post(page_of(mailing, "/approve"))
    send_due()
    subjects = {address: str(mail["Subject"]) for (_, address), mail in zip(post.envelopes, post.mails(), strict=True)}
    assert subjects["e@example.org"] == "The report is out"
    assert subjects["f@example.org"] == "Le rapport est publié"
    assert subjects["b@example.org"] == "The report is out / Le rapport est publié"
    assert invitations() == 0


def test_who_has_no_known_language_gets_both_texts_whole(client, post):
    consultation, organizer = a_team(client)
    mailing = an_announcement(consultation, [a_person(consultation, language=None)], organizer)
    sent_on_its_way(mailing, organizer)
    send_due()
    text = text_of(post.mails()[0])
    for words in ("(Le français suit.)", "Dear Ada Example,", "It is out.", "Bonjour Ada Example,", "Il est publié."):
        assert words in text


def test_about_an_event_the_invited_find_their_link_and_the_others_none(client, post):
    consultation, organizer = a_team(client)
    event = an_event(consultation, days=2)
    invited, other = a_person(consultation, "in@example.org"), a_person(consultation, "out@example.org")
    a_guest(event, invited)
    mailing = an_announcement(consultation, [invited, other], organizer, about=event, body=ABOUT)
    sent_on_its_way(mailing, organizer)
    send_due()
    texts = {address: text_of(mail) for (_, address), mail in zip(post.envelopes, post.mails(), strict=True)}
    link = re.search(r"/r/[A-Za-z0-9_-]{40,}", texts["in@example.org"])
    assert link is not None
    assert client.get(link.group()).status_code == 302
    assert "/r/" not in texts["out@example.org"]
    assert texts["out@example.org"].count("(Eastern)") == 2
    assert "Session 1" in texts["out@example.org"]
    assert invitations() == 1


@pytest.mark.parametrize(("language", "subject"), [("en", "Information for you"), ("fr", "Renseignements pour vous")])
def test_about_a_discreet_event_neither_sender_nor_subject_tells(client, post, language, subject):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    with writing() as session:
        session.merge(event).discreet = True
    person = a_person(consultation, language=language)
    mailing = an_announcement(consultation, [person], organizer, about=event, body=ABOUT)
    sent_on_its_way(mailing, organizer)
    send_due()
    (mail,) = post.mails()
    assert str(mail["Subject"]) == subject
    assert mail["From"].addresses[0].display_name == ""


def test_about_a_questionnaire_its_title_and_closing_day_are_there(client):
    consultation, organizer = a_team(client)
    asked, person = a_questionnaire(consultation), a_person(consultation)
    offer = Offer("questionnaire", asked.id, asked.text("title"), announces=True)
    mailing = drafted(offer, consultation.id, [person], organizer)
    body = Text("((questionnaire_title)) ((closes_on)) ((link))", "((questionnaire_title)) ((closes_on)) ((link))")
    change_words(mailing_id=mailing.id, subject=Text("News", "Nouvelles"), body=body, actor=SYSTEM)
    for language in ("en", "fr"):
        page = client.get(page_of(mailing, f"/letter/{person.id}?lang={language}")).text
        assert "What do you think?" in page
        assert "/r/…" in page


def test_an_announcement_about_nothing_knows_no_placeholder_of_an_event(client):
    consultation, organizer = a_team(client)
    with pytest.raises(UnknownPlaceholderError):
        an_announcement(consultation, [a_person(consultation)], organizer, body=ABOUT)


def test_an_announcement_that_nobody_wrote_cannot_be_approved(client):
    consultation, organizer = a_team(client)
    mailing = drafted(Offer("", None, NOTHING, announces=True), consultation.id, [a_person(consultation)], organizer)
    assert "Write what this announcement says" in faults_before_sending(mailing)[0].en
    for language, words in (("en", "Write what this announcement says"), ("fr", "Rédigez cette annonce")):
        assert words in client.get(page_of(mailing) + f"?lang={language}").text


def test_an_announcement_may_be_about_what_was_cancelled(client):
    from engagement.events.service import cancel_event

    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer, about=event)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert faults_before_sending(stored(mailing)) == []


def test_who_opted_out_after_the_yes_is_not_written_to(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org") for name in ("a", "b", "c")]
    mailing = an_announcement(consultation, people, organizer)
    sent_on_its_way(mailing, organizer)
    with writing() as session:
        session.merge(people[0]).do_not_contact = True
        session.merge(people[1]).wants_mailings = False
    send_due()
    assert [address for _, address in post.envelopes] == ["c@example.org"]


def test_an_announcement_about_a_restricted_event_stands_in_no_list_of_who_may_not_know(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation, "Survivors", restricted=True)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer, about=event)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    from engagement.outreach.planning import plan_rest

    plan_rest(mailing.id)
    assert messages_of(access_of(organizer, consultation), None, None, 1).total == 0
    assert client.get(page_of(mailing)).status_code == 404


@pytest.mark.parametrize(("language", "mark"), [("en", "[Test] "), ("fr", "[Essai] "), (None, "[Test] ")])
def test_a_test_goes_to_whoever_asks_is_marked_opens_nothing_and_invites_nobody(client, post, language, mark):
    consultation, organizer = a_team(client)
    person = a_person(consultation, language=language)
    mailing = a_draft(an_event(consultation), [person], organizer)
    client.post(page_of(mailing, f"/test/{person.id}"))
    send_due()
    (mail,) = post.mails()
    assert post.envelopes[0][1] == organizer.email
    assert str(mail["Subject"]).startswith(mark)
    text = text_of(mail)
    assert person.name in text
    assert not re.search(r"/r/[A-Za-z0-9_-]{10,}", text)
    if language is None:
        assert "[Essai] " in str(mail["Subject"])
        assert "Bonjour" in text
        assert "Dear" in text
    assert invitations() == 0
    assert "text/calendar" not in {part.get_content_type() for part in mail.walk()}


def test_a_test_counts_for_nothing_and_stands_in_no_list(client, post):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    mailing = a_questionnaire_draft(a_questionnaire(consultation), [person], organizer)
    client.post(page_of(mailing, f"/test/{person.id}"))
    send_due()
    db.session.rollback()
    assert db.session.scalars(select(Message.state)).all() == [State.SENT]
    assert messages_of(access_of(organizer, consultation), None, None, 1).total == 0
    for state, words in (("en", "Last test: "), ("fr", "Dernier essai")):
        assert words in client.get(page_of(mailing) + f"?lang={state}").text
    assert invitations() == 0


def test_a_test_goes_again_as_often_as_it_is_asked_for(client, post):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    mailing = a_draft(an_event(consultation), [person], organizer)
    for _ in range(2):
        client.post(page_of(mailing, f"/test/{person.id}"))
    send_due()
    assert len(post.received) == 2


def test_a_test_as_somebody_who_is_not_in_the_mailing_is_absent(client):
    consultation, organizer = a_team(client)
    mailing = a_draft(an_event(consultation), [a_person(consultation)], organizer)
    stranger = a_person(consultation, "other@example.org")
    assert client.post(page_of(mailing, f"/test/{stranger.id}")).status_code == 404
    with pytest.raises(AbsentError):
        send_test(mailing_id=mailing.id, person_id=stranger.id, actor=staff(organizer.id))


def test_the_mail_is_read_as_any_person_by_name_and_one_after_the_other(client):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org", given_name=name) for name in ("Ann", "Ben", "Chloé")]
    mailing = a_draft(an_event(consultation), people, organizer)
    middle = client.get(page_of(mailing, f"/letter/{people[1].id}?lang=en")).text
    for words in ("Previous: Ann Example", "Next: Chloé Example", "2 of 3"):
        assert words in middle
    assert client.get(page_of(mailing, "/letter?search=ann")).location.endswith(str(people[0].id))
    for search in ("", "zzz", "\u202e<zq>"):
        assert client.get(page_of(mailing, "/letter"), query_string={"search": search}).status_code == 404


def test_an_announcement_that_nobody_wrote_leads_to_writing_it_and_says_nothing_of_usual_words(client):
    consultation, organizer = a_team(client)
    mailing = drafted(Offer("", None, NOTHING, announces=True), consultation.id, [a_person(consultation)], organizer)
    page = client.get(page_of(mailing) + "?lang=en").text
    assert ">Write it</a>" in page
    assert "Compare and confirm" not in page
    assert "usually say" not in page
    assert ">L’écrire</a>" in client.get(page_of(mailing) + "?lang=fr").text


def test_an_announcement_about_an_event_is_called_by_its_own_subject_everywhere(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = an_announcement(consultation, [a_person(consultation)], organizer, about=event)
    assert title_of(mailing).en == "The report is out"
    for address in (page_of(mailing), "/c/fisheries/mail"):
        assert "The report is out" in client.get(address).text
    package = make_package(access=access_of(organizer, consultation), mailing_id=mailing.id)
    assert read_content(package)["title"]["fr"] == "Le rapport est publié"
    sent_on_its_way(mailing, organizer)
    assert "The report is out" in client.get(page_of(mailing)).text


def test_an_announcement_with_the_subject_it_begins_with_is_called_by_what_it_is_about(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = drafted(Offer("event", event.id, event.title, announces=True), consultation.id, [a_person(consultation)], organizer)
    assert title_of(mailing) == event.title


def test_the_check_of_an_announcement_has_no_line_about_nobody(client):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, "a@example.org"), a_person(consultation, "b@example.org", do_not_contact=True)]
    page = client.get(page_of(an_announcement(consultation, people[:1], organizer)) + "?lang=en").text
    assert "Already invited" not in page
    assert "Who does not, and why" not in page
    page = client.get(page_of(an_announcement(consultation, people, organizer)) + "?lang=en").text
    assert "Asked not to be contacted" in page
