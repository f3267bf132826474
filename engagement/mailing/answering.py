"""What the outbox does about received mail: bounces, complaints, machines that answer, people who want no more mail.

A report is believed only of a message that it names by a secret of ours (the bounce token, or the
Message-ID), and only about the address that this message went to. Anybody can write a report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engagement.kernel.audit import SYSTEM, note
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.ports import ports
from engagement.mailing.finding import messages_by_id, messages_by_token, people_of, wrote_to
from engagement.mailing.inbound import Kind, done, waits
from engagement.mailing.models import MessageEvent, State
from engagement.mailing.reports import Action
from engagement.mailing.suppressions import suppress
from engagement.mailing.tasks import call_after_all
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, wish_for_address

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.mailing.inbound import Arrival, Verdict
    from engagement.mailing.models import Message
    from engagement.mailing.reports import Recipient, Report

NOT_OURS = "it names no message of ours"
TWO_MESSAGES = "it names two different messages of ours"
BY_FROM_ALONE = "no more mailings and reminders; only its sender says so, and senders can be forged"
# What stands in the history of a message that was reported on; the status follows, where one was named.
DELAYED, CAME_BACK, COMPLAINED = "delayed on its way", "came back", "somebody complained about it"
ON_NO_ROSTER = "it asks for no more mail, and the address is on no roster"
TO_NOBODYS_WAY_OUT = "it asks for no more mail at an address that stood in no mail of ours; nothing was changed"
# Follows any of the reasons for which a mail came back.
AND_A_CALL = "; the team calls its person"
# Types of feedback reports by which somebody complains (RFC 5965), and the one by which somebody says the opposite.
COMPLAINTS = frozenset({"abuse", "opt-out", "opt-out-list"})
NO_SPAM = "not-spam"
ABOUT_OUR_SETTINGS = "a mail of ours failed a check (SPF, DKIM, DMARC): our settings, and not the person, are to be looked at"
NO_COMPLAINT = "a mail system reports a mail of ours, and not that somebody complained"
ANOTHER_ADDRESS = "it is about an address that the message did not go to"


def take_report(arrival: Arrival) -> Verdict | None:
    """Do what a delivery report or a complaint asks, if it is one."""
    report = arrival.report
    if report is None or arrival.kind not in {Kind.BOUNCE, Kind.COMPLAINT}:
        return None
    with writing() as session:
        named = _named(session, arrival, report)
        if len(named) != 1:
            _forget_place(arrival)
            complains = report.feedback in COMPLAINTS
            return waits(TWO_MESSAGES if named else NOT_OURS, kind=Kind.UNPLACED if not complains and not named else None)
        (message,) = named
        _place(session, arrival, message)
        if report.feedback:
            return _take_feedback(session, message, report)
        recipient = next((each for each in report.recipients if any(wrote_to(session, message, one) for one in each.addresses)), None)
        if recipient is None:
            return waits(ANOTHER_ADDRESS)
        return _take_bounce(session, message, recipient)


def _named(session: Session, arrival: Arrival, report: Report) -> list[Message]:
    tokens = [*arrival.tokens.get("bounces", ()), *report.tokens]
    found = [*messages_by_token(session, tokens), *messages_by_id(session, [*report.ids, *arrival.answers])]
    return list({message.id: message for message in found}.values())


def _forget_place(arrival: Arrival) -> None:
    # A machine wrote it: the address that it is from says nothing of anybody.
    arrival.person_id = arrival.invitation_id = arrival.message_id = None
    arrival.person_sure = False


def _place(session: Session, arrival: Arrival, message: Message) -> None:
    arrival.message_id, arrival.consultation_id = message.id, message.consultation_id
    arrival.person_id, arrival.invitation_id = message.person_id, message.invitation_id
    person = session.get(Person, message.person_id) if message.person_id else None
    arrival.person_sure = person is not None


def _take_bounce(session: Session, message: Message, recipient: Recipient) -> Verdict:
    if recipient.action is Action.DELAYED:
        _tell(session, message, f"{DELAYED}: {recipient.status}".rstrip(": "))
        return done("delayed", "it is late; it may still arrive")
    if recipient.action is not Action.FAILED:
        return done(recipient.action.value, "it arrived, says the mail system there")
    known = message.bounced_at is not None
    message.bounced_at = message.bounced_at or now()
    _tell(session, message, f"{CAME_BACK}: {recipient.status}".rstrip(": "))
    note(session, "note_bounce", message, SYSTEM)
    verdict = _verdict_on_bounce(session, message, recipient)
    if not known and message.state in {State.SENT, State.DOUBTFUL} and _is_called(session, message):
        return replace(verdict, why=verdict.why + AND_A_CALL)
    return verdict


def _verdict_on_bounce(session: Session, message: Message, recipient: Recipient) -> Verdict:
    if recipient.refused_us:
        return waits("the mail system there refuses us (5.7): our settings, and not the person, are to be looked at", "refused")
    if not recipient.no_such_address:
        return waits("it did not arrive, though the address may exist", "bounced")
    address = next(one for one in recipient.addresses if wrote_to(session, message, one))
    suppress(session, address, "bounced", message=message)
    for tell in ports().bounced:
        tell(message)
    return done("bounced", "the address does not exist: it is not written to any more")


def _is_called(session: Session, message: Message) -> bool:
    """Return whether a message that did not arrive became a call: its person has to know what it said, and does not."""
    for tell in ports().undelivered:
        tell(message)
    return call_after_all(session, message) is not None


def _tell(session: Session, message: Message, why: str) -> None:
    session.add(MessageEvent(message_id=message.id, at=now(), state=message.state, why=why))


def _take_feedback(session: Session, message: Message, report: Report) -> Verdict:
    if report.feedback == NO_SPAM:
        return done("noted", "somebody said that it is no spam")
    if report.feedback not in COMPLAINTS:
        # Nobody asked for anything: a machine found something about the mail, or about how it was sent.
        return waits(ABOUT_OUR_SETTINGS if report.feedback == "auth-failure" else NO_COMPLAINT, kind=Kind.UNPLACED)
    person = session.get(Person, message.person_id) if message.person_id else None
    address = message.to_address or (person.email if person else "") or ""
    if not address:
        return waits("what is kept of the message does not say whom it went to")
    suppress(session, address, "complained", message=message)
    _tell(session, message, COMPLAINED)
    note(session, "note_complaint", message, SYSTEM)
    return done("suppressed", "somebody complained: the address is not written to any more")


def take_automatic(arrival: Arrival) -> Verdict | None:
    """Write down that a machine answered for somebody, which is never an answer."""
    if arrival.kind is not Kind.AUTO:
        return None
    return done("noted", "a machine answered; it is no reply")


def take_unsubscribe(arrival: Arrival) -> Verdict | None:
    """Send no more mailings and reminders to whoever asks for that by mail.

    By the secret address of one message, or in answer to it, it is their own wish. By subject alone it
    is taken from an address that is known; then it holds wherever that address stands on a roster,
    and the team looks at it: anybody can write anybody's address into From.
    """
    if arrival.kind is not Kind.UNSUBSCRIBE:
        return None
    with writing() as session:
        people = _who_unsubscribes(session, arrival)
        if not people:
            unknown = "unsubscribe" in arrival.tokens and arrival.message_id is None
            return waits(TO_NOBODYS_WAY_OUT if unknown else ON_NO_ROSTER)
        for person_id in people:
            wish_for_address(person_id=person_id, wishes=Wishes(wants_mailings=False, wants_reminders=False), actor=SYSTEM)
        # A mail is shown with its consultation: somebody of another one would hide it from both.
        here = [each for each in people if session.get_one(Person, each).consultation_id == arrival.consultation_id]
        arrival.person_id = here[0] if here else None
        proven = "unsubscribe" in arrival.tokens or any(
            wrote_to(session, each, arrival.sender) for each in messages_by_id(session, arrival.answers)
        )
    return done("unsubscribed", "no more mailings and reminders") if proven else waits(BY_FROM_ALONE, "unsubscribed")


def _who_unsubscribes(session: Session, arrival: Arrival) -> list[UUID]:
    messages = messages_by_token(session, arrival.tokens.get("unsubscribe", ()))
    if messages:
        return [message.person_id for message in messages if message.person_id is not None]
    if "unsubscribe" in arrival.tokens or not arrival.sender:
        # A token that is none of ours asks for nobody.
        return []
    return [person.id for person in people_of(session, arrival.sender)]
