"""Whom a mailing is for: filters of the roster, of replies and of responses; what is chosen is fixed."""

import pytest
from sqlalchemy import select

from engagement.events.models import Attendance, Seat, SeatState
from engagement.invitations.models import Channel, Choice, Mode
from engagement.invitations.service import record_reply
from engagement.kernel.audit import by_link
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.outreach.choosing import Whom, people_asked
from engagement.outreach.models import Mailing
from engagement.questionnaires.models import Response, ResponseState
from engagement.questionnaires.service import start_response
from tests.events.given import a_guest, a_person, an_event, the_sitting
from tests.outreach.given import a_team, page_of
from tests.questionnaires.given import a_questionnaire, an_invitation
from tests.support.given import a_consultation, a_member, access_of


def found(access, **query):
    return {str(each) for each in people_asked(access, Whom.from_query(query))}


def replied(event, name, choice):
    consultation_id = event.consultation_id
    person = a_person(type("C", (), {"id": consultation_id}), name)
    invitation = a_guest(event, person)
    if choice:
        record_reply(invitation_id=invitation.id, choice=choice, channel=Channel.WEB, actor=by_link(invitation.id))
    return person, invitation


def test_people_are_chosen_by_what_they_replied_to_an_event(app):
    consultation = a_consultation()
    access, event = access_of(a_member(consultation), consultation), an_event(consultation)
    coming, maybe, declined, silent = (
        replied(event, f"{name} Guest", choice)[0]
        for name, choice in (("Ann", Choice.ACCEPTED), ("Ben", Choice.TENTATIVE), ("Cal", Choice.DECLINED), ("Dee", None))
    )
    a_person(consultation, "Not Invited")
    for reply, person in (("accepted", coming), ("tentative", maybe), ("declined", declined), ("none", silent)):
        assert found(access, replied=f"{event.id}:{reply}") == {str(person.id)}
    assert len(found(access, replied=f"{event.id}:")) == 4


def test_people_are_chosen_who_wait_or_were_there(app):
    consultation = a_consultation()
    access, event = access_of(a_member(consultation), consultation), an_event(consultation)
    waits, there = replied(event, "Ann Guest", Choice.ACCEPTED), replied(event, "Ben Guest", Choice.ACCEPTED)
    with writing() as session:
        sitting = the_sitting(event)
        session.add(Seat(sitting_id=sitting.id, invitation_id=waits[1].id, mode=Mode.ONLINE, state=SeatState.WAITING, since=now()))
        session.add(
            Attendance(event_id=event.id, sitting_id=sitting.id, person_id=there[0].id, mode=Mode.ONLINE, recorded_at=now()),
        )
    assert found(access, replied=f"{event.id}:waiting") == {str(waits[0].id)}
    assert found(access, replied=f"{event.id}:attended") == {str(there[0].id)}


def test_people_are_chosen_by_how_far_their_response_has_come(app):
    consultation = a_consultation()
    access, asked = access_of(a_member(consultation), consultation), a_questionnaire(consultation)
    people = [a_person(consultation, f"{name} Asked") for name in ("Ann", "Ben", "Cal", "Dee")]
    for person, state in zip(people[1:], ResponseState, strict=True):
        invitation = an_invitation(asked, person)
        start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
        with writing() as session:
            row = session.scalars(select(Response).where(Response.invitation_id == invitation.id)).one()
            row.state, row.submitted_at = state, None if state is ResponseState.IN_PROGRESS else now()
    an_invitation(asked, people[0])
    not_opened, opened, complete, partial = (str(each.id) for each in people)
    expected = {
        "not_opened": {not_opened},
        "opened": {opened},
        "complete": {complete},
        "partial": {partial},
        "silent": {not_opened, opened},
        "": {not_opened, opened, complete, partial},
    }
    for stage, who in expected.items():
        assert found(access, answered=f"{asked.id}:{stage}") == who, stage


def test_a_filter_of_replies_and_one_of_the_roster_hold_together(app):
    consultation = a_consultation()
    access, event = access_of(a_member(consultation), consultation), an_event(consultation)
    replied(event, "Ann Guest", None)
    ben = replied(event, "Ben Guest", None)[0]
    assert found(access, replied=f"{event.id}:none", search="ben") == {str(ben.id)}


@pytest.mark.parametrize("value", ["x", "x:none", "00000000-0000-0000-0000-000000000000:none", ":", "'; DROP TABLE person", "é:\u202e"])
def test_a_word_that_is_on_no_list_chooses_nobody(app, value):
    consultation = a_consultation()
    a_person(consultation)
    access = access_of(a_member(consultation), consultation)
    assert found(access, replied=value) == set()
    assert found(access, answered=value) == set()


def test_the_guests_of_an_event_that_a_member_may_not_know_of_are_not_chosen(app):
    consultation = a_consultation()
    event = an_event(consultation, "Survivors", restricted=True)
    replied(event, "Ann Guest", None)
    access = access_of(a_member(consultation), consultation)
    assert found(access, replied=f"{event.id}:none") == set()
    other = a_consultation("other")
    assert found(access, replied=f"{an_event(other).id}:") == set()


def test_the_filter_is_kept_and_the_people_are_fixed_at_the_preview(client):
    consultation, _ = a_team(client)
    event = an_event(consultation)
    ann = replied(event, "Ann Guest", None)[0]
    page = client.get(f"/c/fisheries/mail/new?replied={event.id}:none")
    assert "Ann Guest" in page.text
    chosen = {"about": f"announcement:event:{event.id}", "whom": "all", "replied": f"{event.id}:none"}
    answer = client.post("/c/fisheries/mail/new", data=chosen)
    late = replied(event, "Late Guest", None)[0]
    db.session.rollback()
    mailing = db.session.scalars(select(Mailing)).one()
    assert mailing.people == [str(ann.id)]
    assert mailing.chosen_by["replied"] == f"{event.id}:none"
    assert late.name not in client.get(answer.location).text
    assert client.get(page_of(mailing) + "?lang=fr").status_code == 200


def test_choosing_shows_the_filters_in_both_languages(client):
    consultation, _ = a_team(client)
    an_event(consultation)
    a_questionnaire(consultation)
    a_person(consultation)
    english, french = (client.get(f"/c/fisheries/mail/new?lang={language}").text for language in ("en", "fr"))
    for words in ("no reply yet", "on a waiting list", "were there", "silent", "answered in part", "Announcement about"):
        assert words in english
    for words in ("sans réponse", "étaient là", "réponse partielle", "Annonce au sujet de"):
        assert words in french
