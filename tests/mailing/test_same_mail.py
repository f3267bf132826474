"""The same mail is known however it was carried, and no other mail is taken for it."""

from itertools import pairwise

import pytest

from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from tests.mailing.given import a_person
from tests.mailing.inbound_given import count, inbox
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation

HEAD = b"From: Jo <jo@example.org>\nTo: y@convoke.example\nSubject: Please send me the questionnaire\nMessage-ID: <z@z>\n"
EMPTY = [
    HEAD + b"\n",
    HEAD + b"\n\n \n",
    HEAD,
    (HEAD + b"\n").replace(b"\n", b"\r\n"),
    b"Received: from a by b\nDelivered-To: q@w\n" + HEAD + b"\n",
    HEAD.replace(b"To: y@", b"To: <y@").replace(b"convoke.example\n", b"convoke.example>\n") + b"\n",
    HEAD.replace(b"Jo <jo@example.org>", b"<jo@example.org> (Jo)") + b"\n",
    HEAD.replace(b"Subject: Please", b"Subject:\n Please") + b"\n",
    b"\r\n" + HEAD + b"\n",
]


def test_a_mail_without_a_text_acts_once_however_it_was_carried(app):
    consultation = a_consultation()
    a_questionnaire(consultation)
    a_person(consultation, "jo@example.org")
    assert [receive(raw).again for raw in EMPTY] == [False, *[True] * (len(EMPTY) - 1)]
    assert (len(inbox()), count(Message)) == (1, 1)


def test_a_mail_with_a_text_is_the_same_however_it_was_carried(app):
    assert [receive(raw.rstrip() + b"\n\nhello\n").again for raw in EMPTY] == [False, *[True] * (len(EMPTY) - 1)]


@pytest.mark.parametrize(
    "changed",
    [
        (b"Jo <jo@", b"Jo <sam@"), (b"To: y@", b"To: x@"), (b"Please", b"Kindly"), (b"<z@z>", b"<zz@z>"),
        (b"\n\n", b"\nDate: Wed, 2 Dec 2026\n\n"),
        (b"\n\n", b"\n\nhello"),
    ],
)  # fmt: skip
def test_a_mail_that_differs_in_what_it_says_is_another(app, changed):
    mails = [HEAD + b"\n", (HEAD + b"\n").replace(*changed)]
    assert all(one != other for one, other in pairwise(mails))
    assert [receive(raw).again for raw in mails] == [False, False]
