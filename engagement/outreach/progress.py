"""How far a mailing is: its messages by what has become of them, the rows behind each figure, and all of it as a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, insert, or_, select

from engagement.kernel.audit import AuditEntry
from engagement.kernel.base import new_id
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import beside_the_request, db
from engagement.kernel.tables import write_csv
from engagement.mailing.models import Message, State
from engagement.mailing.together import kind_of_failure
from engagement.outreach.listing import PAGE, PageOfMessages, Row, seen_by
from engagement.outreach.vocabulary import LANGUAGES, REASONS, STATES, words_for_reason
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access
    from engagement.kernel.tables import Cell
    from engagement.outreach.models import Mailing


class Where(StrEnum):
    """What has become of a message of a mailing."""

    WAITING = "waiting"
    HELD = "held"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


WORDS: dict[Where, Text] = {
    Where.WAITING: Text("Waiting to go", "En attente de départ"),
    Where.HELD: Text("Held: the team decides", "Retenus\u00a0: l’équipe décide"),
    Where.SENT: Text("Sent", "Envoyés"),
    Where.DEFERRED: Text("Will be tried again", "Seront tentés de nouveau"),
    Where.FAILED: Text("Not delivered", "Non distribués"),
    Where.DOUBTFUL: Text("Doubtful: nobody knows whether they arrived", "Incertains\u00a0: on ne sait pas s’ils sont arrivés"),
    Where.SUPPRESSED: Text("Not sent: must not be written to", "Non envoyés\u00a0: ne pas écrire à cette adresse"),
    Where.CANCELLED: Text("Cancelled: need not go any more", "Annulés\u00a0: plus nécessaires"),
}
_OPEN = (State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING, State.DEFERRED)
_HELD = and_(Message.held_because.is_not(None), Message.state.in_(_OPEN))
MOST_REASONS = 5
WITH_REASONS = frozenset({Where.DEFERRED, Where.FAILED, Where.SUPPRESSED, Where.CANCELLED, Where.DOUBTFUL})


@dataclass(frozen=True, slots=True)
class Figure:
    """How many messages stand somewhere, and the most frequent reasons why."""

    where: Where
    count: int
    reasons: tuple[tuple[Text, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing is, as far as the reader may know."""

    figures: list[Figure] = field(default_factory=list)

    def of(self, where: Where | str) -> int:
        """Return how many messages stand there."""
        return next((each.count for each in self.figures if each.where == where), 0)

    @property
    def whole(self) -> int:
        """Return how many messages there are."""
        return sum(each.count for each in self.figures)

    @property
    def moving(self) -> bool:
        """Return whether something may still change by itself."""
        return bool(self.of(Where.WAITING) or self.of(Where.DEFERRED))


def condition_of(where: Where) -> ColumnElement[bool]:
    """Return the condition on Message for those that stand at ``where``."""
    if where is Where.HELD:
        return _HELD
    states = (State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING) if where is Where.WAITING else (State(where.value),)
    return and_(Message.state.in_(states), or_(Message.held_because.is_(None), Message.state.not_in(_OPEN)))


def progress_of(access: Access, mailing: Mailing) -> Progress:
    """Return where the messages of a mailing stand, those of them that this member may know of."""
    held = case((_HELD, 1), else_=0)
    rows = db.session.execute(
        select(Message.state, held, Message.outcome, func.count())
        .where(seen_by(access), Message.mailing_id == mailing.id)
        .group_by(Message.state, held, Message.outcome)
    ).all()
    counts: dict[Where, int] = {}
    reasons: dict[Where, dict[str, int]] = {}
    for state, waits, outcome, number in rows:
        where = _where(state, held=bool(waits))
        counts[where] = counts.get(where, 0) + number
        named = reasons.setdefault(where, {})
        kind = outcome if outcome in REASONS else kind_of_failure(outcome)
        named[kind] = named.get(kind, 0) + number
    return Progress([Figure(where, counts[where], _shown(where, reasons[where])) for where in Where if where in counts])


def _where(state: State, *, held: bool) -> Where:
    if held:
        return Where.HELD
    return Where.WAITING if state in {State.PLANNED, State.QUEUED, State.CLAIMED, State.SENDING} else Where(state.value)


def _shown(where: Where, reasons: dict[str, int]) -> tuple[tuple[Text, int], ...]:
    if where not in WITH_REASONS:
        return ()
    most = sorted(((kind, number) for kind, number in reasons.items() if kind), key=lambda pair: (-pair[1], pair[0]))
    return tuple((reason_words(kind), number) for kind, number in most[:MOST_REASONS])


def reason_words(kind: str) -> Text:
    """Return a reason in words; a code of a mail server is said to be one."""
    if kind in REASONS:
        return REASONS[kind]
    if kind[:1].isdigit():
        said = Text("The mail server answered {code}.", "Le serveur de courriel a répondu {code}.")
        return Text(said.en.replace("{code}", kind), said.fr.replace("{code}", kind))
    return Text(kind, kind)


def why_stands(message: Message) -> Text:
    """Return why a message stands where it does, in words of ours or of the server."""
    return words_for_reason(message.outcome, message.state) or Text(message.outcome, message.outcome)


def rows_at(access: Access, mailing: Mailing, where: Where, page: int) -> PageOfMessages:
    """Return one page of the messages of a mailing that stand at ``where``, by family name."""
    conditions = (seen_by(access), Message.mailing_id == mailing.id, condition_of(where))
    total = db.session.scalar(select(func.count()).select_from(Message).where(*conditions)) or 0
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    found = select(Message, Person).outerjoin(Person, Person.id == Message.person_id).where(*conditions)
    rows = db.session.execute(found.order_by(Person.name_key, Message.id).limit(PAGE).offset((page - 1) * PAGE))
    return PageOfMessages([Row(message, person) for message, person in rows], total, page)


HEADINGS = (
    Text("Person", "Personne"),
    Text("Address", "Adresse"),
    Text("Language", "Langue"),
    Text("State", "État"),
    Text("When", "Moment"),
    Text("Why", "Raison"),
)
NOT_KNOWN = Text("Somebody no longer on the roster", "Personne retirée du répertoire")


def list_as_csv(access: Access, mailing: Mailing, language: str) -> bytes:
    """Return every message of a mailing that this member may know of as CSV, and note who took it out."""
    content = write_csv([each.in_(language) for each in HEADINGS], _cells(access, mailing, language))
    note_reading(access, mailing.id, "export_mailing")
    return content


def _cells(access: Access, mailing: Mailing, language: str) -> Iterator[list[Cell]]:
    found = (
        select(Message, Person).outerjoin(Person, Person.id == Message.person_id).where(seen_by(access), Message.mailing_id == mailing.id)
    )
    for message, person in db.session.execute(found.order_by(Person.name_key, Message.id)):
        held = message.held_because is not None and message.state in _OPEN
        where = _where(message.state, held=held)
        wall = on_the_wall(message.sent_at or message.created_at, access.consultation.zone)
        yield [
            person.name if person else NOT_KNOWN.in_(language),
            message.to_address or (person.email if person else "") or "",
            LANGUAGES[message.language].in_(language),
            WORDS[where].in_(language) if held else STATES[message.state].in_(language),
            wall.strftime("%Y-%m-%d %H:%M"),
            why_stands(message).in_(language),
        ]


def _read(access: Access, mailing_id: UUID, verb: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "at": now(),
        "actor_kind": access.actor.kind,
        "actor_id": access.actor.id,
        "verb": verb,
        "subject_table": "mailing",
        "subject_id": mailing_id,
        "consultation_id": access.consultation.id,
    }


def note_reading(access: Access, mailing_id: UUID, verb: str) -> None:
    """Note that this member read or took out something of a mailing, though a page that is fetched writes nothing else."""
    with beside_the_request("sensitive_read") as connection:
        connection.execute(insert(AuditEntry).values(**_read(access, mailing_id, verb)))
