import email
from datetime import timedelta
from email.policy import default

from sqlalchemy import select

from engagement.consultations.models import Status
from engagement.consultations.service import Particulars, edit_consultation
from engagement.invitations.links import find_link
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.kernel.wording import date_words
from engagement.mailing.composing import Composed, Dropped, Sketch, Waits
from engagement.mailing.models import Message, State
from engagement.mailing.placeholders import names_in
from engagement.mailing.preparing import prepare
from engagement.mailing.texts import shipped_text
from engagement.questionnaires.design import Settings, edit_settings
from engagement.questionnaires.letter import PLACEHOLDERS, compose, preview, was_sent
from engagement.questionnaires.service import Typed, ask_to_answer, save_answers, start_response, submit
from tests.questionnaires.given import a_person, a_questionnaire, an_invitation
from tests.support.given import a_consultation


def asked():
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation, closes_on=today(consultation.zone) + timedelta(days=9))
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=a_person(consultation).id, actor=SYSTEM)
    return consultation, questionnaire, db.session.scalars(select(Message)).one()


def test_the_text_we_ship_is_whole_and_uses_listed_placeholders_only(app):
    text = shipped_text("questionnaire_invitation")
    assert text.sendable
    used = {name for side in (text.subject, text.body) for words in (side.en, side.fr) for name in names_in(words)}
    assert used <= set(PLACEHOLDERS)
    assert "link" in used


def test_the_mail_carries_a_link_of_its_own_that_opens_the_invitation(app):
    _, _, message = asked()
    made = compose(message)
    assert isinstance(made, Composed)
    assert made.to_address == "ines@people.example"
    assert set(made.values["en"]) == set(made.values["fr"]) == set(PLACEHOLDERS)
    with writing() as session:
        store_all(session, made.rows)
    opened = find_link(made.values["en"]["link"].rpartition("/")[2])
    assert opened is not None
    assert opened.invitation.id == message.invitation_id


def test_a_withdrawn_invitation_gets_no_mail(app):
    _, _, message = asked()
    with writing() as session:
        invitation = session.get_one(Invitation, message.invitation_id)
        invitation.withdrawn_at = now()
    assert isinstance(compose(message), Dropped)


def test_somebody_without_an_address_is_composed_for_all_the_same(app):
    consultation, questionnaire, message = asked()
    person = a_person(consultation, "Otto", email=None)
    with writing():
        message.invitation_id = an_invitation(questionnaire, person).id
    assert compose(message).to_address == ""


def test_nothing_goes_while_the_consultation_is_paused(app):
    consultation, _, message = asked()
    with writing():
        consultation.status = Status.PAUSED
    assert isinstance(compose(message), Waits)


def test_a_preview_opens_nothing(app):
    consultation, questionnaire, _ = asked()
    person = a_person(consultation, "Zoe")
    shown = preview(Sketch(consultation.id, person.id, questionnaire_id=questionnaire.id))
    assert shown["fr"]["salutation"] == "Bonjour Zoe Roy,"
    assert find_link(shown["fr"]["link"].rpartition("/")[2]) is None


def test_what_was_sent_is_distributed(app):
    _, _, message = asked()
    moment = now()
    with writing():
        message.sent_at = moment
        was_sent(message)
    assert db.session.get_one(Invitation, message.invitation_id).distributed_at == moment


def test_an_answer_that_came_meanwhile_drops_the_mail(app):
    _, _, message = asked()
    response = start_response(invitation_id=message.invitation_id, language="en", actor=SYSTEM)
    assert isinstance(compose(message), Composed)
    save_answers(response_id=response.id, typed={"pick": Typed("b")}, actor=SYSTEM)
    submit(response_id=response.id, language="en", actor=SYSTEM)
    assert isinstance(compose(message), Dropped)


def test_a_mail_that_waits_says_the_day_and_the_title_that_hold_when_it_goes(app):
    consultation, questionnaire, message = asked()
    prepare(message.id)
    assert db.session.get_one(Message, message.id).state is State.QUEUED
    day = today(consultation.zone) + timedelta(days=30)
    edit_settings(
        questionnaire_id=questionnaire.id, settings=Settings(title=Text("New title", "Nouveau titre"), closes_on=day), actor=SYSTEM
    )
    prepare(message.id)
    assert date_words(day, "en") in text_of(message)
    assert "New title" in text_of(message) + db.session.get_one(Message, message.id).subject


def test_a_mail_that_waits_says_the_last_day_of_its_consultation_that_holds_when_it_goes(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    ask_to_answer(questionnaire_id=questionnaire.id, person_id=a_person(consultation).id, actor=SYSTEM)
    message = db.session.scalars(select(Message)).one()
    prepare(message.id)
    day = today(consultation.zone) + timedelta(days=30)
    edit_consultation(
        consultation_id=consultation.id,
        particulars=Particulars(
            status=Status.OPEN, is_public=False, zone=consultation.zone, opens_on=None, closes_on=day, received_until=None,
            contact_email="", contact_phone="", texts={},
        ),
        actor=SYSTEM,
    )  # fmt: skip
    prepare(message.id)
    assert date_words(day, "en") in text_of(message)


def text_of(message):
    db.session.rollback()
    raw = db.session.get_one(Message, message.id, populate_existing=True).raw
    return email.message_from_bytes(raw, policy=default).get_body(("plain",)).get_content()
