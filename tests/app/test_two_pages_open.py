"""Two of the team have a page open: whoever saves second loses nothing that the first one changed, nor what they typed."""

import pytest
from bs4 import BeautifulSoup

from engagement.consultations.models import Consultation
from engagement.events.models import Event, Sitting
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, tell_safe_contact, wish_for_address
from tests.portal.given import an_event
from tests.questionnaires.given import a_person
from tests.support.given import a_consultation, a_member, signed_in_as, stored


@pytest.fixture
def consultation(client):
    made = a_consultation()
    signed_in_as(client, a_member(made))
    return made


def opened(client, address):
    """Return the form of a page as a browser would send it."""
    page = BeautifulSoup(client.get(address).text, "html.parser")
    form = next(each for each in page.find_all("form", method="post") if each.find("input", attrs={"name": "as_shown"}))
    fields = {}
    for tag in form.find_all(["input", "textarea", "select"], attrs={"name": True}):
        name, kind = tag["name"], tag.get("type")
        if kind in {"checkbox", "radio"}:
            if tag.has_attr("checked"):
                fields.setdefault(name, []).append(tag.get("value", "y"))
        elif tag.name == "select":
            chosen = tag.find("option", selected=True) or tag.find("option")
            fields[name] = chosen["value"]
        elif kind != "file":
            fields[name] = tag.text.removeprefix("\n").removeprefix("\r\n") if tag.name == "textarea" else tag.get("value", "")
    return fields


def marks_in(page):
    return BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "as_shown"})["value"]


def test_who_saves_second_is_told_what_changed_meanwhile_and_both_changes_stand(client, consultation):
    event = an_event(consultation)
    address = f"/c/fisheries/events/{event.name}/edit"
    first, second = opened(client, address), opened(client, address)
    assert client.post(address, data={**first, "venue_en": "New hall", "venue_fr": "Nouvelle salle"}).status_code == 302
    mine = {**second, "about_en": "We listen well.", "about_fr": "Nous écoutons bien."}
    page = client.post(address, data=mine)
    assert "Meanwhile somebody has changed: Place, in English, Place, in French." in page.text
    assert 'value="New hall"' in page.text
    assert "We listen well." in page.text
    assert stored(event).text("about").en == "We listen."
    again = {**mine, "venue_en": "New hall", "venue_fr": "Nouvelle salle", "as_shown": marks_in(page)}
    assert client.post(address, data=again).status_code == 302
    assert (stored(event).text("venue").en, stored(event).text("about").en) == ("New hall", "We listen well.")


def test_where_both_changed_the_same_nothing_is_decided_for_them(client, consultation):
    event = an_event(consultation)
    address = f"/c/fisheries/events/{event.name}/edit"
    first, second = opened(client, address), opened(client, address)
    client.post(address, data={**first, "venue_en": "New hall", "venue_fr": "Nouvelle salle"})
    mine = {**second, "venue_en": "Library", "venue_fr": "Bibliothèque"}
    page = client.post(address, data=mine)
    assert "Somebody has changed this meanwhile. Now it says: New hall" in page.text
    assert 'value="Library"' in page.text
    assert "Quelqu’un" in client.post(f"{address}?lang=fr", data=mine).text
    assert stored(event).text("venue").en == "New hall"
    assert client.post(address, data={**mine, "as_shown": marks_in(page)}).status_code == 302
    assert stored(event).text("venue").en == "Library"


def test_what_nobody_changed_meanwhile_is_saved_at_once(client, consultation):
    event = an_event(consultation)
    sitting = db.session.query(Sitting).filter_by(event_id=event.id).one()
    person = a_person(consultation, safe_contact="After six\nor before three")
    for address, change in (
        (f"/c/fisheries/events/{event.name}/edit", {"venue_en": "Library", "venue_fr": "Bibliothèque"}),
        (f"/c/fisheries/events/{event.name}/sittings/{sitting.id}", {"seats_online": "7"}),
        (f"/c/fisheries/people/{person.id}/edit", {"phone": "613 555-0100"}),
        ("/c/fisheries/edit", {"contact_phone": "613 555-0101"}),
    ):
        for _ in range(2):
            assert client.post(address, data={**opened(client, address), **change}).status_code == 302, address
    assert (stored(sitting).seats_online, stored(person).phone) == (7, "613 555-0100")
    assert stored(consultation).contact_phone == "613 555-0101"


def test_seats_that_somebody_else_changed_are_not_put_back(client, consultation):
    event = an_event(consultation)
    sitting = db.session.query(Sitting).filter_by(event_id=event.id).one()
    address = f"/c/fisheries/events/{event.name}/sittings/{sitting.id}"
    first, second = opened(client, address), opened(client, address)
    client.post(address, data={**first, "seats_in_person": "4"})
    page = client.post(address, data={**second, "seats_online": "5"})
    assert "Meanwhile somebody has changed: Seats in person." in page.text
    assert (stored(sitting).seats_in_person, stored(sitting).seats_online) == (4, 10)


def test_what_somebody_said_of_their_safety_while_the_page_was_open_is_not_wiped(client, consultation):
    person = a_person(consultation)
    address = f"/c/fisheries/people/{person.id}/edit"
    page = opened(client, address)
    tell_safe_contact(person_id=person.id, words="Never at home", zone="America/Toronto", actor=SYSTEM)
    wish_for_address(person_id=person.id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    answer = client.post(address, data={**page, "phone": "613 555-0100"})
    assert "Never at home" in answer.text
    assert "Never at home" in stored(person).safe_contact
    assert stored(person).do_not_contact
    assert stored(person).phone == ""


def test_a_form_without_marks_is_taken_as_before(client, consultation):
    page = opened(client, "/c/fisheries/edit")
    for marks in (None, "nothing that we wrote", "[]"):
        sent = {name: value for name, value in page.items() if name != "as_shown"} | ({"as_shown": marks} if marks else {})
        assert client.post("/c/fisheries/edit", data={**sent, "contact_phone": "1"}).status_code == 302
    assert stored(db.session.get_one(Consultation, consultation.id)).contact_phone == "1"
    assert db.session.query(Event).count() == db.session.query(Person).count() == 0
