"""The six events of the model case: invitations, replies, seats, and who was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from engagement.demo.hours import in_working_hours
from engagement.demo.rows import Letter, invited
from engagement.demo.texts_2018 import GATHERINGS, REASONS, Gathering
from engagement.events.models import CalendarEntry, Event, Format, Needs, Seat, SeatState, Sitting
from engagement.events.posting import CONFIRMATION, INVITATION, mail_domain
from engagement.events.service import (
    Answer,
    EventParticulars,
    SittingPlan,
    record_attendance,
    reply_to_event,
    schedule_event,
    sittings_of,
)
from engagement.invitations.models import Channel, Choice, Invitation, Mode, Reply
from engagement.invitations.service import invite
from engagement.kernel.audit import Actor, by_link, note
from engagement.kernel.tokens import new_mailbox_name
from engagement.outreach.models import MailingState
from engagement.outreach.service import EVENT, Offer, draft_mailing

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.models import Consultation
    from engagement.demo.loading import Loading
    from engagement.demo.people_2018 import Someone
    from engagement.outreach.models import Mailing
    from engagement.roster.models import Person

INVITED_AT = datetime(2018, 8, 8, 16, tzinfo=UTC)
# Access, diet, interpretation.
NEEDS = (
    ("A seat near the door.", "", "captioning"),
    ("", "Vegetarian.", ""),
    ("", "", "french"),
    ("Step-free way in.", "No nuts.", ""),
)
Guest: TypeAlias = "tuple[Person, Invitation]"


@dataclass(frozen=True, slots=True)
class Given:
    """What one guest replied, and when."""

    person: Person
    choice: Choice
    at: datetime
    reason: str


def hold_events(loading: Loading, people: list[tuple[Someone, Person]], survivors: list[Person]) -> dict[str, Event]:
    """Schedule the events, invite, reply and attend; return them by their key."""
    events: dict[str, Event] = {}
    for gathering in GATHERINGS:
        event = events[gathering.key] = _schedule(loading.consultation, gathering, loading.actor)
        sittings = sittings_of(event.id)
        if gathering.restricted:
            _hold_sheltered(event, gathering, survivors, loading.actor)
            continue
        guests = [(someone, person) for someone, person in people if gathering.key in someone.replies]
        invitations = _invite(loading, event, sittings, guests)
        replying = [((person, invitations[person.id]), someone.replies[gathering.key]) for someone, person in guests]
        _reply(loading, event, sittings, replying)
        came = [person.id for someone, person in guests if gathering.key in someone.came]
        _attend(loading, event, sittings, came)
    return events


def _schedule(consultation: Consultation, gathering: Gathering, actor: Actor) -> Event:
    particulars = EventParticulars(
        kind=gathering.kind,
        format=Format.IN_PERSON,
        zone=gathering.zone,
        texts={"title": gathering.title, "venue": gathering.venue, "about": gathering.about, "date_note": gathering.date_note},
        listed=gathering.listed,
        restricted=gathering.restricted,
    )
    sittings = [SittingPlan(starts_wall=starts, ends_wall=ends, seats_in_person=gathering.seats) for starts, ends in gathering.hours()]
    name = "" if gathering.restricted else gathering.key
    event = schedule_event(consultation_id=consultation.id, particulars=particulars, sittings=sittings, name=name, actor=actor)
    event.created_at = consultation.created_at
    return event


def _mailing(event: Event, guests: list[tuple[Someone, Person]], actor: Actor) -> Mailing:
    offer = Offer(EVENT, event.id, event.title)
    people = [person.id for _, person in guests]
    mailing = draft_mailing(consultation_id=event.consultation_id, offer=offer, people=people, chosen_by={}, actor=actor)
    mailing.state, mailing.planned = MailingState.APPROVED, len(people)
    mailing.created_at = mailing.approved_at = INVITED_AT
    mailing.approved_by = actor.id
    return mailing


def _invite(loading: Loading, event: Event, sittings: list[Sitting], guests: list[tuple[Someone, Person]]) -> dict[UUID, Invitation]:
    """Invite the guests: a mail and a calendar entry for each sitting. Return the invitations by person."""
    mailing = _mailing(event, guests, loading.actor)
    subject = f"{event.title.en} / {event.title.fr}"
    invitations: dict[UUID, Invitation] = {}
    for _, person in guests:
        invitation = invitations[person.id] = invited(loading, person, INVITED_AT, event_id=event.id)
        letter = Letter(invitation, person, INVITED_AT)
        for sitting in _or_none(sittings):
            key = f"{INVITATION}:{invitation.id}:{sitting.id if sitting else 'undated'}:{INVITED_AT.timestamp():.6f}"
            details = {"sitting_id": str(sitting.id)} if sitting else None
            letter.post(loading, purpose=INVITATION, key=key, subject=subject, details=details, mailing_id=mailing.id)
    loading.store()
    return invitations


def _reply(loading: Loading, event: Event, sittings: list[Sitting], guests: list[tuple[Guest, Choice | None]]) -> None:
    """Let the guests reply, and each seat that was accepted be taken."""
    drawn = loading.drawn
    for (person, invitation), choice in guests:
        drawn_at = INVITED_AT + timedelta(hours=drawn.randrange(3, 24 * 25), minutes=drawn.randrange(60))
        # Whoever replies at once does so an hour after the invitation.
        at = max(in_working_hours(drawn_at, person.region), INVITED_AT + timedelta(hours=1))
        for sitting in sittings:
            entry = CalendarEntry(
                invitation_id=invitation.id, sitting_id=sitting.id, uid=f"{uuid4()}@{mail_domain()}", mailbox=new_mailbox_name(),
                sequence=0, partstat=choice,
            )  # fmt: skip
            loading.later.append(entry)
        if choice is None:
            continue
        reason = ""
        if choice is Choice.DECLINED and drawn.random() < 0.6:
            reason = drawn.choice(REASONS["fr" if person.language == "fr" else "en"])
        for each in _or_none(sittings):
            _keep_reply(loading, event, each, invitation, Given(person, choice, at, reason))
        invitation.choice, invitation.replied_at = choice, at
        if choice is Choice.ACCEPTED and drawn.random() < 0.12:
            _keep_needs(loading, invitation, at)
    loading.store()


def _keep_reply(loading: Loading, event: Event, sitting: Sitting | None, invitation: Invitation, given: Given) -> None:
    """Store one reply as events.service.reply_to_event does: ledger, seat, and the mail that confirms it."""
    row = Reply(
        invitation_id=invitation.id,
        sitting_id=sitting.id if sitting else None,
        choice=given.choice,
        mode=None if given.choice is Choice.DECLINED else Mode.IN_PERSON,
        channel=Channel.WEB,
        received_at=given.at,
        recorded_at=given.at,
        wants_questionnaire=given.choice is Choice.DECLINED and loading.drawn.random() < 0.5,
    )
    row.reason = given.reason
    loading.later.append(row)
    note(loading.session, "record_reply", row, by_link(invitation.id), event.consultation_id)
    details = {"reply_id": str(row.id)}
    if sitting is not None:
        details["sitting_id"] = str(sitting.id)
        if given.choice is Choice.ACCEPTED:
            seat = Seat(sitting_id=sitting.id, invitation_id=invitation.id, mode=Mode.IN_PERSON, state=SeatState.TAKEN, since=given.at)
            loading.later.append(seat)
            sitting.taken_in_person += 1
    subject = f"{event.title.en} / {event.title.fr}"
    Letter(invitation, given.person, given.at).post(
        loading, purpose=CONFIRMATION, key=f"{CONFIRMATION}:{row.id}", subject=subject, details=details
    )


def _keep_needs(loading: Loading, invitation: Invitation, at: datetime) -> None:
    access, diet, interpretation = loading.drawn.choice(NEEDS)
    row = Needs(invitation_id=invitation.id, stated_at=at)
    row.access, row.diet, row.interpretation = access, diet, interpretation
    loading.later.append(row)
    note(loading.session, "state_needs", row, by_link(invitation.id), invitation.consultation_id)


def _or_none(sittings: list[Sitting]) -> list[Sitting | None]:
    """Return the sittings, or None alone for an event without a date."""
    return [*sittings] or [None]


def _attend(loading: Loading, event: Event, sittings: list[Sitting], came: list[UUID]) -> None:
    for place, sitting in enumerate(sittings):
        # A few had to leave after the first day.
        stayed = came if place == 0 else loading.drawn.sample(came, len(came) - 4)
        _record(event, sitting.id, stayed, loading.actor)
    if not sittings:
        _record(event, None, came, loading.actor)


def _record(event: Event, sitting_id: UUID | None, people: list[UUID], actor: Actor) -> None:
    record_attendance(event_id=event.id, sitting_id=sitting_id, person_ids=people, mode=Mode.IN_PERSON, actor=actor)


def _hold_sheltered(event: Event, gathering: Gathering, survivors: list[Person], actor: Actor) -> None:
    """Invite through the support worker, who telephoned the replies; nothing was sent."""
    for place, person in enumerate(survivors):
        invitation = invite(consultation_id=event.consultation_id, person_id=person.id, event_id=event.id, actor=actor)
        invitation.created_at = invitation.distributed_at = INVITED_AT
        reply_to_event(
            invitation_id=invitation.id,
            answers=Answer(Choice.ACCEPTED if place < gathering.came else Choice.DECLINED),
            channel=Channel.TELEPHONE,
            received_at=datetime.combine((INVITED_AT + timedelta(days=5 + place)).date(), time(15), UTC),
            actor=actor,
        )
    _record(event, None, [person.id for person in survivors[: gathering.came]], actor)
