"""What guests reply, and what it does to their seats: one transaction for reply, seat, needs and calendar.

``withdrawing`` (withdraw_guest) is offered here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import lazyload

from engagement.consultations.models import Consultation, Status
from engagement.events.mirroring import Replied, mirror_reply, mirror_seat, wants_mirror
from engagement.events.models import CalendarEntry, Event, EventStatus, Needs, Seat, SeatState, Sitting
from engagement.events.posting import INVITATION, REPLIED, confirm_reply, confirm_seat
from engagement.events.seats import FullError, Wanted, modes_of, settle, take_seat
from engagement.events.vocabulary import INTERPRETATION
from engagement.events.withdrawing import withdraw_guest
from engagement.invitations.models import Channel, Choice, Invitation, Mode, Reply
from engagement.invitations.service import Said, hold, latest_replies, standing_by_sitting, write_reply
from engagement.invitations.vocabulary import MODES
from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.wording import date_words, span_words
from engagement.mailing.afresh import stop
from engagement.mailing.contacting import look_again
from engagement.mailing.models import Message
from engagement.roster.models import Person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

__all__ = [
    "Answer",
    "BadAnswerError",
    "NeedsStated",
    "Outcome",
    "ReplyClosedError",
    "SeatTakenError",
    "closed_because",
    "promote_from_waitlist",
    "reply_to_event",
    "state_needs",
    "withdraw_guest",
]
# A reply that staff took down while they called, or from a letter that answered one.
SPOKEN = frozenset({Channel.TELEPHONE, Channel.LETTER, Channel.IN_PERSON})


class ReplyClosedError(DomainError):
    """Guests cannot reply any more, or not now: cancelled, paused, or past the last day to reply."""


class SeatTakenError(DomainError):
    """The last seat of this kind is gone; ``sitting_id`` and ``mode`` say which. Nothing was changed."""

    def __init__(self, said: Text, *, sitting_id: UUID, mode: Mode) -> None:
        """Keep the line, the sitting and the mode."""
        super().__init__(said, field="mode")
        self.sitting_id = sitting_id
        self.mode = mode


class BadAnswerError(DomainError):
    """The answer does not fit the event."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A guest's answer about one sitting. ``may_wait``: if it is full, they want to be on the waiting list."""

    choice: Choice
    mode: Mode | None = None
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class NeedsStated:
    """What a guest needs, in their own words; ``interpretation`` holds keys of vocabulary.INTERPRETATION."""

    access: str = ""
    diet: str = ""
    interpretation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reply came to in one sitting (None: the event has no date yet).

    ``seat`` is what the guest has now. ``counts`` is False for a reply that was received
    before the standing one: it is in the ledger and changed nothing.
    """

    sitting_id: UUID | None
    choice: Choice
    mode: Mode | None
    seat: SeatState | None
    counts: bool = True


def closed_because(consultation: Consultation, event: Event, at: datetime) -> Text | None:
    """Return why guests cannot reply at this moment, in one line; None where they can."""
    if event.status is EventStatus.CANCELLED:
        return Text("This event is cancelled.", "Cet événement est annulé.")
    if consultation.status is Status.PAUSED:
        return Text(
            "The consultation is paused, so replies are not taken at the moment. Your invitation stands.",
            "La consultation est suspendue; les réponses ne sont pas reçues pour le moment. Votre invitation reste valable.",
        )
    if event.reply_by is not None and at > end_of_day(event.reply_by, consultation.zone):
        said = Text(
            "The last day to reply was {day_en}. Please write or call us.",
            "Le dernier jour pour répondre était {day_fr}. Veuillez nous écrire ou nous appeler.",
        )
        return said.format(day_en=date_words(event.reply_by, "en"), day_fr=date_words(event.reply_by, "fr"))
    return None


def reply_to_event(
    *,
    invitation_id: UUID,
    answers: Mapping[UUID, Answer] | Answer,
    reason: str = "",
    wants_questionnaire: bool = False,
    needs: NeedsStated | None = None,
    channel: Channel = Channel.WEB,
    received_at: datetime | None = None,
    actor: Actor,
) -> list[Outcome]:
    """Record what a guest replied, with their seats and needs, and return what came of it by sitting.

    One answer stands for all sittings; a mapping answers single ones and leaves the others as
    they were. ``needs`` None leaves what was stated before. A guest (by link) is refused with
    ReplyClosedError when replies are closed; staff may still record. Raises SeatTakenError
    (nothing is changed then: the guest chooses the waiting list or the other way of taking
    part), BadAnswerError, WithdrawnError, BadTimeError, AbsentError.
    """
    with _asking_first() as session:
        guest = _invited(session, invitation_id)
        _require_open(guest, actor)
        # A yes to what does not take place any more is history: it does not count beside a no to the rest.
        off = {key for key, place in guest.places.items() if place.sitting.cancelled_at is not None}
        ledger = [each for each in latest_replies(session, guest.invitation) if each.sitting_id not in off]
        unsent = channel is not Channel.WEB and _stop_invitation(session, invitation_id)
        told = _Told(guest, ledger, channel, received_at, reason, wants_questionnaire, actor, unsent)
        outcomes = [_record(session, sitting_id, answer, told) for sitting_id, answer in _by_sitting(guest, answers)]
        if needs is not None:
            _keep_needs(session, guest.invitation, needs, actor)
        if actor.kind is ActorKind.LINK:
            # They have read the mail: the address is theirs, and so is the name.
            guest.person.name_unproven = False
        look_again(session, invitation_id, spoken=actor if channel in SPOKEN else None)
    return outcomes


@contextmanager
def _asking_first() -> Iterator[Session]:
    """Open the transaction of a reply: everything is asked before anything is changed, and stored in one go."""
    with writing() as session:
        # What a verb around this one has changed is there to be asked for.
        session.flush()
        with session.no_autoflush:
            yield session


@dataclass(frozen=True, slots=True)
class _Place:
    """A sitting, and what the guest has of it before the reply."""

    sitting: Sitting
    seat: Seat | None
    entry: CalendarEntry | None


@dataclass(frozen=True, slots=True)
class _Invited:
    """A guest and what they are invited to; ``places`` by sitting, in one order everywhere."""

    invitation: Invitation
    event: Event
    consultation: Consultation
    # Held so that whoever asks for this person in the same transaction finds them read.
    person: Person
    places: dict[UUID, _Place]


@dataclass(frozen=True, slots=True)
class _Told:
    """What is the same for every sitting of one reply. ``ledger`` grows with what is written."""

    guest: _Invited
    ledger: list[Reply]
    channel: Channel
    received_at: datetime | None
    reason: str
    wants_questionnaire: bool
    actor: Actor
    # The invitation was still to go.
    unsent: bool


def _stop_invitation(session: Session, invitation_id: UUID) -> bool:
    """Stop the invitation of somebody who has answered to it; return whether it was still to go."""
    return stop(session, and_(Message.invitation_id == invitation_id, Message.purpose == INVITATION), REPLIED) > 0


_INVITED = (
    select(Invitation, Event, Consultation, Person, Sitting, Seat, CalendarEntry)
    .join(Event, Event.id == Invitation.event_id)
    .join(Consultation, Consultation.id == Invitation.consultation_id)
    .join(Person, Person.id == Invitation.person_id)
    .outerjoin(Sitting, Sitting.event_id == Event.id)
    .outerjoin(Seat, and_(Seat.sitting_id == Sitting.id, Seat.invitation_id == Invitation.id))
    .outerjoin(CalendarEntry, and_(CalendarEntry.sitting_id == Sitting.id, CalendarEntry.invitation_id == Invitation.id))
    .where(Invitation.id == bindparam("invitation_id"))
    .order_by(Sitting.id)
    .options(lazyload(Person.organization))
    .execution_options(populate_existing=True)
)


def _invited(session: Session, invitation_id: UUID) -> _Invited:
    hold(session, invitation_id)
    rows = session.execute(_INVITED, {"invitation_id": invitation_id}).all()
    if not rows:
        raise AbsentError
    invitation, event, consultation, person, *_ = rows[0]
    places = {row.Sitting.id: _Place(row.Sitting, row.Seat, row.CalendarEntry) for row in rows if row.Sitting is not None}
    return _Invited(invitation, event, consultation, person, places)


def _require_open(guest: _Invited, actor: Actor) -> None:
    closed = closed_because(guest.consultation, guest.event, now()) if actor.kind is ActorKind.LINK else None
    if closed is not None:
        raise ReplyClosedError(closed)


def _by_sitting(guest: _Invited, answers: Mapping[UUID, Answer] | Answer) -> list[tuple[UUID | None, Answer]]:
    """Return the answers by sitting, in one order everywhere, so that no two replies wait for each other."""
    standing = {key for key, place in guest.places.items() if place.sitting.cancelled_at is None}
    if (guest.places and not standing) or (isinstance(answers, Mapping) and answers.keys() & (guest.places.keys() - standing)):
        raise ReplyClosedError(Text("This sitting is cancelled.", "Cette séance est annulée."))
    if isinstance(answers, Answer):
        chosen: list[tuple[UUID | None, Answer]] = [(key, answers) for key in guest.places if key in standing] or [(None, answers)]
    else:
        chosen = [(key, answers[key]) for key in guest.places if key in answers]
        if len(chosen) != len(answers) or not chosen:
            raise AbsentError
    return [(key, _fitting(guest.event, answer)) for key, answer in chosen]


def _fitting(event: Event, answer: Answer) -> Answer:
    modes = modes_of(event.format)
    if answer.choice is Choice.DECLINED:
        return Answer(answer.choice)
    if answer.mode is None and len(modes) == 1:
        return Answer(answer.choice, modes[0], answer.may_wait)
    if answer.mode is None and answer.choice is Choice.ACCEPTED:
        said = Text("Choose in person or online.", "Choisissez en personne ou en ligne.")
        raise BadAnswerError(said, field="mode")
    if answer.mode is not None and answer.mode not in modes:
        raise BadAnswerError(Text("This event is not held that way.", "Cet événement ne se tient pas sous cette forme."), field="mode")
    return answer


def _record(session: Session, key: UUID | None, answer: Answer, told: _Told) -> Outcome:
    invitation = told.guest.invitation
    said = Said(answer.choice, told.channel, answer.mode, key, told.received_at, told.reason, told.wants_questionnaire)
    reply = write_reply(session, invitation, told.ledger, said, told.actor)
    stands = standing_by_sitting(told.ledger, invitation).get(key)
    # Whoever comes and was sent nothing yet gets link and calendar entry with what was recorded.
    first = told.unsent and answer.choice is not Choice.DECLINED
    if key is None:
        if stands is reply and (told.channel is Channel.WEB or first):
            confirm_reply(session, invitation, reply, told.actor)
        return Outcome(None, answer.choice, answer.mode, None, counts=stands is reply)
    place = told.guest.places[key]
    if stands is not None and stands is not reply:
        return Outcome(key, stands.choice, stands.mode, place.seat.state if place.seat else None, counts=False)
    was = place.seat.mode if place.seat is not None and place.seat.state is SeatState.TAKEN else None
    seat = _settled(session, place, answer, reply, told.guest.event)
    mode = answer.mode if seat is SeatState.TAKEN else None
    entry = mirror_reply(session, reply, Replied(told.guest.event, place.sitting, told.guest.person, was, mode, place.entry))
    first = first and place.sitting.ends_at > now()
    if told.channel is Channel.WEB or first or wants_mirror(place.sitting, entry, told.channel):
        confirm_reply(session, invitation, reply, told.actor, entry)
    return Outcome(key, answer.choice, answer.mode, seat)


def _settled(session: Session, place: _Place, answer: Answer, reply: Reply, event: Event) -> SeatState | None:
    wanted = Wanted(answer.choice, answer.mode, answer.may_wait, reply.received_at)
    try:
        return settle(session, place.seat, wanted, sitting_id=place.sitting.id, invitation_id=reply.invitation_id)
    except FullError:
        raise _seat_taken(event, place.sitting, answer.mode or Mode.IN_PERSON) from None


def _seat_taken(event: Event, sitting: Sitting, mode: Mode) -> SeatTakenError:
    when = {language: span_words(sitting.starts_wall, sitting.ends_wall, event.zone, language) for language in ("en", "fr")}
    other = {"en": "", "fr": ""}
    if len(modes_of(event.format)) > 1:
        other = (
            {"en": ", or take part online", "fr": ", ou participez en ligne"}
            if mode is Mode.IN_PERSON
            else {"en": ", or come in person", "fr": ", ou venez en personne"}
        )
    said = Text(
        f"All seats ({MODES[mode].en.lower()}) are taken for {when['en']}. Nothing was changed. Choose the waiting list{other['en']}.",
        f"Toutes les places ({MODES[mode].fr.lower()}) sont prises pour la séance tenue {when['fr']}. "
        f"Rien n’a été modifié. Choisissez la liste d’attente{other['fr']}.",
    )
    return SeatTakenError(said, sitting_id=sitting.id, mode=mode)


def _keep_needs(session: Session, invitation: Invitation, stated: NeedsStated, actor: Actor) -> None:
    row = session.scalar(select(Needs).where(Needs.invitation_id == invitation.id))
    if row is None:
        if stated == NeedsStated():
            return
        row = Needs(invitation_id=invitation.id)
        session.add(row)
    row.access, row.diet = stated.access.strip(), stated.diet.strip()
    row.interpretation = " ".join(key for key in INTERPRETATION if key in stated.interpretation)
    row.stated_at = now()
    session.flush()
    note(session, "state_needs", row, actor, invitation.consultation_id)


def state_needs(*, invitation_id: UUID, needs: NeedsStated, actor: Actor) -> datetime | None:
    """Store what a guest needs, in place of what was stated before, and return when (None: nothing was stated).

    Their reply stands as it is. A guest (by link) is refused with ReplyClosedError when
    replies are closed. Raises AbsentError.
    """
    with writing() as session:
        guest = _invited(session, invitation_id)
        _require_open(guest, actor)
        _keep_needs(session, guest.invitation, needs, actor)
        return session.scalar(select(Needs.stated_at).where(Needs.invitation_id == invitation_id))


def promote_from_waitlist(*, seat_id: UUID, actor: Actor) -> Seat:
    """Give a seat to somebody who waits, if one is free; nothing is changed and SeatTakenError said if none is.

    Refused with ReplyClosedError while the consultation is paused or the event is cancelled.
    """
    with writing() as session:
        seat = session.get(Seat, seat_id)
        if seat is None:
            raise AbsentError
        guest = _invited(session, seat.invitation_id)
        session.refresh(seat)
        if guest.event.status is EventStatus.CANCELLED or guest.places[seat.sitting_id].sitting.cancelled_at is not None:
            raise ReplyClosedError(Text("This event is cancelled.", "Cet événement est annulé."))
        if guest.consultation.status is Status.PAUSED:
            said = Text(
                "The consultation is paused: no seats are given.", "La consultation est suspendue\u00a0: aucune place n’est attribuée."
            )
            raise ReplyClosedError(said)
        if seat.state is SeatState.WAITING:
            if not take_seat(session, seat.sitting_id, seat.mode, past_the_line=True):
                said = Text(
                    "No seat is free. Raise the number of seats, or wait until somebody gives theirs back.",
                    "Aucune place n’est libre. Augmentez le nombre de places ou attendez qu’une place se libère.",
                )
                raise SeatTakenError(said, sitting_id=seat.sitting_id, mode=seat.mode)
            seat.state, seat.since = SeatState.TAKEN, now()
            mirror_seat(session, seat)
            note(session, "promote_from_waitlist", seat, actor, guest.event.consultation_id)
            confirm_seat(session, guest.invitation, seat, actor)
    return seat
