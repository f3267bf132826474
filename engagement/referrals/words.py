"""The text that a respondent or a partner passes on: what it is, the link, nothing about anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.wording import date_words
from engagement.questionnaires.opening import announced_day

if TYPE_CHECKING:
    from engagement.consultations.models import Consultation
    from engagement.questionnaires.models import Questionnaire

_TEXT = Text(
    "{lead} would like to hear from people who know about “{title}”, by way of a questionnaire. "
    "Whoever opens this link can ask for a personal link to answer, in English or in French:\n\n{address}\n\n{closes}",
    "{lead} aimerait connaître le point de vue des personnes qui s’intéressent à «\u00a0{title}\u00a0», au moyen d’un questionnaire. "
    "Ce lien permet de demander un lien personnel pour y répondre, en français ou en anglais\u00a0:\n\n{address}\n\n{closes}",
)
_CLOSES = Text("Answers are taken until {day}.", "Les réponses sont acceptées jusqu’au {day}.")


def forwardable(questionnaire: Questionnaire, consultation: Consultation, address: str) -> Text:
    """Return the text to pass on, with the link in it."""
    closes = announced_day(questionnaire, consultation)
    return Text(
        *(
            _TEXT.in_(side)
            .replace("{lead}", consultation.text("lead").in_(side) or consultation.text("title").in_(side))
            .replace("{title}", consultation.text("title").in_(side))
            .replace("{address}", address)
            .replace("{closes}", _CLOSES.in_(side).format(day=date_words(closes, side).removeprefix("le\u00a0")) if closes else "")
            .strip()
            for side in LANGUAGES
        )
    )
