"""The 42 answers of the model case, and those who began and went no further."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from engagement.demo.answer_texts import WRITTEN
from engagement.kernel.audit import by_link, note
from engagement.questionnaires.answering import DECLINED, NOTHING, Given, to_json
from engagement.questionnaires.completeness import progress
from engagement.questionnaires.conditions import asked
from engagement.questionnaires.models import Answer, QuestionKind, Response, ResponseState

if TYPE_CHECKING:
    import random
    from uuid import UUID

    from engagement.demo.loading import Loading
    from engagement.demo.rows import Reached
    from engagement.questionnaires.definition import Definition, QuestionAsked
    from engagement.questionnaires.models import Questionnaire

FIRST, LAST = datetime(2018, 9, 6, 20, 15, tzinfo=UTC), datetime(2018, 11, 1, 18, 40, tzinfo=UTC)


def respond(loading: Loading, questionnaire: Questionnaire, definition: Definition, reached: list[Reached]) -> None:
    """Store what everybody answered: whole, in part, or begun and left."""
    answering = [each for each in reached if each.someone.answered]
    moments = dict(zip([each.invitation.id for each in answering], _moments(answering, loading.drawn), strict=True))
    for each in reached:
        if each.someone.opened:
            _respond(loading, questionnaire, definition, each, moments.get(each.invitation.id))
    loading.store()


def _moments(answering: list[Reached], drawn: random.Random) -> list[datetime]:
    """Return when each of them answered: the first on the first day, the last on the last."""
    moments = []
    for each in answering:
        sent = each.invitation.distributed_at or FIRST
        answered = min(sent + timedelta(hours=drawn.triangular(5, 24 * 32, 24 * 6)), LAST - timedelta(hours=30))
        moments.append(max(answered, sent + timedelta(minutes=40)))
    early = next(place for place, each in enumerate(answering) if each.someone.wave == 0)
    moments[early], moments[-1] = max(FIRST, (answering[early].invitation.distributed_at or FIRST) + timedelta(minutes=40)), LAST
    return moments


def _respond(loading: Loading, questionnaire: Questionnaire, definition: Definition, each: Reached, submitted: datetime | None) -> None:
    drawn, invitation = loading.drawn, each.invitation
    language = each.person.language or "en"
    started = (submitted or (invitation.distributed_at or FIRST) + timedelta(hours=drawn.uniform(4, 90))) - timedelta(minutes=35)
    given = _given(definition, language, each, drawn)
    done = progress(definition, given)
    state = ResponseState.IN_PROGRESS
    if submitted is not None:
        state = ResponseState.SUBMITTED if done.complete else ResponseState.SUBMITTED_IN_PART
    response = Response(
        questionnaire_id=questionnaire.id,
        invitation_id=invitation.id,
        state=state,
        version=questionnaire.version,
        language=language,
        started_at=started,
        submitted_at=submitted,
    )
    loading.session.add(response)
    for question_id, answer in given.items():
        row = Answer(response_id=response.id, question_id=question_id, declined=answer.declined, saved_at=submitted or started)
        row.value = to_json(answer.value)
        loading.later.append(row)
    note(loading.session, "start_response", response, by_link(invitation.id), questionnaire.consultation_id)
    if submitted is not None:
        note(loading.session, "submit_response", response, by_link(invitation.id), questionnaire.consultation_id)


def _given(definition: Definition, language: str, each: Reached, drawn: random.Random) -> dict[UUID, Given]:
    """Return the answers of one person, in the order of asking, as far as they went."""
    questions = list(definition.questions())
    most = len(questions)
    if each.someone.in_part:
        most = drawn.randrange(definition.sufficient_answers, 10)
    elif not each.someone.answered:
        most = 1 + drawn.randrange(2)
    given: dict[UUID, Given] = {}
    for question in questions:
        if len(given) < most and question.id in asked(questions, given):
            given[question.id] = _answer(question, language, drawn, may_decline=not each.someone.in_part)
    return given


def _answer(question: QuestionAsked, language: str, drawn: random.Random, *, may_decline: bool) -> Given:
    if may_decline and question.sensitive and drawn.random() < 0.15:
        return DECLINED
    if question.kind in {QuestionKind.SINGLE, QuestionKind.YES_NO}:
        return Given(drawn.choice(question.values))
    if question.kind is QuestionKind.MULTIPLE:
        chosen = set(drawn.sample(question.values, drawn.randint(1, min(3, len(question.values)))))
        return Given(tuple(code for code in question.values if code in chosen))
    if question.kind is QuestionKind.NUMBER:
        return Given(drawn.randint(max(question.least or 0, 0), min(question.most or 30, 30)))
    written = WRITTEN.get(question.code)
    return Given(drawn.choice(written[language])) if written else NOTHING
