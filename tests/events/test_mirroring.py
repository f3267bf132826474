"""What a reply does to the guest's calendar entry: PARTSTAT, the link, and when that is a new revision."""

import pytest

from engagement.events.replies import Answer, promote_from_waitlist, reply_to_event
from engagement.events.seats import waiting_line
from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from tests.events.given import COMING, a_person, an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import a_told_guest, asked, behind, moved, replied, tell
from tests.support.given import a_consultation

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)


@pytest.fixture
def consultation(app):
    return a_consultation()


def test_nobody_in_person_gets_the_link(consultation, post):
    event = an_event(consultation)
    for answer in (COMING, Answer(Choice.TENTATIVE), None):
        invitation = asked(event, a_person(consultation))
        if answer is not None:
            replied(invitation, answer)
    mails = delivered(post)
    moved(the_sitting(event), 14)
    tell(event)
    mails += delivered(post)
    assert len(mails) == 6
    for mail in mails:
        assert b"meet.example.org" not in mail.mail.as_bytes()
        assert "meet.example.org" not in mail.plain + mail.ics


def test_from_online_to_in_person_the_link_leaves_the_entry_and_the_place_comes(consultation, post):
    event, invitation = a_told_guest(consultation, post)
    replied(invitation, ONLINE)
    (online,) = delivered(post)
    replied(invitation, COMING)
    (chair,) = delivered(post)
    assert "meet.example.org" in online.event.location.value
    assert chair.event.location.value == "10 Wellington Street, Gatineau"
    assert not hasattr(chair.event, "conference")
    assert chair.sequence == online.sequence + 1
    assert behind(event) == []


def test_a_reply_that_changes_neither_place_nor_link_repeats_the_sequence(consultation, post):
    _, invitation = a_told_guest(consultation, post)
    for answer, word in ((Answer(Choice.TENTATIVE), "TENTATIVE"), (COMING, "ACCEPTED")):
        replied(invitation, answer)
        (mail,) = delivered(post)
        assert mail.sequence == 0
        assert mail.event.attendee.params["PARTSTAT"] == [word]


def test_a_reply_by_telephone_is_mirrored_where_the_calendar_holds_the_entry(consultation, post):
    _, invitation = a_told_guest(consultation, post)
    reply_to_event(invitation_id=invitation.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.event.attendee.params["PARTSTAT"] == ["ACCEPTED"]


def test_whoever_gets_an_online_seat_from_the_waiting_list_reads_the_link_in_a_new_revision(consultation, post):
    event = an_event(consultation, online=0)
    invitation = asked(event, a_person(consultation))
    delivered(post)
    replied(invitation, Answer(Choice.ACCEPTED, Mode.ONLINE, may_wait=True))
    (waiting,) = delivered(post)
    assert "meet.example.org" not in waiting.ics
    sitting = the_sitting(event)
    moved(sitting, 13, online=1)
    (seat,) = waiting_line(db.session(), sitting.id, Mode.ONLINE)
    promote_from_waitlist(seat_id=seat.id, actor=SYSTEM)
    (seated,) = delivered(post)
    assert seated.event.attendee.params["PARTSTAT"] == ["ACCEPTED"]
    assert seated.event.conference.value == "https://meet.example.org/session-1"
    assert seated.sequence == waiting.sequence + 1
