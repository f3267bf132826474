"""How a questionnaire is made: its name, its settings, its sections and their order.

Its questions are in ``asking``. A change after somebody has answered raises the version, so
that every response says which wording it answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, select

from engagement.invitations.models import Invitation
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text, is_blank
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered, now
from engagement.kernel.db import stored_once, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.afresh import write_afresh
from engagement.mailing.contacting import read_anew
from engagement.mailing.models import ContactTask, Message
from engagement.questionnaires.definition import NO_WORDS
from engagement.questionnaires.models import Answer, Option, Question, Questionnaire, Response, Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from sqlalchemy.orm import Session

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 80
AFRESH = "the questionnaire was changed: it is written afresh"
# These stand for pages of their own.
RESERVED = frozenset({"new", "standard"})

Placed = TypeVar("Placed", Section, Question, Option)


class BadNameError(DomainError):
    """The short name does not fit an address, or is taken."""


class BadSettingsError(DomainError):
    """The title is missing, the dates do not follow each other, or a number makes no sense."""


class InUseError(DomainError):
    """Somebody answered it, or something hangs on it: it stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is set for a questionnaire as a whole. ``confirmed``: somebody compared both languages."""

    title: Text
    introduction: Text = NO_WORDS
    thanks: Text = NO_WORDS
    opens_on: date | None = None
    closes_on: date | None = None
    received_until: date | None = None
    allows_forwarding: bool = True
    allows_nominations: bool = False
    open_call: bool = True
    sufficient_answers: int = 1
    confirmed: bool = False


def create_questionnaire(*, consultation_id: UUID, name: str, settings: Settings, actor: Actor) -> Questionnaire:
    """Create a questionnaire without questions. Raises BadNameError, BadSettingsError."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME or name in RESERVED:
        said = Text(
            "The short name takes lower-case letters, digits and single hyphens.",
            "Le nom court se compose de minuscules sans accent, de chiffres et de traits d’union simples.",
        )
        raise BadNameError(said, field="name")
    with writing() as session:
        taken = BadNameError(Text("This short name is taken.", "Ce nom court est déjà pris."), field="name")
        there = select(Questionnaire).where(Questionnaire.consultation_id == consultation_id, Questionnaire.name == name)
        if session.scalar(there):
            raise taken
        row = Questionnaire(consultation_id=consultation_id, name=name, version=1, created_at=now())
        _write(row, settings)
        if stored_once(session, row, there) is not row:
            raise taken
        note(session, "create_questionnaire", row, actor)
    return row


def edit_settings(*, questionnaire_id: UUID, settings: Settings, actor: Actor) -> Questionnaire:
    """Change what is set for a questionnaire; what waits to be said of it says what holds now. Raises BadSettingsError, AbsentError."""
    with writing() as session:
        row = get_questionnaire(session, questionnaire_id)
        in_mails = _said_of(row)
        _write(row, settings)
        if _said_of(row) != in_mails:
            session.flush()
            asked = select(Invitation.id).where(Invitation.questionnaire_id == row.id)
            write_afresh(session, Message.invitation_id.in_(asked), AFRESH)
            read_anew(session, ContactTask.invitation_id.in_(asked))
        note(session, "edit_questionnaire", row, actor)
    return row


def _said_of(row: Questionnaire) -> tuple[object, ...]:
    """Return what mails say of a questionnaire."""
    return (row.text("title"), row.closes_on, row.received_until)


def _write(row: Questionnaire, new: Settings) -> None:
    _check(new)
    for name in ("opens_on", "closes_on", "received_until", "allows_forwarding", "allows_nominations", "open_call", "sufficient_answers"):
        setattr(row, name, getattr(new, name))
    for field in Questionnaire.bilingual_fields:
        row.set_text(field, getattr(new, field), confirmed=new.confirmed)


def _check(new: Settings) -> None:
    if not new.title.whole:
        side = "en" if is_blank(new.title.en) else "fr"
        raise BadSettingsError(Text("Enter the title in both languages.", "Entrez le titre dans les deux langues."), field=f"title_{side}")
    for name in ("opens_on", "closes_on", "received_until"):
        day = getattr(new, name)
        if day is not None and not can_be_entered(day):
            raise BadSettingsError(DATE_OUT_OF_REACH, field=name)
    if new.opens_on and new.closes_on and new.closes_on < new.opens_on:
        said = Text("It closes before it opens.", "La date de clôture précède la date d’ouverture.")
        raise BadSettingsError(said, field="closes_on")
    if new.closes_on and new.received_until and new.received_until < new.closes_on:
        said = Text(
            "Late answers cannot end before the closing date.",
            "La réception tardive ne peut pas finir avant la date de clôture.",
        )
        raise BadSettingsError(said, field="received_until")
    if new.sufficient_answers < 1:
        said = Text("At least one answer makes a response.", "Il faut au moins une réponse.")
        raise BadSettingsError(said, field="sufficient_answers")


def get_questionnaire(session: Session, questionnaire_id: UUID) -> Questionnaire:
    """Return the row, locked against others who change it, or raise AbsentError."""
    row = session.scalar(select(Questionnaire).where(Questionnaire.id == questionnaire_id).with_for_update())
    if row is None:
        raise AbsentError
    return row


def get_section(session: Session, questionnaire_id: UUID, section_id: UUID) -> Section:
    """Return a section of this questionnaire, or raise AbsentError."""
    row = session.get(Section, section_id)
    if row is None or row.questionnaire_id != questionnaire_id:
        raise AbsentError
    return row


def add_section(*, questionnaire_id: UUID, title: Text, introduction: Text, actor: Actor) -> Section:
    """Add a section at the end."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        last = session.scalar(select(func.max(Section.position)).where(Section.questionnaire_id == questionnaire_id))
        row = Section(questionnaire_id=questionnaire_id, position=(last or 0) + 1)
        row.with_texts(title=title, introduction=introduction)
        session.add(row)
        session.flush()
        changed(session, questionnaire)
        note(session, "add_section", row, actor, questionnaire.consultation_id)
    return row


def edit_section(
    *, questionnaire_id: UUID, section_id: UUID, title: Text, introduction: Text, confirmed: bool = False, actor: Actor
) -> Section:
    """Change the words of a section."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = get_section(session, questionnaire_id, section_id)
        row.set_text("title", title, confirmed=confirmed)
        row.set_text("introduction", introduction, confirmed=confirmed)
        changed(session, questionnaire)
        note(session, "edit_section", row, actor, questionnaire.consultation_id)
    return row


def remove_section(*, questionnaire_id: UUID, section_id: UUID, actor: Actor) -> None:
    """Remove a section without questions. Raises InUseError for one that has some."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = get_section(session, questionnaire_id, section_id)
        if session.scalar(select(Question.id).where(Question.section_id == section_id).limit(1)):
            said = Text("Remove its questions first.", "Retirez d’abord ses questions.")
            raise InUseError(said)
        note(session, "remove_section", row, actor, questionnaire.consultation_id)
        session.delete(row)


def move_section(*, questionnaire_id: UUID, section_id: UUID, up: bool, actor: Actor) -> None:
    """Let a section change places with its neighbour. Raises InUseError where a condition would look ahead."""
    with writing() as session:
        questionnaire = get_questionnaire(session, questionnaire_id)
        row = get_section(session, questionnaire_id, section_id)
        rows = session.scalars(select(Section).where(Section.questionnaire_id == questionnaire_id).order_by(Section.position)).all()
        if change_places(session, rows, row, up=up):
            require_order(session, questionnaire_id)
            changed(session, questionnaire)
            note(session, "move_section", row, actor, questionnaire.consultation_id)


def change_places(session: Session, rows: Sequence[Placed], row: Placed, *, up: bool) -> bool:
    """Swap ``row`` with the one before (``up``) or after it; return whether there was one.

    One of the two steps aside first, since no two may stand in the same place.
    """
    there = list(rows).index(row)
    beside = there - 1 if up else there + 1
    if not 0 <= beside < len(rows):
        return False
    neighbour = rows[beside]
    mine, theirs = row.position, neighbour.position
    row.position = -1
    session.flush()
    neighbour.position = mine
    session.flush()
    row.position = theirs
    session.flush()
    return True


def require_order(session: Session, questionnaire_id: UUID) -> None:
    """Raise InUseError where a question would hang on one that is asked after it."""
    seen: set[UUID] = set()
    rows = session.scalars(
        select(Question)
        .join(Section, Section.id == Question.section_id)
        .where(Question.questionnaire_id == questionnaire_id)
        .order_by(Section.position, Question.position)
    )
    for row in rows:
        if row.condition_question_id is not None and row.condition_question_id not in seen:
            raise InUseError(
                Text(
                    f"“{row.code}” hangs on an answer that would come after it.",
                    f"«\u00a0{row.code}\u00a0» dépend d’une réponse qui viendrait après.",
                )
            )
        seen.add(row.id)


def changed(session: Session, questionnaire: Questionnaire) -> None:
    """Raise the version, if somebody has answered already."""
    answered = select(Answer.id).join(Response, Response.id == Answer.response_id).where(Response.questionnaire_id == questionnaire.id)
    if session.scalar(answered.limit(1)):
        questionnaire.version += 1
