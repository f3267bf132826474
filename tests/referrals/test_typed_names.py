"""What a stranger types as a name reaches nobody's mailbox in the team's name."""

import email
from email.policy import default

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import SYSTEM, Actor, ActorKind, staff
from engagement.kernel.db import db
from engagement.mailing.models import Message, State
from engagement.mailing.preparing import prepare
from engagement.questionnaires.service import Typed, answer_invitation
from engagement.referrals.joining import BadParticularsError
from engagement.referrals.names import may_be_a_name
from engagement.referrals.service import approve, join_by_link, nominate, request_questionnaire, team_link_for
from engagement.roster.models import Person
from engagement.roster.particulars import Particulars
from engagement.roster.service import edit_person
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import a_consultation, a_member

STRANGER = Actor(ActorKind.LINK)
PHISHING = ("Your file is closed, pay now,", "the team")


@pytest.fixture
def questionnaire(app):
    return a_questionnaire(a_consultation())


def join(questionnaire, given="Vic", family="Tim", to="victim@other.example"):
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=questionnaire.consultation_id)
    join_by_link(token=token, given_name=given, family_name=family, email=to, language="en", actor=STRANGER)
    return stored_person(to)


def stored_person(address):
    db.session.rollback()
    return db.session.scalars(select(Person).where(Person.email == address)).one()


def the_mail(purpose="questionnaire_invitation"):
    db.session.rollback()
    row = db.session.scalars(select(Message).where(Message.purpose == purpose)).one()
    assert prepare(row.id) is State.QUEUED
    db.session.rollback()
    raw = db.session.get_one(Message, row.id, populate_existing=True).raw
    mail = email.message_from_bytes(raw, policy=default)
    return mail, mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "name",
    [
        "your file is closed, pay at https://evil.example/x",
        "evil.example",
        "www example",
        "write to me@evil.example",
        "bit.ly",
        "t.co",
        "Call 613-555-0199",
        "evil\u3002example",
        "xn.xn--p1ai",
        "A" * 61,
    ],
)
def test_no_address_link_number_or_message_is_taken_for_a_name(questionnaire, name):
    assert not may_be_a_name(name)
    for given, family in ((name, "Tremblay"), ("Dominique", name)):
        with pytest.raises(BadParticularsError):
            join(questionnaire, given, family)
    assert db.session.scalar(select(Person.id)) is None


@pytest.mark.parametrize(
    "name",
    ["J.R.R. Tolkien", "J.-P. Côté", "St.John", "O’Brien-Ste. Marie", "A.Tremblay", "محمد", "Ng", "Nguyễn Thị Ánh", "Henry 3"],
)
def test_names_as_people_have_them_are_taken(name):
    assert may_be_a_name(name)


def test_the_public_form_and_a_nomination_take_names_only(questionnaire):
    invitation = asked(questionnaire, somebody(db.session.get_one(Consultation, questionnaire.consultation_id)))
    with pytest.raises(BadParticularsError):
        request_questionnaire(
            consultation_id=questionnaire.consultation_id, given_name="go to evil.example", family_name="now", email="v@other.example",
            language="en", actor=SYSTEM,
        )  # fmt: skip
    with pytest.raises(BadParticularsError):
        nominate(
            invitation_id=invitation.id, given_name="go to evil.example", family_name="now", email="v@other.example",
            names_nominator=True, actor=STRANGER,
        )  # fmt: skip


def test_a_mail_to_an_address_that_nobody_has_proven_says_no_name(questionnaire):
    join(questionnaire, *PHISHING)
    mail, text = the_mail()
    assert mail["To"] == "victim@other.example"
    assert text.startswith("Hello,")
    assert PHISHING[0] not in text


def test_whoever_answers_from_the_address_is_called_by_their_name(questionnaire):
    person = join(questionnaire)
    message = db.session.scalars(select(Message)).one()
    answer_invitation(invitation_id=message.invitation_id, language="en", typed={"q1": Typed("Yes")}, actor=STRANGER)
    assert stored_person(person.email).greeted("Hello").en == "Hello Vic Tim,"


def test_whom_the_team_has_looked_at_is_called_by_their_name(questionnaire):
    person = join(questionnaire)
    assert person.addressed_as == ""
    edit_person(
        person_id=person.id, particulars=Particulars(given_name="Vic", family_name="Tim", email=person.email), actor=staff(person.id)
    )
    assert stored_person(person.email).addressed_as == "Vic Tim"


def test_a_nominee_whom_the_team_approved_is_called_by_their_name(questionnaire):
    consultation = db.session.get_one(Consultation, questionnaire.consultation_id)
    invitation = asked(questionnaire, somebody(consultation))
    referral = nominate(
        invitation_id=invitation.id, given_name="Vic", family_name="Tim", email="victim@other.example", language="en",
        names_nominator=True, actor=STRANGER,
    )  # fmt: skip
    approve(referral_id=referral.id, actor=staff(a_member(consultation).id))
    _, text = the_mail("nomination_invitation")
    assert "Hello Vic Tim," in text


def test_one_link_has_a_mail_sent_so_many_times_an_hour_from_wherever(client, questionnaire):
    token = team_link_for(questionnaire.id, SYSTEM, consultation_id=questionnaire.consultation_id)
    answers = {"given_name": "Vic", "family_name": "Tim", "email": "vic@example.org", "language": "en"}
    statuses = [
        client.post(f"/f/{token}", data=answers, environ_overrides={"REMOTE_ADDR": f"203.0.113.{each % 20}"}).status_code
        for each in range(201)
    ]
    assert statuses == [302] * 200 + [429]
