"""Calendar files to download (RFC 5545): a guest's own entry, and an event's sittings for the team. They announce no METHOD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.events.calendar import PRODID, find_entry, one_line
from engagement.events.mirroring import mode_held
from engagement.events.models import Event, EventStatus, Sitting
from engagement.events.posting import mail_domain, one_mailbox
from engagement.events.shown import Shown, shown_to
from engagement.invitations.models import Choice
from engagement.invitations.service import find_invitation
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

    from icalendar import Event as VEvent

    from engagement.events.models import CalendarEntry
    from engagement.kernel.bilingual import Language

COMING = frozenset({Choice.ACCEPTED, Choice.TENTATIVE})


def may_download(event: Event, sitting: Sitting, entry: CalendarEntry | None) -> bool:
    """Return whether a guest may take this sitting into a calendar: they said yes or maybe, and it takes place."""
    takes_place = event.status is not EventStatus.CANCELLED and sitting.cancelled_at is None
    return takes_place and event.sends_calendar and entry is not None and entry.partstat in COMING


def guest_file(invitation_id: UUID, sitting_id: UUID, language: Language) -> bytes:
    """Return the calendar file of one guest and one sitting, with the UID that their mails carry.

    There is no attendee in it, the link only where they hold an online seat, and no title
    that tells where they are discreet. Raises AbsentError where ``may_download`` says no.
    """
    invitation = find_invitation(invitation_id)
    event = db.session.get(Event, invitation.event_id) if invitation.event_id else None
    sitting = db.session.get(Sitting, sitting_id)
    person = db.session.get(Person, invitation.person_id)
    if event is None or sitting is None or person is None or sitting.event_id != event.id or invitation.withdrawn_at is not None:
        raise AbsentError
    session = db.session()
    entry = find_entry(session, invitation.id, sitting.id)
    if entry is None or not may_download(event, sitting, entry):
        raise AbsentError
    mode = mode_held(session, sitting.id, invitation.id)
    shown = shown_to(event, sitting, mode, discreet=person.discreet)
    made = _event(entry.uid, shown, language)
    made.add("sequence", entry.sequence)
    made.add("organizer", f"mailto:{one_mailbox() or f'replies+{entry.mailbox}@{mail_domain()}'}")
    # Somebody who waits for a seat, or has not said how they come, has none yet: it is not settled.
    made.add("status", "CONFIRMED" if entry.partstat is Choice.ACCEPTED and mode is not None else "TENTATIVE")
    return _file([made])


def staff_file(event: Event, sittings: list[Sitting], language: Language) -> bytes:
    """Return an event's sittings for the calendars of the team: no guest is in it, nor the online link."""
    found = []
    for sitting in sittings:
        shown = shown_to(event, sitting, None, discreet=False)
        made = _event(f"{sitting.id}@{mail_domain()}", shown, language)
        made.add("status", "CANCELLED" if shown.cancelled else "CONFIRMED")
        found.append(made)
    return _file(found)


def _event(uid: str, shown: Shown, language: Language) -> VEvent:
    # Loaded when a file is asked for: the idle program does without its 3 MB.
    from icalendar import Event as VEvent  # noqa: PLC0415
    from icalendar import vText, vUri  # noqa: PLC0415

    made = VEvent()
    made.add("uid", uid)
    made.add("dtstamp", now().replace(microsecond=0))
    made.add("dtstart", shown.starts_at)
    made.add("dtend", shown.ends_at)
    made.add("summary", vText(one_line(shown.title.in_(language))))
    place = ", ".join(part for part in (one_line(shown.place.in_(language)), shown.link) if part)
    if place:
        made.add("location", vText(place))
    if shown.link:
        made.add("description", vText(shown.link))
        made.add("conference", vUri(shown.link, params={"VALUE": "URI", "FEATURE": "VIDEO"}))
    return made


def _file(found: list[VEvent]) -> bytes:
    from icalendar import Calendar  # noqa: PLC0415

    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    for each in found:
        calendar.add_component(each)
    return bytes(calendar.to_ical())
