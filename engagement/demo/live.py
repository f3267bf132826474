"""Loading the consultation to try things in: open today, two hybrid sessions some weeks from now.

One transaction: it is there as a whole or not at all.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.consultations.service import Particulars, create_consultation, keep_document
from engagement.demo.hours import in_working_hours
from engagement.demo.loading import Loading
from engagement.demo.mail_in import receive_some
from engagement.demo.names import Generator
from engagement.demo.paper import one_page
from engagement.demo.post import deliver
from engagement.demo.questionnaire_live import ask_questions
from engagement.demo.team import join_team
from engagement.demo.texts_live import AGENDA, BATCHES, CONSULTATION, GATINEAU, PAPER, VANCOUVER
from engagement.events.agenda import AgendaPlan, add_agenda_item, add_part
from engagement.events.calendar import find_entry
from engagement.events.knowledge import count_as_told
from engagement.events.mirroring import mode_held
from engagement.events.models import AgendaKind, Event, Format, Kind, Part, Sitting
from engagement.events.posting import ask_to_come
from engagement.events.service import Answer, EventParticulars, NeedsStated, SittingPlan, reply_to_event, schedule_event, sittings_of
from engagement.events.shown import shown_to
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.kernel.audit import by_link, staff
from engagement.kernel.clock import now, today
from engagement.kernel.db import writing
from engagement.mailing.models import Message
from engagement.outreach.models import ReminderKind
from engagement.outreach.reminding import thing_about
from engagement.outreach.schedules import schedule_reminder
from engagement.outreach.service import EVENT, Offer, draft_mailing
from engagement.roster.models import IdentifiedThrough
from engagement.roster.service import add_batch, add_person, put_in_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.accounts.models import User
    from engagement.kernel.audit import Actor
    from engagement.kernel.bilingual import Text
    from engagement.roster.models import Person

SLUG = "ethical-procurement"
ZONE = "America/Toronto"
SUPPLIERS, OTHERS = 36, 24
INVITED = 18
NOT_SENT_YET = 6
SECTORS = ("academia", "civil_society", "ngo", "provincial", "federal", "municipal", "advocate", "health")
REGIONS = ("ON", "QC", "BC", "AB", "ON", "QC", "NS", "MB", "NB", "SK", "NL", "PE", "YT", "NT", "NU", "ON")
SEATS_IN_PERSON, SEATS_ONLINE = 40, 200
ONLINE_LINK = "https://meet.example.org/ethical-procurement-{number}"
# What the first of the invited replied; the others are silent so far.
REPLIES = (
    Answer(Choice.ACCEPTED, Mode.IN_PERSON), Answer(Choice.ACCEPTED, Mode.ONLINE), Answer(Choice.ACCEPTED, Mode.IN_PERSON),
    Answer(Choice.TENTATIVE, Mode.ONLINE), Answer(Choice.DECLINED), Answer(Choice.ACCEPTED, Mode.ONLINE),
    Answer(Choice.ACCEPTED, Mode.IN_PERSON), Answer(Choice.ACCEPTED, Mode.ONLINE), Answer(Choice.DECLINED),
)  # fmt: skip
NEEDS = {0: NeedsStated(access="A seat near the door.", diet="Vegetarian."), 5: NeedsStated(interpretation=("lsq", "captioning"))}
PARTS = {AgendaKind.GUEST_SPEAKER: (Part.SPEAKER,), AgendaKind.PRESENTATION: (Part.SPEAKER,),
         AgendaKind.PANEL: (Part.MODERATOR, Part.PANELIST, Part.PANELIST, Part.PANELIST, Part.PANELIST)}  # fmt: skip


def load_live(team: dict[str, User], tick: Callable[[], None]) -> None:
    """Load the consultation whole; ``tick`` is called once for each person on its roster."""
    actor = staff(team["organizer"].id)
    with writing() as session:
        consultation = _announce(actor)
        loading = Loading(session, consultation, actor, random.Random(SLUG), tick)  # noqa: S311 - inventing replies is no secret.
        people = _fill_roster(loading)
        day, later = session_days(today(ZONE))
        first = _schedule(loading, GATINEAU, ZONE, day, 1)
        second = _schedule(loading, VANCOUVER, "America/Vancouver", later, 2)
        for event, speakers in ((first, people[-7:]), (second, people[-14:-7])):
            _fill_agenda(loading, sittings_of(event.id)[0], speakers)
        _invite_some(loading, first, people[:INVITED])
        receive_some(first, people[INVITED - 1], people[INVITED])
        ask_questions(loading)
        _remind_by_itself(first, actor)
        _draft_a_mailing(second, people[:NOT_SENT_YET], actor)
        join_team(consultation, team, first.id, actor)


def _remind_by_itself(event: Event, actor: Actor) -> None:
    """Have the silent reminded before the last day to reply, and those with a seat the day before."""
    thing = thing_about(event.id, None)
    for kind, days_before in ((ReminderKind.REPLY_DEADLINE, 5), (ReminderKind.DAY_BEFORE, 1)):
        if thing is not None:
            schedule_reminder(thing=thing, kind=kind, days_before=days_before, at=time(9), actor=actor)


def _draft_a_mailing(event: Event, people: list[Person], actor: Actor) -> None:
    """Choose some people for the second session, to be looked at before anything is sent."""
    offer = Offer(EVENT, event.id, event.title)
    ids = [person.id for person in people]
    draft_mailing(consultation_id=event.consultation_id, offer=offer, people=ids, chosen_by={}, actor=actor)


def session_days(day: date) -> tuple[date, date]:
    """Return the days of the two sessions: the second is a week after the first at least, the holidays between them or not."""
    first = session_day(day, 24)
    return first, max(session_day(day, 38), session_day(first, 7))


def session_day(day: date, after: int) -> date:
    """Return the first Tuesday at least ``after`` days from ``day`` that is not between 20 December and 5 January."""
    days = (day + timedelta(days=after + more) for more in range(30))
    return next(each for each in days if each.weekday() == 1 and (each.month, each.day) < (12, 20) and (each.month, each.day) > (1, 5))


def _announce(actor: Actor) -> Consultation:
    day = today(ZONE)
    particulars = Particulars(
        status=Status.OPEN,
        is_public=True,
        zone=ZONE,
        opens_on=day - timedelta(days=7),
        closes_on=day + timedelta(days=56),
        received_until=day + timedelta(days=70),
        contact_email="engagement@example.org",
        contact_phone="819-555-0100",
        texts=CONSULTATION,
    )
    consultation = create_consultation(slug=SLUG, particulars=particulars, actor=actor, is_demo=True)
    for language, (title, filename, lines) in PAPER.items():
        content = one_page(title, lines)
        keep_document(
            consultation_id=consultation.id, language=language, title=title, filename=filename, content=content, actor=actor
        )  # fmt: skip
    return consultation


def _fill_roster(loading: Loading) -> list[Person]:
    """Put the suppliers and the others on the roster, a batch of each."""
    generator = Generator(SLUG, domains=("example.com",))
    regions = [REGIONS[place % len(REGIONS)] for place in range(SUPPLIERS + OTHERS)]
    sectors = ["private_sector"] * SUPPLIERS + [SECTORS[place % len(SECTORS)] for place in range(OTHERS)]
    people: list[Person] = []
    for sector, region in zip(sectors, regions, strict=True):
        invented = generator.person(sector, region)
        person = add_person(
            consultation_id=loading.consultation.id,
            given_name=invented.given_name,
            family_name=invented.family_name,
            email=invented.email,
            phone=invented.phone,
            organization=invented.organization,
            sector=sector,
            region=region,
            language=invented.language,
            identified_through=loading.drawn.choice((IdentifiedThrough.EARLIER_ENGAGEMENT, IdentifiedThrough.WEB_SEARCH)),
            actor=loading.actor,
        )
        people.append(person)
        loading.tick()
    for name, members in zip(BATCHES, (people[:SUPPLIERS], people[SUPPLIERS:]), strict=True):
        batch = add_batch(consultation_id=loading.consultation.id, name=name, actor=loading.actor)
        put_in_batch(batch_id=batch.id, person_ids=[person.id for person in members], actor=loading.actor)
    return people


def _schedule(loading: Loading, texts: dict[str, Text], zone: str, day: date, number: int) -> Event:
    particulars = EventParticulars(
        kind=Kind.INFORMATION_SESSION,
        format=Format.HYBRID,
        zone=zone,
        texts=texts,
        online_link=ONLINE_LINK.format(number=number),
        reply_by=day - timedelta(days=7),
    )
    plan = SittingPlan(
        starts_wall=datetime.combine(day, time(13)),
        ends_wall=datetime.combine(day, time(15)),
        seats_in_person=SEATS_IN_PERSON,
        seats_online=SEATS_ONLINE,
    )
    return schedule_event(
        consultation_id=loading.consultation.id, particulars=particulars, sittings=[plan], name=f"session-{number}", actor=loading.actor
    )


def _fill_agenda(loading: Loading, sitting: Sitting, speakers: list[Person]) -> None:
    """Give the sitting its agenda; the speakers agreed to be named, one of the panel did not yet."""
    waiting = list(speakers)
    for kind, begins, ends, title in AGENDA:
        start = sitting.starts_wall
        plan = AgendaPlan(
            kind=AgendaKind(kind), starts_wall=start + timedelta(minutes=begins), ends_wall=start + timedelta(minutes=ends), title=title
        )
        item = add_agenda_item(sitting_id=sitting.id, plan=plan, actor=loading.actor)
        for part in PARTS.get(plan.kind, ()):
            speaker = waiting.pop()
            add_part(item_id=item.id, person_id=speaker.id, part=part, published=bool(waiting), actor=loading.actor)


def _invite_some(loading: Loading, event: Event, guests: list[Person]) -> None:
    """Invite the first guests as of three days ago; half of them have replied."""
    invited_at = in_working_hours(now() - timedelta(days=3), None)
    for place, person in enumerate(guests):
        invitation = ask_to_come(event_id=event.id, person_id=person.id, actor=loading.actor)
        invitation.created_at = invitation.distributed_at = invited_at
        if place < len(REPLIES):
            reply_to_event(
                invitation_id=invitation.id,
                answers=REPLIES[place],
                needs=NEEDS.get(place),
                channel=Channel.WEB,
                received_at=_replied(invited_at, place, person),
                actor=by_link(invitation.id),
            )
        for message in loading.session.scalars(select(Message).where(Message.invitation_id == invitation.id)).all():
            # The newcomer's own mail will be the first in the local mailbox.
            at = invited_at if message.purpose == "event_invitation" else invitation.replied_at or invited_at
            deliver(loading.session, message, person, f"{event.title.en} / {event.title.fr}", at)
        if person.email:
            _know(loading, event, invitation, invitation.replied_at or invited_at)


def _replied(invited_at: datetime, place: int, person: Person) -> datetime:
    """Return when the guest at this place of the list replied: by day, after the invitation, and before now."""
    by_day = in_working_hours(invited_at + timedelta(hours=5 + 6 * place), person.region)
    return min(max(by_day, invited_at + timedelta(hours=1)), now())


def _know(loading: Loading, event: Event, invitation: Invitation, at: datetime) -> None:
    """Let a guest know of the event what their mails told them."""
    for sitting in sittings_of(event.id):
        entry = find_entry(loading.session, invitation.id, sitting.id)
        if entry is not None:
            count_as_told(entry, shown_to(event, sitting, mode_held(loading.session, sitting.id, invitation.id), discreet=False), at)
            entry.requested_at = at
