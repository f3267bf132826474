"""Each mail program's reply moves the invitation that it answers, and no other; whatever is doubtful waits and changes nothing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.events.models import CalendarEntry, Event, Format, Seat, SeatState
from engagement.events.replies import Answer, reply_to_event, withdraw_guest
from engagement.events.service import cancel_event
from engagement.invitations.models import Channel, Choice, Mode, Reply
from engagement.invitations.service import replies_of
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from tests.events.given import an_event, the_sitting
from tests.mailing.given import a_person
from tests.mailing.inbound_given import STAMP, count, guests, inbox, replies_and_seats, taken
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

MOVES = {
    "outlook-accepted.eml": Choice.ACCEPTED,
    "gmail-tentative.eml": Choice.TENTATIVE,
    "apple-declined.eml": Choice.DECLINED,
}


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def two(consultation, post):
    """Return two guests of one event."""
    return guests(consultation, post, "jo@example.org", "sam@example.org")


def changes_nothing(guest, received, why, kind=Kind.REPLY):
    """Assert that a mail waits for the team and that nobody's reply or seat came of it."""
    assert received.row.state is InboxState.WAITING
    assert received.row.kind is kind
    assert why in received.row.why
    assert replies_and_seats() == (0, 0)
    assert taken(guest.stands().event_id) == 0
    assert guest.stands().choice is None
    assert guest.entry().last_reply_stamp is None


@pytest.mark.parametrize(("template", "choice"), MOVES.items())
def test_each_mail_programs_reply_moves_its_invitation_and_no_other(two, template, choice):
    jo, sam = two
    received = jo.answers(template)
    assert (received.row.kind, received.row.state, received.row.outcome) == (Kind.REPLY, InboxState.DONE, choice.value)
    assert (received.row.person_id, received.row.invitation_id) == (jo.person.id, jo.invitation.id)
    assert jo.stands().choice is choice
    assert sam.stands().choice is None
    (reply,) = replies_of(jo.invitation.id)
    assert (reply.channel, reply.choice) == (Channel.CALENDAR, choice)
    assert taken(jo.invitation.event_id) == (choice is Choice.ACCEPTED)
    assert jo.entry().partstat is choice


def test_what_a_guest_wrote_beside_their_no_is_kept(two):
    two[0].answers("apple-declined.eml")
    assert replies_of(two[0].invitation.id)[0].reason == "I am away, sorry."


@pytest.mark.parametrize(("partstat", "state"), [(b"ACCEPTED", "waiting"), (b"TENTATIVE", "waiting"), (b"DECLINED", "done")])
def test_what_a_guest_wrote_beside_a_yes_or_a_maybe_is_read_by_the_team(two, partstat, state):
    mail = two[0].mail("outlook-accepted.eml")
    assert (b"PARTSTAT=ACCEPTED" in mail, b"COMMENT" in mail) == (True, True)
    mail = re.sub(rb"COMMENT.*", b"COMMENT:I need a sign language interpreter.", mail)
    row = receive(mail.replace(b"PARTSTAT=ACCEPTED", b"PARTSTAT=" + partstat)).row
    assert (row.state.value, row.outcome) == (state, partstat.decode().lower())
    assert two[0].stands().choice.value == row.outcome
    assert replies_of(two[0].invitation.id)[0].reason == "I need a sign language interpreter."


@pytest.mark.parametrize("older", [False, True])
def test_a_document_that_comes_with_a_calendars_answer_waits_for_the_team(two, older):
    if older:
        two[0].answers("gmail-tentative.eml")
    mail = two[0].mail("outlook-accepted.eml", DTSTAMP=(now() - timedelta(hours=1)).strftime(STAMP))
    bounds = re.search(rb'boundary="([^"]+)"', mail)[1]
    pdf = b"--%s\nContent-Type: application/pdf; name=brief.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n" % bounds
    row = receive(mail.replace(b"--%s--" % bounds, pdf + b"--%s--" % bounds)).row
    assert (row.kind, row.state) == (Kind.REPLY, InboxState.WAITING)
    assert "brings a document" in row.why
    assert row.outcome == ("older" if older else "accepted")


def test_the_same_mail_acts_once_however_it_was_carried(two):
    jo, _ = two
    mail = jo.mail("outlook-accepted.eml")
    first = receive(mail)
    other_way = b"Received: from relay.example.net by mx.example.org\r\nDelivered-To: box@example.org\r\n" + mail.replace(b"\n", b"\r\n")
    again = receive(other_way)
    assert (first.again, again.again) == (False, True)
    assert again.row.id == first.row.id
    assert (count(Reply), count(Seat)) == (1, 1)


def test_two_mails_that_share_a_message_id_both_act(two):
    for guest in two:
        assert guest.answers("outlook-accepted.eml").row.state is InboxState.DONE
    assert taken(two[0].invitation.event_id) == 2


@pytest.mark.parametrize(
    "changes", [{"TO": "consultations@convoke.example"}, {"TO": "consultations@convoke.example", "IN_REPLY_TO": "<x@y.z>"}]
)
def test_without_a_mailbox_of_its_own_the_uid_decides(two, changes):
    assert two[0].answers("outlook-accepted.eml", **changes).row.outcome == "accepted"
    assert two[0].stands().choice is Choice.ACCEPTED


def test_where_a_program_changed_the_uid_what_it_answers_decides(two):
    assert two[0].answers("outlook-accepted.eml", TO="consultations@convoke.example", UID="040000008200E0").row.outcome == "accepted"
    assert two[1].stands().choice is None


def test_a_forwarded_invitation_that_a_colleague_accepts_waits_and_lets_nobody_in(two):
    jo, _ = two
    changes_nothing(jo, jo.answers("outlook-accepted.eml", FROM="colleague@example.org"), "not invited")
    assert inbox()[0].invitation_id == jo.invitation.id
    assert inbox()[0].person_id is None
    assert "choice" not in inbox()[0].details


def test_an_answer_for_the_guest_that_somebody_else_sent_waits(two):
    jo, _ = two
    raw = jo.mail("outlook-accepted.eml")
    sent = receive(raw.replace(b"From: ", b"From: colleague@evil.example\r\nX-Was: ", 1))
    changes_nothing(jo, sent, "from another address")


def test_a_reply_of_one_guest_for_anothers_invitation_changes_nothing(two):
    jo, sam = two
    received = jo.answers("outlook-accepted.eml", FROM=sam.person.email)
    changes_nothing(jo, received, "not invited")
    assert received.row.person_id == sam.person.id
    assert sam.stands().choice is None


def test_a_mailbox_that_is_not_ours_changes_nothing(two):
    forged = f"replies+{'a' * 20}@convoke.example"
    changes_nothing(two[0], two[0].answers("outlook-accepted.eml", TO=forged), "different invitations")


def test_the_mailbox_of_one_guest_and_the_uid_of_another_change_nothing(two):
    jo, sam = two
    changes_nothing(jo, jo.answers("outlook-accepted.eml", TO=sam.values["TO"]), "different invitations")
    assert sam.stands().choice is None


def test_what_is_about_nothing_of_ours_is_for_people_to_place(two):
    strange = {"TO": "consultations@convoke.example", "UID": "x@y", "IN_REPLY_TO": "<x@y.z>", "FROM": "else@example.org"}
    changes_nothing(two[0], two[0].answers("outlook-accepted.eml", **strange), "no invitation of ours", Kind.UNPLACED)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"METHOD:REPLY", b"METHOD:COUNTER", "proposes another time"),
        (b"METHOD:REPLY", b"METHOD:REFRESH", "sent the entry again"),
        (b"PARTSTAT=ACCEPTED", b"PARTSTAT=DELEGATED", "somebody else is sent"),
        (b"PARTSTAT=ACCEPTED", b'PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:x@example.org"', "somebody else is sent"),
        (b"PARTSTAT=ACCEPTED", b"PARTSTAT=NEEDS-ACTION", "neither yes, maybe nor no"),
        (b"UID:", b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:second@example.org\nUID:", "several people"),
        (b"UID:", b"RECURRENCE-ID:20261208T170000Z\nUID:", "several entries"),
        (b"SEQUENCE:0", b"SEQUENCE:1", "never sent"),
        (b"SEQUENCE:0", b"SEQUENCE:-1", "cannot be read"),
        (b"DTSTAMP:", b"DTSTAMP:soon", "cannot be read"),
    ],
)
def test_what_a_calendar_may_ask_besides_a_reply_waits_for_the_team(two, old, new, why):
    mail = two[0].mail("outlook-accepted.eml")
    assert old in mail
    changes_nothing(two[0], receive(mail.replace(old, new)), why)


def test_a_reply_that_states_its_method_in_the_header_alone_is_taken(two):
    mail = two[0].mail("outlook-accepted.eml")
    assert b"METHOD:REPLY\n" in mail
    assert receive(mail.replace(b"METHOD:REPLY\n", b"")).row.outcome == "accepted"


def test_what_is_a_reply_in_its_entry_and_a_counter_in_its_header_waits(two):
    mail = two[0].mail("outlook-accepted.eml")
    assert b"method=REPLY" in mail
    changes_nothing(two[0], receive(mail.replace(b"method=REPLY", b"method=COUNTER")), "proposes another time")


def test_an_address_in_percent_encoding_is_the_guests_own_and_no_other(consultation, post):
    (guest,) = guests(consultation, post, "jo+team@example.org")
    mail = guest.mail("outlook-accepted.eml")
    own = b":MAILTO:jo+team@example.org"
    assert own in mail
    changes_nothing(guest, receive(mail.replace(own, b":mailto:sam%2Bteam%40example.org")), "not invited")
    assert receive(mail.replace(own, b":mailto:jo%2Bteam%40example.org")).row.outcome == "accepted"


def test_an_older_calendar_reply_that_arrives_later_changes_nothing(two):
    jo, _ = two
    earlier = (now() - timedelta(hours=1)).strftime(STAMP)
    jo.answers("apple-declined.eml")
    received = jo.answers("outlook-accepted.eml", DTSTAMP=earlier)
    assert (received.row.state, received.row.outcome) == (InboxState.DONE, "older")
    assert jo.stands().choice is Choice.DECLINED
    assert replies_and_seats() == (1, 0)


def test_of_two_replies_stamped_alike_the_last_received_counts(two):
    jo, _ = two
    jo.answers("outlook-accepted.eml")
    jo.answers("apple-declined.eml")
    assert jo.stands().choice is Choice.DECLINED
    assert taken(jo.invitation.event_id) == 0


def test_a_reply_to_a_time_that_has_changed_since_waits(two):
    jo, _ = two
    with writing() as session:
        entry = session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id == jo.invitation.id)).one()
        entry.sequence = entry.revised_sequence = 1
    changes_nothing(jo, jo.answers("outlook-accepted.eml"), "changed since")
    assert jo.answers("outlook-accepted.eml", SEQUENCE="1").row.outcome == "accepted"


def test_a_reply_to_an_entry_that_only_the_guests_own_reply_has_changed_is_taken(two):
    jo, _ = two
    with writing() as session:
        session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id == jo.invitation.id)).one().sequence = 1
    assert jo.answers("outlook-accepted.eml").row.outcome == "accepted"


def test_across_channels_the_last_received_counts(two):
    jo, _ = two
    early = now()
    reply_to_event(invitation_id=jo.invitation.id, answers=Answer(Choice.DECLINED), actor=by_link(jo.invitation.id))
    received = jo.answers("outlook-accepted.eml", at=early - timedelta(minutes=5))
    assert received.row.outcome == "later_stands"
    assert jo.stands().choice is Choice.DECLINED
    assert taken(jo.invitation.event_id) == 0
    later = (now() + timedelta(seconds=5)).strftime(STAMP)
    assert jo.answers("outlook-accepted.eml", DTSTAMP=later).row.outcome == "accepted"
    assert jo.stands().choice is Choice.ACCEPTED


def test_what_a_mail_says_of_its_own_date_is_not_believed(two):
    jo, _ = two
    received = receive(jo.mail("outlook-accepted.eml").replace(b"02 Dec 2026", b"02 Dec 2126"))
    assert received.row.received_at <= now()
    assert replies_of(jo.invitation.id)[0].received_at == received.row.received_at


def test_when_the_sitting_is_full_a_calendar_reply_is_put_on_the_waiting_list_and_told_so(consultation, post):
    jo, sam = guests(consultation, post, "jo@example.org", "sam@example.org", in_person=1)
    jo.answers("outlook-accepted.eml")
    received = sam.answers("outlook-accepted.eml")
    assert received.row.outcome == "waitlisted"
    assert db.session.scalar(select(Seat.state).where(Seat.invitation_id == sam.invitation.id)) is SeatState.WAITING
    assert taken(jo.invitation.event_id) == 1
    post.received.clear()
    send_due()
    told = {mail["To"].addresses[0].addr_spec: mail.get_body(("plain",)).get_content() for mail in post.mails()}
    assert "waiting list" in told["sam@example.org"]
    assert "Your seat is kept" in told["jo@example.org"]


def test_a_calendar_that_accepts_each_mail_by_itself_is_told_once(two):
    jo, _ = two
    for second in range(3):
        jo.answers("outlook-accepted.eml", DTSTAMP=(now() + timedelta(seconds=second)).strftime(STAMP))
    confirmations = select(Message.id).where(Message.purpose == "event_confirmation", Message.invitation_id == jo.invitation.id)
    assert len(db.session.scalars(confirmations).all()) == 1


def test_in_a_hybrid_event_no_seat_is_taken_until_the_guest_says_which(consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org", form=Format.HYBRID)
    received = jo.answers("outlook-accepted.eml")
    assert (received.row.state, received.row.outcome) == (InboxState.WAITING, "accepted")
    assert "in person or online" in received.row.why
    assert jo.stands().choice is Choice.ACCEPTED
    assert taken(jo.invitation.event_id) == 0
    post.received.clear()
    send_due()
    assert "until then no seat is kept" in post.mails()[0].get_body(("plain",)).get_content()


def test_in_a_hybrid_event_the_way_that_was_last_said_holds(consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org", form=Format.HYBRID)
    for answer in (Answer(Choice.ACCEPTED, Mode.ONLINE), Answer(Choice.DECLINED)):
        reply_to_event(invitation_id=jo.invitation.id, answers=answer, actor=by_link(jo.invitation.id))
    assert jo.answers("outlook-accepted.eml").row.outcome == "accepted"
    assert db.session.scalar(select(Seat.mode).where(Seat.invitation_id == jo.invitation.id)) is Mode.ONLINE


def closed_by(way, guest):
    """Close replies in one of the ways there are."""
    with writing() as session:
        event = session.get_one(Event, guest.invitation.event_id)
        if way == "paused":
            session.get_one(Consultation, event.consultation_id).status = Status.PAUSED
        elif way == "last day":
            event.reply_by = (now() - timedelta(days=3)).date()
        elif way == "over":
            sitting = the_sitting(event)
            sitting.starts_at, sitting.ends_at = now() - timedelta(hours=3), now() - timedelta(hours=1)
    if way == "withdrawn":
        withdraw_guest(invitation_id=guest.invitation.id, actor=SYSTEM)
    elif way == "cancelled":
        cancel_event(event_id=guest.invitation.event_id, actor=SYSTEM)


@pytest.mark.parametrize(
    ("way", "why"),
    [("paused", "paused"), ("last day", "last day"), ("over", "is over"), ("withdrawn", "withdrawn"), ("cancelled", "cancelled")],
)
def test_when_replies_are_closed_a_calendar_reply_waits_and_says_why(two, way, why):
    closed_by(way, two[0])
    sequence = str(two[0].entry().sequence)
    changes_nothing(two[0], two[0].answers("outlook-accepted.eml", SEQUENCE=sequence), why)


def test_one_sitting_of_two_moves_alone(consultation, post):
    event = an_event(consultation, form=Format.IN_PERSON, days=2)
    (jo,) = guests(consultation, post, "jo@example.org", event=event)
    jo.answers("outlook-accepted.eml")
    rows = db.session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id == jo.invitation.id)).all()
    assert sorted(str(row.partstat) for row in rows) == ["None", "accepted"]
    assert taken(event.id) == 1


def test_a_text_that_somebody_writes_to_a_guests_mailbox_is_placed_with_the_guest(two):
    jo, _ = two
    raw = f"From: {jo.person.email}\nTo: {jo.values['TO']}\nSubject: Question\n\nIs there a lift?\n".encode()
    row = receive(raw).row
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert (row.person_id, row.invitation_id, row.consultation_id) == (jo.person.id, jo.invitation.id, jo.person.consultation_id)


def test_somebody_whose_address_has_changed_answers_from_either(consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    with writing() as session:
        session.merge(jo.person).email = "jo.new@example.org"
    assert jo.answers("outlook-accepted.eml").row.outcome == "accepted"
    assert jo.answers("apple-declined.eml", FROM="JO.New@example.org").row.outcome == "declined"


def test_nobody_on_the_roster_is_touched_by_a_stranger(consultation):
    a_person(consultation)
    row = receive(b"From: who@example.net\nSubject: hello\n\nhi\n").row
    assert (row.person_id, row.consultation_id, row.state) == (None, None, InboxState.WAITING)
