"""Whoever was withdrawn from a questionnaire and is asked again."""

from __future__ import annotations

from engagement.invitations.service import withdraw
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.models import Message
from engagement.questionnaires.service import ask_to_answer
from tests.mailing.given import a_person
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation


def test_whoever_is_asked_to_answer_again_after_a_withdrawal_gets_a_mail_of_their_own(app):
    consultation = a_consultation()
    questionnaire, person = a_questionnaire(consultation), a_person(consultation, "p@example.org")
    first = ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    assert db.session.query(Message).count() == 1
    withdraw(invitation_id=first.id, actor=SYSTEM)
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, actor=SYSTEM)
    assert db.session.query(Message).count() == 2
