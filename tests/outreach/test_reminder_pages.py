"""The pages of a reminder sent by hand: from the preview to the mail that arrives, and who may see what."""

import pytest

from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Channel, Choice
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.policy import Role
from engagement.mailing.worker import send_due
from engagement.outreach.rules import BadRulesError, Rules, change_rules, rules_of
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_silent_guest, never_quiet
from tests.roster.given import a_batch
from tests.support.given import a_consultation, a_member, signed_in_as


def test_a_reminder_goes_from_the_preview_to_the_mail_that_arrives(client, post):
    consultation = a_consultation()
    never_quiet(consultation)
    signed_in_as(client, a_member(consultation))
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation, "ada@example.org"))
    a_silent_guest(event, a_person(consultation, "bea@example.org", given_name="Béa", language="fr"))
    replied = a_silent_guest(event, a_person(consultation, "cal@example.org", given_name="Cal"))
    reply_to_event(invitation_id=replied.id, answers=Answer(Choice.DECLINED), channel=Channel.EMAIL, actor=SYSTEM)
    where = f"/c/fisheries/mail/reminders/event/{event.id}"
    for language, words in (("en", ("Reminded in English", "Have declined")), ("fr", ("Rappel en anglais", "Ont décliné"))):
        page = client.get(f"{where}?lang={language}").text
        for said in (*words, "Béa Example"):
            assert said in page
    answer = client.post(f"{where}/draft")
    for language in ("en", "fr"):
        assert client.get(f"{answer.location}?lang={language}").status_code == 200
    client.post(f"{answer.location}/approve")
    send_due()
    assert sorted(str(mail["To"]).partition(" <")[2] for mail in post.mails()) == ["ada@example.org>", "bea@example.org>"]
    assert client.get(f"{answer.location}").status_code == 200
    assert "There is nobody to remind now." in client.get(f"{where}?lang=en").text


def test_whom_a_member_may_not_know_of_is_counted_and_not_named(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.STAFF))
    event = an_event(consultation)
    hidden = a_person(consultation, "hidden@example.org", given_name="Hidden", open_to_team=False)
    for person in (hidden, a_person(consultation)):
        a_silent_guest(event, person)
    a_batch(consultation, "Lived experience", restricted=True)
    page = client.get(f"/c/fisheries/mail/reminders/event/{event.id}?lang=en").text
    assert "Hidden" not in page
    assert "One more person was asked whom you may not see" in page
    assert "Ada Example" in page


def test_a_restricted_event_is_nowhere_for_who_is_not_cleared(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    event = an_event(consultation, "Survivors", restricted=True)
    assert client.get(f"/c/fisheries/mail/reminders/event/{event.id}").status_code == 404
    assert client.post(f"/c/fisheries/mail/reminders/event/{event.id}/draft").status_code == 404
    assert "Survivors" not in client.get("/c/fisheries/mail/reminders").text
    other = an_event(a_consultation("forests"))
    assert client.get(f"/c/fisheries/mail/reminders/event/{other.id}").status_code == 404


def test_the_rules_are_changed_on_their_page_and_what_cannot_be_is_said(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    where = "/c/fisheries/mail/reminders/rules"
    good = {"most_per_person": "3", "days_apart": "7", "quiet_from": "20:00", "quiet_until": "08:30"}
    assert client.post(where, data=good).status_code == 302
    db.session.rollback()
    rules = rules_of(consultation.id)
    assert (rules.most_per_person, rules.days_apart, rules.quiet_until.minute) == (3, 7, 30)
    bad = [("most_per_person", "11"), ("most_per_person", "-1"), ("days_apart", "many"), ("days_apart", "9" * 30), ("quiet_from", "25:00"),
           ("quiet_until", ""), ("days_apart", "--5"), ("days_apart", "²")]  # fmt: skip
    for name, typed in bad:
        for language in ("en", "fr"):
            answer = client.post(f"{where}?lang={language}", data={**good, name: typed})
            assert answer.text.count('class="error"') == 1, (name, typed)
    assert rules_of(consultation.id) == rules
    with pytest.raises(BadRulesError):
        change_rules(consultation_id=consultation.id, rules=Rules(days_apart=61), actor=SYSTEM)
