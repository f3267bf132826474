"""The submissions of the summit, coded so that each theme's share rounds to the published one."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

from engagement.demo.said import CHALLENGES, OPENINGS_EN, OPENINGS_FR, PILLARS, SOLUTIONS, Asked
from engagement.findings.models import Coding, Source, Submission
from engagement.findings.service import add_code, add_prompt
from engagement.findings.themes import whole_percent
from engagement.kernel.audit import note
from engagement.kernel.clock import now

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.findings.models import Code
    from engagement.kernel.audit import Actor

DAYS = (date(2018, 9, 27), date(2018, 9, 28))


def submissions_for(percent: int, of: int) -> int:
    """Return how many of ``of`` submissions round to ``percent`` percent."""
    n = (2 * percent * of + 100) // 200
    if whole_percent(n, of) != percent:
        msg = f"no count of {of} submissions nearest to {percent} % rounds to it"
        raise ValueError(msg)
    return n


def spread(asked: Asked, seed: str) -> list[list[int]]:
    """Return for each submission the places of its themes: every one has a theme, some have several.

    Each theme stands on exactly as many submissions as its percentage says. Pure: the same
    seed gives the same lists.
    """
    drawn = random.Random(seed)  # noqa: S311 - inventing what was said is no secret.
    chips = [place for place, theme in enumerate(asked.themes) for _ in range(submissions_for(theme.percent, asked.submissions))]
    if len(chips) < asked.submissions:
        msg = "there are more submissions than codings"
        raise ValueError(msg)
    drawn.shuffle(chips)
    carried = [[chip] for chip in chips[: asked.submissions]]
    for chip in chips[asked.submissions :]:
        # A third theme is rarer than a second one.
        free = [codes for codes in carried if chip not in codes and len(codes) < 3]
        drawn.choice(free).append(chip)
    return carried


def words_for(asked: Asked, places: list[int], drawn: random.Random) -> tuple[str, str]:
    """Return the language and the invented words of a submission with these themes."""
    french = drawn.random() < 0.25
    sentences = [drawn.choice(asked.themes[place].french if french else asked.themes[place].english) for place in places]
    opening = drawn.choice(OPENINGS_FR if french else OPENINGS_EN)
    more = [sentence[0].upper() + sentence[1:] for sentence in sentences[1:]]
    return ("fr" if french else "en"), " ".join([_joined(opening, sentences[0]), *more])


def _joined(opening: str, sentence: str) -> str:
    if opening.endswith("que ") and sentence[0] in "aeiouéàâh":
        return f"{opening[:-2]}’{sentence}"
    return opening + sentence


def tell_findings(session: Session, *, consultation_id: UUID, event_id: UUID, coder: Actor, actor: Actor) -> None:
    """Store both prompts with their code books, submissions and codings."""
    pillars = {key: add_code(consultation_id=consultation_id, name=name, actor=actor) for key, name in PILLARS.items()}
    for asked, seed in ((CHALLENGES, "challenges"), (SOLUTIONS, "solutions")):
        prompt = add_prompt(consultation_id=consultation_id, wording=asked.wording, event_id=event_id, actor=actor)
        book = [
            add_code(
                consultation_id=consultation_id,
                prompt_id=prompt.id,
                name=theme.name,
                parent_id=pillars[theme.pillar].id if theme.pillar else None,
                actor=actor,
            )
            for theme in asked.themes
        ]
        _tell(session, asked, seed, prompt_id=prompt.id, consultation_id=consultation_id, book=book, coder=coder)
        session.flush()


def _tell(session: Session, asked: Asked, seed: str, *, prompt_id: UUID, consultation_id: UUID, book: list[Code], coder: Actor) -> None:
    drawn, moment = random.Random(f"{seed} words"), now()  # noqa: S311 - as above.
    said_on = DAYS[0] if asked is CHALLENGES else DAYS[1]
    codings: list[Coding] = []
    for number, places in enumerate(spread(asked, seed), start=1):
        language, words = words_for(asked, places, drawn)
        row = Submission(
            consultation_id=consultation_id, prompt_id=prompt_id, source=Source.IN_ROOM, number=number, language=language,
            said_on=said_on, words=words, created_at=moment,
        )  # fmt: skip
        session.add(row)
        note(session, "code_submission", row, coder)
        codings += [Coding(submission_id=row.id, code_id=book[place].id, coded_by=coder.id, coded_at=moment) for place in places]
    session.flush()
    session.add_all(codings)
