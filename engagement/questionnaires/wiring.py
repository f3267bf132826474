"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.languages import current_language
from engagement.questionnaires import letter, rehearsing, reminder
from engagement.questionnaires.cli import questionnaires_group
from engagement.questionnaires.design_views import POLICY_DESIGN
from engagement.questionnaires.showing import answer_in_words
from engagement.questionnaires.views import POLICY, first_step, questionnaires, timeline

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports
    from engagement.questionnaires.answering import Value
    from engagement.questionnaires.definition import QuestionAsked


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the pages of questionnaires, their command, and the mail that asks for answers."""
    app.register_blueprint(questionnaires)
    app.cli.add_command(questionnaires_group)
    ports.timeline.append(timeline)
    ports.first_steps.append(first_step)
    ports.composers[letter.PURPOSE] = letter.COMPOSER
    ports.composers[reminder.PURPOSE] = reminder.COMPOSER
    ports.sent[letter.PURPOSE] = letter.was_sent
    ports.rehearsal.append(rehearsing.scenes)
    app.jinja_env.globals["answer_words"] = _answer_words
    return {**POLICY, **POLICY_DESIGN}


def _answer_words(question: QuestionAsked, value: Value) -> str:
    return answer_in_words(question, value, current_language())
