"""What is done about received mail: each kind has its outcome, the same mail acts once, and nothing is dropped."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engagement.consultations.models import Consultation
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError
from engagement.kernel.ports import ports
from engagement.mailing.answering import TO_NOBODYS_WAY_OUT
from engagement.mailing.finding import tokens_in
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.mime import read_mail
from engagement.mailing.models import Message, MessageEvent, Suppression
from engagement.mailing.receiving import LARGEST, _arrival, _row, _stored, go_on, receive
from engagement.mailing.suppressions import suppression_of
from engagement.outreach.inbox import inbox_seen_by
from engagement.questionnaires.service import Typed
from engagement.roster.models import Person
from tests.mailing.given import a_person
from tests.mailing.inbound_given import count, guests, inbox, nothing_suppressed
from tests.questionnaires.given import a_questionnaire, a_response
from tests.questionnaires.given import an_invitation as asked_to_answer
from tests.support.given import a_consultation, a_member, access_of, stored

pytestmark = pytest.mark.slow


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def guest(consultation, post):
    """Return somebody who was sent an invitation."""
    return guests(consultation, post, "jo@example.org")[0]


def verp(guest):
    """Return the address that a bounce of the guest's message comes to."""
    return f"bounces+{guest.message.bounce_token}@convoke.example"


@pytest.mark.parametrize("to", ["VERP", "consultations@convoke.example"])
@pytest.mark.parametrize("template", ["postfix-bounce.eml", "exchange-ndr.eml"])
def test_a_bounce_of_an_address_that_does_not_exist_stops_mail_to_it(guest, template, to):
    row = guest.answers(template, TO=verp(guest) if to == "VERP" else to).row
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.DONE, "bounced")
    assert (row.person_id, row.invitation_id, row.message_id) == (guest.person.id, guest.invitation.id, guest.message.id)
    assert stored(guest.message).bounced_at is not None
    assert guest.stands().bounced_at is not None
    assert suppression_of("jo@example.org").reason == "bounced"
    assert "came back: 5.1.1" in str(db.session.scalars(select(MessageEvent.why)).all())


def test_a_bounce_in_plain_words_is_matched_by_the_address_that_it_comes_to(guest):
    row = guest.answers("plain-bounce.eml", TO=verp(guest)).row
    assert (row.kind, row.outcome, row.message_id) == (Kind.BOUNCE, "bounced", guest.message.id)
    assert suppression_of("jo@example.org") is not None


@pytest.mark.parametrize(
    ("changes", "kind", "why"),
    [
        ({"TO": "bounces+aaaaaaaaaaaaaaaaaaaa@convoke.example", "IN_REPLY_TO": "<made@up.example>"}, Kind.UNPLACED, "no message of ours"),
        ({"TO": "consultations@convoke.example", "IN_REPLY_TO": "<made@up.example>"}, Kind.UNPLACED, "no message of ours"),
        # A mail that was passed on, say: it is known which of ours it was.
        ({"FROM": "else@example.org"}, Kind.BOUNCE, "did not go to"),
    ],
)
@pytest.mark.parametrize("template", ["postfix-bounce.eml", "exchange-ndr.eml", "plain-bounce.eml"])
def test_a_bounce_that_cannot_be_matched_blames_nobody(guest, template, changes, kind, why):
    row = guest.answers(template, **{"TO": verp(guest), **changes}).row
    assert (row.kind, row.state) == (kind, InboxState.WAITING)
    assert why in row.why
    assert nothing_suppressed()
    assert stored(guest.message).bounced_at is None
    assert guest.stands().bounced_at is None


def test_a_bounce_that_names_two_messages_blames_neither(consultation, post):
    jo, sam = guests(consultation, post, "jo@example.org", "sam@example.org")
    row = jo.answers("postfix-bounce.eml", TO=verp(sam)).row
    assert (row.state, row.why) == (InboxState.WAITING, "it names two different messages of ours")
    assert nothing_suppressed()


def test_a_delay_is_noted_and_is_no_bounce(guest):
    row = guest.answers("postfix-bounce.eml", STATUS="4.4.7", ACTION="delayed").row
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.DONE, "delayed")
    assert stored(guest.message).bounced_at is None
    assert nothing_suppressed()


def test_a_refusal_by_policy_alerts_the_team_and_blames_nobody(guest):
    row = guest.answers("postfix-bounce.eml", STATUS="5.7.1").row
    assert (row.kind, row.state, row.outcome) == (Kind.BOUNCE, InboxState.WAITING, "refused")
    assert stored(guest.message).bounced_at is not None
    assert guest.stands().bounced_at is None
    assert nothing_suppressed()


def test_a_full_mailbox_came_back_and_may_be_written_to_again(guest):
    row = guest.answers("postfix-bounce.eml", STATUS="5.2.2").row
    assert (row.state, row.outcome) == (InboxState.WAITING, "bounced")
    assert stored(guest.message).bounced_at is not None
    assert nothing_suppressed()


def test_a_bounce_long_after_is_matched_by_the_roster(guest):
    with writing() as session:
        session.execute(update(Message).values(address_index=None, to_address_sealed=None, raw_sealed=None))
    assert guest.answers("postfix-bounce.eml").row.outcome == "bounced"


def test_a_complaint_stops_mail_to_the_address(guest):
    row = guest.answers("complaint.eml").row
    assert (row.kind, row.state, row.outcome) == (Kind.COMPLAINT, InboxState.DONE, "suppressed")
    assert suppression_of("jo@example.org").reason == "complained"


def test_a_complaint_about_nothing_of_ours_waits(guest):
    assert guest.answers("complaint.eml", IN_REPLY_TO="<made-up@example.net>").row.state is InboxState.WAITING
    assert nothing_suppressed()


@pytest.mark.parametrize("template", ["away-en.eml", "away-fr.eml"])
def test_somebody_who_is_away_has_not_replied(guest, template):
    row = guest.answers(template).row
    assert (row.kind, row.state, row.outcome) == (Kind.AUTO, InboxState.DONE, "noted")
    assert row.person_id == guest.person.id
    assert guest.stands().choice is None
    assert count(Message) == 1


def test_a_mail_program_that_says_it_was_opened_has_not_replied(guest):
    head = f"From: jo@example.org\nTo: {guest.values['TO']}\nSubject: Lu : Invitation\nMessage-ID: <read@example.org>\n"
    opened = (
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n--b\n\nLu.\n'
        "--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;jo@example.org\n"
        "Disposition: automatic-action/MDN-sent-automatically; displayed\n\n--b--\n"
    )
    row = receive((head + opened).encode()).row
    assert (row.kind, row.state, row.outcome) == (Kind.AUTO, InboxState.DONE, "noted")
    assert guest.stands().choice is None


def test_a_vacation_reply_to_the_bounce_address_is_no_bounce(guest):
    assert guest.answers("away-en.eml", TO=verp(guest)).row.kind is Kind.AUTO
    assert stored(guest.message).bounced_at is None


@pytest.mark.parametrize("subject", ["unsubscribe", "Re: Unsubscribe me", "Désabonnement", "=?utf-8?q?D=C3=A9sabonnement?="])
def test_somebody_who_writes_that_they_want_no_more_mail_gets_none(guest, subject):
    answers = guest.message.rfc_message_id
    raw = f"From: jo@example.org\nTo: consultations@convoke.example\nIn-Reply-To: {answers}\nSubject: {subject}\n\n".encode()
    row = receive(raw).row
    assert (row.kind, row.state, row.outcome) == (Kind.UNSUBSCRIBE, InboxState.DONE, "unsubscribed")
    person = db.session.get(Person, guest.person.id, populate_existing=True)
    assert (person.wants_mailings, person.wants_reminders, person.do_not_contact) == (False, False, False)


def test_who_wants_no_more_mail_by_their_sender_alone_gets_none_and_the_team_looks_at_it(guest):
    row = receive(b"From: jo@example.org\nTo: consultations@convoke.example\nSubject: unsubscribe\n\n").row
    assert (row.kind, row.state, row.outcome) == (Kind.UNSUBSCRIBE, InboxState.WAITING, "unsubscribed")
    assert row.person_id == guest.person.id
    assert not db.session.get(Person, guest.person.id, populate_existing=True).wants_mailings


@pytest.mark.parametrize("also_here", [False, True])
def test_an_unsubscribe_mail_to_one_consultation_of_somebody_of_another_is_seen_by_its_team(app, also_here):
    here, elsewhere = a_consultation("here"), a_consultation("elsewhere")
    with writing() as session:
        session.get(Consultation, here.id).contact_email = "team@example.org"
    a_person(elsewhere, "ada@example.org")
    if also_here:
        a_person(here, "ada@example.org")
    row = receive(b"From: ada@example.org\nTo: team@example.org\nSubject: unsubscribe\n\n").row
    assert (row.state, row.consultation_id) == (InboxState.WAITING, here.id)
    seen = access_of(a_member(here), here)
    assert db.session.scalars(select(InboundMail).where(inbox_seen_by(seen))).all() == [row]


def test_a_letter_that_carries_a_receipt_is_a_letter(guest):
    head = 'From: jo@example.org\nSubject: Our brief\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    parts = (
        "--b\nContent-Type: text/plain\n\nPlease find our brief attached, and the receipt that I got.\n"
        "--b\nContent-Type: application/pdf; name=brief.pdf\nContent-Disposition: attachment; filename=brief.pdf\n\n%PDF-1.4\n"
        "--b\nContent-Type: message/disposition-notification\nContent-Disposition: attachment\n\nDisposition: x; displayed\n--b--\n"
    )
    row = receive((head + parts).encode()).row
    assert (row.kind, row.state) == (Kind.SUBMISSION, InboxState.WAITING)


def test_an_unsubscribe_mail_that_a_program_sent_by_itself_is_heard(guest):
    raw = f"From: jo@example.org\nTo: unsubscribe+{guest.message.bounce_token}@convoke.example\nAuto-Submitted: auto-generated\n\n"
    assert receive(raw.encode()).row.kind is Kind.UNSUBSCRIBE
    assert not db.session.get(Person, guest.person.id, populate_existing=True).wants_mailings


def test_a_stranger_who_wants_no_more_mail_waits(guest):
    raw = b"From: who@example.net\nTo: consultations@convoke.example\nSubject: unsubscribe\n\n"
    assert receive(raw).row.state is InboxState.WAITING
    assert db.session.get(Person, guest.person.id, populate_existing=True).wants_mailings


def test_a_forged_unsubscribe_address_stops_nothing(guest):
    raw = b"From: jo@example.org\nTo: unsubscribe+aaaaaaaaaaaaaaaaaaaaaaaa@convoke.example\nSubject: x\n\n"
    row = receive(raw).row
    assert (row.kind, row.state) == (Kind.UNSUBSCRIBE, InboxState.WAITING)
    # Jo is on the roster: it is the address written to that is nobody's.
    assert (row.person_id, row.why) == (guest.person.id, TO_NOBODYS_WAY_OUT)
    assert db.session.get(Person, guest.person.id, populate_existing=True).wants_mailings


def a_request(sender="jo@example.org", words="Please send me the questionnaire."):
    return f"From: Jo <{sender}>\nTo: consultations@convoke.example\nSubject: Hello\n\n{words}\n".encode()


def test_who_asks_for_the_questionnaire_is_sent_their_own_link(consultation, post):
    a_questionnaire(consultation)
    person = a_person(consultation, "jo@example.org")
    row = receive(a_request()).row
    assert (row.kind, row.state, row.outcome, row.person_id) == (Kind.REQUEST, InboxState.DONE, "asked", person.id)
    assert row.invitation_id is not None
    assert db.session.scalars(select(Message.purpose)).all() == ["questionnaire_invitation"]


def test_who_was_asked_before_is_sent_their_link_again_once_a_day(consultation):
    questionnaire, person = a_questionnaire(consultation), a_person(consultation, "jo@example.org")
    asked_to_answer(questionnaire, person)
    for words in ("Please send me the questionnaire.", "Could I have the questionnaire?"):
        assert receive(a_request(words=words)).row.outcome == "asked"
    assert count(Message) == 1


@pytest.mark.parametrize("case", ["stranger", "none open", "several", "answered", "not to contact"])
def test_a_request_that_is_not_certain_waits_for_the_team(consultation, case):
    person = a_person(consultation, "jo@example.org", do_not_contact=case == "not to contact")
    if case != "none open":
        questionnaire = a_questionnaire(consultation)
    if case == "several":
        a_questionnaire(consultation, "second")
    if case == "answered":
        a_response(questionnaire, person, {"agree": Typed("yes")})
    row = receive(a_request("who@example.net" if case == "stranger" else "jo@example.org")).row
    assert (row.kind, row.state) == (Kind.REQUEST, InboxState.WAITING)
    assert count(Message) == 0


def test_a_letter_waits_to_be_filed_by_somebody_who_has_looked(consultation):
    with writing() as session:
        session.merge(consultation).contact_email = "Fisheries@Example.org"
    raw = (
        b"From: Dr. A <a@example.net>\nTo: fisheries@example.org\nSubject: Our brief\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlease find our brief.\n--b\n"
        b'Content-Type: application/pdf; name="brief.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b--\n'
    )
    row = receive(raw).row
    assert (row.kind, row.state, row.consultation_id) == (Kind.SUBMISSION, InboxState.WAITING, consultation.id)
    assert row.person_id is None


def test_a_long_text_is_a_letter_and_a_short_one_is_not(consultation):
    head = "From: a@example.net\nSubject: thoughts\n\n"
    assert receive((head + "We think that this matters. " * 80).encode()).row.kind is Kind.SUBMISSION
    assert receive((head + "We think that this matters. ").encode()).row.kind is Kind.UNPLACED
    assert receive((head + "Short.\n\n> " + "What was written to us before. " * 80).encode()).row.kind is Kind.UNPLACED


def test_of_people_in_two_consultations_nobody_is_guessed_until_it_is_known_which(consultation):
    a_person(consultation, "jo@example.org")
    other = a_consultation("forests")
    there = a_person(other, "jo@example.org")
    row = receive(b"From: jo@example.org\nSubject: hello\n\nhi\n").row
    assert (row.person_id, row.consultation_id) == (None, None)
    with writing() as session:
        session.merge(other).contact_email = "forests@example.org"
    row = receive(b"From: jo@example.org\nTo: forests@example.org\nSubject: hello\n\nhi\n").row
    assert (row.person_id, row.consultation_id) == (there.id, other.id)


def test_what_is_sealed_of_a_mail_stands_nowhere_in_the_clear(guest):
    receive(a_request("jo@example.org", "A secret thing that somebody wrote."))
    connection = db.session.connection()
    for row in connection.execute(InboundMail.__table__.select()):
        assert not any(b"secret thing" in value or b"jo@example" in value for value in row if isinstance(value, bytes))
        assert not any("secret thing" in value or "jo@example" in value for value in row if isinstance(value, str))


def test_a_mail_that_is_too_large_waits_with_its_headers(app):
    raw = b"From: a@example.org\nSubject: large\nMessage-ID: <large@example.org>\n\n" + b"x" * (LARGEST + 1)
    row = receive(raw).row
    assert (row.kind, row.state, row.size) == (Kind.UNPLACED, InboxState.WAITING, len(raw))
    assert "larger than 25 MB" in row.why
    assert row.raw == raw.partition(b"\n\n")[0] + b"\n\n"
    assert (row.subject, row.sender) == ("large", "a@example.org")
    assert receive(raw).again


@pytest.mark.parametrize("raw", [b"", b"\0" * 50, b"\xff\xfe\x00garbage", b"no header at all", b"\n\n\n"])
def test_what_is_hardly_a_mail_is_kept_for_people_to_see(app, raw):
    row = receive(raw).row
    assert (row.kind, row.state, row.raw) == (Kind.UNPLACED, InboxState.WAITING, raw)


@pytest.mark.slow
def test_the_same_mail_received_at_the_same_moment_acts_once_and_one_alone_says_so(app, guest):
    mail, gate, seen = guest.mail("outlook-accepted.eml"), threading.Barrier(4), []

    def one():
        with app.app_context():
            gate.wait()
            received = receive(mail)
            seen.append((received.row.outcome, received.again))
            db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [("accepted", False), *[("accepted", True)] * 3]
    assert len(inbox()) == 1
    assert len(db.session.scalars(select(MessageEvent.id).where(MessageEvent.why == "nothing")).all()) == 0
    assert guest.stands().choice == "accepted"


def failing(error):
    def ask(arrival):
        with writing() as session:
            session.add(Suppression(address_index=address_index("half@example.org"), reason="staff", at=now()))
            session.flush()
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "why"),
    [(RuntimeError("Zilpha"), "the program failed on it"), (DomainError(Text("Not today.", "Pas aujourd’hui.")), "Not today.")],
)
def test_a_room_that_fails_leaves_nothing_half_done_and_the_mail_waits(app, error, why, caplog):
    ports().inbound.insert(0, failing(error))
    try:
        row = receive(b"From: a@example.org\nSubject: x\n\nhello\n").row
    finally:
        ports().inbound.pop(0)
    assert row.state is InboxState.WAITING
    assert why in row.why
    assert nothing_suppressed()
    assert "Zilpha" not in caplog.text


def test_what_was_stored_by_somebody_who_was_stopped_is_looked_at_later(guest):
    mail = guest.mail("outlook-accepted.eml")
    _stored(_row(_arrival(read_mail(mail), now() - timedelta(minutes=5), whole=True), mail, len(mail)))
    assert inbox()[0].state is InboxState.RECEIVED
    assert go_on() == 1
    assert inbox()[0].outcome == "accepted"
    assert guest.answers("outlook-accepted.eml").again


def test_the_bytes_of_a_settled_mail_go_in_time_and_those_of_a_waiting_one_stay(guest):
    guest.answers("apple-declined.eml")
    receive(b"From: a@example.org\nSubject: x\n\nhello\n")
    with writing() as session:
        session.execute(update(InboundMail).values(received_at=now() - timedelta(days=200)))
        session.execute(update(InboundMail).where(InboundMail.settled_at.is_not(None)).values(settled_at=now() - timedelta(days=61)))
    go_on()
    by_state = {row.state: row for row in inbox()}
    assert (by_state[InboxState.DONE].raw, by_state[InboxState.DONE].text, by_state[InboxState.DONE].sender) == (None, "", "")
    assert b"hello" in by_state[InboxState.WAITING].raw
    assert guest.answers("apple-declined.eml").again


def test_somebody_who_wants_answers_at_another_address_is_found_by_it(consultation):
    person = a_person(consultation, "jo@example.org")
    row = receive(b"From: jo@private.example\nReply-To: Jo <JO@example.org>\nSubject: hello\n\nhi\n").row
    assert (row.person_id, row.person_sure, row.consultation_id) == (person.id, False, consultation.id)


def test_the_tokens_of_our_addresses_are_read_and_only_that_of_a_link_keeps_its_case():
    found = tokens_in(["Replies+ABCDEFGHIJ@x.org", "unsubscribe+Ab_-CdEfGhIj@x.org", "bounces+abc@x.org", "other+abcdefghij@x.org"])
    assert found == {"replies": ("abcdefghij",), "unsubscribe": ("Ab_-CdEfGhIj",)}
