"""What is written to a guest's own mailbox is about their invitation; who wrote it is told by the address."""

import pytest

from engagement.kernel.db import db
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.receiving import receive
from engagement.roster.models import Person
from tests.mailing.given import a_person
from tests.mailing.inbound_given import guests
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def jo(consultation, post):
    return guests(consultation, post, "jo@example.org")[0]


def written_to(guest, sender, words="I could come in place of Jo.", head=""):
    return receive(f"From: {sender}\nTo: {guest.values['TO']}\nSubject: Roundtable\n{head}\n{words}\n".encode()).row


def test_somebody_of_the_roster_whom_it_was_passed_on_to_is_the_one_who_wrote(consultation, jo):
    lee = a_person(consultation, "lee@example.org", given_name="Lee")
    row = written_to(jo, "Lee <LEE@example.org>")
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert (row.person_id, row.person_sure, row.invitation_id) == (lee.id, False, jo.invitation.id)


def test_an_address_that_nobody_has_may_be_the_guests_other_one(jo):
    row = written_to(jo, "jo.private@example.net")
    assert (row.person_id, row.person_sure, row.invitation_id) == (jo.person.id, False, jo.invitation.id)


def test_a_guest_who_answers_our_mail_from_their_address_is_known_for_certain(jo):
    row = written_to(jo, "jo@example.org", head=f"In-Reply-To: {jo.message.rfc_message_id}\n")
    assert (row.person_id, row.person_sure) == (jo.person.id, True)


def test_who_asks_for_the_questionnaire_there_gets_their_own(consultation, jo):
    a_questionnaire(consultation)
    lee = a_person(consultation, "lee@example.org", given_name="Lee")
    row = written_to(jo, "lee@example.org", "Please send me the questionnaire.")
    assert (row.kind, row.outcome, row.person_id) == (Kind.REQUEST, "asked", lee.id)


def test_a_machine_that_answers_there_is_about_the_invitation_whatever_address_it_has(jo):
    row = written_to(jo, "jo.alias@example.net", head="Auto-Submitted: auto-replied\n")
    assert (row.kind, row.state) == (Kind.AUTO, InboxState.DONE)
    assert (row.person_id, row.invitation_id, row.consultation_id) == (jo.person.id, jo.invitation.id, jo.person.consultation_id)
    assert jo.stands().choice is None


def test_who_wants_no_more_mail_by_another_address_waits_for_the_team_of_the_invitation(jo):
    row = receive(f"From: jo.alias@example.net\nTo: {jo.values['TO']}\nSubject: Unsubscribe\n\n".encode()).row
    assert (row.kind, row.state, row.outcome) == (Kind.UNSUBSCRIBE, InboxState.WAITING, "waiting")
    assert (row.person_id, row.person_sure, row.consultation_id) == (jo.person.id, False, jo.person.consultation_id)


def test_the_wish_of_somebody_of_another_consultation_is_not_shown_as_the_guests(jo):
    elsewhere = a_person(a_consultation("elsewhere"), "kim@example.net", given_name="Kim")
    row = receive(f"From: kim@example.net\nTo: {jo.values['TO']}\nSubject: Unsubscribe\n\n".encode()).row
    assert (row.outcome, row.person_id, row.consultation_id) == ("unsubscribed", None, jo.person.consultation_id)
    db.session.rollback()
    wants = [db.session.get(Person, each.id, populate_existing=True).wants_mailings for each in (elsewhere, jo.person)]
    assert wants == [False, True]
