"""The pages on which the team tells: who, in which words, with which note; in both languages, empty, full and in error."""

import icalendar
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.consultations.service import clear
from engagement.events.models import Event, EventStatus, Sitting, Telling
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, edit_sitting, sittings_of
from engagement.invitations.models import Choice, Invitation
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.db import writing
from engagement.kernel.policy import Role
from engagement.roster.models import Person
from engagement.roster.service import add_batch, put_in_batch
from tests.events.given import HOME, a_guest, a_person, an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, messages
from tests.events.test_notices import shifted, vancouver
from tests.support.given import a_consultation, a_member, fresh, signed_in_as

pytestmark = pytest.mark.slow


@pytest.fixture
def consultation(app):
    return a_consultation()


def both(client, address):
    """Fetch a page in both languages (each is linted) and return the English one, after any line about what was done."""
    client.get(address, query_string={"lang": "en"})
    assert client.get(address, query_string={"lang": "fr"}).status_code == 200
    page = client.get(address, query_string={"lang": "en"})
    assert page.status_code == 200
    return page.text


def moved(event, hour=14):
    sitting = the_sitting(event)
    plan = SittingPlan(
        starts_wall=sitting.starts_wall.replace(hour=hour), ends_wall=sitting.ends_wall.replace(hour=hour + 2), seats_in_person=40
    )
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)


@pytest.fixture
def event(consultation, post):
    """Return an event whose two guests were told an older time; a third said no."""
    made = an_event(consultation)
    for name, language in (("Ada Roy", "en"), ("Noémie Tremblay", "fr")):
        asked(made, a_person(consultation, name, language=language))
    nay = asked(made, a_person(consultation, "Nay Sayer"))
    delivered(post)
    reply_to_event(invitation_id=nay.id, answers=Answer(Choice.DECLINED), actor=by_link(nay.id))
    delivered(post)
    moved(made)
    return made


def seen_on(page):
    return BeautifulSoup(page, "html.parser").find("input", attrs={"name": "seen"})["value"]


def test_the_event_says_how_many_know_an_older_time_and_the_page_shows_them(staff, event):
    assert "2 guests know an older time or place." in both(staff, f"{HOME}/{event.name}")
    page = both(staff, f"{HOME}/{event.name}/tell")
    assert "13:00 to 15:00 (Eastern) → " in page
    assert "de 14" in page
    assert "Ada Roy" in page
    assert "Said no (1)" in page
    assert "Nay Sayer" in page.partition("Not told")[2]
    assert "Tell 2 guests" in page


def test_nobody_to_tell_is_said_so(staff, consultation):
    made = an_event(consultation)
    assert "There is nothing to tell." in both(staff, f"{HOME}/{made.name}/tell")
    assert "older time" not in both(staff, f"{HOME}/{made.name}")


def test_the_mail_is_read_as_a_guest_reads_it_with_the_note_as_typed(staff, event, post):
    address = f"{HOME}/{event.name}/tell"
    page = both(staff, address)
    key = BeautifulSoup(page, "html.parser").find(string="Noémie Tremblay").find_parent("tr").find("button")["value"]
    form = {"note_en": "Bring a coat.", "note_fr": "Apportez un manteau.", "seen": seen_on(page), "read": key}
    shown = staff.post(address, data=form).text
    assert "As Noémie Tremblay will read it" in shown
    assert "Bonjour Noémie Tremblay," in shown
    assert "Apportez un manteau." in shown.partition("</section>")[0]
    assert "Bring a coat." in BeautifulSoup(shown, "html.parser").find("textarea", attrs={"name": "note_en"}).text
    assert messages("event_change") == []
    assert staff.post(address, data={**form, "read": "nobody"}).status_code == 404


def test_a_yes_tells_and_the_event_shows_when(staff, event, post):
    address = f"{HOME}/{event.name}/tell"
    sent = staff.post(address, data={"seen": seen_on(both(staff, address)), "note_en": "Sorry.", "note_fr": "Désolés."})
    assert sent.status_code == 302
    assert len(messages("event_change")) == 2
    assert "On its way" in both(staff, f"{HOME}/{event.name}")
    mails = delivered(post)
    assert {mail.to for mail in mails} == {message.to_address for message in messages("event_change")}
    page = both(staff, f"{HOME}/{event.name}")
    assert "Told so far" in page
    assert "know an older time" not in page
    invitation = fresh(select(Invitation).where(Invitation.choice.is_(None)))
    assert "That is how it stands." in both(staff, f"{HOME}/{event.name}/invitations/{invitation.id}")


@pytest.mark.parametrize("note", [{"note_en": "Only English."}, {"note_fr": "Seulement en français."}])
def test_half_a_note_is_refused_in_one_line(staff, event, note):
    address = f"{HOME}/{event.name}/tell"
    seen = seen_on(both(staff, address))
    for language in ("fr", "en"):
        page = staff.post(address, query_string={"lang": language}, data={"seen": seen, **note})
    assert page.text.count("Write the note in both languages, or leave both empty.") == 2
    assert messages("event_change") == []


def test_what_changed_since_the_look_is_shown_before_anybody_is_told(staff, event):
    address = f"{HOME}/{event.name}/tell"
    seen = seen_on(both(staff, address))
    moved(event, 16)
    page = staff.post(address, data={"seen": seen})
    assert "look again, then approve" in page.text
    assert "16:00 to 18:00" in page.text
    assert messages("event_change") == []
    assert staff.post(address, data={"seen": ""}).status_code == 200
    assert messages("event_change") == []


def test_cancelling_shows_who_will_be_told_and_asks_for_a_yes(staff, event, post):
    address = f"{HOME}/{event.name}/cancel"
    page = both(staff, address)
    assert "2 guests know of it and are told" in page
    assert "1 guest said no" in page
    for language in ("fr", "en"):
        refused = staff.post(address, query_string={"lang": language}, data={})
    assert "Tick the box to confirm" in refused.text
    assert fresh(select(Event.status)) is EventStatus.SCHEDULED
    assert staff.post(address, data={"sure": "yes"}).headers["Location"] == f"{HOME}/{event.name}"
    assert len(delivered(post)) == 2
    page = both(staff, f"{HOME}/{event.name}")
    assert "This event is cancelled." in page
    assert "The cancellation" in page
    assert staff.get(address).status_code == 302


def test_the_cancellation_is_read_before_the_yes(staff, event):
    address = f"{HOME}/{event.name}/cancel"
    page = both(staff, address)
    key = BeautifulSoup(page, "html.parser").find("button", attrs={"name": "read"})["value"]
    for language in ("fr", "en"):
        shown = staff.post(address, query_string={"lang": language}, data={"read": key})
    assert "does not take place" in shown.text
    assert fresh(select(Event.status)) is EventStatus.SCHEDULED


def test_one_sitting_is_cancelled_from_its_page(staff, consultation, post):
    made = an_event(consultation, days=2)
    asked(made, a_person(consultation))
    delivered(post)
    one = sittings_of(made.id)[0]
    assert "Cancel the sitting" in both(staff, f"{HOME}/{made.name}/sittings/{one.id}")
    address = f"{HOME}/{made.name}/sittings/{one.id}/cancel"
    assert "1 guest knows of it" in both(staff, address)
    staff.post(address, data={"sure": "y", "note_en": "No hall.", "note_fr": "Pas de salle."})
    assert fresh(select(Sitting.cancelled_at).where(Sitting.id == one.id)) is not None
    assert [mail.method for mail in delivered(post)] == ["CANCEL"]
    for page in (f"{HOME}/{made.name}", HOME, f"{HOME}/{made.name}/sittings/{one.id}"):
        assert "ancelled" in both(staff, page)
    assert staff.get(address).status_code == 302


def test_the_only_sitting_left_is_refused_with_what_to_do(staff, event):
    address = f"{HOME}/{event.name}/sittings/{the_sitting(event).id}/cancel"
    for language in ("fr", "en"):
        page = staff.post(address, query_string={"lang": language}, data={"sure": "y"})
    assert "cancel the event instead" in page.text


def test_withdrawing_asks_whether_to_write_where_it_matters(staff, consultation, event, post):
    invitation = fresh(select(Invitation).where(Invitation.choice.is_(None)))
    address = f"{HOME}/{event.name}/invitations/{invitation.id}"
    page = both(staff, address)
    assert BeautifulSoup(page, "html.parser").find("input", attrs={"name": "tell", "checked": True}) is None
    staff.post(f"{address}/withdraw", data={"sure": "yes"})
    assert fresh(select(Invitation.withdrawn_at).where(Invitation.id == invitation.id)) is None
    staff.post(f"{address}/withdraw", data={"sure": "yes", "tell": "yes"})
    assert [mail.method for mail in delivered(post)] == ["CANCEL"]
    unsent = a_guest(event, a_person(consultation))
    assert "nothing is sent" in both(staff, f"{HOME}/{event.name}/invitations/{unsent.id}")
    staff.post(f"{HOME}/{event.name}/invitations/{unsent.id}/withdraw", data={"sure": "yes"})
    assert fresh(select(Invitation.withdrawn_at).where(Invitation.id == unsent.id)) is not None


def test_a_member_who_is_not_cleared_sees_no_page_of_a_restricted_event(client, consultation):
    made = an_event(consultation, restricted=True)
    member = a_member(consultation, Role.STAFF)
    signed_in_as(client, member)
    sitting = the_sitting(made)
    places = ("tell", "cancel", "calendar.ics", f"sittings/{sitting.id}/cancel")
    assert [client.get(f"{HOME}/{made.name}/{place}").status_code for place in places] == [404] * 4
    assert client.post(f"{HOME}/{made.name}/cancel", data={"sure": "yes"}).status_code == 404
    assert client.post(f"{HOME}/{made.name}/sittings/{sitting.id}/rules", data={"keep": "wall"}).status_code == 404
    assert fresh(select(Event.status)) is EventStatus.SCHEDULED
    clear(consultation_id=consultation.id, user_id=member.id, kind="event", subject_id=made.id, actor=SYSTEM)
    assert [client.get(f"{HOME}/{made.name}/{place}").status_code for place in places] == [200] * 4


@pytest.mark.parametrize("role", [Role.ANALYST, Role.NOTE_TAKER])
def test_whoever_may_not_invite_tells_nobody(client, consultation, role):
    made = an_event(consultation)
    signed_in_as(client, a_member(consultation, role, event_id=made.id if role is Role.NOTE_TAKER else None))
    for place in ("tell", "cancel"):
        assert client.get(f"{HOME}/{made.name}/{place}").status_code in {403, 404}
        assert client.post(f"{HOME}/{made.name}/{place}", data={"sure": "yes"}).status_code in {403, 404}
    assert fresh(select(Telling.id)) is None


def test_guests_whom_a_member_may_not_know_are_counted_not_named_and_told_all_the_same(client, consultation, event, post):
    quiet = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    hidden = a_person(consultation, "Grace Hidden")
    put_in_batch(batch_id=quiet.id, person_ids=[hidden.id], actor=SYSTEM)
    with writing() as session:
        session.get(Person, hidden.id).open_to_team = False
    asked(event, hidden)
    delivered(post)
    moved(event, 17)
    signed_in_as(client, a_member(consultation, Role.STAFF))
    for place, words in (("tell", "3 guests know"), ("cancel", "3 guests know of it")):
        page = both(client, f"{HOME}/{event.name}/{place}")
        assert words in page
        assert "1 of them is known to cleared members only" in page
        assert "Grace Hidden" not in page
    client.post(f"{HOME}/{event.name}/tell", data={"seen": seen_on(both(client, f"{HOME}/{event.name}/tell"))})
    assert hidden.id in {message.person_id for message in messages("event_change")}


def test_a_rule_of_the_zone_is_settled_on_the_page_of_the_event(staff, consultation):
    made = shifted(vancouver(consultation))
    page = both(staff, f"{HOME}/{made.name}")
    assert "A rule of the time zone has changed." in page
    assert "Keep the moment: 10:00" in page
    assert "A rule of a time zone has moved" in both(staff, "/c/fisheries/")
    address = f"{HOME}/{made.name}/sittings/{the_sitting(made).id}/rules"
    staff.post(address, data={"keep": "neither"})
    assert "A rule of the time zone" in both(staff, f"{HOME}/{made.name}")
    staff.post(address, data={"keep": "moment"})
    page = both(staff, f"{HOME}/{made.name}")
    assert "A rule of the time zone" not in page
    assert "10:00 to 12:00" in page


def test_the_team_takes_the_sittings_into_its_own_calendar_without_guests(staff, event):
    file = staff.get(f"{HOME}/{event.name}/calendar.ics")
    (found,) = icalendar.Calendar.from_ical(file.text).walk("VEVENT")
    assert str(found["SUMMARY"]) == "Session 1"
    assert "ATTENDEE" not in file.text
    assert "meet.example.org" not in file.text
    assert "Ada" not in file.text
    assert file.headers["Content-Disposition"] == f"attachment; filename={event.name}.ics"


def test_an_event_without_a_date_has_no_calendar_file(staff, consultation):
    made = an_event(consultation, days=0)
    assert staff.get(f"{HOME}/{made.name}/calendar.ics").status_code == 404


def test_the_form_of_an_event_keeps_what_is_discreet(staff, event):
    address = f"{HOME}/{event.name}/edit"
    page = BeautifulSoup(both(staff, address), "html.parser")
    assert page.find("input", attrs={"name": "discreet", "checked": True}) is None
    assert page.find("input", attrs={"name": "without_calendar", "checked": True}) is None
    form = {field["name"]: field.get("value", "") for field in page.select("main input[type=text], main input[type=url]")}
    form |= {"kind": "roundtable", "format": "hybrid", "zone": "America/Toronto", "discreet": "y", "without_calendar": "y", "listed": "y"}
    form |= {field["name"]: field.text.strip() for field in page.select("main textarea")}
    assert staff.post(address, data=form).status_code == 302
    stored = fresh(select(Event))
    assert (stored.discreet, stored.sends_calendar) == (True, False)
    page = BeautifulSoup(both(staff, address), "html.parser")
    assert page.find("input", attrs={"name": "without_calendar", "checked": True}) is not None
