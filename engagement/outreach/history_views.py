"""What other pages say of mail: a person's history, the overview, an invitation whose mail came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from sqlalchemy import func, select

from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.policy import Permission
from engagement.kernel.ports import OverviewLine, TimelineEntry
from engagement.kernel.wording import number_words
from engagement.mailing.guard import trouble
from engagement.mailing.models import Message, State
from engagement.outreach.backlog import DECIDED_HERE, waiting_counts
from engagement.outreach.listing import count_refused_by_policy, messages_to, seen_by
from engagement.outreach.service import count_left_to_the_team
from engagement.outreach.task_listing import tasks_for, waiting_tasks
from engagement.outreach.task_words import CHANNELS as TASK_CHANNELS
from engagement.outreach.task_words import OUTCOMES as TASK_OUTCOMES
from engagement.outreach.task_words import STATES as TASK_STATES
from engagement.outreach.vocabulary import LINE_TROUBLES, STATES, purpose_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access

# What somebody has to look at.
TROUBLE = (State.DOUBTFUL, State.FAILED)
SENT = Text("Mail sent", "Courriels envoyés")


def timeline(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give the mails to a person that this member may know of: what it was, and where it stands."""
    slug = access.consultation.slug
    for message in messages_to(access, person_id):
        name, state = purpose_name(message.purpose), STATES[message.state]
        what = Text(f"Mail: {name.en} – {state.en}", f"Courriel\u00a0: {name.fr} – {state.fr}")
        url = url_for("outreach.message", slug=slug, message_id=message.id) if access.may(Permission.SEE_MAIL) else None
        yield TimelineEntry(message.sent_at or message.created_at, what, url)


def overview(access: Access) -> Iterator[OverviewLine]:
    """Give a line for messages that were sent, and one for each kind of trouble."""
    if not access.may(Permission.SEE_MAIL):
        return
    rows = db.session.execute(select(Message.state, func.count()).where(seen_by(access)).group_by(Message.state)).all()
    counted: dict[State, int] = {row[0]: row[1] for row in rows}
    slug = access.consultation.slug
    for state in (State.SENT, *TROUBLE):
        number = counted.get(state, 0)
        if number:
            name = STATES[state]
            what = SENT if state is State.SENT else Text(f"Mail: {name.en.lower()}", f"Courriels, état «\u00a0{name.fr.lower()}\u00a0»")
            url = url_for("outreach.mail", slug=slug, state=state.value)
            yield OverviewLine(what, _in_words(number), url, waiting=state in TROUBLE)
    yield from _what_waits(access)


def _in_words(number: int) -> Text:
    return Text(number_words(number, "en"), number_words(number, "fr"))


def _what_waits(access: Access) -> Iterator[OverviewLine]:
    """Give a line for each kind of thing about mail that somebody of the team has to look at."""
    slug = access.consultation.slug
    held = sum(number for because, number in waiting_counts(access).items() if because in DECIDED_HERE)
    if held:
        what = Text("Mail: waits for you to look at it", "Courriels qui attendent votre examen")
        yield OverviewLine(what, _in_words(held), url_for("outreach.waiting", slug=slug), waiting=True)
    mailings = count_left_to_the_team(access)
    if mailings:
        what = Text("Mailings that wait for you to look at them", "Envois qui attendent votre examen")
        yield OverviewLine(what, _in_words(mailings), url_for("outreach.mail", slug=slug), waiting=True)
    refused = count_refused_by_policy(access)
    if refused:
        what = Text(
            "Mail: refused by policy, not the person’s doing", "Courriels refusés par une règle, sans que la personne y soit pour rien"
        )
        yield OverviewLine(what, _in_words(refused), url_for("outreach.mail", slug=slug, state=State.FAILED.value), waiting=True)
    faulty = trouble()
    if faulty is not None:
        what = Text("Mail server", "Serveur de courriel")
        yield OverviewLine(what, LINE_TROUBLES[faulty.trouble], url_for("outreach.mail", slug=slug), waiting=True)


def overview_of_tasks(access: Access) -> Iterator[OverviewLine]:
    """Give the overview's line on people who wait for a call or a letter."""
    if not access.may(Permission.RECORD_REPLIES) or not access.may(Permission.SEE_PEOPLE):
        return
    waiting = waiting_tasks(access)
    if waiting:
        url = url_for("outreach.tasks", slug=access.consultation.slug)
        number = Text(number_words(waiting, "en"), number_words(waiting, "fr"))
        yield OverviewLine(Text("People to call or write to", "Personnes à appeler ou à qui écrire"), number, url, waiting=True)


def timeline_of_tasks(person_id: UUID, access: Access) -> Iterator[TimelineEntry]:
    """Give the calls and letters to a person that this member may know of."""
    slug = access.consultation.slug
    for task in tasks_for(access, person_id):
        stands = TASK_OUTCOMES[task.outcome] if task.outcome else TASK_STATES[task.state]
        channel, name = TASK_CHANNELS[task.channel], purpose_name(task.purpose)
        what = Text(f"{channel.en}: {name.en} – {stands.en}", f"{channel.fr}\u00a0: {name.fr} – {stands.fr}")
        yield TimelineEntry(task.settled_at or task.created_at, what, url_for("outreach.task", slug=slug, task_id=task.id))
