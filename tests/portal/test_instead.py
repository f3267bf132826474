"""Somebody who cannot come may have the questionnaire instead; and the way to the questionnaire's own page."""

import pytest
from sqlalchemy import select

from engagement.invitations.held import held_forms, hold_form
from engagement.invitations.models import Invitation, Reply
from engagement.kernel.db import db, writing
from engagement.mailing.models import Message
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, send
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation


@pytest.fixture
def consultation(app):
    return a_consultation()


def mails(purpose):
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose)))


def test_who_cannot_come_is_sent_the_questionnaire_once_if_they_like(client, consultation):
    questionnaire = a_questionnaire(consultation)
    person = a_guest(consultation)
    invitation = an_invitation(person, event=an_event(consultation))
    address = open_link_in(client, invitation)
    assert "You can answer the questionnaire instead." in client.get(address).text
    send(client, address, choice="no")
    assert mails("questionnaire_invitation") == []
    for _ in range(2):
        answer = send(client, f"{address}/reason", reason="No time", wants_questionnaire="y")
    assert "We are sending you the questionnaire by email." in client.get(answer.location).text
    assert len(mails("questionnaire_invitation")) == 1
    asked = db.session.scalars(select(Invitation).where(Invitation.questionnaire_id == questionnaire.id)).one()
    assert (asked.person_id, asked.wave) == (person.id, 0)
    last = db.session.scalars(select(Reply).where(Reply.invitation_id == invitation.id).order_by(Reply.recorded_at.desc())).first()
    assert last.wants_questionnaire
    assert client.get(f"{answer.location}?lang=fr").status_code == 200


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_questionnaire_is_not_offered_where_none_is_open_or_nothing_can_be_sent(client, consultation, language):
    invitation = an_invitation(a_guest(consultation), event=an_event(consultation))
    address = open_link_in(client, invitation)
    send(client, f"{address}?lang={language}", choice="no")
    assert "wants_questionnaire" not in client.get(f"{address}/reason").text
    send(client, f"{address}/reason", wants_questionnaire="y")
    assert mails("questionnaire_invitation") == []
    a_questionnaire(consultation)
    assert "wants_questionnaire" in client.get(f"{address}/reason").text
    with writing() as session:
        person = session.merge(a_guest(consultation, None, given="Bo"))
    other = an_invitation(person, event=an_event(consultation, "second"))
    second = open_link_in(client, other)
    send(client, second, choice="no")
    assert "wants_questionnaire" not in client.get(f"{second}/reason").text


def test_leaving_the_reason_empty_adds_nothing_to_the_no(client, consultation):
    invitation = an_invitation(a_guest(consultation), event=an_event(consultation))
    address = open_link_in(client, invitation)
    send(client, address, choice="no")
    send(client, f"{address}/reason")
    db.session.rollback()
    assert len(list(db.session.scalars(select(Reply)))) == 1


def test_a_link_to_a_questionnaire_leads_to_its_questions_and_has_no_reply_pages(client, consultation):
    invitation = an_invitation(a_guest(consultation), questionnaire=a_questionnaire(consultation))
    address = open_link_in(client, invitation)
    assert client.get(address).location == f"{address}/questions"
    for page in ("change", "each", "needs", "reason", "recorded"):
        answer = client.get(f"{address}/{page}")
        assert answer.status_code == 404
        assert "Go to your page" in answer.text
        assert client.get(f"{address}/{page}?lang=fr").status_code == 404
        client.get(f"{address}/privacy?lang=en")


def test_what_was_kept_can_be_thrown_away_and_only_by_its_guest(client, app, consultation):
    ada = an_invitation(a_guest(consultation), event=an_event(consultation))
    bo = an_invitation(a_guest(consultation, "bo@example.org"), event=an_event(consultation, "second"))
    hold_form(invitation_id=ada.id, endpoint="portal.reply_page", arguments={"invitation_id": str(ada.id)}, fields=[("choice", "no")])
    kept = held_forms(ada.id)[0]
    address, other = open_link_in(client, ada), open_link_in(client, bo)
    send(client, f"{other}/kept/{kept.id}/drop", form_from=other, kept="drop")
    assert held_forms(ada.id) == [kept]
    assert "throw it away" in client.get(address).text
    send(client, f"{address}/kept/{kept.id}/drop", form_from=address)
    assert held_forms(ada.id) == [kept], "nothing was ticked"
    send(client, f"{address}/kept/{kept.id}/drop", form_from=address, kept="drop")
    assert held_forms(ada.id) == []
    assert "Send this now" not in client.get(address).text


def test_an_answer_given_on_another_page_takes_the_place_of_what_was_kept(client, consultation):
    ada = an_invitation(a_guest(consultation), event=an_event(consultation))
    hold_form(invitation_id=ada.id, endpoint="portal.reply_page", arguments={"invitation_id": str(ada.id)}, fields=[("choice", "no")])
    address = open_link_in(client, ada)
    send(client, f"{address}/change", choice="online")
    assert held_forms(ada.id) == []
    assert "You are coming, online." in client.get(address).text
