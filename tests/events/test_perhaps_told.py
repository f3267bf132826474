"""An invitation that may have arrived: its guest hears of what changes, and their calendar takes a cancellation."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.cancelling import cancel_event
from engagement.events.models import CalendarEntry
from engagement.events.replies import Answer
from engagement.events.telling import Fate
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.models import Message, State
from engagement.mailing.outbox import NotNowError
from engagement.mailing.service import send_again, settle_as_arrived
from tests.events.given import an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, behind, messages, moved, replied, tell
from tests.mailing.given import a_person
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation, a_member, signed_in_as

pytestmark = pytest.mark.slow


@pytest.fixture
def event(app):
    consultation = a_consultation()
    never_quiet(consultation)
    return an_event(consultation)


@pytest.fixture
def guest(event, post):
    """Return the invitation whose mail the server took, and said nothing."""
    person = a_person(_consultation(event), "ada@example.org")
    invitation = asked(event, person)
    post.at_data[person.email] = "drop"
    delivered(post)
    post.at_data.clear()
    assert [each.state for each in messages("event_invitation")] == [State.DOUBTFUL]
    return invitation


def _consultation(event):
    return db.session.get_one(Consultation, event.consultation_id)


def test_they_are_told_of_a_move_with_the_time_that_they_may_know(guest, event, post):
    moved(the_sitting(event), 9)
    assert len(behind(event)) == 1
    tell(event)
    (mail,) = delivered(post)
    assert "13:00" in mail.plain.partition("now: ")[0]
    assert "09:00" in mail.plain.partition("now: ")[2]
    assert (mail.method, mail.sequence) == ("REQUEST", 1)
    assert behind(event) == []


@pytest.mark.parametrize("end", ["cancelled", "withdrawn"])
def test_their_calendar_takes_the_entry_out(guest, event, post, end):
    if end == "cancelled":
        cancel_event(event_id=event.id, actor=SYSTEM)
    else:
        withdraw_guest(invitation_id=guest.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.method == "CANCEL"
    assert "13:00" in mail.plain


def test_the_older_time_is_not_sent_again(guest, event, post):
    moved(the_sitting(event), 9)
    (message,) = messages("event_invitation")
    with pytest.raises(NotNowError, match="changed"):
        send_again(message_id=message.id, actor=SYSTEM)
    assert delivered(post) == []


def test_a_cancellation_that_may_not_have_arrived_leaves_the_entry_in_the_calendar(event, post):
    person = a_person(_consultation(event), "bob@example.org")
    asked(event, person)
    delivered(post)
    post.at_data[person.email] = "drop"
    cancel_event(event_id=event.id, actor=SYSTEM)
    delivered(post)
    (entry,) = db.session.scalars(select(CalendarEntry).execution_options(populate_existing=True))
    assert entry.held
    assert db.session.scalars(select(Message.state).where(Message.purpose == "event_cancellation")).all() == [State.DOUBTFUL]


def told_of_a_move_that_may_have_arrived(event, post):
    """Have a guest be told of a move by a mail that the server took and said nothing; return their invitation and that mail."""
    person = a_person(_consultation(event), "bob@example.org")
    asked(event, person)
    (invited,) = delivered(post)
    post.at_data[person.email] = "drop"
    moved(the_sitting(event), 9)
    tell(event)
    (perhaps,) = delivered(post)
    post.at_data.clear()
    return invited, perhaps


def test_a_change_that_may_have_arrived_and_was_taken_back_is_told(event, post):
    invited, perhaps = told_of_a_move_that_may_have_arrived(event, post)
    moved(the_sitting(event), 13)
    (one,) = behind(event)
    assert [(each.what.en, each.before.en) for each in one.changes] == [("Date and time", ""), ("Place", "")]
    tell(event)
    (mail,) = delivered(post)
    assert "13:00" in mail.plain
    assert "09:00" not in mail.plain
    assert mail.event.dtstart.value == invited.event.dtstart.value != perhaps.event.dtstart.value
    assert (mail.method, mail.sequence) == ("REQUEST", 2)
    assert behind(event) == []


def test_a_change_that_was_found_to_have_arrived_is_what_its_guest_knows(event, post):
    told_of_a_move_that_may_have_arrived(event, post)
    assert len(behind(event)) == 1
    (message,) = messages("event_change")
    settle_as_arrived(message_id=message.id, actor=SYSTEM)
    assert behind(event) == []


def test_whoever_may_have_read_of_the_change_is_not_told_before_the_team_has_decided_on_that_mail(event, post, client):
    told_of_a_move_that_may_have_arrived(event, post)
    assert [each.fate for each in behind(event)] == [Fate.PERHAPS_TOLD]
    signed_in_as(client, a_member(_consultation(event)))
    page = client.get(f"/c/fisheries/events/{event.name}/tell")
    assert "A mail that says it may have arrived: decide on it first" in page.text
    assert "Tell 1 guest" not in page.text
    assert "Nobody is to be told now." in page.text
    assert "knows how it stands" not in page.text
    (message,) = messages("event_change")
    send_again(message_id=message.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert "09:00" in mail.plain
    assert behind(event) == []


def test_a_confirmation_that_may_have_arrived_makes_nobodys_knowledge_old(event, post):
    person = a_person(_consultation(event), "bob@example.org")
    invitation = asked(event, person)
    delivered(post)
    post.at_data[person.email] = "drop"
    replied(invitation, Answer(Choice.ACCEPTED, Mode.IN_PERSON))
    delivered(post)
    assert [each.state for each in messages("event_confirmation")] == [State.DOUBTFUL]
    assert behind(event) == []


def test_a_change_that_no_server_took_is_told_by_the_next_yes(event, post):
    person = a_person(_consultation(event), "bob@example.org")
    asked(event, person)
    delivered(post)
    moved(the_sitting(event), 15)
    post.at_rcpt[person.email] = "554 5.7.1 not now"
    tell(event)
    assert delivered(post) == []
    post.at_rcpt.clear()
    assert len(behind(event)) == 1
    tell(event)
    (mail,) = delivered(post)
    assert (mail.method, mail.sequence) == ("REQUEST", 1)
    assert behind(event) == []
