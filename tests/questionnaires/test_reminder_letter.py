"""What the reminder of a questionnaire says, and when it does not go any more."""

from datetime import timedelta

import pytest

from engagement.consultations.models import Status
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.kernel.wording import date_words
from engagement.mailing.composing import Composed, Dropped, Sketch, Waits
from engagement.mailing.letters import write
from engagement.mailing.service import plan
from engagement.mailing.texts import shipped_text
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.reminder import PURPOSE, compose, preview
from engagement.questionnaires.service import Typed, save_answers, start_response, submit
from engagement.roster.wishes import Wishes, change_wishes
from tests.questionnaires.given import a_person, a_questionnaire, an_invitation
from tests.support.given import a_consultation


@pytest.fixture
def consultation(app):
    return a_consultation()


def reminded(consultation, language="en", **more):
    questionnaire = a_questionnaire(consultation, **more)
    person = a_person(consultation, language=language)
    invitation = an_invitation(questionnaire, person)
    message = plan(
        consultation_id=consultation.id, person_id=person.id, purpose=PURPOSE, language=language, dedup_key=f"r:{person.id}",
        invitation_id=invitation.id, actor=SYSTEM,
    )  # fmt: skip
    return questionnaire, person, invitation, message


def words(message, language="en"):
    said = compose(message)
    assert isinstance(said, Composed)
    return write(shipped_text(PURPOSE), said.values, language, "http://localhost").plain


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_says_until_when_and_that_a_part_may_be_submitted(consultation, language):
    closes = today(consultation.zone) + timedelta(days=3)
    _, _, _, message = reminded(consultation, language, closes_on=closes)
    mail = words(message, language)
    assert date_words(closes, language) in mail
    assert {"en": "you can submit what you have", "fr": "vous pouvez envoyer ce que vous avez"}[language] in mail
    assert "http://localhost/r/" in mail


def test_whoever_has_begun_reads_that_their_draft_is_kept(consultation):
    _, _, invitation, message = reminded(consultation)
    start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
    db.session.rollback()
    assert "what you wrote is kept" in words(message)


def test_whoever_submitted_in_part_gets_none(consultation):
    _, _, invitation, message = reminded(consultation)
    response = start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
    save_answers(response_id=response.id, typed={"pick": Typed("a")}, actor=by_link(invitation.id))
    submit(response_id=response.id, language="en", actor=by_link(invitation.id))
    db.session.rollback()
    assert compose(message) == Dropped("the questionnaire was answered")


@pytest.mark.parametrize("wishes", [Wishes(wants_reminders=False), Wishes(wants_mailings=False)])
def test_whoever_wants_none_gets_none(consultation, wishes):
    _, person, _, message = reminded(consultation)
    change_wishes(person_id=person.id, wishes=wishes, actor=SYSTEM)
    db.session.rollback()
    assert compose(message) == Dropped("wants no reminders")


def test_it_is_dropped_when_withdrawn_bounced_or_closed_and_waits_in_a_pause(consultation):
    questionnaire, _, invitation, message = reminded(consultation)
    with writing() as session:
        session.merge(consultation).status = Status.PAUSED
    assert isinstance(compose(message), Waits)
    with writing() as session:
        session.merge(consultation).status = Status.OPEN
        session.get(Questionnaire, questionnaire.id).closes_on = today(consultation.zone) - timedelta(days=1)
        # Late answers are still taken; nobody is reminded after the day that people were told.
        session.get(Questionnaire, questionnaire.id).received_until = today(consultation.zone) + timedelta(days=7)
    assert compose(message) == Dropped("the questionnaire is closed")
    with writing() as session:
        session.get(Invitation, invitation.id).bounced_at = now()
    assert compose(message) == Dropped("a mail to them came back")
    with writing() as session:
        row = session.get(Invitation, invitation.id)
        row.bounced_at, row.withdrawn_at = None, now()
        session.get(Questionnaire, questionnaire.id).closes_on = None
    assert compose(message) == Dropped("the invitation was withdrawn")


def test_a_preview_fills_every_place(consultation):
    questionnaire, person, _, _ = reminded(consultation)
    values = preview(Sketch(consultation.id, person.id, questionnaire_id=questionnaire.id))
    for language in ("en", "fr"):
        assert "/r/…" in write(shipped_text(PURPOSE), values, language, "http://localhost").plain
