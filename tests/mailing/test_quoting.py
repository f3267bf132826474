"""What somebody wrote themselves is told from the message that their program put below it, as the programs of our guests write it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.quoting import own_words, words_brought
from engagement.mailing.receiving import receive
from tests.mailing.inbound_given import guests
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

OURS = "Dear Jo,\n\nYou are invited to a roundtable. We do not share your address.\n\n" + "We would like to hear what works.\n" * 60
QUOTED = "\n".join(f"> {line}" for line in OURS.splitlines())
BELOW = {
    "Outlook": f"From: Team <team@example.org>\nSent: Tuesday, December 1, 2026 10:00 AM\nTo: Jo\nSubject: Invitation\n\n{OURS}",
    "Outlook, French": f"De : Équipe <team@example.org>\nEnvoyé : 1 décembre 2026 10:00\nÀ : Jo\nObjet : Invitation\n\n{OURS}",
    "Outlook, in bold": f"*From:* Team <team@example.org>\n*Sent:* Tuesday\n*To:* Jo\n*Subject:* Invitation\n\n{OURS}",
    "Outlook, a telephone": (
        f"Get Outlook for iOS<https://aka.ms/o>\n{'_' * 32}\nFrom: Team <team@example.org>\nSent: Tuesday\nTo: Jo\nSubject: x\n\n{OURS}"
    ),
    "Outlook, plain": f"-----Original Message-----\nFrom: Team\n\n{OURS}",
    "Outlook, plain, French": f"-----Message d’origine-----\nDe : Équipe\n\n{OURS}",
    "Outlook for Mac": f"From: Team <team@example.org>\nDate: Tuesday, December 1, 2026 at 10:00\nTo: Jo\nSubject: x\n\n{OURS}",
    "Gmail": f"On Tue, Dec 1, 2026 at 10:00 AM Team <\nteam@example.org> wrote:\n\n{QUOTED}",
    "Gmail, French": f"Le mar. 1 déc. 2026 à 10 h 00, Équipe <team@example.org> a\nécrit :\n\n{QUOTED}",
    "Yahoo": f"    On Tuesday, December 1, 2026 at 10:00:00 a.m. EST, Team <team@example.org> wrote:  \n \n {OURS}",
    "iPhone": f"Sent from my iPhone\n\n> On Dec 1, 2026, at 10:00, Team <team@example.org> wrote:\n> \n{QUOTED}",
    "iPhone, French": f"Envoyé de mon iPhone\n\n> Le 1 déc. 2026 à 10:00, Équipe <team@example.org> a écrit\u00a0:\n> \n{QUOTED}",
    "Apple": f"Le 1 déc. 2026 à 10:00, Équipe <team@example.org> a écrit\u00a0:\n\n{OURS}",
}


@pytest.fixture
def guest(app, post):
    """Return somebody who was sent an invitation."""
    consultation = a_consultation()
    a_questionnaire(consultation)
    return guests(consultation, post, "jo@example.org")[0]


def answered(guest, words):
    head = f"From: jo@example.org\nTo: {guest.values['TO']}\nSubject: RE: Invitation\nIn-Reply-To: {guest.message.rfc_message_id}\n"
    return receive(f"{head}Content-Type: text/plain; charset=utf-8\n\n{words}".encode()).row


@pytest.mark.parametrize("program", BELOW)
def test_own_words_are_those_above_the_message_that_is_answered(program):
    assert own_words(f"Yes, I will be there.\nThank you\n\n{BELOW[program]}") == "Yes, I will be there.\nThank you"


@pytest.mark.parametrize("program", BELOW)
def test_a_short_answer_above_our_own_long_mail_is_no_letter(guest, program):
    row = answered(guest, f"Yes, I will be there.\n\n{BELOW[program]}")
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert (row.person_id, row.invitation_id) == (guest.person.id, guest.invitation.id)


@pytest.mark.parametrize("program", BELOW)
def test_a_wish_above_our_own_mail_is_done_whichever_program_it_is_written_with(guest, program):
    assert answered(guest, f"Please send me the questionnaire\n\n{BELOW[program]}").outcome == "asked"
    row = answered(guest, f"Unsubscribe\n\n{BELOW[program]}")
    assert (row.kind, row.state, row.outcome) == (Kind.UNSUBSCRIBE, InboxState.DONE, "unsubscribed")


@pytest.mark.parametrize("program", ["Outlook", "Outlook, French", "Outlook, plain"])
def test_what_the_quoted_mail_says_is_nobodys_wish(guest, program):
    row = answered(guest, f"See below.\n\n{BELOW[program].partition('Dear Jo')[0]}\n\nPlease send me the questionnaire.")
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)


def test_who_writes_below_what_they_quote_has_written_it():
    text = "Le 1 déc. 2026 à 10:00, Équipe <team@example.org> a écrit :\n> Bonjour,\n> venez.\n\nOui, je viendrai.\n\nJo"
    assert own_words(text) == "Oui, je viendrai.\n\nJo"


@pytest.mark.parametrize(
    "text",
    [
        "MEMO\n\nFrom: the union\nTo: the minister\nDate: 1 December 2026\nSubject: Our views\n\nWe think so.",
        "From: ours@example.org\nDate: 1 December 2026\nTo: the minister\n\nWe think so.",
        "De : l’union\nÀ : la ministre\nObjet : nos vues\n\nNous le pensons.",
        "On 8 December I will come. My colleague wrote:\nshe cannot.",
        "Signed:\n____________________\nMaria Silva\nUnion of makers",
        "We sent from our offices what you asked for.",
        "From here on I agree.\nSent with love",
    ],
)
def test_a_letter_in_the_form_of_a_memo_is_whole(text):
    assert own_words(text) == text


def test_a_letter_that_somebody_passes_on_is_a_letter_and_the_same_words_in_an_answer_are_none(guest):
    passed_on = f"FYI\n\n---------- Forwarded message ---------\nFrom: Lee <lee@example.net>\n\n{OURS}"
    head = "From: jo@example.org\nTo: team@example.org\nSubject: {subject}\n\n"
    assert receive(f"{head.format(subject='TR : nos vues')}{passed_on}".encode()).row.kind is Kind.SUBMISSION
    assert receive(f"{head.format(subject='Re: nos vues')}{passed_on}".encode()).row.kind is Kind.UNPLACED
    assert words_brought("Fwd: x", passed_on) == passed_on.strip()
    assert words_brought("Re: x", passed_on) == "FYI"


@given(st.text(max_size=2000))
def test_own_words_are_some_of_those_that_stand_there(text):
    assert set(own_words(text).split()) <= set(text.split())


@pytest.mark.parametrize("line", ["On \n", "Le 8 h 00\n", "From: a@b\n", "_" * 30 + "\n", "> On 1 2026 wrote:\n", "Sent from my \n"])
def test_no_text_takes_longer_than_its_length(line):
    started = time.monotonic()
    own_words(line * (200_000 // len(line)))
    assert time.monotonic() - started < 10
