"""Who must be told what: guests who know an older time or place, and guests of something that does not take place.

Who is told is asked of the rows whenever it is needed: what each guest was last told stands on
their calendar entry. Nothing is written to the database here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, not_, or_, select
from sqlalchemy.orm import aliased

from engagement.events.models import CalendarEntry, Event, EventStatus, Seat, SeatState, Sitting
from engagement.events.shown import Difference, Shown, differences, marks_known, shown_to
from engagement.invitations.models import Choice, Invitation, Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.models import Message, State, Suppression, Why
from engagement.mailing.suppressions import OWN_WORD
from engagement.roster.models import Person
from engagement.roster.safe_hours import hours_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

CHANGE = "event_change"
CANCELLATION = "event_cancellation"
# Mails that say when and where.
TELL = ("event_invitation", "event_confirmation", CHANGE)
_UNDER_WAY = (State.PLANNED, State.QUEUED, State.DEFERRED, State.CLAIMED, State.SENDING)

# Mails whose bytes may have arrived, though nobody has said so yet.
_PERHAPS_ARRIVED = (State.SENDING, State.DOUBTFUL)

Key: TypeAlias = "tuple[UUID, UUID]"


class Fate(StrEnum):
    """What becomes of one guest when the team tells."""

    MAIL = "mail"
    CALL = "call"
    ON_ITS_WAY = "on_its_way"
    PERHAPS_TOLD = "perhaps_told"
    DECLINED = "declined"
    NO_CONTACT = "no_contact"
    WITHDRAWN = "withdrawn"


TOLD = (Fate.MAIL, Fate.CALL)
NOT_TOLD = (Fate.ON_ITS_WAY, Fate.PERHAPS_TOLD, Fate.DECLINED, Fate.NO_CONTACT, Fate.WITHDRAWN)
FATES: dict[Fate, Text] = {
    Fate.MAIL: Text("By email", "Par courriel"),
    Fate.CALL: Text("To be called: no address that is written to", "À appeler\u00a0: aucune adresse à laquelle on écrit"),
    Fate.ON_ITS_WAY: Text("A mail that says it is on its way", "Un courriel qui le dit est déjà en route"),
    Fate.PERHAPS_TOLD: Text(
        "A mail that says it may have arrived: decide on it first, among the messages",
        "Un courriel qui le dit est peut-être arrivé\u00a0: décidez-en d’abord, parmi les messages",
    ),
    Fate.DECLINED: Text("Said no", "Ont répondu non"),
    Fate.NO_CONTACT: Text("Asked not to be contacted, and holds no seat", "Ont demandé à ne pas être contactées et n’ont pas de place"),
    Fate.WITHDRAWN: Text("The invitation was withdrawn", "Invitation retirée"),
}
TOLD_IN: dict[str, Text] = {
    "en": Text("English", "Anglais"),
    "fr": Text("French", "Français"),
    "both": Text("English and French", "Anglais et français"),
}


@dataclass(frozen=True, slots=True)
class Guest:
    """One guest and one sitting (None: they knew of no date). ``before`` is what they were told, None where nothing."""

    invitation: Invitation
    person: Person
    sitting: Sitting | None
    entry: CalendarEntry | None
    mode: Mode | None
    fate: Fate
    before: Shown | None = None
    after: Shown | None = None
    one_of_several: bool = False

    @property
    def language(self) -> str:
        """Return the language in which they are told."""
        return self.person.language or "both"

    @property
    def changes(self) -> list[Difference]:
        """Return what has changed for them."""
        return differences(self.before, self.after, one_of_several=self.one_of_several) if self.after else []


def sittings_ahead(event: Event) -> list[Sitting]:
    """Return the sittings that take place and are not over."""
    rows = db.session.scalars(select(Sitting).where(Sitting.event_id == event.id).order_by(Sitting.starts_at, Sitting.position))
    return [row for row in rows if row.cancelled_at is None and row.ends_at > now()]


def guests_behind(event: Event) -> list[Guest]:
    """Return the guests who know an older time, place, link or title than stands now, and what becomes of each.

    Also those who were invited and never told of a sitting that was added since.
    """
    if event.status is EventStatus.CANCELLED:
        return []
    coming, perhaps, blocked, several = _on_their_way(event), _perhaps_told(event), _blocked(event), _number_of_sittings(event) > 1
    found = []
    for sitting in sittings_ahead(event):
        for invitation, person, entry, mode in _rows(event, sitting, _behind(event, sitting)):
            after = shown_to(event, sitting, mode, discreet=person.discreet)
            before = Shown.from_facts(entry.told_facts) if entry else None
            if before is not None and before.cancelled and invitation.withdrawn_at is not None:
                continue
            fate = _reach(person, mode, blocked)
            if invitation.withdrawn_at is not None:
                fate = Fate.WITHDRAWN
            elif has_declined(invitation, entry):
                fate = Fate.DECLINED
            elif coming.get((invitation.id, sitting.id)) in {"", *marks_known(event, sitting, mode, discreet=person.discreet)}:
                fate = Fate.ON_ITS_WAY
            elif entry is not None and change_key(entry) in perhaps:
                fate = Fate.PERHAPS_TOLD
            found.append(Guest(invitation, person, sitting, entry, mode, fate, before, after, several))
    return found


def _number_of_sittings(event: Event) -> int:
    return db.session.scalar(select(func.count()).select_from(Sitting).where(Sitting.event_id == event.id)) or 0


def _rows(
    event: Event, sitting: Sitting, which: ColumnElement[bool]
) -> Iterator[tuple[Invitation, Person, CalendarEntry | None, Mode | None]]:
    statement = (
        select(Invitation, Person, CalendarEntry, Seat.mode)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(CalendarEntry, and_(CalendarEntry.invitation_id == Invitation.id, CalendarEntry.sitting_id == sitting.id))
        .outerjoin(Seat, and_(Seat.invitation_id == Invitation.id, Seat.sitting_id == sitting.id, Seat.state == SeatState.TAKEN))
        .where(Invitation.event_id == event.id, which)
        .order_by(Person.name_key, Invitation.id)
    )
    for row in db.session.execute(statement):
        yield row[0], row[1], row[2], row[3]


def _behind(event: Event, sitting: Sitting) -> ColumnElement[bool]:
    online = and_(Seat.id.is_not(None), Seat.mode == Mode.ONLINE)
    knows = or_(
        *(
            and_(
                online if mode else not_(online),
                Person.discreet.is_(discreet),
                CalendarEntry.told.in_(marks_known(event, sitting, mode, discreet=discreet)),
            )
            for mode in (None, Mode.ONLINE)
            for discreet in (False, True)
        )
    )
    said = select(Message.id).where(
        Message.invitation_id == Invitation.id,
        Message.details["sitting_id"].as_string() == str(sitting.id),
        Message.state != State.CANCELLED,
    )
    unheard = and_(
        CalendarEntry.told.is_(None),
        Invitation.distributed_at.is_not(None),
        Invitation.withdrawn_at.is_(None),
        not_(said.exists()),
    )
    return or_(and_(CalendarEntry.told.is_not(None), not_(knows)), unheard)


def change_key(entry: CalendarEntry) -> str:
    """Return by what the mail is known that tells a guest what has changed since they were told last: there is one for each revision."""
    return f"{CHANGE}:{entry.id}:{entry.sequence}:{entry.told_at.timestamp() if entry.told_at else 0:.6f}"


def _perhaps_told(event: Event) -> set[str]:
    """Return the keys of mails about changes of which nobody knows whether they arrived."""
    doubtful = (Invitation.event_id == event.id, Message.purpose == CHANGE, Message.state == State.DOUBTFUL)
    return set(db.session.scalars(select(Message.dedup_key).join(Invitation, Invitation.id == Message.invitation_id).where(*doubtful)))


def _on_their_way(event: Event) -> dict[Key, str]:
    """Return, for mails that have not gone yet, the mark of what they say; empty where they are still to be written."""
    rows = db.session.execute(
        select(Message.invitation_id, Message.details, Message.raw_sealed.is_not(None))
        .join(Invitation, Invitation.id == Message.invitation_id)
        .where(
            Invitation.event_id == event.id,
            Message.purpose.in_(TELL),
            Message.state.in_(_UNDER_WAY),
            # Whoever has replied gets no invitation any more.
            or_(Message.purpose != TELL[0], Invitation.choice.is_(None)),
        )
        .order_by(Message.created_at)
    )
    return {
        (invitation_id, UUID(details["sitting_id"])): details.get("told", "") if written else ""
        for invitation_id, details, written in rows
        if invitation_id is not None and "sitting_id" in details
    }


def _blocked(event: Event) -> dict[UUID, Why]:
    """Return the guests whose address must not be written to, and why; a wish not to be contacted holds wherever it was heard."""
    other = aliased(Person)
    guests = select(Person.id).join(Invitation, Invitation.person_id == Person.id).where(Invitation.event_id == event.id)
    unwilling = guests.join(other, other.email_index == Person.email_index).where(other.do_not_contact)
    rows = guests.join(Suppression, Suppression.address_index == Person.email_index).add_columns(Suppression.reason)
    wishes = dict.fromkeys(db.session.scalars(unwilling), Why.OPTED_OUT)
    return {row[0]: row[1] for row in db.session.execute(rows)} | wishes


def _reach(person: Person, mode: Mode | None, blocked: dict[UUID, Why]) -> Fate:
    if person.do_not_contact or blocked.get(person.id) in {*OWN_WORD, Why.STAFF}:
        # Whoever holds a seat would come to an empty room: they are called.
        return Fate.CALL if mode is not None else Fate.NO_CONTACT
    by_telephone = not person.email or person.id in blocked or hours_of(person).calls_only
    return Fate.CALL if by_telephone else Fate.MAIL


def has_declined(invitation: Invitation, entry: CalendarEntry | None) -> bool:
    """Return whether a guest has said no to a sitting."""
    said = entry.partstat if entry is not None and entry.partstat is not None else invitation.choice
    return said is Choice.DECLINED


def guests_of_cancelled(event: Event, sitting: Sitting | None = None) -> list[Guest]:
    """Return the guests who know of the event (or of one sitting), by sitting, and what becomes of each when it is cancelled.

    One who was told of no sitting stands once, without one. Whoever has declined stands as
    such: they are told only where the team chooses it, and where their calendar holds the entry.
    """
    blocked = _blocked(event)
    found: list[Guest] = []
    heard: set[UUID] = set()
    for each in [sitting] if sitting else sittings_ahead(event):
        knows = and_(Invitation.withdrawn_at.is_(None), _was_told_of(each, one=sitting is not None))
        for invitation, person, entry, mode in _rows(event, each, knows):
            heard.add(invitation.id)
            fate = Fate.DECLINED if has_declined(invitation, entry) else _reach(person, mode, blocked)
            before = Shown.from_facts(entry.told_facts) if entry else None
            found.append(Guest(invitation, person, each, entry, mode, fate, before, shown_to(event, each, mode, discreet=person.discreet)))
    return found if sitting else [*found, *_who_know_no_date(event, heard, blocked)]


def perhaps_told(sitting_id: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Return whether a mail that says when and where (to one sitting, where it is given) may have reached the guest of Invitation.

    Whoever counts as knowing nothing is told nothing, and would come to an empty room.
    """
    which = [Message.invitation_id == Invitation.id, Message.purpose.in_(TELL), Message.state.in_(_PERHAPS_ARRIVED)]
    if sitting_id is not None:
        which.append(Message.details["sitting_id"].as_string() == sitting_id)
    return select(Message.id).where(*which).correlate(Invitation).exists()


def sittings_perhaps_told(session: Session, invitation_id: UUID) -> set[UUID]:
    """Return the sittings that a mail to this guest spoke of, of which nobody has said yet whether it arrived."""
    mails = select(Message.details).join(Invitation, Invitation.id == Message.invitation_id).where(Invitation.id == invitation_id)
    rows = session.scalars(mails.where(Message.purpose.in_(TELL), Message.state.in_(_PERHAPS_ARRIVED)))
    return {UUID(details["sitting_id"]) for details in rows if "sitting_id" in details}


def _was_told_of(sitting: Sitting, *, one: bool) -> ColumnElement[bool]:
    still = CalendarEntry.cancelled_at.is_(None)
    told = or_(and_(CalendarEntry.told.is_not(None), still), and_(perhaps_told(literal(str(sitting.id))), still))
    # Each invitation lists the other sittings, so that whoever got one knows of them all.
    return or_(told, and_(Invitation.distributed_at.is_not(None), or_(CalendarEntry.id.is_(None), still))) if one else told


def _who_know_no_date(event: Event, heard: set[UUID], blocked: dict[UUID, Why]) -> Iterator[Guest]:
    told = select(CalendarEntry.invitation_id).where(CalendarEntry.told.is_not(None))
    rows = db.session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.event_id == event.id,
            Invitation.withdrawn_at.is_(None),
            or_(Invitation.distributed_at.is_not(None), perhaps_told()),
            Invitation.id.not_in(told),
        )
        .order_by(Person.name_key, Invitation.id)
    )
    for invitation, person in rows:
        if invitation.id not in heard:
            fate = Fate.DECLINED if invitation.choice is Choice.DECLINED else _reach(person, None, blocked)
            yield Guest(invitation, person, None, None, None, fate)


def holds_after_no(guest: Guest) -> bool:
    """Return whether somebody has declined and their calendar holds the entry all the same."""
    return guest.fate is Fate.DECLINED and guest.entry is not None and guest.entry.held


def seen_mark(guests: Sequence[Guest]) -> str:
    """Return a mark of exactly these guests being told exactly this: what was looked at when the team says yes."""
    told = sorted(
        f"{guest.invitation.id} {guest.sitting.id if guest.sitting else ''} {guest.after.mark if guest.after else ''} {guest.fate}"
        for guest in guests
        if guest.fate in TOLD
    )
    return sha256("\n".join(told).encode()).hexdigest()[:32]


def people_told(guests: Sequence[Guest]) -> int:
    """Return how many people are told, each counted once."""
    return len({guest.person.id for guest in guests if guest.fate in TOLD})
