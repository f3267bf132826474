"""What is done with what was said: prompts, submissions, the code book, and coding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from engagement.findings.models import Code, Coding, Prompt, Source, Submission
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.errors import AbsentError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from sqlalchemy.orm import Session

MOST_AT_ONCE = 500
LONGEST = 10_000


class HalfTextError(DomainError):
    """A text that others will read stands in one language only."""


class NothingSaidError(DomainError):
    """There is no submission in what was entered."""


class TooMuchSaidError(DomainError):
    """So many, or so long, submissions are not taken at once."""


class WrongCodeError(DomainError):
    """This code does not belong to what is coded, or to what it is put under."""


def add_prompt(*, consultation_id: UUID, wording: Text, event_id: UUID | None = None, actor: Actor) -> Prompt:
    """Add something that was asked, at an event or not, after those there are. Raises HalfTextError."""
    _whole(wording, "wording")
    with writing() as session:
        prompt = Prompt(consultation_id=consultation_id, event_id=event_id, position=_after(session, Prompt, consultation_id))
        prompt.set_text("wording", wording)
        session.add(prompt)
        session.flush()
        note(session, "add_prompt", prompt, actor)
    return prompt


def edit_prompt(*, prompt_id: UUID, wording: Text, event_id: UUID | None, confirmed: bool = False, actor: Actor) -> Prompt:
    """Change the wording, or where it was asked. Raises HalfTextError."""
    _whole(wording, "wording")
    with writing() as session:
        prompt = session.get(Prompt, prompt_id)
        if prompt is None:
            raise AbsentError
        prompt.set_text("wording", wording, confirmed=confirmed)
        prompt.event_id = event_id
        note(session, "edit_prompt", prompt, actor)
    return prompt


def add_submissions(
    *, prompt_id: UUID, words: Sequence[str], language: str, source: Source = Source.IN_ROOM, said_on: date | None = None, actor: Actor
) -> list[Submission]:
    """Add one submission for each of ``words`` that is not empty, numbered on from those there are.

    All are stored, or none. Raises NothingSaidError, TooMuchSaidError.
    """
    said = [each.strip() for each in words if each.strip()]
    _check_amount(said)
    moment = now()
    with writing() as session:
        # The lock makes two who add at the same moment count one after the other.
        prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
        if prompt is None:
            raise AbsentError
        last = session.scalar(select(func.max(Submission.number)).where(Submission.prompt_id == prompt_id)) or 0
        rows = [
            Submission(
                consultation_id=prompt.consultation_id, prompt_id=prompt_id, source=source, number=number,
                language=language, said_on=said_on, words=each, created_at=moment,
            )
            for number, each in enumerate(said, last + 1)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        note(session, "add_submissions", prompt, actor)
    return rows


def _check_amount(said: list[str]) -> None:
    if not said:
        raise NothingSaidError(Text("Enter what was said.", "Entrez ce qui a été dit."), field="words")
    if len(said) > MOST_AT_ONCE:
        said_no = Text(
            "These are {n} submissions; up to {most} are taken at once. Nothing was saved.",
            "Il y a {n} contributions; on peut en ajouter {most} à la fois. Rien n’a été enregistré.",
        )
        raise TooMuchSaidError(said_no.format(n=len(said), most=MOST_AT_ONCE), field="words")
    for place, each in enumerate(said, 1):
        if len(each) > LONGEST:
            said_no = Text(
                "Submission {place} is longer than {most} characters. Nothing was saved.",
                "La contribution {place} dépasse {most} caractères. Rien n’a été enregistré.",
            )
            raise TooMuchSaidError(said_no.format(place=place, most=LONGEST), field="words")


def add_code(*, consultation_id: UUID, name: Text, prompt_id: UUID | None = None, parent_id: UUID | None = None, actor: Actor) -> Code:
    """Add a theme of a prompt, under a pillar or not; without ``prompt_id`` it is a pillar itself.

    Raises HalfTextError, WrongCodeError.
    """
    _whole(name, "name")
    with writing() as session:
        _check_parent(session, consultation_id, prompt_id, parent_id)
        position = _after(session, Code, consultation_id)
        code = Code(consultation_id=consultation_id, prompt_id=prompt_id, parent_id=parent_id, position=position)
        code.set_text("name", name)
        session.add(code)
        session.flush()
        note(session, "add_code", code, actor)
    return code


def edit_code(*, code_id: UUID, name: Text, parent_id: UUID | None, confirmed: bool = False, actor: Actor) -> Code:
    """Change a code's name or its pillar. Raises HalfTextError, WrongCodeError."""
    _whole(name, "name")
    with writing() as session:
        code = session.get(Code, code_id)
        if code is None:
            raise AbsentError
        _check_parent(session, code.consultation_id, code.prompt_id, parent_id)
        code.set_text("name", name, confirmed=confirmed)
        code.parent_id = parent_id
        note(session, "edit_code", code, actor)
    return code


def _check_parent(session: Session, consultation_id: UUID, prompt_id: UUID | None, parent_id: UUID | None) -> None:
    if parent_id is None:
        return
    parent = session.get(Code, parent_id)
    if prompt_id is None or parent is None or parent.consultation_id != consultation_id or parent.prompt_id is not None:
        said = Text("A theme is put under a pillar; a pillar stands alone.", "Un thème relève d’un pilier; un pilier ne relève de rien.")
        raise WrongCodeError(said, field="parent_id")


def code_submission(*, submission_id: UUID, code_ids: frozenset[UUID], actor: Actor) -> None:
    """Let a submission carry exactly these themes of its prompt; codings that stay keep who made them.

    Raises WrongCodeError for a code of another prompt.
    """
    with writing() as session:
        # The lock makes a second press wait for the first: a theme is put on once.
        submission = session.get(Submission, submission_id, with_for_update=True, populate_existing=True)
        if submission is None:
            raise AbsentError
        known = set(session.scalars(select(Code.id).where(Code.prompt_id == submission.prompt_id)))
        if not code_ids <= known:
            said = Text("One of these codes belongs to another prompt.", "Un de ces codes appartient à une autre question.")
            raise WrongCodeError(said, field="codes")
        there = set(session.scalars(select(Coding.code_id).where(Coding.submission_id == submission_id)))
        session.execute(delete(Coding).where(Coding.submission_id == submission_id, Coding.code_id.in_(there - code_ids)))
        moment = now()
        session.add_all(
            Coding(submission_id=submission_id, code_id=code_id, coded_by=actor.id, coded_at=moment) for code_id in code_ids - there
        )
        note(session, "code_submission", submission, actor)


def _whole(text: Text, field: str) -> None:
    for side, said in (
        ("en", Text("Enter the English text.", "Entrez le texte anglais.")),
        ("fr", Text("Enter the French text.", "Entrez le texte français.")),
    ):
        if not text.in_(side).strip():
            raise HalfTextError(said, field=f"{field}_{side}")


def _after(session: Session, kind: type[Prompt | Code], consultation_id: UUID) -> int:
    return (session.scalar(select(func.max(kind.position)).where(kind.consultation_id == consultation_id)) or 0) + 1
