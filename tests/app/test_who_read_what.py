"""Who reads or takes out what is sensitive stands in the audit: on pages and on the command line."""

import pytest
from sqlalchemy import select

from engagement.events.replies import Answer, NeedsStated, reply_to_event, state_needs
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import ActorKind, AuditEntry, by_link
from engagement.kernel.db import db, writing
from engagement.questionnaires.service import Typed
from engagement.roster.models import Person
from tests.portal.given import a_guest, an_event, an_invitation
from tests.questionnaires.given import a_person, a_questionnaire, a_response
from tests.support.given import a_consultation, a_member, signed_in_as


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.fixture
def member(client, consultation):
    made = a_member(consultation)
    signed_in_as(client, made)
    return made


def noted(verb):
    """Return who did this to what, as often as they did."""
    db.session.rollback()
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == verb).order_by(AuditEntry.at)).all()
    return [(row.actor_kind, row.actor_id, row.subject_id) for row in rows]


def test_answers_that_are_read_or_taken_out_are_noted(client, consultation, member):
    row = a_questionnaire(consultation)
    response = a_response(row, a_person(consultation), {"pick": Typed("a")})
    here = f"/c/fisheries/questionnaires/{row.name}"
    client.get(f"{here}/responses")
    assert noted("read_response") == []
    assert client.get(f"{here}/responses/{response.id}").status_code == 200
    assert noted("read_response") == [(ActorKind.STAFF, member.id, response.id)]
    for kind in ("csv", "xlsx"):
        assert client.get(f"{here}/export.{kind}").status_code == 200
    assert noted("export_answers") == [(ActorKind.STAFF, member.id, row.id)] * 2


def test_a_response_that_is_not_shown_was_not_read(client, consultation, member):
    row = a_questionnaire(consultation)
    draft = a_response(row, a_person(consultation), {}, sent=False)
    assert client.get(f"/c/fisheries/questionnaires/{row.name}/responses/{draft.id}").status_code == 404
    assert noted("read_response") == []


def test_files_written_on_the_command_line_are_noted(app, consultation, tmp_path):
    row = a_questionnaire(consultation)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["questionnaires", "export", f"fisheries/{row.name}", str(tmp_path / "a.csv")]).exit_code == 0
    assert runner.invoke(args=["roster", "export", "fisheries", str(tmp_path / "p.csv")]).exit_code == 0
    assert noted("export_answers") == [(ActorKind.SYSTEM, None, row.id)]
    assert noted("export_people") == [(ActorKind.SYSTEM, None, consultation.id)]


def test_needs_that_are_read_are_noted_and_a_page_without_them_is_not(client, consultation, member):
    event = an_event(consultation)
    guest = an_invitation(a_guest(consultation), event=event)
    page = f"/c/fisheries/events/{event.name}/invitations/{guest.id}"
    assert client.get(page).status_code == 200
    assert noted("read_needs") == []
    reply_to_event(invitation_id=guest.id, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON), actor=by_link(guest.id))
    state_needs(invitation_id=guest.id, needs=NeedsStated("A quiet room", "", ()), actor=by_link(guest.id))
    assert "A quiet room" in client.get(page).text
    assert noted("read_needs") == [(ActorKind.STAFF, member.id, guest.id)]


def test_how_somebody_is_reached_safely_is_noted_when_it_is_read(client, consultation, member):
    person = a_person(consultation)
    client.get(f"/c/fisheries/people/{person.id}")
    with writing() as session:
        session.get_one(Person, person.id).safe_contact = "Call before three"
    assert "Call before three" in client.get(f"/c/fisheries/people/{person.id}").text
    assert noted("read_safe_contact") == [(ActorKind.STAFF, member.id, person.id)]
