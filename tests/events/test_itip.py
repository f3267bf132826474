"""The rules of iTIP that a reply is taken by (RFC 5546), for every order in which replies can arrive."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engagement.events.calendar import Entry, calendar_part
from engagement.events.itip import CHOICES, Answered, Attendee, Step, decide, read_answer
from engagement.invitations.models import Choice

BEGIN = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATE = BEGIN + timedelta(days=400)
INVITED = "jo@example.org"


def an_answer(partstat="ACCEPTED", *, sequence=0, minutes=0, address=INVITED, method="REPLY", **more):
    return Answered(method, ("uid",), (Attendee(address, partstat),), sequence, BEGIN + timedelta(minutes=minutes), **more)


def judged(answered, *, sequence=0, last=None):
    return decide(answered, is_invited=lambda address: address == INVITED, sequence=sequence, revised=sequence, last=last, received_at=LATE)


def after_all(replies, sequence):
    """Return what stands after these replies arrived in this order, and the last that was taken."""
    stands, last = None, None
    for each in replies:
        if judged(each, sequence=sequence, last=last).step is Step.TAKE:
            stands, last = each.choice, (each.sequence, each.stamp)
    return stands, last


replies = st.builds(an_answer, st.sampled_from(sorted(CHOICES)), sequence=st.integers(0, 3), minutes=st.integers(0, 500))


@given(st.lists(replies, min_size=1, max_size=6, unique_by=lambda each: each.stamp), st.integers(0, 3), st.randoms())
def test_in_whatever_order_replies_arrive_the_newest_of_the_present_revision_stands(arrived, sequence, drawn):
    drawn.shuffle(arrived)
    present = [each for each in arrived if each.sequence == sequence]
    newest = max(present, key=lambda each: each.stamp, default=None)
    assert after_all(arrived, sequence)[0] == (newest.choice if newest else None)


def test_each_order_of_three_replies_comes_to_the_same():
    three = [an_answer("ACCEPTED", minutes=1), an_answer("DECLINED", minutes=2), an_answer("TENTATIVE", minutes=3)]
    assert {after_all(order, 0)[0] for order in permutations(three)} == {Choice.TENTATIVE}


@given(replies, st.integers(0, 3), st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(0, 500))))
def test_what_is_taken_is_never_older_than_what_was_taken(answered, sequence, last):
    taken = (last[0], BEGIN + timedelta(minutes=last[1])) if last else None
    if judged(answered, sequence=sequence, last=taken).step is Step.TAKE:
        assert answered.sequence == sequence
        assert taken is None or (answered.sequence, answered.stamp) >= taken


@given(st.text(max_size=40), st.sampled_from([*CHOICES, "DELEGATED", "NEEDS-ACTION", ""]))
def test_nobody_but_who_was_invited_moves_anything(address, partstat):
    assume(address != INVITED)
    assert judged(an_answer(partstat, address=address)).step is Step.WAIT


@given(st.text(max_size=20))
def test_nothing_but_a_reply_moves_anything(method):
    assume(method != "REPLY")
    assert judged(an_answer(method=method)).step is Step.WAIT


@given(st.text(max_size=20))
def test_nothing_but_yes_maybe_and_no_moves_anything(partstat):
    assume(partstat not in CHOICES)
    assert judged(an_answer(partstat)).step is Step.WAIT


def test_a_clock_that_was_ahead_leaves_the_question_to_people():
    ahead = (0, LATE + timedelta(days=1))
    assert judged(an_answer(), last=ahead).step is Step.WAIT
    assert judged(an_answer(), last=(0, LATE - timedelta(days=1))).step is Step.OLDER


@given(st.text(max_size=400))
def test_no_text_makes_reading_fail(text):
    read_answer(text)
    read_answer(f"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR\n")


unseen = st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters='"\u2028\u2029')


@given(st.text(unseen, max_size=80), st.integers(0, 10_000), st.sampled_from(list(Choice)))
def test_what_we_write_ourselves_is_read_back(name, sequence, choice):
    ours = Entry(
        uid="one@example.org", mailbox="m" * 20, domain="example.org", sequence=sequence, stamp=BEGIN, starts_at=BEGIN,
        ends_at=BEGIN + timedelta(hours=1), summary=name, location=name, description=name, organizer_name=name,
        attendee_name=name, attendee_address="Jo@Example.org", partstat=choice,
    )  # fmt: skip
    read = read_answer(calendar_part(ours).decode())
    assert (read.method, read.uid, read.sequence, read.stamp) == ("REQUEST", "one@example.org", sequence, BEGIN)
    assert [(each.address, CHOICES[each.partstat]) for each in read.attendees] == [(INVITED, choice)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Jo@Example.org", [Attendee(INVITED, "ACCEPTED")]),
        ('ATTENDEE;CN="a:b;c,d";PARTSTAT=accepted:mailto:jo@example.org', [Attendee(INVITED, "ACCEPTED")]),
        ("ATTENDEE;PARTSTAT=ACC\n EPTED:mailto:jo@exam\n\tple.org", [Attendee(INVITED, "ACCEPTED")]),
        ('ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:x@y.z":mailto:jo@example.org', [Attendee(INVITED, "ACCEPTED", delegated=True)]),
        ("BEGIN:VALARM\nATTENDEE:mailto:x@y.z\nEND:VALARM", []),
        ("ATTENDEE", []),
    ],
)
def test_who_answers_is_read_as_mail_programs_write_it(lines, expected):
    text = f"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:u\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    assert list(read_answer(text).attendees) == expected


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT="Sorry\\, out of\n  town: ask Zoe":mailto:a@b.c', "Sorry, out of town: ask Zoe"),
        ('ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT="there":mailto:jo@example.org\nCOMMENT:here', "here"),
        ('ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT="there":mailto:jo@example.org\nCOMMENT:\\n', "there"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:jo@example.org", ""),
    ],
)
def test_what_a_guest_writes_beside_their_reply_is_read_where_each_calendar_puts_it(lines, said):
    answered = read_answer(f"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:u\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
    assert (answered.comment, answered.choice) == (said, Choice.DECLINED)
