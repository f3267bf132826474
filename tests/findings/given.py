"""Rows to begin with: "given a prompt with coded submissions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.findings.service import add_code, add_prompt, add_submissions, code_submission
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.models import Consultation
    from engagement.findings.models import Code, Prompt, Submission


def a_prompt(consultation: Consultation, wording: str = "What is missing", *, event_id: UUID | None = None) -> Prompt:
    """Store something that was asked."""
    return add_prompt(consultation_id=consultation.id, wording=Text(wording, f"{wording} (fr)"), event_id=event_id, actor=SYSTEM)


def a_pillar(consultation: Consultation, name: str = "Prevention") -> Code:
    """Store a pillar."""
    return add_code(consultation_id=consultation.id, name=Text(name, f"{name} (fr)"), actor=SYSTEM)


def a_theme(prompt: Prompt, name: str = "Beds", *, under: Code | None = None) -> Code:
    """Store a theme of a prompt."""
    name_in_both = Text(name, f"{name} (fr)")
    parent = under.id if under else None
    return add_code(consultation_id=prompt.consultation_id, prompt_id=prompt.id, name=name_in_both, parent_id=parent, actor=SYSTEM)


def a_submission(prompt: Prompt, words: str = "Not enough beds.", *codes: Code) -> Submission:
    """Store a submission that carries these codes."""
    (row,) = add_submissions(prompt_id=prompt.id, words=[words], language="en", actor=SYSTEM)
    code_submission(submission_id=row.id, code_ids=frozenset(code.id for code in codes), actor=SYSTEM)
    return row
