"""What other pages say of received mail: a person's history, and the overview where mail waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from engagement.kernel.bilingual import Text
from engagement.kernel.policy import Permission
from engagement.kernel.ports import OverviewLine, TimelineEntry
from engagement.kernel.wording import number_words
from engagement.outreach.inbox import mail_from, number_waiting
from engagement.outreach.inbox_words import KINDS, outcome_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access

# Anybody can write any address as their own.
GUESSED, NOTHING = Text(" (guessed to be theirs)", " (qui semble venir de cette personne)"), Text("", "")


def inbox_timeline(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give the mails of a person that this member may know of: what each was, and what became of it."""
    for mail in mail_from(access, person_id):
        name, outcome = KINDS[mail.kind], outcome_words(mail)
        whose = NOTHING if mail.person_sure else GUESSED
        what = Text(f"Mail received{whose.en}: {name.en} – {outcome.en}", f"Courriel reçu{whose.fr}\u00a0: {name.fr} – {outcome.fr}")
        url = url_for("outreach.inbound", slug=access.consultation.slug, inbound_id=mail.id) if access.may(Permission.SEE_MAIL) else None
        yield TimelineEntry(mail.received_at, what, url)


def inbox_overview(access: Access) -> Iterator[OverviewLine]:
    """Give a line where mail waits for the team."""
    if not access.may(Permission.SEE_MAIL):
        return
    waiting = number_waiting(access)
    if waiting:
        url = url_for("outreach.inbox", slug=access.consultation.slug)
        what = Text("Received mail that waits", "Courriels reçus en attente")
        yield OverviewLine(what, Text(number_words(waiting, "en"), number_words(waiting, "fr")), url, waiting=True)
