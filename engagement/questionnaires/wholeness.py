"""What keeps a questionnaire from being sent: half a text, an old translation, nothing to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.questionnaires.models import Option, Question, QuestionKind, Questionnaire, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from engagement.kernel.bilingual import BilingualRow

# What stands on each row, whether or not anything else does.
_NEEDED = {Questionnaire: "title", Section: "title", Question: "wording", Option: "label"}
_MISSING = {"en": Text("the English is missing", "l’anglais manque"), "fr": Text("the French is missing", "le français manque")}
_STALE = {
    "en": Text("the English is older than the French", "l’anglais est plus ancien que le français"),
    "fr": Text("the French is older than the English", "le français est plus ancien que l’anglais"),
}


def fault_of(row: BilingualRow) -> Text | None:
    """Return what is wrong with the texts of one row, None where both languages say the same."""
    field = _NEEDED[type(row)]  # type: ignore[index]
    words = row.text(field)
    if not words:
        return Text("the text is missing", "le texte manque")
    for side in row.missing_texts().values():
        return _MISSING[side]
    for side in row.stale_texts().values():
        return _STALE[side]
    return None


def faults_of(questionnaire_id: UUID) -> list[Text]:
    """Return what must be mended before anybody is asked, each with its place; nothing for a whole one."""
    questionnaire = db.session.get(Questionnaire, questionnaire_id)
    if questionnaire is None:
        raise AbsentError
    sections = db.session.scalars(select(Section).where(Section.questionnaire_id == questionnaire_id).order_by(Section.position)).all()
    questions = db.session.scalars(
        select(Question)
        .join(Section, Section.id == Question.section_id)
        .where(Question.questionnaire_id == questionnaire_id)
        .order_by(Section.position, Question.position)
    ).all()
    options = db.session.scalars(
        select(Option)
        .join(Question, Question.id == Option.question_id)
        .where(Question.questionnaire_id == questionnaire_id)
        .order_by(Option.position)
    ).all()
    found = list(_faults(questionnaire, sections, questions, options))
    if not questions:
        found.append(Text("it asks no question yet.", "il ne pose encore aucune question."))
    return found


def _faults(
    questionnaire: Questionnaire, sections: Sequence[Section], questions: Sequence[Question], options: Sequence[Option]
) -> Iterator[Text]:
    yield from _named(questionnaire, Text("title and introduction", "titre et introduction"))
    for number, section in enumerate(sections, start=1):
        yield from _named(section, Text(f"section {number}", f"section {number}"))
    for question in questions:
        place = Text(f"question “{question.code}”", f"question «\u00a0{question.code}\u00a0»")
        yield from _named(question, place)
        mine = [option for option in options if option.question_id == question.id]
        if question.kind in {QuestionKind.SINGLE, QuestionKind.MULTIPLE} and not mine:
            yield Text(f"{place.en}: there are no options to choose from.", f"{place.fr}\u00a0: il n’y a aucun choix de réponse.")
        for option in mine:
            yield from _named(option, Text(f"{place.en}, option “{option.code}”", f"{place.fr}, choix «\u00a0{option.code}\u00a0»"))


def _named(row: BilingualRow, place: Text) -> Iterator[Text]:
    fault = fault_of(row)
    if fault is not None:
        yield Text(f"{place.en}: {fault.en}.", f"{place.fr}\u00a0: {fault.fr}.")
