"""Who a mail is from: the address that every mail program shows, or nobody; a name that looks like an address acts for nobody."""

import pytest

from engagement.invitations.models import Reply
from engagement.kernel.db import db
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.mime import read_mail
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from engagement.roster.models import Person
from tests.mailing.inbound_given import count, guests, jo_writes, taken
from tests.support.given import a_consultation

# Written so that a careless reader takes Jo's address for the sender's.
AS_JO = [
    "jo@example.org <mallory@evil.example>",
    '"jo@example.org" <mallory@evil.example>',
    "jo@example.org via List <mallory@evil.example>",
    "(jo@example.org) mallory@evil.example",
    "=?utf-8?q?jo=40example=2Eorg?= <mallory@evil.example>",
    "jo@example.org: <mallory@evil.example>",
    "jo@example.org, Mallory <mallory@evil.example>",
    "Jo <jo@example.org> <mallory@evil.example>",
    "Jo <jo@example.org>\nFrom: mallory@evil.example",
    "mallory@evil.example\nFrom: Jo <jo@example.org>",
    "=?utf-8?q?Jo_=3Cjo=40example=2Eorg=3E?=",
    "jo(at)@example.org",
]


@pytest.fixture
def jo(app, post):
    """Return somebody who was sent an invitation."""
    return guests(a_consultation(), post, "jo@example.org")[0]


def sender_of(written):
    return read_mail(f"From: {written}\nSubject: a\n\nb".encode()).sender()


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Jo <Jo@Example.org>", "Jo", "jo@example.org"),
        ("jo@example.org", "", "jo@example.org"),
        ("jo@example.org (Jo)", "Jo", "jo@example.org"),
        ("<jo@example.org>", "", "jo@example.org"),
        ("<@relay.example:jo@example.org>", "", "jo@example.org"),
        ("Tremblay, Noémie <n@x.org>", "Tremblay, Noémie", "n@x.org"),
        ("Dr. Jo, M.D. <n@x.org>", "Dr. Jo, M.D.", "n@x.org"),
        ('"=?utf-8?Q?Tremblay=2C_No=C3=A9mie?=" <n@x.org>', "Tremblay, Noémie", "n@x.org"),
        ("Jo @ Home <n@x.org>", "Jo @ Home", "n@x.org"),
        ("jo@example.org via List <list@x.org>", "jo@example.org via List", "list@x.org"),
        ("The team: n@x.org;", "", "n@x.org"),
        ("josé@exämple.org", "", "josé@exämple.org"),
        ("N@[192.0.2.1]", "", "n@[192.0.2.1]"),
        ("=?utf-8?q?evil=0D=0ABcc:_a@b?= <n@x.org>", "evil Bcc: a@b", "n@x.org"),
    ],
)
def test_the_address_in_angle_brackets_is_the_sender_whatever_the_name_looks_like(written, name, address):
    assert sender_of(written) == (name, address)


@pytest.mark.parametrize(
    "written",
    [
        "", "Jo", "Noémie n@x.org", "a@x.org, b@x.org", "undisclosed:;", "Jo <>", "jo@example.org <>", "n@x.org>", '"jo@example.org',
        "Jo <jo@example.org> <n@x.org>", "jo@example.org, Mallory <m@evil.example>", "=?utf-8?B?Tm/DqW1pZSA8bkB4Lm9yZz4=?=", "jo@a@b.org",
    ],
)  # fmt: skip
def test_a_sender_that_can_be_read_in_two_ways_is_none_and_what_stands_there_is_kept_as_a_name(written):
    name, address = sender_of(written)
    assert address == ""
    assert bool(name) == bool(written)


@pytest.mark.parametrize("written", AS_JO)
def test_nobody_accepts_for_a_guest_by_writing_their_address_as_a_name(jo, written):
    raw = jo.mail("outlook-accepted.eml").replace(b"From: ", f"From: {written}\nX-Was: ".encode(), 1)
    row = receive(raw).row
    assert (row.kind, row.state, row.why) == (
        Kind.REPLY,
        InboxState.WAITING,
        "it was sent from another address than the one that was invited",
    )
    assert (count(Reply), taken(jo.invitation.event_id)) == (0, 0)


@pytest.mark.parametrize("written", AS_JO)
def test_nobody_is_sent_the_questionnaire_of_somebody_whose_address_they_write_as_a_name(app, written):
    row = jo_writes("Please send me the questionnaire.", sender=written)
    assert (row.kind, row.state, row.person_sure) == (Kind.REQUEST, InboxState.WAITING, False)
    assert count(Message) == 0


@pytest.mark.parametrize("written", AS_JO)
def test_nobody_unsubscribes_somebody_by_writing_their_address_as_a_name(jo, written):
    head = f"From: {written}\nTo: consultations@convoke.example\nIn-Reply-To: {jo.message.rfc_message_id}\n"
    row = receive(f"{head}Subject: unsubscribe\n\n".encode()).row
    assert (row.kind, row.state) == (Kind.UNSUBSCRIBE, InboxState.WAITING)
    assert db.session.get(Person, jo.person.id, populate_existing=True).wants_mailings
