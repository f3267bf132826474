"""The document of an approval package: nobody's words are read as markup, and no character breaks it."""

import pytest

from engagement.kernel.bilingual import Text
from engagement.outreach.document import as_pdf
from engagement.outreach.package import make_package
from tests.mailing.given import a_person
from tests.outreach.given import a_team, an_announcement
from tests.support.given import access_of

HOSTILE = (
    '#panic("taken") #strong[x] *b* _i_ $x^2$ <label> @ref `raw` // no',
    "\u202eolleh\u2066 \u200f NUL\u0085",
    "\u1403\u14c4\u1483\u144e\u1450\u1466 👩‍👩‍👧 \U0001f600 漢字 \u05d0 \u0e01",
    '"}], "hash": "0", "x": [{"',
    "x" * 150,
)


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_nobodys_words_are_read_as_markup_and_no_character_breaks_the_document(client, words):
    consultation, organizer = a_team(client)
    person = a_person(consultation, given_name=words[:150])
    body = Text(f"((salutation)) {words}", f"((salutation)) {words}")
    mailing = an_announcement(consultation, [person], organizer, subject=Text(words, words), body=body)
    package = make_package(access=access_of(organizer, consultation), mailing_id=mailing.id)
    assert as_pdf(package).startswith(b"%PDF-")
