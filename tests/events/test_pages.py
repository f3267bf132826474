"""The pages of events, in both languages, empty, full and in error."""

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.events.agenda import AgendaPlan, add_agenda_item, add_part
from engagement.events.models import AgendaKind, Event, Part, Seat, Sitting
from engagement.events.replies import Answer, NeedsStated, reply_to_event
from engagement.events.service import (
    record_attendance,
    sittings_of,
)
from engagement.invitations.models import Choice, Mode
from engagement.invitations.service import find_invitation, replies_of
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from tests.events.given import COMING, HOME, SITTING, a_guest, a_person, an_event, in_weeks, the_sitting
from tests.support.given import a_consultation, a_member, fresh, signed_in_as

FORM = {
    "title_en": "Table in Gatineau",
    "title_fr": "Table à Gatineau",
    "kind": "roundtable",
    "format": "hybrid",
    "zone": "America/Toronto",
    "listed": "y",
}


@pytest.fixture
def consultation(app):
    return a_consultation()


def both(client, address):
    """Fetch a page in both languages (each is linted) and return the English one."""
    page = client.get(address, query_string={"lang": "en"})
    assert page.status_code == 200
    assert client.get(address, query_string={"lang": "fr"}).status_code == 200
    client.get(HOME, query_string={"lang": "en"})
    return page.text


def test_the_empty_schedule_says_what_to_do_next(staff):
    assert "Schedule the first one" in both(staff, HOME)


def test_scheduling_an_event_leads_to_its_first_sitting_and_its_page(staff):
    both(staff, f"{HOME}/new")
    sent = staff.post(f"{HOME}/new", data=FORM)
    assert sent.headers["Location"] == f"{HOME}/table-in-gatineau/sittings/new"
    both(staff, sent.headers["Location"])
    assert "No date yet" in both(staff, f"{HOME}/table-in-gatineau")
    staff.post(sent.headers["Location"], data=SITTING)
    page = both(staff, f"{HOME}/table-in-gatineau")
    assert "Tuesday 8 December 2026, 13:00 to 15:00 (Eastern)" in page
    assert "Nobody is invited yet" in page
    assert "Tuesday 8 December 2026" in both(staff, HOME)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"title_fr": ""}, "Enter the title in French."),
        ({"venue_en": "Here"}, "Enter this text in both languages, or in neither."),
        ({"restricted": "y"}, "cannot be listed"),
        ({"name": "Not Good"}, "lower-case letters"),
        ({"online_link": "javascript:alert(1)"}, "must begin with https://"),
        ({"reply_by": "9999-12-31"}, "Enter a date from 1990 to 2100."),
        ({"name": "new"}, "stands for a page of its own"),
        ({"title_en": "\u200b\u00a0"}, "Enter the title in both languages."),
    ],
)
def test_a_form_that_is_wrong_says_so_in_one_line_and_stores_nothing(staff, wrong, line):
    for language in ("fr", "en"):
        page = staff.post(f"{HOME}/new", query_string={"lang": language}, data={**FORM, **wrong})
    assert line in page.text
    assert fresh(select(Event.id)) is None


def test_a_second_event_of_the_same_title_gets_an_address_of_its_own(staff):
    for _ in range(2):
        staff.post(f"{HOME}/new", data=FORM)
    assert both(staff, f"{HOME}/table-in-gatineau-2")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"ends": "12:00"}, "The sitting ends before it starts."),
        ({"day": ""}, "Enter a date."),
        ({"seats_online": "-1"}, "0"),
        ({"day": "9999-12-31", "starts": "22:00", "ends": "23:00"}, "Enter a date from 1990 to 2100."),
        ({"day": "0001-01-01"}, "Enter a date from 1990 to 2100."),
        ({"last_day": "2199-12-08"}, "Enter a date from 1990 to 2100."),
        ({"day": "2027-03-14", "starts": "02:30", "ends": "04:00"}, "There is no 02:30 on Sunday 14 March 2027: the clocks go forward."),
        ({"day": "2027-03-14", "starts": "01:00", "ends": "02:30"}, "There is no 02:30 on Sunday 14 March 2027: the clocks go forward."),
    ],
)
def test_a_sitting_that_cannot_be_is_refused(staff, consultation, wrong, line):
    event = an_event(consultation, days=0)
    for language in ("fr", "en"):
        page = staff.post(f"{HOME}/{event.name}/sittings/new", query_string={"lang": language}, data={**SITTING, **wrong})
    assert line in page.text
    assert fresh(select(Sitting.id)) is None


def test_an_event_called_new_has_an_address_that_opens_it(staff):
    sent = staff.post(f"{HOME}/new", data={**FORM, "title_en": "New"})
    assert sent.headers["Location"] == f"{HOME}/new-2/sittings/new"
    assert both(staff, f"{HOME}/new-2")


def test_a_reply_received_on_a_day_that_nobody_can_mean_is_refused_in_one_line(staff, consultation):
    guest = a_guest(an_event(consultation), a_person(consultation))
    address = f"{HOME}/session-1/invitations/{guest.id}"
    for day in ("9999-12-31", "0001-01-01"):
        page = staff.post(address, data={"channel": "telephone", "day": day, "at": "23:00", "choice": "declined"})
        assert "Enter a date from 1990 to 2100." in page.text
    assert replies_of(guest.id) == []


def test_seats_below_those_taken_are_refused_saying_how_many_are_taken(staff, consultation):
    event = an_event(consultation)
    for _ in range(3):
        guest = a_guest(event, a_person(consultation))
        reply_to_event(invitation_id=guest.id, answers=COMING, actor=SYSTEM)
    address = f"{HOME}/{event.name}/sittings/{the_sitting(event).id}"
    both(staff, address)
    page = staff.post(address, data={**SITTING, "seats_in_person": "2"})
    assert "3 seats are taken already: there cannot be only 2." in page.text
    assert fresh(select(Sitting.seats_in_person)) == 40


def test_a_sitting_nobody_was_told_of_can_be_removed(staff, consultation):
    event = an_event(consultation)
    staff.post(f"{HOME}/{event.name}/sittings/{the_sitting(event).id}/remove")
    assert fresh(select(Sitting.id)) is None


def test_the_particulars_can_be_changed_and_a_stale_text_is_shown(staff, consultation):
    event = an_event(consultation)
    address = f"{HOME}/{event.name}/edit"
    both(staff, address)
    texts = {f"{field}_{side}": getattr(event, f"{field}_{side}") for field in ("venue", "access", "about") for side in ("en", "fr")}
    changed = {**FORM, **texts, "title_fr": event.title_fr, "title_en": "Session 1, moved", "online_link": event.online_link}
    assert staff.post(address, data=changed).status_code == 302
    assert "Some texts are not the same in both languages" in both(staff, f"{HOME}/{event.name}")
    assert "The French text is older" in both(staff, address)
    staff.post(address, data={**changed, "confirm_texts": "y"})
    assert "Some texts are not the same" not in both(staff, f"{HOME}/{event.name}")


def a_full_event(consultation):
    event = an_event(consultation, in_person=1)
    people = [a_person(consultation, name) for name in ("Noémie Tremblay", "Sam Okafor", "Dana Whitfield", "Luc Beaulieu")]
    guests = [a_guest(event, person) for person in people]
    answers = [COMING, Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True), Answer(Choice.DECLINED)]
    for guest, answer in zip(guests, answers, strict=False):
        needs = NeedsStated("Ramp", "", ("lsq",)) if answer is COMING else None
        reply_to_event(invitation_id=guest.id, answers=answer, needs=needs, wants_questionnaire=True, actor=by_link(guest.id))
    return event, guests


def test_the_event_page_shows_seats_needs_replies_and_the_line(staff, consultation):
    event, _ = a_full_event(consultation)
    page = both(staff, f"{HOME}/{event.name}")
    for words in ("Noémie Tremblay", "Sign language (LSQ)", "Give a seat", "asked for the questionnaire", "No reply yet", "4 people"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("reply=accepted", {"Noémie Tremblay", "Sam Okafor"}),
        ("reply=waiting", {"Sam Okafor"}),
        ("reply=declined", {"Dana Whitfield"}),
        ("reply=none", {"Luc Beaulieu"}),
        ("search=tremb", {"Noémie Tremblay"}),
        ("language=fr", set()),
        ("sector=health", set()),
        ("reply=nonsense", {"Noémie Tremblay", "Sam Okafor", "Dana Whitfield", "Luc Beaulieu"}),
    ],
)
def test_replies_are_chosen_by_the_address(staff, consultation, query, shown):
    event, _ = a_full_event(consultation)
    page = staff.get(f"{HOME}/{event.name}?{query}").text
    table = page[page.index('id="replies"') :]
    names = {"Noémie Tremblay", "Sam Okafor", "Dana Whitfield", "Luc Beaulieu"}
    assert {name for name in names if name in table} == shown


def test_staff_give_a_seat_from_the_page(staff, consultation):
    event, guests = a_full_event(consultation)
    reply_to_event(invitation_id=guests[0].id, answers=Answer(Choice.DECLINED), actor=SYSTEM)
    seat = fresh(select(Seat).where(Seat.invitation_id == guests[1].id))
    staff.post(f"{HOME}/{event.name}/seats/{seat.id}/give")
    assert fresh(select(Seat.state).where(Seat.invitation_id == guests[1].id)) == "taken"


def test_no_seat_to_give_is_said_in_one_line(staff, consultation):
    event, guests = a_full_event(consultation)
    seat = fresh(select(Seat).where(Seat.invitation_id == guests[1].id))
    page = staff.post(f"{HOME}/{event.name}/seats/{seat.id}/give", follow_redirects=True)
    assert "No seat is free." in page.text


CALL = {"channel": "telephone", "day": "2026-11-01", "at": "10:00", "choice": "accepted", "mode": "online"}


def test_staff_write_down_a_call_with_its_own_time(staff, consultation):
    event = an_event(consultation)
    guest = a_guest(event, a_person(consultation, "Jo Beardy"))
    address = f"{HOME}/{event.name}/invitations/{guest.id}"
    assert "No reply yet" in both(staff, address)
    staff.post(address, data={**CALL, "reason": "Called back.", "states_needs": "y", "diet": "No nuts", "interpretation": ["asl"]})
    page = both(staff, address)
    for words in ("Telephone", "Called back.", "No nuts", "Sign language (ASL)", "1 Nov 2026, 10:00", "Seat taken"):
        assert words in page


def test_an_older_call_is_kept_and_said_to_change_nothing(staff, consultation):
    event = an_event(consultation)
    guest = a_guest(event, a_person(consultation))
    reply_to_event(invitation_id=guest.id, answers=COMING, actor=by_link(guest.id))
    page = staff.post(f"{HOME}/{event.name}/invitations/{guest.id}", data={**CALL, "choice": "declined"}, follow_redirects=True)
    assert "Kept in the ledger." in page.text
    assert len(replies_of(guest.id)) == 2
    assert find_invitation(guest.id).choice is Choice.ACCEPTED


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"choice": ""}, "Choose the reply."),
        ({"mode": ""}, "Choose in person or online."),
        ({"day": "2099-01-01"}, "has not come yet"),
        ({"mode": "in_person"}, "waiting list"),
    ],
)
def test_a_call_that_cannot_be_is_refused_and_what_was_typed_stays(staff, consultation, wrong, line):
    event = an_event(consultation, in_person=0)
    guest = a_guest(event, a_person(consultation))
    address = f"{HOME}/{event.name}/invitations/{guest.id}"
    for language in ("fr", "en"):
        page = staff.post(address, query_string={"lang": language}, data={**CALL, "reason": "Typed.", **wrong})
    assert line in page.text
    assert "Typed." in page.text
    assert replies_of(guest.id) == []


def test_withdrawing_needs_a_yes(staff, consultation):
    event = an_event(consultation)
    guest = a_guest(event, a_person(consultation))
    address = f"{HOME}/{event.name}/invitations/{guest.id}"
    staff.post(f"{address}/withdraw")
    assert find_invitation(guest.id).withdrawn_at is None
    staff.post(f"{address}/withdraw", data={"sure": "yes"})
    db.session.rollback()
    assert find_invitation(guest.id).withdrawn_at is not None
    assert "This invitation was withdrawn." in both(staff, address)
    assert "This invitation was withdrawn." in staff.post(address, data=CALL | {"day": "nonsense"}).text
    assert replies_of(guest.id) == []


def test_cancelling_needs_a_yes_and_is_shown(staff, consultation):
    event = an_event(consultation)
    staff.post(f"{HOME}/{event.name}/cancel")
    assert fresh(select(Event.status)) == "scheduled"
    staff.post(f"{HOME}/{event.name}/cancel", data={"sure": "yes"})
    assert "This event is cancelled." in both(staff, f"{HOME}/{event.name}")
    assert "Cancelled" in both(staff, HOME)


def test_the_agenda_is_built_and_only_those_who_agreed_are_named_to_guests(staff, consultation):
    from engagement.events.service import guest_view

    event = an_event(consultation)
    guest = a_guest(event, a_person(consultation))
    a_person(consultation, "Ada Speaker")
    a_person(consultation, "Quiet Panelist")
    address = f"{HOME}/{event.name}/sittings/{the_sitting(event).id}/agenda"
    assert "No agenda yet" in both(staff, address)
    item = {"starts": "13:00", "ends": "13:30", "kind": "guest_speaker", "title_en": "Opening", "title_fr": "Ouverture"}
    staff.post(address, data=item)
    people = re.search(r'href="([^"]+/agenda/[^"]+/people)"', both(staff, address)).group(1)
    assert "Nobody has a part" in both(staff, people)
    staff.post(people, data={"person": "ada speaker", "part": "speaker", "published": "y"})
    staff.post(people, data={"person": "Quiet Panelist", "part": "panelist"})
    assert "Ada Speaker" in both(staff, people)
    assert "not shown to guests" in both(staff, f"{HOME}/{event.name}")
    (line,) = guest_view(guest.id).sittings[0].agenda
    assert [each.name for each in line.people] == ["Ada Speaker"]
    both(staff, people.removesuffix("/people"))
    assert staff.post(people.removesuffix("/people"), data={**item, "ends": "14:00"}).status_code == 302
    staff.post(people.removesuffix("/people") + "/remove")
    assert "No agenda yet" in both(staff, address)


def test_an_item_outside_its_sitting_and_somebody_unknown_are_refused(staff, consultation):
    event = an_event(consultation)
    address = f"{HOME}/{event.name}/sittings/{the_sitting(event).id}/agenda"
    item = {"starts": "15:00", "ends": "16:00", "kind": "plenary"}
    for language in ("fr", "en"):
        page = staff.post(address, query_string={"lang": language}, data=item)
    assert "The sitting is from 13:00 to 15:00" in page.text
    staff.post(address, data={**item, "starts": "14:00", "ends": "15:00"})
    people = re.search(r'href="([^"]+/agenda/[^"]+/people)"', both(staff, address)).group(1)
    assert "Nobody on the roster" in staff.post(people, data={"person": "Nobody Here", "part": "speaker"}).text


def test_a_viewer_and_an_analyst_see_no_names(client, consultation):
    event, guests = a_full_event(consultation)
    plan = AgendaPlan(kind=AgendaKind.PANEL, starts_wall=in_weeks(3), ends_wall=in_weeks(3, 14), title=Text("", ""))
    item = add_agenda_item(sitting_id=the_sitting(event).id, plan=plan, actor=SYSTEM)
    person = a_person(consultation, "Quiet Panelist")
    add_part(item_id=item.id, person_id=person.id, part=Part.PANELIST, actor=SYSTEM)
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    page = both(client, f"{HOME}/{event.name}")
    assert "Noémie" not in page
    assert "Quiet Panelist" not in page
    assert client.get(f"{HOME}/{event.name}/invitations/{guests[0].id}").status_code == 404
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    assert client.get(HOME).status_code == 404


def test_attendance_is_counted_by_person_and_shown(staff, consultation):
    event = an_event(consultation, days=2)
    person = a_person(consultation, "Noémie Tremblay")
    a_guest(event, person)
    for sitting in sittings_of(event.id):
        record_attendance(event_id=event.id, sitting_id=sitting.id, person_ids=[person.id], mode=Mode.IN_PERSON, actor=SYSTEM)
    assert record_attendance(event_id=event.id, sitting_id=sitting.id, person_ids=[person.id], mode=Mode.IN_PERSON, actor=SYSTEM) == 0
    both(staff, f"{HOME}/{event.name}")
    page = staff.get(f"{HOME}/{event.name}?reply=attended").text
    assert "Was there" in page
    assert "In person: 1" in page


def test_a_call_about_one_of_two_days_leaves_the_other_open(staff, consultation):
    event = an_event(consultation, days=2)
    guest = a_guest(event, a_person(consultation))
    address = f"{HOME}/{event.name}/invitations/{guest.id}"
    assert "The whole event" in both(staff, address)
    second = sittings_of(event.id)[1]
    assert staff.post(address, data={**CALL, "sitting": str(second.id)}).status_code == 302
    db.session.rollback()
    assert [sitting.taken_online for sitting in sittings_of(event.id)] == [0, 1]


def test_what_may_be_left_empty_is_marked_on_the_form(client):
    signed_in_as(client, a_member(a_consultation()))
    for language, said in (("en", "(optional)"), ("fr", "(facultatif)")):
        page = BeautifulSoup(client.get(f"/c/fisheries/events/new?lang={language}").text, "html.parser")
        marked = {label["for"] for label in page.find_all("label") if label.find(class_="optional", string=said)}
        for field in ("venue", "access", "about", "date_note"):
            assert {f"{field}_en", f"{field}_fr"} <= marked
        assert "title_en" not in marked


def test_a_viewer_is_led_to_the_public_dates_only_while_there_is_a_public_page(client, consultation):
    an_event(consultation)
    signed_in_as(client, a_member(consultation, Role.VIEWER))
    assert "1 scheduled, the next on" in client.get("/c/fisheries/").text
    with writing() as session:
        session.get(Consultation, consultation.id).why_fr = ""
    assert client.get("/consultation/fisheries").status_code == 404
    assert "1 scheduled" not in client.get("/c/fisheries/").text
