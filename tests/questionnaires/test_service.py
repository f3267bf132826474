from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.kernel.audit import SYSTEM, AuditEntry, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Message
from engagement.questionnaires.answering import Given
from engagement.questionnaires.design import BadSettingsError, Settings, create_questionnaire
from engagement.questionnaires.models import Answer, Question, Questionnaire, Response, ResponseState
from engagement.questionnaires.service import (
    NotOpenError,
    NotWholeError,
    SubmittedError,
    TooFewAnswersError,
    Typed,
    answers_of,
    ask_to_answer,
    definition_of,
    find_questionnaire,
    questionnaires_of,
    save_answers,
    start_response,
    submit,
)
from engagement.questionnaires.standard import install_standard
from tests.questionnaires.given import a_person, a_questionnaire, an_invitation, question_id
from tests.support.given import a_consultation
from tests.support.statements import counted


def started(questionnaire=None):
    consultation = a_consultation() if questionnaire is None else db.session.get_one(Consultation, questionnaire.consultation_id)
    questionnaire = questionnaire or a_questionnaire(consultation)
    invitation = an_invitation(questionnaire, a_person(consultation))
    return start_response(invitation_id=invitation.id, language="fr", actor=by_link(invitation.id))


def save(response, **typed):
    return save_answers(response_id=response.id, typed={code: Typed(raw) for code, raw in typed.items()}, actor=SYSTEM)


def stored(response, code):
    db.session.rollback()
    questionnaire = db.session.get_one(Questionnaire, response.questionnaire_id)
    return answers_of(response.id).get(question_id(questionnaire, code))


def test_a_questionnaire_is_read_in_four_queries_however_long_it_is(app):
    consultation = a_consultation()
    short = a_questionnaire(consultation, "short")
    long = install_standard(consultation_id=consultation.id, actor=SYSTEM)
    for questionnaire_id in [short.id, long.id]:
        db.session.rollback()
        db.session.expunge_all()
        with counted() as statements:
            definition = definition_of(questionnaire_id)
        assert statements.count("select") == 4
        assert [section.questions for section in definition.sections if not section.questions] == []


def test_a_questionnaire_is_found_by_its_name(app):
    consultation = a_consultation()
    short = a_questionnaire(consultation, "short")
    install_standard(consultation_id=consultation.id, actor=SYSTEM)
    assert [each.name for each in questionnaires_of(consultation.id)] == ["short", "questionnaire"]
    assert find_questionnaire(consultation.id, "short").id == short.id
    with pytest.raises(AbsentError):
        find_questionnaire(consultation.id, "other")


def test_starting_twice_opens_one_response(app):
    consultation = a_consultation()
    invitation = an_invitation(a_questionnaire(consultation), a_person(consultation))
    first = start_response(invitation_id=invitation.id, language="en", actor=SYSTEM)
    assert start_response(invitation_id=invitation.id, language="fr", actor=SYSTEM).id == first.id
    assert first.state is ResponseState.IN_PROGRESS


def test_a_withdrawn_person_cannot_start(app):
    consultation = a_consultation()
    invitation = an_invitation(a_questionnaire(consultation), a_person(consultation))
    with writing():
        invitation.withdrawn_at = now()
    with pytest.raises(AbsentError):
        start_response(invitation_id=invitation.id, language="en", actor=SYSTEM)


def test_valid_answers_are_kept_when_another_one_is_wrong(app):
    response = started()
    saved = save(response, pick="a", count="eleven")
    assert saved.changed == 1
    assert saved.problems["count"].whole
    assert stored(response, "pick") == Given("a")
    assert stored(response, "count") is None


def test_saving_touches_one_row_for_each_changed_answer_and_no_other(app):
    response = started()
    save(response, pick="a", many=["a"], agree="yes", count="3")
    with counted() as statements:
        saved = save(response, pick="a", many=["a"], agree="no", count="3")
    assert saved.changed == 1
    assert statements.count("update answer") == 1
    assert statements.count("update") == 1
    assert statements.count("insert into answer") == 0
    with counted() as statements:
        save(response, brief="New")
    assert statements.count("insert into answer ") == 1
    assert statements.count("update") == 0


def test_saving_what_is_there_already_writes_nothing(app):
    response = started()
    save(response, pick="a")
    with counted() as statements:
        assert save(response, pick="a", brief="").changed == 0
    assert statements.count("insert") == statements.count("update") == 0


def test_an_answer_that_is_taken_back_counts_as_none(app):
    response = started()
    save(response, brief="Something")
    save(response, brief="")
    assert stored(response, "brief") == Given()


def test_answers_are_stored_sealed(app):
    response = started()
    save(response, story="Words that only the team may read")
    row = db.session.scalar(select(Answer).where(Answer.response_id == response.id))
    assert b"only the team" not in bytes(row.value_sealed)
    assert "only the team" in row.value


def test_what_was_answered_to_a_hidden_question_stays_and_does_not_count(app):
    response = started(a_questionnaire(a_consultation(), sufficient_answers=2))
    save(response, pick="a", brief="Because")
    save(response, pick="b")
    assert stored(response, "brief") == Given("Because")
    with pytest.raises(TooFewAnswersError):
        submit(response_id=response.id, language="en", actor=SYSTEM)
    save(response, agree="no")
    assert submit(response_id=response.id, language="en", actor=SYSTEM).state is ResponseState.SUBMITTED_IN_PART


def test_answering_or_declining_all_that_is_asked_makes_it_complete(app):
    response = started()
    save(response, pick="b", many=["a", "b"], agree="no", count="0")
    save_answers(response_id=response.id, typed={"story": Typed("", declined=True)}, actor=SYSTEM)
    done = submit(response_id=response.id, language="fr", actor=SYSTEM)
    assert (done.state, done.language) == (ResponseState.SUBMITTED, "fr")


def test_submitting_twice_is_submitting_once(app):
    response = started()
    save(response, pick="b")
    first = submit(response_id=response.id, language="en", actor=SYSTEM).submitted_at
    assert submit(response_id=response.id, language="fr", actor=SYSTEM).submitted_at == first
    verbs = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_id == response.id)).all()
    assert verbs.count("submit_response") == 1


def test_nothing_is_changed_after_submission(app):
    response = started()
    save(response, pick="b")
    submit(response_id=response.id, language="en", actor=SYSTEM)
    with pytest.raises(SubmittedError):
        save(response, pick="a")
    assert stored(response, "pick") == Given("b")


def test_an_unknown_question_stores_nothing(app):
    response = started()
    with pytest.raises(AbsentError):
        save(response, pick="a", other="b")
    assert stored(response, "pick") is None


@pytest.mark.parametrize("status", [Status.PAUSED, Status.REPORTED, Status.NOT_GOING_FORWARD, Status.PLANNED])
def test_nothing_is_taken_while_the_consultation_is_not_open(app, status):
    response = started()
    with writing() as session:
        questionnaire = session.get_one(Questionnaire, response.questionnaire_id)
        session.get_one(Consultation, questionnaire.consultation_id).status = status
    with pytest.raises(NotOpenError) as refused:
        save(response, pick="a")
    assert refused.value.said.whole


def test_late_answers_are_taken_to_the_last_day_they_are_received(app):
    consultation = a_consultation()
    day = today(consultation.zone)
    closed = {"closes_on": day - timedelta(days=9)}
    late = started(a_questionnaire(consultation, "late", received_until=day, **closed))
    assert save(late, pick="a").changed == 1
    with writing():
        db.session.get_one(Questionnaire, late.questionnaire_id).received_until = day - timedelta(days=1)
    with pytest.raises(NotOpenError):
        save(late, pick="b")


def test_asking_twice_plans_one_mail_and_keeps_the_first_wave(app):
    consultation = a_consultation()
    questionnaire, person = a_questionnaire(consultation), a_person(consultation, language="fr")
    first = ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, wave=1, actor=SYSTEM)
    again = ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, wave=2, actor=SYSTEM)
    assert (again.id, again.wave) == (first.id, 1)
    messages = db.session.scalars(select(Message)).all()
    assert [(each.purpose, each.language, each.invitation_id) for each in messages] == [("questionnaire_invitation", "fr", first.id)]


def test_somebody_whose_language_is_not_known_gets_both(app):
    consultation = a_consultation()
    ask_to_answer(questionnaire_id=a_questionnaire(consultation).id, person_id=a_person(consultation).id, actor=SYSTEM)
    assert db.session.scalar(select(Message.language)) == "both"


def test_a_person_of_another_consultation_is_not_asked(app):
    questionnaire, stranger = a_questionnaire(a_consultation()), a_person(a_consultation("other"))
    with pytest.raises(AbsentError):
        ask_to_answer(questionnaire_id=questionnaire.id, person_id=stranger.id, actor=SYSTEM)


def test_a_questionnaire_that_is_half_in_one_language_is_not_sent(app):
    consultation = a_consultation()
    questionnaire, person = a_questionnaire(consultation), a_person(consultation)
    row = db.session.get_one(Question, question_id(questionnaire, "count"))
    with writing():
        row.set_text("wording", Text("The question count, in other words?", row.wording_fr))
    with pytest.raises(NotWholeError) as refused:
        ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    assert "“count”" in refused.value.said.en
    assert "«\u00a0count\u00a0»" in refused.value.said.fr
    assert db.session.scalar(select(Message.id)) is None


def test_the_standard_questionnaire_is_whole_and_installed_once(app):
    consultation = a_consultation()
    first = install_standard(consultation_id=consultation.id, actor=SYSTEM)
    assert install_standard(consultation_id=consultation.id, actor=SYSTEM).id == first.id
    definition = definition_of(first.id)
    assert len(definition.sections) == 8
    assert {question.kind for question in definition.questions()} == set(type(next(definition.questions()).kind))
    assert any(question.condition for question in definition.questions())
    assert any(question.sensitive for question in definition.questions())
    ask_to_answer(questionnaire_id=first.id, person_id=a_person(consultation).id, actor=SYSTEM)
    assert db.session.scalar(select(Response.id)) is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": Text("\u00a0", "Rivières")}, "title_en"),
        ({"title": Text("Rivers", "\u200b")}, "title_fr"),
        ({"closes_on": date(9999, 12, 31)}, "closes_on"),
        ({"opens_on": date(1, 1, 1)}, "opens_on"),
    ],
)
def test_a_questionnaire_without_a_title_or_with_a_date_that_nobody_can_mean_is_not_stored(app, wrong, field):
    consultation = a_consultation()
    settings = Settings(**{"title": Text("Rivers", "Rivières"), **wrong})
    with pytest.raises(BadSettingsError) as refused:
        create_questionnaire(consultation_id=consultation.id, name="rivers", settings=settings, actor=SYSTEM)
    assert refused.value.field == field
    assert db.session.scalar(select(Questionnaire.id)) is None
