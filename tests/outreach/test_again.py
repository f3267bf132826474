"""A mailing sent again never reaches the same person twice unless staff say so for named people."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from engagement.kernel.audit import staff
from engagement.kernel.clock import at_moment, now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.mailing.models import Message, State
from engagement.mailing.suppressions import allow_again, suppress
from engagement.mailing.worker import send_due
from engagement.outreach.again import NobodyToReachError, Why, next_round, send_again
from engagement.outreach.choosing import Whom, people_asked
from engagement.outreach.models import MailingState
from engagement.outreach.package import make_package
from engagement.outreach.reminders import Fate
from engagement.outreach.reminding import draft_reminder, thing_about, who_is_silent
from engagement.outreach.service import EVENT, NOTHING, Offer
from engagement.outreach.steering import NotOnItsWayError, pause, stop
from engagement.outreach.words import change_words
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import BODY, SUBJECT, a_questionnaire_draft, a_team, drafted, never_quiet, page_of, sent_on_its_way, stored
from tests.outreach.test_package import signed
from tests.questionnaires.given import a_questionnaire
from tests.support.given import access_of

pytestmark = pytest.mark.slow


@pytest.fixture
def sent(client, post):
    """Return a mailing that has reached two of three people, with who made it."""
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org", given_name=name) for name in ("ann", "ben", "cal")]
    event = an_event(consultation)
    mailing = drafted(Offer(EVENT, event.id, event.title), consultation.id, people, organizer, whom="all")
    post.at_rcpt["cal@example.org"] = "554 5.7.1 refused"
    sent_on_its_way(mailing, organizer)
    send_due()
    assert [address for _, address in post.envelopes] == ["ann@example.org", "ben@example.org"] or len(post.envelopes) == 2
    post.received.clear()
    post.envelopes.clear()
    post.at_rcpt.clear()
    return access_of(organizer, consultation), mailing, people


def addresses(post):
    return sorted(address for _, address in post.envelopes)


def test_it_goes_to_those_whom_it_has_not_reached_and_to_nobody_else(sent, post):
    access, mailing, _ = sent
    assert send_again(access=access, mailing_id=mailing.id) == 1
    send_due()
    send_due()
    assert addresses(post) == ["cal@example.org"]
    assert stored(mailing).round == 2


def test_pressing_twice_writes_to_nobody_twice(sent, post):
    access, mailing, _ = sent
    send_again(access=access, mailing_id=mailing.id)
    with pytest.raises(NobodyToReachError):
        send_again(access=access, mailing_id=mailing.id)
    send_due()
    with pytest.raises(NobodyToReachError):
        send_again(access=access, mailing_id=mailing.id)
    assert addresses(post) == ["cal@example.org"]


def test_who_was_reached_gets_it_once_more_only_if_named(sent, post):
    access, mailing, people = sent
    send_again(access=access, mailing_id=mailing.id, once_more=[people[0].id])
    send_due()
    send_due()
    assert addresses(post) == ["ann@example.org", "cal@example.org"]
    # And once more in the next round, if named again.
    send_again(access=access, mailing_id=mailing.id, once_more=[people[0].id])
    send_due()
    assert addresses(post) == ["ann@example.org", "ann@example.org", "cal@example.org"]


def test_naming_somebody_who_was_not_reached_does_not_write_to_them_twice(sent, post):
    access, mailing, people = sent
    send_again(access=access, mailing_id=mailing.id, once_more=[people[2].id, people[2].id])
    send_due()
    assert addresses(post) == ["cal@example.org"]


def test_who_fits_the_choice_since_then_gets_it_as_well(sent, post):
    access, mailing, _ = sent
    a_person(access.consultation, "new@example.org", given_name="new")
    found = next_round(access, stored(mailing))
    assert [(person.email, why) for person, why in found.due] == [("cal@example.org", Why.FAILED), ("new@example.org", Why.NEW)]
    send_again(access=access, mailing_id=mailing.id)
    send_due()
    assert addresses(post) == ["cal@example.org", "new@example.org"]


def test_where_people_were_picked_one_by_one_nobody_is_added(client, post):
    consultation, organizer = a_team(client)
    mailing = a_questionnaire_draft(a_questionnaire(consultation), [a_person(consultation)], organizer)
    sent_on_its_way(mailing, organizer)
    send_due()
    a_person(consultation, "new@example.org")
    access = access_of(organizer, consultation)
    assert next_round(access, stored(mailing)).due == ()
    assert len(people_asked(access, Whom.from_query({}))) == 2


def test_who_may_be_written_to_again_and_who_has_an_address_now_get_it(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, "s@example.org", given_name="sup"), a_person(consultation, None, given_name="tel")]
    with writing() as session:
        suppress(session, "s@example.org", "bounced")
    event = an_event(consultation)
    mailing = sent_on_its_way(drafted(Offer(EVENT, event.id, event.title), consultation.id, people, organizer), organizer)
    send_due()
    access = access_of(organizer, consultation)
    assert next_round(access, stored(mailing)).due == ()
    allow_again(person_id=people[0].id, actor=access.actor)
    from engagement.kernel.crypto import address_index

    with writing() as session:
        row = session.merge(people[1])
        row.email, row.email_index = "t@example.org", address_index("t@example.org")
    assert {why for _, why in next_round(access, stored(mailing)).due} == {Why.HAS_ADDRESS_NOW}
    send_again(access=access, mailing_id=mailing.id)
    send_due()
    assert addresses(post) == ["s@example.org", "t@example.org"]


def test_who_opted_out_is_in_no_round_even_if_named(sent, post):
    access, mailing, people = sent
    with writing() as session:
        for person in people:
            session.merge(person).do_not_contact = True
    with pytest.raises(NobodyToReachError):
        send_again(access=access, mailing_id=mailing.id, once_more=[person.id for person in people])


def test_an_announcement_goes_once_more_to_named_people_only(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org", given_name=name) for name in ("ann", "ben")]
    mailing = drafted(Offer("", None, NOTHING, announces=True), consultation.id, people, organizer)
    change_words(mailing_id=mailing.id, subject=SUBJECT, body=BODY, actor=access_of(organizer, consultation).actor)
    sent_on_its_way(mailing, organizer)
    send_due()
    send_again(access=access_of(organizer, consultation), mailing_id=mailing.id, once_more=[people[1].id])
    send_due()
    assert addresses(post) == ["ann@example.org", "ben@example.org", "ben@example.org"]


def test_a_questionnaire_goes_once_more_to_named_people_only(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org", given_name=name) for name in ("ann", "ben")]
    mailing = a_questionnaire_draft(a_questionnaire(consultation), people, organizer)
    sent_on_its_way(mailing, organizer)
    send_due()
    send_again(access=access_of(organizer, consultation), mailing_id=mailing.id, once_more=[people[1].id])
    send_due()
    assert addresses(post) == ["ann@example.org", "ben@example.org", "ben@example.org"]


def test_a_stopped_mailing_goes_on_with_those_who_were_not_written_to(client, post):
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"{name}@example.org", given_name=name) for name in ("ann", "ben")]
    event = an_event(consultation)
    mailing = sent_on_its_way(drafted(Offer(EVENT, event.id, event.title), consultation.id, people, organizer), organizer)
    access = access_of(organizer, consultation)
    stop(mailing_id=mailing.id, actor=access.actor)
    assert {why for _, why in next_round(access, stored(mailing)).due} == {Why.STOPPED}
    send_again(access=access, mailing_id=mailing.id)
    send_due()
    assert addresses(post) == ["ann@example.org", "ben@example.org"]
    assert stored(mailing).state is MailingState.APPROVED


def test_a_draft_or_a_paused_mailing_is_not_sent_again(sent):
    access, mailing, people = sent
    pause(mailing_id=mailing.id, actor=access.actor)
    with pytest.raises(NotOnItsWayError):
        send_again(access=access, mailing_id=mailing.id, once_more=[people[0].id])
    assert stored(mailing).round == 1


def test_an_approval_on_paper_does_not_cover_a_further_round(client, sent, post):
    access, mailing, people = sent
    event = an_event(access.consultation, "Session 2")
    other = drafted(Offer(EVENT, event.id, event.title), mailing.consultation_id, people, type("U", (), {"id": access.user_id}))
    post.at_rcpt["cal@example.org"] = "554 5.7.1 refused"
    signed(access, other, make_package(access=access, mailing_id=other.id))
    send_due()
    post.at_rcpt.clear()
    sent_before = len(post.envelopes)
    send_again(access=access, mailing_id=other.id, once_more=[people[0].id])
    send_due()
    assert len(post.envelopes) == sent_before
    assert "What was approved on paper has changed" in client.get(page_of(other) + "?lang=en").text
    signed(access, other, make_package(access=access, mailing_id=other.id))
    send_due()
    assert sorted(addresses(post)) == ["ann@example.org", "ann@example.org", "ben@example.org", "cal@example.org"]


def test_the_page_says_who_and_why_in_both_languages_and_does_it(client, sent, post):
    _, mailing, people = sent
    english, french = (client.get(page_of(mailing, f"/again?lang={language}")).text for language in ("en", "fr"))
    assert "The mail was not delivered" in english
    assert "Le courriel n’a pas été distribué" in french
    assert "ann Example" in english.partition("Once more, to these by name")[2]
    client.post(page_of(mailing, "/again"), data={"once_more": [str(people[1].id), "x", "00000000-0000-0000-0000-000000000000"]})
    send_due()
    assert addresses(post) == ["ben@example.org", "cal@example.org"]
    for language, words in (("en", "Sent again: round 2."), ("fr", "Envoi refait\u00a0: tour 2.")):
        assert words in client.get(page_of(mailing) + f"?lang={language}").text


def test_the_same_yes_sent_twice_names_nobody_twice(client, sent, post):
    _, mailing, people = sent
    form = BeautifulSoup(client.get(page_of(mailing, "/again")).text, "html.parser").select_one("input[name=round]")
    yes = {"once_more": [str(people[1].id)], "round": form["value"]}
    client.post(page_of(mailing, "/again"), data=yes)
    send_due()
    for language, words in (("en", "It was sent again meanwhile."), ("fr", "L’envoi a été refait entre-temps.")):
        page = client.post(page_of(mailing, f"/again?lang={language}"), data=yes)
        assert words in page.text
        send_due()
    assert addresses(post) == ["ben@example.org", "cal@example.org"]
    # Who has looked again can name them again.
    client.post(page_of(mailing, "/again"), data={**yes, "round": "2"})
    send_due()
    assert addresses(post) == ["ben@example.org", "ben@example.org", "cal@example.org"]


def test_nobody_to_reach_is_said_in_one_line(client, sent):
    access, mailing, _ = sent
    send_again(access=access, mailing_id=mailing.id)
    for language, words in (("en", "has reached everybody"), ("fr", "est parvenu à toutes les personnes")):
        assert words in client.post(page_of(mailing, f"/again?lang={language}"), data={}).text


def test_no_round_plans_a_second_message_for_who_was_not_named(sent, post):
    access, mailing, people = sent
    for _ in range(3):
        send_again(access=access, mailing_id=mailing.id, once_more=[people[0].id])
        send_due()
    db.session.rollback()
    rows = select(Message.person_id, func.count()).where(Message.mailing_id == mailing.id, Message.state == State.SENT)
    counted = dict(db.session.execute(rows.group_by(Message.person_id)).all())
    assert counted == {people[0].id: 4, people[1].id: 1, people[2].id: 1}


def test_who_has_another_address_and_got_it_there_has_not_bounced_any_more(client, post):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    person = a_person(consultation, "wrong@example.org")
    event = an_event(consultation)
    post.at_rcpt["wrong@example.org"] = "550 5.1.1 no such user"
    mailing = sent_on_its_way(drafted(Offer(EVENT, event.id, event.title), consultation.id, [person], organizer), organizer)
    send_due()
    assert [row.person.id for row in who_is_silent(thing_about(event.id, None)).of(Fate.BOUNCED)] == [person.id]
    with writing() as session:
        row = session.merge(person)
        row.email, row.email_index = "right@example.org", address_index("right@example.org")
    send_again(access=access_of(organizer, consultation), mailing_id=mailing.id)
    send_due()
    assert addresses(post) == ["right@example.org"]
    with at_moment(now() + timedelta(days=8)):
        assert [each.person.id for each in who_is_silent(thing_about(event.id, None)).reminded] == [person.id]
        sent_on_its_way(draft_reminder(thing=thing_about(event.id, None), actor=staff(organizer.id)), organizer)
        send_due()
    assert addresses(post) == ["right@example.org", "right@example.org"]
