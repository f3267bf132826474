"""Sent mails as two independent parsers read them: the text, and the calendar part by icalendar and by vobject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import icalendar
import vobject

from engagement.mailing.worker import send_due

if TYPE_CHECKING:
    from tests.mailing.given import Post


@dataclass(frozen=True)
class Read:
    """One mail. ``ics`` is empty where it carries no calendar part."""

    mail: Any
    plain: str
    ics: str

    @property
    def to(self) -> str:
        return self.mail["To"].addresses[0].addr_spec

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def method(self) -> str:
        """Return METHOD, which both parsers and the part's own parameter must agree on."""
        if not self.ics:
            return ""
        stated = vobject.readOne(self.ics).method.value
        assert str(icalendar.Calendar.from_ical(self.ics)["METHOD"]) == stated == self._part["Content-Type"].params["method"]
        assert self.mail.get_content_type() == "multipart/mixed"
        return stated

    @property
    def _part(self) -> Any:
        (part,) = [part for part in self.mail.walk() if part.get_content_type() == "text/calendar"]
        return part

    @property
    def event(self) -> Any:
        """Return the one event, as vobject reads it; icalendar reads the same."""
        (event,) = vobject.readOne(self.ics).vevent_list
        (other,) = icalendar.Calendar.from_ical(self.ics).walk("VEVENT")
        assert str(other["UID"]) == event.uid.value
        assert other["SEQUENCE"] == int(event.sequence.value)
        assert other["DTSTART"].dt == event.dtstart.value
        assert len(event.attendee_list) == 1
        return event

    @property
    def sequence(self) -> int:
        return int(self.event.sequence.value)

    @property
    def uid(self) -> str:
        return self.event.uid.value


def read(mail: Any) -> Read:
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return Read(mail, plain, parts[0].get_content().replace("\r\n", "\n").replace("\n", "\r\n") if parts else "")


def delivered(post: Post) -> list[Read]:
    """Send everything that is due and return the mails that arrived by it."""
    before = len(post.received)
    send_due()
    return [read(mail) for mail in post.mails()[before:]]


def by_date(mails: list[Read]) -> list[Read]:
    """Return the mails in the order of the sittings that they are about."""
    return sorted(mails, key=lambda mail: mail.event.dtstart.value)
