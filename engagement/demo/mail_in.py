"""Mail that the invented team has received and not looked at yet: a forwarded invitation's reply, a letter, a question."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.demo.paper import one_page
from engagement.events.models import CalendarEntry
from engagement.events.posting import mail_domain
from engagement.invitations.models import Invitation
from engagement.kernel.db import db
from engagement.mailing.receiving import receive

if TYPE_CHECKING:
    from engagement.events.models import Event
    from engagement.roster.models import Person

TEAM = "engagement@example.org"
PASSED_ON = """From: Camille Fournier <camille.fournier@example.net>
To: replies+{mailbox}@{domain}
Subject: Accepted: Information session
Message-ID: <passed-on@example.net>
MIME-Version: 1.0
Content-Type: text/calendar; charset=UTF-8; method=REPLY

BEGIN:VCALENDAR
METHOD:REPLY
VERSION:2.0
PRODID:-//Example//Calendar//EN
BEGIN:VEVENT
UID:{uid}
SEQUENCE:{sequence}
DTSTAMP:20180101T120000Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:camille.fournier@example.net
END:VEVENT
END:VCALENDAR
"""
LETTER = """From: Lakeshore Makers' Cooperative <office@example.net>
To: {team}
Subject: Our comments on ethical procurement
Message-ID: <comments@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="letter"

--letter
Content-Type: text/plain; charset=UTF-8

Dear members of the team,

Please find attached what our members would like to see changed.

Sincerely,

Morgan Whitefeather
Lakeshore Makers' Cooperative

c.c.: Regional council of cooperatives
--letter
Content-Type: application/pdf; name="comments.pdf"
Content-Disposition: attachment; filename="comments.pdf"
Content-Transfer-Encoding: base64

{pdf}
--letter--
"""
QUESTION = """From: {name} <{address}>
To: {team}
Subject: =?utf-8?q?S=C3=A9ance_d=27information?=
Message-ID: <question@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8

Bonjour,

Y a-t-il un stationnement près de la salle?

Merci
"""


def receive_some(event: Event, guest: Person, asking: Person) -> None:
    """Receive three mails that wait for the team, about an event that ``guest`` was invited to."""
    invited = select(Invitation.id).where(Invitation.event_id == event.id, Invitation.person_id == guest.id)
    entry = db.session.scalars(select(CalendarEntry).where(CalendarEntry.invitation_id.in_(invited))).one()
    mails = (
        PASSED_ON.format(mailbox=entry.mailbox, domain=mail_domain(), uid=entry.uid, sequence=entry.sequence),
        LETTER.format(team=TEAM, pdf=b64encode(one_page("Comments", ["What our members would like to see changed."])).decode()),
        QUESTION.format(name=asking.name, address=asking.email, team=TEAM),
    )
    for mail in mails:
        receive(mail.encode())
