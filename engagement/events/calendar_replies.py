"""Replies that come from a guest's calendar (RFC 5546, RFC 6047): finding the invitation, and moving it or having it looked at.

The invitation is found by the token in the mailbox that was written to, then by UID, then by the
mail that is answered; what is known of these must agree. Nobody is let in by a calendar who was
not invited, and no seat is taken whose kind the guest has not chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.itip import NOT_INVITED, OLDER, Answered, Decision, Step, decide, read_answer
from engagement.events.models import CalendarEntry, Event, SeatState, Sitting
from engagement.events.posting import confirm_reply
from engagement.events.replies import Answer, closed_because, reply_to_event
from engagement.events.seats import modes_of, seat_of
from engagement.invitations.models import Channel, Choice, Invitation, Mode, Reply
from engagement.invitations.service import held_for_change, record_reply, replies_of, standing_by_sitting
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import address_index
from engagement.kernel.db import writing
from engagement.mailing.finding import messages_by_id, people_of
from engagement.mailing.inbound import Arrival, InboxState, Kind, Verdict, done, waits
from engagement.mailing.models import Message
from engagement.mailing.sorting import brings_a_document
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

NOT_OURS = "it is about no invitation of ours"
FORGED = "the mailbox that it was sent to, its UID and what it answers belong to different invitations"
MODE_NOT_SAID = "accepted, but not whether in person or online: the guest is asked, and no seat is taken"
WITHDRAWN = "the invitation was withdrawn"
SENT_BY_ANOTHER = "it was sent from another address than the one that was invited"
OVER = "the sitting is over"
CONTRADICTS = "it holds several calendar answers, and they do not say the same"
ASKED_ALREADY = "accepted again without saying how: the guest was asked, and the team knows"
SAYS_MORE = "the reply is recorded; what the guest wrote beside it stands with the reply"
BRINGS_A_DOCUMENT = "the calendar's answer is dealt with; the mail brings a document, too"
LATER_STANDS = "a reply that was received later stands"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a calendar reply is about."""

    entry: CalendarEntry
    invitation: Invitation
    event: Event
    sitting: Sitting
    person: Person
    consultation: Consultation


def place_by_mailbox(arrival: Arrival) -> Verdict | None:
    """Write into ``arrival`` which invitation the mailbox belongs to that it was sent to, and who wrote. Gives no verdict."""
    if arrival.kind not in {Kind.REPLY, Kind.BOUNCE, Kind.COMPLAINT}:
        with writing() as session:
            entry = _by_token(session, arrival.tokens.get("replies", ()))
            about = _about(session, entry) if entry is not None else None
            if about is not None:
                _place_writer(session, arrival, about)
    return None


def _place_writer(session: Session, arrival: Arrival, about: Asked) -> None:
    """Write into ``arrival`` the invitation, and who wrote: by the address, else the guest, whose other one it may be."""
    known = people_of(session, arrival.sender, about.event.consultation_id) if arrival.sender else []
    writer = about.person if not known or _invited(session, about)(arrival.sender) else known[0]
    arrival.consultation_id, arrival.invitation_id = about.event.consultation_id, about.invitation.id
    arrival.person_sure = arrival.person_sure and arrival.person_id == writer.id
    arrival.person_id = writer.id


def take_calendar_reply(arrival: Arrival) -> Verdict | None:
    """Do what a guest's calendar says, if it may be taken; else have the team look at it."""
    if arrival.kind is not Kind.REPLY:
        return None
    answered = _answer_in(arrival.calendar, arrival.method)
    with writing() as session:
        entry, forged = _find(session, arrival, answered)
        about = _about(session, entry) if entry is not None else None
        if about is None:
            return waits(FORGED if forged else NOT_OURS, kind=None if forged else Kind.UNPLACED, details=_said(session, answered, None))
        arrival.consultation_id, arrival.invitation_id = about.event.consultation_id, about.invitation.id
        if forged or not _say_the_same(answered, arrival):
            # Of two answers nothing is chosen beforehand: people read both.
            return waits(FORGED if forged else CONTRADICTS, details=_said(session, answered, about if forged else None))
        held_for_change(session, about.invitation.id)
        session.refresh(about.entry, with_for_update=True)
        decision = decide(
            answered,
            is_invited=_invited(session, about),
            sequence=about.entry.sequence,
            revised=about.entry.revised_sequence,
            last=_last(about.entry),
            received_at=arrival.received_at,
        )
        if decision.step is Step.TAKE and not _invited(session, about)(arrival.sender):
            decision = Decision(Step.WAIT, SENT_BY_ANOTHER)
        if decision.step is Step.WAIT:
            if decision.why == NOT_INVITED and not arrival.person_sure and arrival.person_id == about.person.id:
                # Guessed by what it answers: whoever it was passed on to is somebody else.
                arrival.person_id = None
            return waits(decision.why, details=_said(session, answered, about))
        _place(arrival, about)
        if decision.step is Step.OLDER:
            return _with_its_document(done("older", OLDER.why), arrival)
        return _with_its_document(_with_its_comment(_take(session, arrival, answered, about), answered), arrival)


def _with_its_comment(verdict: Verdict, answered: Answered) -> Verdict:
    """Return the verdict; what a guest writes beside a yes or a maybe asks for something, and people read it."""
    asks = verdict.state is InboxState.DONE and answered.comment and answered.choice is not Choice.DECLINED
    return replace(verdict, state=InboxState.WAITING, why=SAYS_MORE) if asks else verdict


def _with_its_document(verdict: Verdict, arrival: Arrival) -> Verdict:
    """Return the verdict; a letter that comes with a calendar's answer waits for the team as any other does."""
    brings = verdict.state is InboxState.DONE and brings_a_document(arrival.mail)
    return replace(verdict, state=InboxState.WAITING, why=BRINGS_A_DOCUMENT) if brings else verdict


def _answer_in(calendar: str, method: str) -> Answered:
    answered = read_answer(calendar)
    return answered if answered.method and method == "REPLY" else replace(answered, method=method)


def _say_the_same(answered: Answered, arrival: Arrival) -> bool:
    """Return whether all calendar objects of a mail give this answer; what was written beside it may differ."""
    others = (_answer_in(*each) for each in arrival.other_calendars)
    return all(replace(each, comment=answered.comment) == answered for each in others)


def _find(session: Session, arrival: Arrival, answered: Answered) -> tuple[CalendarEntry | None, bool]:
    """Return the entry that is meant, and whether what points at it does not agree."""
    tokens = arrival.tokens.get("replies", ())
    by_token = _by_token(session, tokens)
    by_uid = session.scalar(select(CalendarEntry).where(CalendarEntry.uid == answered.uid)) if answered.uid else None
    by_answer = _by_answer(session, arrival)
    found = [entry for entry in (by_token, by_uid, by_answer) if entry is not None]
    forged = bool(tokens and by_token is None) or len({entry.id for entry in found}) > 1
    return (found[0] if found else None), forged and bool(found)


def _by_token(session: Session, tokens: tuple[str, ...]) -> CalendarEntry | None:
    return session.scalar(select(CalendarEntry).where(CalendarEntry.mailbox.in_(tokens)).limit(1)) if tokens else None


def _by_answer(session: Session, arrival: Arrival) -> CalendarEntry | None:
    for message in messages_by_id(session, arrival.answers):
        wanted = message.details.get("sitting_id", "")
        for entry in session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id == message.invitation_id)):
            if str(entry.sitting_id) == wanted:
                return entry
    return None


def _about(session: Session, entry: CalendarEntry) -> Asked | None:
    invitation = session.get(Invitation, entry.invitation_id)
    sitting = session.get(Sitting, entry.sitting_id)
    event = session.get(Event, sitting.event_id) if sitting else None
    person = session.get(Person, invitation.person_id) if invitation else None
    consultation = session.get(Consultation, event.consultation_id) if event else None
    if invitation is None or sitting is None or event is None or person is None or consultation is None:
        return None
    return Asked(entry, invitation, event, sitting, person, consultation)


def _place(arrival: Arrival, about: Asked) -> None:
    arrival.consultation_id, arrival.invitation_id = about.event.consultation_id, about.invitation.id
    arrival.person_id, arrival.person_sure = about.person.id, True


def _said(session: Session, answered: Answered, about: Asked | None) -> dict[str, str]:
    """Return what the form of the inbox begins with: no choice where it is not the guest's own."""
    if about is None:
        return {}
    said = {"sitting_id": str(about.sitting.id)}
    own = answered.choice is not None and _invited(session, about)(answered.attendees[0].address)
    return {**said, "choice": answered.choice.value} if own and answered.choice else said


def _invited(session: Session, about: Asked) -> Callable[[str], bool]:
    """Return the test for the addresses that the guest was invited at: the one they have now, and those that were written to."""
    theirs = select(Message.address_index).where(Message.invitation_id == about.invitation.id, Message.address_index.is_not(None))
    known = set(session.scalars(theirs)) | ({address_index(about.person.email)} if about.person.email else set())
    # What stands after mailto: is an address as it is, or with %XX in it (RFC 6068).
    return lambda address: any("@" in each and address_index(each) in known for each in (address, unquote(address)))


def _last(entry: CalendarEntry) -> tuple[int, datetime] | None:
    if entry.last_reply_sequence is None or entry.last_reply_stamp is None:
        return None
    return entry.last_reply_sequence, entry.last_reply_stamp


def _why_closed(arrival: Arrival, about: Asked) -> Text | None:
    if about.invitation.withdrawn_at is not None:
        return Text(WITHDRAWN, "")
    if about.sitting.ends_at <= arrival.received_at:
        return Text(OVER, "")
    return closed_because(about.consultation, about.event, arrival.received_at)


def _take(session: Session, arrival: Arrival, answered: Answered, about: Asked) -> Verdict:
    choice = answered.choice
    closed = _why_closed(arrival, about)
    if closed is not None or choice is None:
        words = closed or Text("", "")
        return waits(words.en, details={**_said(session, answered, about), **({"why_fr": words.fr} if words.fr else {})})
    about.entry.last_reply_sequence, about.entry.last_reply_stamp = answered.sequence, answered.stamp
    mode = _mode(session, about) if choice is Choice.ACCEPTED else None
    if choice is Choice.ACCEPTED and mode is None:
        return _ask_for_the_mode(session, arrival, answered, about)
    before = _standing(session, about)
    (outcome,) = reply_to_event(
        invitation_id=about.invitation.id,
        answers={about.sitting.id: Answer(choice, mode, may_wait=True)},
        reason=answered.comment,
        channel=Channel.CALENDAR,
        received_at=arrival.received_at,
        actor=SYSTEM,
    )
    if not outcome.counts:
        return done("later_stands", LATER_STANDS)
    if choice is Choice.ACCEPTED and _standing(session, about) != before:
        # Said once: a calendar that accepts by itself would answer each mail, and each answer would bring one.
        confirm_reply(session, about.invitation, _newest(about), SYSTEM)
    if outcome.seat is SeatState.WAITING:
        return done("waitlisted", "every seat of this kind is taken: on the waiting list")
    return done(choice.value)


def _standing(session: Session, about: Asked) -> tuple[Choice | None, SeatState | None, Mode | None]:
    seat = seat_of(session, about.sitting.id, about.invitation.id)
    return about.entry.partstat, seat.state if seat else None, seat.mode if seat else None


def _newest(about: Asked) -> Reply:
    """Return the reply that was written down last."""
    return max(replies_of(about.invitation.id), key=lambda reply: reply.recorded_at)


def _mode(session: Session, about: Asked) -> Mode | None:
    """Return how the guest takes part: as they hold a seat, as they last said, or in the only way there is."""
    modes = modes_of(about.event.format)
    if len(modes) == 1:
        return modes[0]
    seat = seat_of(session, about.sitting.id, about.invitation.id)
    if seat is not None:
        return seat.mode
    said = [reply.mode for reply in replies_of(about.invitation.id) if reply.sitting_id in {None, about.sitting.id} and reply.mode in modes]
    return said[0] if said else None


def _ask_for_the_mode(session: Session, arrival: Arrival, answered: Answered, about: Asked) -> Verdict:
    """Write down that the guest comes, take no seat, and plan the mail that asks in which way; both once."""
    before = standing_by_sitting(replies_of(about.invitation.id), about.invitation)
    standing = before.get(about.sitting.id) or before.get(None)
    reply = record_reply(
        invitation_id=about.invitation.id,
        choice=Choice.ACCEPTED,
        sitting_id=about.sitting.id,
        channel=Channel.CALENDAR,
        received_at=arrival.received_at,
        reason=answered.comment,
        actor=SYSTEM,
    )
    if standing_by_sitting(replies_of(about.invitation.id), about.invitation).get(about.sitting.id) is not reply:
        return done("later_stands", LATER_STANDS)
    # Their calendar shows it as not settled, like that of somebody who waits for a seat.
    about.entry.partstat = Choice.TENTATIVE
    session.flush()
    if standing is not None and standing.choice is Choice.ACCEPTED and standing.mode is None:
        # Said once: a calendar that accepts by itself would answer each mail that asks, and each answer would bring one.
        return done(Choice.ACCEPTED.value, ASKED_ALREADY)
    confirm_reply(session, about.invitation, reply, SYSTEM, about.entry)
    return replace(waits(MODE_NOT_SAID, details=_said(session, answered, about)), outcome=Choice.ACCEPTED.value)
