"""Mail that waits until the team has looked at it: the page, the decision, the overview."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engagement.consultations.models import Status
from engagement.consultations.service import Particulars, edit_consultation
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing import guard
from engagement.mailing.models import Hold, MailDomain, MailHold, Message, MessageEvent, State
from engagement.mailing.preparing import prepare
from engagement.mailing.worker import send_due
from engagement.outreach import backlog
from engagement.outreach.history_views import overview
from tests.events.given import an_event
from tests.mailing.given import NOTICE, a_notice, a_person, a_text, notices_are_composed
from tests.outreach.given import a_draft
from tests.support.given import a_consultation, a_member, access_of, signed_in_as


@pytest.fixture
def notices(app):
    """Return the composer of the purpose "notice"."""
    with notices_are_composed() as composer:
        yield composer


def held_notices(consultation, number, because=Hold.RESUMED, **more):
    with writing() as session:
        messages = [a_notice(a_person(consultation, f"p{each}@example.org", family_name=f"No{each}"), **more) for each in range(number)]
        session.flush()
        session.execute(update(Message).values(held_because=because))
    return messages


def state_and_hold(message):
    db.session.rollback()
    row = db.session.get(Message, message.id, populate_existing=True)
    return row.state, row.held_because


def with_status(consultation, status):
    db.session.rollback()
    return edit_consultation(
        consultation_id=consultation.id,
        particulars=Particulars(
            status=status, is_public=False, zone="America/Toronto", opens_on=None, closes_on=None, received_until=None,
            contact_email="", contact_phone="", texts={},
        ),
        actor=SYSTEM,
    )  # fmt: skip


def test_what_was_due_during_a_pause_waits_for_the_team_when_it_ends(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    with_status(consultation, Status.PAUSED)
    due = a_notice(a_person(consultation))
    written = a_notice(a_person(consultation, "bea@example.org"))
    prepare(written.id)
    later = a_notice(a_person(consultation, "cleo@example.org"), due_at=now() + timedelta(hours=1))
    with_status(consultation, Status.OPEN)
    assert [state_and_hold(each)[1] for each in (due, written, later)] == [Hold.RESUMED, Hold.RESUMED, None]
    assert send_due()["sent"] == 0
    fresh = a_notice(a_person(consultation, "dora@example.org"))
    assert send_due()["sent"] == 1
    assert state_and_hold(fresh)[0] is State.SENT


@pytest.mark.parametrize("status", [Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD, Status.PLANNED])
def test_whichever_way_a_pause_ends_what_was_due_waits(post, notices, status):
    consultation = a_consultation()
    a_text(consultation)
    with_status(consultation, Status.PAUSED)
    message = a_notice(a_person(consultation))
    with_status(consultation, status)
    assert state_and_hold(message)[1] is Hold.RESUMED


def test_editing_a_consultation_that_is_not_paused_or_stays_paused_holds_nothing(post, notices):
    consultation = a_consultation()
    a_text(consultation)
    message = a_notice(a_person(consultation))
    with_status(consultation, Status.PAUSED)
    with_status(consultation, Status.PAUSED)
    assert state_and_hold(message)[1] is None
    assert not db.session.scalars(select(MailHold)).all()


def test_a_pause_that_ends_over_many_messages_holds_all_of_them_before_any_goes(post, notices, monkeypatch):
    from engagement.mailing import holding

    monkeypatch.setattr(holding, "AT_ONCE", 2)
    monkeypatch.setattr(holding, "STEPS_AT_ONCE", 1)
    consultation = a_consultation()
    a_text(consultation)
    messages = [a_notice(a_person(consultation, f"p{each}@example.org")) for each in range(7)]
    with_status(consultation, Status.PAUSED)
    with_status(consultation, Status.OPEN)
    assert len(db.session.scalars(select(MailHold)).all()) == 1
    assert sum(state_and_hold(each)[1] is Hold.RESUMED for each in messages) == 2
    assert send_due()["sent"] == 0
    assert {state_and_hold(each) for each in messages} == {(State.PLANNED, Hold.RESUMED)}
    assert not db.session.scalars(select(MailHold)).all()


def test_other_consultations_go_on_while_one_is_paused_or_being_held(post, notices):
    paused, other = a_consultation(), a_consultation("forests")
    for each in (paused, other):
        a_text(each)
    with_status(paused, Status.PAUSED)
    waits, goes = a_notice(a_person(paused)), a_notice(a_person(other, "bea@example.org"))
    assert send_due()["sent"] == 1
    assert (state_and_hold(waits)[0], state_and_hold(goes)[0]) == (State.PLANNED, State.SENT)


def sends(client, **fields):
    return client.post("/c/fisheries/mail/waiting?lang=en", data=fields)


def confirmed(client, **fields):
    page = sends(client, **fields).text
    number = re.search(r'name="confirmed" value="(\d+)"', page).group(1)
    return number, sends(client, confirmed=number, **fields)


def test_the_page_says_why_messages_wait_for_whom_and_since_when(client, notices):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    message = held_notices(consultation, 1)[0]
    prepare(message.id)
    for language, words in (("en", "Due during the pause"), ("fr", "À envoyer pendant la suspension")):
        page = client.get(f"/c/fisheries/mail/waiting?lang={language}").text
        assert words in page
        assert "Ada No0" in page
        assert "For Ada No0" in page
        assert "1" in client.get(f"/c/fisheries/mail?lang={language}").text


def test_the_page_says_so_when_nothing_waits(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    for language in ("en", "fr"):
        assert client.get(f"/c/fisheries/mail/waiting?lang={language}").status_code == 200
    assert "Nothing waits for you" in client.get("/c/fisheries/mail/waiting?lang=en").text
    assert client.get("/c/fisheries/mail/waiting?why=nonsense&page=999999&lang=en").status_code == 200


def test_chosen_messages_go_after_a_second_yes_that_says_how_many(client, post, notices):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    first, second, third = held_notices(consultation, 3)
    chosen = {"why": "resumed", "what": "let_go", "whom": "ticked", "message": [str(first.id), str(second.id)]}
    page = sends(client, **chosen).text
    assert "Let 2 messages go?" in page
    assert state_and_hold(first) == (State.PLANNED, Hold.RESUMED)
    confirmed(client, **chosen)
    assert [state_and_hold(each)[1] for each in (first, second, third)] == [None, None, Hold.RESUMED]
    assert send_due()["sent"] == 2
    noted = db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.verb == "let_go")).all()
    assert sorted(noted, key=str) == sorted([first.id, second.id], key=str)
    told = db.session.scalars(select(MessageEvent.why).where(MessageEvent.message_id == first.id)).all()
    assert "let go by the team" in told


def test_all_of_one_reason_can_be_cancelled_in_steps(client, notices, monkeypatch):
    monkeypatch.setattr(backlog, "AT_ONCE", 2)
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    messages = held_notices(consultation, 5, Hold.TOO_OLD)
    number, _ = confirmed(client, why="too_old", what="cancel", whom="all")
    assert number == "5"
    assert {state_and_hold(each) for each in messages} == {(State.CANCELLED, None)}


def test_a_number_that_has_changed_is_asked_about_again(client, notices):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    messages = held_notices(consultation, 2)
    page = sends(client, why="resumed", what="let_go", whom="all", confirmed="1").text
    assert "Let 2 messages go?" in page
    assert state_and_hold(messages[0])[1] is Hold.RESUMED


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"why": "resumed", "what": "let_go"},
        {"why": "resumed", "what": "let_go", "whom": "ticked"},
        {"why": "resumed", "what": "let_go", "whom": "ticked", "message": ["nonsense", "' OR 1=1"]},
        {"why": "resumed", "what": "burn", "whom": "all"},
        {"why": "mailing", "what": "let_go", "whom": "all"},
    ],
)
def test_a_choice_that_is_none_is_said_to_be_so_and_changes_nothing(client, notices, fields):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    message = held_notices(consultation, 1)[0]
    answer = sends(client, confirmed="1", **fields)
    assert answer.status_code == 200
    assert "There is a problem" in answer.text
    assert state_and_hold(message) == (State.PLANNED, Hold.RESUMED)


def test_a_message_of_a_paused_mailing_is_not_decided_on_here(client, notices):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    message = held_notices(consultation, 1, Hold.MAILING)[0]
    page = client.get("/c/fisheries/mail/waiting?lang=en").text
    assert "Mailing paused" in page
    assert "Let them go" not in page
    sends(client, why="resumed", what="let_go", whom="ticked", message=str(message.id), confirmed="1")
    assert state_and_hold(message)[1] is Hold.MAILING


def test_nobody_sees_or_decides_on_what_they_may_not_know_of(client, post):
    consultation = a_consultation()
    organizer, helper = a_member(consultation), a_member(consultation, Role.STAFF)
    event = an_event(consultation, restricted=True)
    from engagement.outreach.planning import plan_rest
    from engagement.outreach.service import approve

    mailing = a_draft(event, [a_person(consultation)], organizer)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    with writing() as session:
        session.execute(update(Message).values(held_because=Hold.RESUMED))
    message = db.session.scalars(select(Message)).one()
    signed_in_as(client, helper)
    assert "Ada Example" not in client.get("/c/fisheries/mail/waiting?why=resumed").text
    assert not [line for line in overview(access_of(helper, consultation)) if "waits" in line.what.en]
    sends(client, why="resumed", what="let_go", whom="ticked", message=str(message.id), confirmed="1")
    sends(client, why="resumed", what="let_go", whom="all", confirmed="1")
    assert state_and_hold(message)[1] is Hold.RESUMED


def test_the_message_of_another_consultation_cannot_be_let_go(client, notices):
    consultation, other = a_consultation(), a_consultation("forests")
    signed_in_as(client, a_member(consultation))
    a_text(other)
    message = held_notices(other, 1)[0]
    sends(client, why="resumed", what="let_go", whom="ticked", message=str(message.id), confirmed="1")
    assert state_and_hold(message)[1] is Hold.RESUMED


def test_who_may_only_look_is_offered_no_decision(client, notices):
    consultation = a_consultation()
    a_text(consultation)
    held_notices(consultation, 1)
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    assert client.get("/c/fisheries/mail/waiting").status_code == 404
    assert sends(client, why="resumed", what="let_go", whom="all", confirmed="1").status_code == 404


def test_the_overview_says_that_mail_waits_that_a_policy_refused_and_that_the_server_cannot_be_used(app, notices):
    consultation = a_consultation()
    a_text(consultation)
    access = access_of(a_member(consultation), consultation)
    held_notices(consultation, 2)
    refused = a_notice(a_person(consultation, "z@example.org"))
    with writing() as session:
        row = session.get(Message, refused.id)
        row.state, row.outcome = State.FAILED, "550 5.7.1 rejected by policy"
    guard.note_trouble("certificate", "self-signed certificate")
    with app.test_request_context():
        lines = {line.what.en: (line.stands.en, line.waiting) for line in overview(access)}
    assert lines["Mail: waits for you to look at it"] == ("2", True)
    assert lines["Mail: refused by policy, not the person’s doing"] == ("1", True)
    assert "certificate does not prove" in lines["Mail server"][0]


def test_the_mail_page_names_what_is_wrong_with_the_server_and_the_domains_that_wait(client, notices):
    consultation = a_consultation()
    a_text(consultation)
    signed_in_as(client, a_member(consultation))
    message = a_notice(a_person(consultation))
    prepare(message.id)
    guard.note_trouble("starttls")
    with writing() as session:
        index = session.get(Message, message.id, populate_existing=True).domain_index
        for name, each in (("example.org", index), ("secret.example", b"x" * 32)):
            row = MailDomain(domain_index=each, failures=1, why="421 no", shut_at=now(), shut_until=now() + timedelta(hours=1))
            row.name = name
            session.add(row)
    for language in ("en", "fr"):
        page = client.get(f"/c/fisheries/mail?lang={language}").text
        assert "STARTTLS" in page
        assert "example.org" in page
        assert "secret.example" not in page
    assert NOTICE in page
