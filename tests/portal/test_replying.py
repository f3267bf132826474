from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.consultations.models import Status
from engagement.events.models import Event, EventStatus, Format, Seat, SeatState, Sitting
from engagement.events.service import SittingPlan, add_sitting, edit_sitting, sittings_of
from engagement.invitations.models import Choice, Invitation, Mode, Reply
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from tests.events.given import in_weeks
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, send
from tests.support.given import a_consultation


@pytest.fixture
def consultation(app):
    return a_consultation()


def invited(consultation, email="ada@example.org", **event):
    return an_invitation(a_guest(consultation, email), event=an_event(consultation, **event))


def replies_to(invitation):
    db.session.rollback()
    return list(db.session.scalars(select(Reply).where(Reply.invitation_id == invitation.id).order_by(Reply.recorded_at)))


def seats_of(invitation):
    db.session.rollback()
    return [(seat.mode, seat.state) for seat in db.session.scalars(select(Seat).where(Seat.invitation_id == invitation.id))]


def test_a_guest_who_comes_in_person_has_a_seat_and_is_asked_what_they_need(client, consultation):
    invitation = invited(consultation)
    address = open_link_in(client, invitation)
    answer = send(client, address, choice="in_person")
    assert answer.location == f"{address}/needs"
    assert seats_of(invitation) == [(Mode.IN_PERSON, SeatState.TAKEN)]
    page = client.get(f"{address}/recorded")
    assert "You are coming, in person." in page.text
    assert "A seat is kept for you." in page.text


def test_nothing_is_chosen_beforehand_and_sending_the_page_as_it_is_changes_nothing(client, consultation):
    invitation = invited(consultation)
    address = open_link_in(client, invitation)
    page = client.get(address)
    assert "checked" not in page.text
    answer = send(client, address)
    assert answer.status_code == 200
    assert "Choose an answer." in answer.text
    assert replies_to(invitation) == []


def test_the_last_answer_counts_and_every_answer_is_kept(client, consultation):
    invitation = invited(consultation)
    address = open_link_in(client, invitation)
    for choice in ("in_person", "maybe", "online", "no"):
        send(client, f"{address}/change", choice=choice)
    given = [reply.choice for reply in replies_to(invitation)]
    assert given == [Choice.ACCEPTED, Choice.TENTATIVE, Choice.ACCEPTED, Choice.DECLINED]
    assert db.session.get_one(Invitation, invitation.id).choice is Choice.DECLINED
    assert seats_of(invitation) == []


def fields_of(page):
    form = BeautifulSoup(page.text, "html.parser").select_one("form:has(input[name=form_seal])")
    return {each["name"]: each["value"] for each in form.find_all("input", type="hidden")}


def a_date_more(event):
    plan = SittingPlan(starts_wall=in_weeks(9), ends_wall=in_weeks(9, 15), seats_in_person=9, seats_online=9)
    add_sitting(event_id=event.id, plan=plan, actor=SYSTEM)


def a_date_elsewhere(event):
    (sitting,) = sittings_of(event.id)
    plan = SittingPlan(starts_wall=in_weeks(9), ends_wall=in_weeks(9, 15), seats_in_person=9, seats_online=9)
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)


@pytest.mark.parametrize("change", [a_date_more, a_date_elsewhere])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_nobody_replies_to_a_date_that_their_page_did_not_show(client, consultation, change, language):
    event = an_event(consultation)
    invitation = an_invitation(a_guest(consultation), event=event)
    address = open_link_in(client, invitation)
    shown = fields_of(client.get(f"{address}?lang={language}"))
    change(event)
    answer = client.post(address, data={**shown, "choice": "in_person"})
    assert {"en": "The dates have changed", "fr": "Les dates ont changé"}[language] in answer.text
    assert replies_to(invitation) == []
    assert client.post(address, data={**fields_of(answer), "choice": "in_person"}).status_code == 302
    assert len(replies_to(invitation)) == len(sittings_of(event.id))


def test_somebody_who_cannot_come_may_say_why(client, consultation):
    invitation = invited(consultation)
    address = open_link_in(client, invitation)
    answer = send(client, address, choice="no")
    assert answer.location == f"{address}/reason"
    assert client.get(f"{address}/reason").status_code == 200
    answer = send(client, f"{address}/reason", reason="I work that day.")
    assert answer.location == f"{address}/recorded"
    assert replies_to(invitation)[-1].reason == "I work that day."
    page = client.get(answer.location)
    assert "You cannot come." in page.text
    assert "I work that day." not in page.text


def test_only_the_ways_that_the_event_has_are_offered(client, consultation):
    address = open_link_in(client, invited(consultation, event_format=Format.ONLINE, in_person=0))
    page = client.get(address).text
    assert 'value="online"' in page
    assert "in_person" not in page
    answer = send(client, address, choice="in_person")
    assert "Choose an answer." in answer.text


def test_a_full_event_offers_the_waiting_list_in_so_many_words(client, consultation):
    event = an_event(consultation, in_person=1)
    first = an_invitation(a_guest(consultation), event=event)
    second = an_invitation(a_guest(consultation, "bo@example.org", given="Bo"), event=event)
    send(client, open_link_in(client, first), choice="in_person")
    address = open_link_in(client, second)
    page = client.get(address).text
    assert 'value="in_person"' not in page
    assert "Yes, in person: put me on the waiting list" in page
    send(client, address, choice="wait_in_person")
    assert seats_of(second) == [(Mode.IN_PERSON, SeatState.WAITING)]
    recorded = client.get(f"{address}/recorded").text
    assert "You are number 1 on the waiting list." in recorded
    assert "A seat is kept for you." not in recorded
    assert "A seat is kept for you." in client.get(f"/i/{first.id}").text


def test_whoever_comes_too_late_for_the_last_seat_is_asked_again_and_has_nothing_yet(client, consultation):
    event = an_event(consultation, in_person=1)
    late = an_invitation(a_guest(consultation), event=event)
    address = open_link_in(client, late)
    client.get(address)
    with writing() as session:
        session.scalars(select(Sitting).where(Sitting.event_id == event.id)).one().taken_in_person = 1
    answer = send(client, address, choice="in_person")
    assert answer.status_code == 200
    assert replies_to(late) == []
    assert "put me on the waiting list" in answer.text


def test_who_comes_online_is_not_asked_what_they_eat_and_what_they_said_before_is_kept(client, consultation):
    address = open_link_in(client, invited(consultation))
    send(client, address, choice="online")
    assert 'name="access"' in client.get(f"{address}/needs").text
    assert 'name="diet"' not in client.get(f"{address}/needs").text
    send(client, f"{address}/change", choice="in_person")
    assert 'name="diet"' in client.get(f"{address}/needs").text
    send(client, f"{address}/needs", diet="No nuts")
    send(client, f"{address}/change", choice="online")
    assert "No nuts" in client.get(f"{address}/needs").text


def test_two_days_are_answered_in_one_go_or_each_by_itself(client, consultation):
    invitation = invited(consultation, days=2)
    address = open_link_in(client, invitation)
    send(client, address, choice="online")
    assert seats_of(invitation) == [(Mode.ONLINE, SeatState.TAKEN)] * 2
    page = client.get(f"{address}/each").text
    assert page.count("<legend") == 2
    sittings = list(db.session.scalars(select(Sitting.id).order_by(Sitting.starts_at)))
    answer = send(client, f"{address}/each", **{f"choice_{sittings[0].hex}": "in_person", f"choice_{sittings[1].hex}": "no"})
    assert answer.location == f"{address}/needs"
    assert seats_of(invitation) == [(Mode.IN_PERSON, SeatState.TAKEN)]
    page = client.get(address).text
    assert "You are coming, in person." in page
    assert "You cannot come." in page


def test_a_day_that_is_over_is_shown_as_over_and_not_asked_about(client, consultation):
    invitation = invited(consultation, days=2)
    with writing() as session:
        first = session.scalars(select(Sitting).order_by(Sitting.starts_at)).first()
        for when in ("starts_wall", "ends_wall", "starts_at", "ends_at"):
            setattr(first, when, getattr(first, when) - timedelta(weeks=9))
    address = open_link_in(client, invitation)
    for language, words in (("en", "This sitting is over."), ("fr", "Cette séance est terminée.")):
        assert client.get(f"{address}?lang={language}").text.count(words) == 1
    send(client, address, choice="in_person")
    assert [reply.sitting_id == first.id for reply in replies_to(invitation)] == [False]
    assert len(seats_of(invitation)) == 1


def test_an_event_without_a_date_takes_replies(client, consultation):
    invitation = invited(consultation, days=0)
    address = open_link_in(client, invitation)
    assert "The date is not set yet." in client.get(address).text
    send(client, address, choice="in_person")
    assert "We write to you as soon as the date is known." in client.get(f"{address}/recorded").text


def test_the_online_link_is_shown_to_whoever_holds_an_online_seat_and_to_nobody_else(client, consultation):
    event = an_event(consultation)
    with writing() as session:
        session.get_one(Event, event.id).online_link = "https://meet.example.org/room"
    address = open_link_in(client, an_invitation(a_guest(consultation), event=event))
    assert "meet.example.org" not in client.get(address).text
    send(client, address, choice="in_person")
    assert "meet.example.org" not in client.get(f"{address}/recorded").text
    send(client, f"{address}/change", choice="online")
    assert "meet.example.org" in client.get(f"{address}/recorded").text


@pytest.mark.parametrize("status", ["paused", "reported", "analysing", "not_going_forward"])
def test_a_consultation_that_takes_no_replies_says_so_and_how_to_reach_the_team(client, status):
    consultation = a_consultation()
    invitation = invited(consultation)
    address = open_link_in(client, invitation)
    with writing() as session:
        session.merge(consultation).status = Status(status)
    for language in ("en", "fr"):
        page = client.get(f"{address}?lang={language}")
        assert page.status_code == 200
        assert 'type="radio"' not in page.text
        assert f"{address}/contact" in page.text
    send(client, address, choice="in_person", form_from=f"{address}/contact")
    assert replies_to(invitation) == []


def test_a_cancelled_event_and_one_that_is_over_take_no_replies(client, consultation):
    event = an_event(consultation, "gone")
    with writing() as session:
        session.get_one(Event, event.id).status = EventStatus.CANCELLED
    cancelled = an_invitation(a_guest(consultation), event=event)
    over = an_invitation(a_guest(consultation, "bo@example.org"), event=an_event(consultation, "past", starts_in=-3))
    assert "This event is cancelled." in client.get(open_link_in(client, cancelled)).text
    address = open_link_in(client, over)
    assert "This event is over." in client.get(address).text
    assert client.get(f"{address}/needs").status_code == 302
    assert client.get(f"{address}/reason").status_code == 302


@pytest.mark.parametrize("page", ["", "/change", "/each", "/recorded", "/needs", "/code", "/privacy", "/contact"])
def test_every_page_reads_in_french(client, consultation, page):
    invitation = invited(consultation, days=2)
    address = open_link_in(client, invitation)
    assert client.get(f"{address}?lang=fr").status_code == 200
    send(client, address, choice="online")
    assert client.get(f"{address}{page}?lang=fr").status_code == 200
    send(client, f"{address}/change", choice="no")
    assert client.get(f"{address}/reason?lang=fr").status_code == 200


def test_a_page_is_in_the_language_that_the_guest_prefers(client, consultation):
    event = an_event(consultation)
    address = open_link_in(client, an_invitation(a_guest(consultation, language="fr"), event=event))
    assert '<html lang="fr">' in client.get(address).text
    assert '<html lang="en">' in client.get(f"{address}?lang=en").text


def test_the_title_of_the_window_does_not_tell_what_the_invitation_is_to(client, consultation):
    address = open_link_in(client, invited(consultation))
    page = client.get(address).text
    assert "<title>Your reply</title>" in page
    assert "Roundtable on the coast" in page
