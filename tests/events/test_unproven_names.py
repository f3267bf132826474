"""A name that a stranger typed stands in no mail about an event, nor in its calendar part, until somebody answers from the address."""

import pytest

from engagement.events.cancelling import cancel_event
from engagement.events.withdrawing import withdraw_guest
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.roster.models import Person
from tests.events.given import COMING, a_person, an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, moved, replied, tell
from tests.outreach.given import an_announcement, never_quiet, sent_on_its_way
from tests.support.given import a_consultation, a_member

pytestmark = pytest.mark.slow

TYPED = "Pay Now"


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


@pytest.fixture
def victim(consultation):
    person = a_person(consultation, TYPED, email="victim@other.example")
    with writing() as session:
        session.get(Person, person.id).name_unproven = True
    return person


@pytest.mark.parametrize(
    "last",
    [
        lambda event, _: cancel_event(event_id=event.id, actor=SYSTEM),
        lambda _, invitation: withdraw_guest(invitation_id=invitation.id, actor=SYSTEM),
    ],
)
def test_no_mail_about_an_event_says_a_name_that_nobody_has_proven(consultation, victim, post, last):
    event = an_event(consultation)
    invitation = asked(event, victim)
    mails = delivered(post)
    moved(the_sitting(event), 17)
    tell(event)
    mails += delivered(post)
    last(event, invitation)
    mails += delivered(post)
    assert [mail.method for mail in mails] == ["REQUEST", "REQUEST", "CANCEL"]
    for mail in mails:
        assert TYPED not in str(mail.mail["To"])
        assert TYPED not in mail.plain
        assert TYPED not in mail.ics
        assert mail.event.attendee.params["CN"] == [victim.email]


def test_an_announcement_leaves_the_name_out_too(consultation, victim, post):
    organizer = a_member(consultation)
    mailing = an_announcement(consultation, [victim], organizer, body=Text("For ((name)).", "Pour ((name))."))
    sent_on_its_way(mailing, organizer)
    (mail,) = delivered(post)
    assert TYPED not in mail.plain


def test_whoever_replies_from_the_address_is_called_by_their_name(consultation, victim, post):
    invitation = asked(an_event(consultation), victim)
    delivered(post)
    replied(invitation, COMING)
    (mail,) = delivered(post)
    assert TYPED in mail.plain
    db.session.rollback()
    assert db.session.get(Person, victim.id, populate_existing=True).addressed_as == TYPED
