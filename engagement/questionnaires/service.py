"""What is done with a questionnaire by those who are asked: asking, starting, saving, submitting.

How one is made and changed is in ``design``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from engagement.consultations.models import Consultation
from engagement.invitations.inviting import Invited, invite_many
from engagement.invitations.models import Invitation
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import end_of_day, now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.mailing.contacting import look_again
from engagement.mailing.planning import Mail, plan_many
from engagement.questionnaires.answering import NOTHING, BadAnswerError, Given, Raw, check, from_json, to_json
from engagement.questionnaires.completeness import progress
from engagement.questionnaires.definition import Definition, definition_of
from engagement.questionnaires.models import Answer, Questionnaire, Response, ResponseState
from engagement.questionnaires.opening import Standing, last_day, standing_of
from engagement.questionnaires.wholeness import faults_of
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

__all__ = ["Definition", "definition_of"]


class NotWholeError(DomainError):
    """A text that a respondent would read is missing or stale in one language, or there is no question."""


class NotOpenError(DomainError):
    """The questionnaire takes no answers now; ``standing`` says why."""

    def __init__(self, standing: Standing) -> None:
        """Say it in the words for this standing."""
        super().__init__(NOT_OPEN[standing])
        self.standing = standing


class SubmittedError(DomainError):
    """The response was submitted; it is not changed any more."""


class TooFewAnswersError(DomainError):
    """Too little is answered for the response to count."""


NOT_OPEN = {
    Standing.NOT_YET: Text("This questionnaire is not open yet.", "Ce questionnaire n’est pas encore ouvert."),
    Standing.PAUSED: Text("This consultation is paused.", "Cette consultation est suspendue."),
    Standing.CLOSED: Text("This questionnaire is closed.", "Ce questionnaire est clos."),
}


_OF_CONSULTATION = (
    select(Questionnaire)
    .where(Questionnaire.consultation_id == bindparam("consultation_id"))
    .order_by(Questionnaire.created_at, Questionnaire.name)
)


def questionnaires_of(consultation_id: UUID) -> list[Questionnaire]:
    """Return the questionnaires of a consultation, the oldest first."""
    return list(db.session.scalars(_OF_CONSULTATION, {"consultation_id": consultation_id}))


def find_questionnaire(consultation_id: UUID, name: str) -> Questionnaire:
    """Return the questionnaire with this name, or raise AbsentError."""
    found = db.session.scalar(select(Questionnaire).where(Questionnaire.consultation_id == consultation_id, Questionnaire.name == name))
    if found is None:
        raise AbsentError
    return found


def require_whole(questionnaire_id: UUID) -> None:
    """Raise NotWholeError where a respondent would read half a questionnaire."""
    faults = faults_of(questionnaire_id)
    if faults:
        raise NotWholeError(
            Text(
                f"This questionnaire cannot be sent yet: {faults[0].en}",
                f"Ce questionnaire ne peut pas encore être envoyé\u00a0: {faults[0].fr}",
            )
        )


def ask_to_answer(
    *,
    questionnaire_id: UUID,
    person_id: UUID,
    wave: int = 0,
    mailing_id: UUID | None = None,
    details: dict[str, str] | None = None,
    purpose: str = "questionnaire_invitation",
    actor: Actor,
) -> Invitation:
    """Invite a person to answer and plan the mail that says so; asking again sends nothing again.

    Who is asked a second time keeps the wave of the first. Raises NotWholeError, AbsentError.
    """
    require_whole(questionnaire_id)
    with writing() as session:
        person = session.get(Person, person_id)
        people = [person] if person is not None else []
        asked = ask_many_to_answer(
            questionnaire_id=questionnaire_id, people=people, wave=wave, mailing_id=mailing_id, details=details,
            purpose=purpose, actor=actor,
        )  # fmt: skip
        if person_id not in asked:
            raise AbsentError
        return session.get_one(Invitation, asked[person_id].id, populate_existing=True)


def ask_many_to_answer(
    *,
    questionnaire_id: UUID,
    people: Sequence[Person],
    wave: int = 0,
    mailing_id: UUID | None = None,
    details: dict[str, str] | None = None,
    purpose: str = "questionnaire_invitation",
    round_number: int = 1,
    actor: Actor,
) -> dict[UUID, Invited]:
    """Invite many people to answer and plan their mails, as ``ask_to_answer`` does; return the invitations by person.

    ``people`` were read in this transaction; who is not of the consultation is left out. In a later round (``round_number`` 2 and up)
    each gets the mail once more. Whoever calls has looked with ``require_whole``, outside the write lock: it takes a while.
    """
    with writing() as session:
        if (questionnaire := session.get(Questionnaire, questionnaire_id)) is None:
            raise AbsentError
        consultation = session.get_one(Consultation, questionnaire.consultation_id)
        languages = {each.id: each.language or "both" for each in people if each.consultation_id == consultation.id}
        people_ids, of = list(languages), consultation.id
        asked = invite_many(consultation_id=of, person_ids=people_ids, questionnaire_id=questionnaire_id, wave=wave, actor=actor)
        not_after = _until(questionnaire, consultation)
        mails = [
            Mail(
                consultation_id=of,
                person_id=person_id,
                purpose=purpose,
                language=languages[person_id],
                dedup_key=_once(questionnaire_id, invited, round_number),
                invitation_id=invited.id,
                mailing_id=mailing_id,
                details=details or {},
                not_after=not_after,
            )
            for person_id, invited in asked.items()
        ]
        plan_many(mails, actor=actor)
    return asked


def _until(questionnaire: Questionnaire, consultation: Consultation) -> datetime | None:
    last = last_day(questionnaire, consultation)
    return end_of_day(last, consultation.zone) if last else None


def _once(questionnaire_id: UUID, invited: Invited, round_number: int) -> str:
    # An invitation that was withdrawn and is made again is something new to say.
    said = f"questionnaire:{questionnaire_id}:{invited.person_id}:{invited.created_at.timestamp():.6f}"
    return f"{said}:round-{round_number}" if round_number > 1 else said


def response_to(invitation_id: UUID) -> Response | None:
    """Return what was answered to this invitation, None before the first answer."""
    return db.session.scalar(select(Response).where(Response.invitation_id == invitation_id))


def answers_of(response_id: UUID) -> dict[UUID, Given]:
    """Return what was given, by question id; also to questions that are not asked any more."""
    rows = db.session.scalars(select(Answer).where(Answer.response_id == response_id))
    return {row.question_id: Given(from_json(row.value), row.declined) for row in rows}


def start_response(*, invitation_id: UUID, language: str, actor: Actor) -> Response:
    """Open the response to an invitation: from now on it counts as opened. Starting again changes nothing.

    The pages do so with the first answer (``answer_invitation``): a form that is sent as it stands opens nothing.
    Raises NotOpenError, AbsentError.
    """
    with writing() as session:
        # The lock makes a second press wait for the first (PostgreSQL; SQLite has one writer anyway).
        invitation = session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
        if invitation is None or invitation.questionnaire_id is None or invitation.withdrawn_at is not None:
            raise AbsentError
        there = session.scalar(select(Response).where(Response.invitation_id == invitation_id))
        if there is not None:
            return there
        questionnaire = session.get_one(Questionnaire, invitation.questionnaire_id)
        _require_open(session, questionnaire)
        response = Response(
            questionnaire_id=questionnaire.id,
            invitation_id=invitation_id,
            version=questionnaire.version,
            state=ResponseState.IN_PROGRESS,
            language=language,
            started_at=now(),
        )
        session.add(response)
        # Whoever answers has read the mail: the address is theirs, and so is the name.
        session.execute(update(Person).where(Person.id == invitation.person_id, Person.name_unproven).values(name_unproven=False))
        session.flush()
        note(session, "start_response", response, actor, invitation.consultation_id)
    return response


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did: how many answers changed, and what could not be taken, by question code."""

    changed: int
    problems: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed or chosen for one question, unchecked."""

    raw: Raw | None
    declined: bool = False


def save_answers(*, response_id: UUID, typed: Mapping[str, Typed], actor: Actor) -> Saved:
    """Store what can be taken of ``typed`` (by question code) and say what is wrong with the rest.

    Only the named questions are touched, one row each and only where the answer differs, so
    that two pages open on one questionnaire do not undo each other. Raises NotOpenError,
    SubmittedError, AbsentError for an unknown response or code; then nothing is stored.
    """
    response = db.session.get(Response, response_id)
    if response is None:
        raise AbsentError
    definition = definition_of(response.questionnaire_id)
    good: dict[UUID, Given] = {}
    problems: dict[str, Text] = {}
    for code, each in typed.items():
        question = definition.question(code)
        try:
            good[question.id] = check(question, each.raw, declined=each.declined)
        except BadAnswerError as error:
            problems[code] = error.said
    changed = _store(response_id, definition.consultation_id, good, actor) if good else 0
    return Saved(changed, problems)


def answer_invitation(*, invitation_id: UUID, language: str, typed: Mapping[str, Typed], actor: Actor) -> Saved:
    """Store answers as ``save_answers`` does; the first ones open the response to the invitation, in the same transaction.

    What cannot be taken as an answer opens nothing. Raises what ``start_response`` and ``save_answers`` raise; then nothing is stored.
    """
    with writing() as session:
        opens, opening = response_to(invitation_id) is None, session.begin_nested()
        response = start_response(invitation_id=invitation_id, language=language, actor=actor)
        saved = save_answers(response_id=response.id, typed=typed, actor=actor)
        if opens and not saved.changed:
            opening.rollback()
        else:
            opening.commit()
    return saved


def _store(response_id: UUID, consultation_id: UUID, good: Mapping[UUID, Given], actor: Actor) -> int:
    with writing() as session:
        response = _open_response(session, response_id)
        rows = {
            row.question_id: row
            for row in session.scalars(select(Answer).where(Answer.response_id == response_id, Answer.question_id.in_(good)))
        }
        changed = 0
        for question_id, given in good.items():
            row = rows.get(question_id)
            before = Given(from_json(row.value), row.declined) if row else NOTHING
            if given == before:
                continue
            if row is None:
                row = Answer(response_id=response_id, question_id=question_id)
                session.add(row)
            row.value, row.declined, row.saved_at = to_json(given.value), given.declined, now()
            changed += 1
        if changed:
            note(session, "save_answers", response, actor, consultation_id)
    return changed


def submit(*, response_id: UUID, language: str, actor: Actor) -> Response:
    """Submit a response: complete, or in part where enough is answered. Submitting again changes nothing.

    Raises TooFewAnswersError, NotOpenError, AbsentError.
    """
    with writing() as session:
        response = session.scalar(select(Response).where(Response.id == response_id).with_for_update())
        if response is None:
            raise AbsentError
        if response.state is not ResponseState.IN_PROGRESS:
            return response
        definition = definition_of(response.questionnaire_id)
        questionnaire = session.get_one(Questionnaire, response.questionnaire_id)
        _require_open(session, questionnaire)
        done = progress(definition, answers_of(response_id))
        if not done.sufficient:
            raise TooFewAnswersError(_too_few(definition.sufficient_answers))
        response.state = ResponseState.SUBMITTED if done.complete else ResponseState.SUBMITTED_IN_PART
        response.submitted_at, response.version, response.language = now(), questionnaire.version, language
        note(session, "submit_response", response, actor, definition.consultation_id)
        if response.invitation_id is not None:
            session.flush()
            look_again(session, response.invitation_id)
    return response


def submit_invited(*, invitation_id: UUID, language: str, actor: Actor) -> Response:
    """Submit what was answered to this invitation, as ``submit`` does. Raises TooFewAnswersError before the first answer, too."""
    response = response_to(invitation_id)
    if response is None:
        invitation = db.session.get(Invitation, invitation_id)
        if invitation is None or invitation.questionnaire_id is None:
            raise AbsentError
        raise TooFewAnswersError(_too_few(definition_of(invitation.questionnaire_id).sufficient_answers))
    return submit(response_id=response.id, language=language, actor=actor)


def _too_few(needed: int) -> Text:
    if needed <= 1:
        return Text("Answer at least one question before you submit.", "Répondez à au moins une question avant d’envoyer.")
    return Text(f"Answer at least {needed} questions before you submit.", f"Répondez à au moins {needed} questions avant d’envoyer.")


def _open_response(session: Session, response_id: UUID) -> Response:
    """Return the response, locked, or raise where it takes no answers."""
    response = session.scalar(select(Response).where(Response.id == response_id).with_for_update())
    if response is None:
        raise AbsentError
    if response.state is not ResponseState.IN_PROGRESS:
        raise SubmittedError(
            Text(
                "You have submitted this questionnaire. Contact the team to change something.",
                "Vous avez envoyé ce questionnaire. Communiquez avec l’équipe pour y changer quelque chose.",
            )
        )
    _require_open(session, session.get_one(Questionnaire, response.questionnaire_id))
    return response


def _require_open(session: Session, questionnaire: Questionnaire) -> None:
    consultation = session.get_one(Consultation, questionnaire.consultation_id)
    found = standing_of(questionnaire, consultation)
    if found is not Standing.OPEN:
        raise NotOpenError(found)
