"""Discreet mails, one mailbox for everything, rules of a zone that change, and what a guest is known to know."""

from dataclasses import replace
from datetime import timedelta

import pytest
import vobject
from sqlalchemy import select

from engagement.events.agenda import AgendaPlan, add_agenda_item
from engagement.events.cancelling import cancel_event
from engagement.events.models import AgendaItem, AgendaKind, CalendarEntry, Event, Sitting
from engagement.events.replies import Answer, reply_to_event
from engagement.events.service import SittingPlan, edit_event, edit_sitting, schedule_event
from engagement.events.shown import Shown, shown_to
from engagement.events.telling import guests_behind
from engagement.events.tellings import tell_change
from engagement.events.withdrawing import withdraw_guest
from engagement.events.zone_rules import keep_moment, keep_wall_time, moved_by_rules
from engagement.invitations.models import Choice, Mode
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.mailing.models import Message
from engagement.mailing.texts import shipped_text
from engagement.outreach.reading import as_one_person_reads_it
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import a_person, an_event, in_weeks, particulars, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked
from tests.outreach.given import a_draft
from tests.support.given import a_consultation, a_member, fresh

pytestmark = pytest.mark.slow

TELLING = ("Survivors", "Survivantes", "future of fisheries", "L’avenir", "Department of Examples", "Ministère des Exemples", "Roundtable")


@pytest.fixture
def consultation(app):
    return a_consultation()


def moved(event, hour):
    sitting = the_sitting(event)
    plan = SittingPlan(
        starts_wall=sitting.starts_wall.replace(hour=hour), ends_wall=sitting.ends_wall.replace(hour=hour + 2), seats_in_person=40
    )
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)


def whole_story(event, person, post):
    """Invite, reply, move, cancel; return every mail."""
    invitation = asked(event, person)
    mails = delivered(post)
    reply_to_event(invitation_id=invitation.id, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON), actor=by_link(invitation.id))
    mails += delivered(post)
    moved(event, 15)
    tell_change(event_id=event.id, actor=SYSTEM)
    mails += delivered(post)
    cancel_event(event_id=event.id, actor=SYSTEM)
    return mails + delivered(post)


def reads_nothing_telling(mail):
    outside = [mail.subject, str(mail.mail["From"]), mail.ics]
    return not any(word in part for word in TELLING for part in outside)


@pytest.mark.parametrize("language", ["en", "fr", None])
def test_a_discreet_guest_reads_nothing_telling(consultation, post, language):
    person = a_person(consultation, language=language)
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    mails = whole_story(an_event(consultation, "Survivors of it"), person, post)
    assert [mail.method for mail in mails] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert all(reads_nothing_telling(mail) for mail in mails)
    said = {"en": "Meeting", "fr": "Réunion", None: "Meeting / Réunion"}[language]
    assert {mail.event.summary.value for mail in mails} == {said}
    assert all(mail.mail["From"].addresses[0].display_name == "" for mail in mails)


def test_a_discreet_event_reads_so_to_everybody(consultation, post):
    event = an_event(consultation, "Survivors of it")
    edit_event(event_id=event.id, particulars=replace(particulars("Survivors of it"), discreet=True), actor=SYSTEM)
    mails = whole_story(event, a_person(consultation), post)
    assert len(mails) == 4
    assert all(reads_nothing_telling(mail) for mail in mails)
    assert "Survivors of it" in mails[0].plain


def test_the_check_of_a_mailing_shows_the_neutral_subject_that_will_go(consultation):
    person, event = a_person(consultation), an_event(consultation, "Survivors of it")
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    draft = a_draft(event, [person], a_member(consultation))
    written = as_one_person_reads_it(draft, db.session.get(Person, person.id), shipped_text("event_invitation"))
    assert written.subject.startswith("Meeting, ")
    assert "Survivors" not in written.subject


def test_a_withdrawal_is_as_discreet_as_the_invitation_was(consultation, post):
    person = a_person(consultation)
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    invitation = asked(an_event(consultation, "Survivors of it"), person)
    delivered(post)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert reads_nothing_telling(mail)


def test_a_restricted_event_is_discreet_from_the_start_and_can_be_made_otherwise(consultation):
    event = an_event(consultation, restricted=True)
    assert event.discreet
    edit_event(event_id=event.id, particulars=replace(particulars(restricted=True), discreet=False), actor=SYSTEM)
    assert fresh(select(Event.discreet)) is False
    plain = an_event(consultation, "Session 2")
    assert not plain.discreet
    edit_event(event_id=plain.id, particulars=particulars("Session 2", restricted=True), actor=SYSTEM)
    assert fresh(select(Event.discreet).where(Event.id == plain.id)) is True


def test_an_event_made_discreet_is_told_so_that_calendars_forget_its_name(consultation, post):
    event = an_event(consultation, "Survivors of it")
    asked(event, a_person(consultation))
    delivered(post)
    edit_event(event_id=event.id, particulars=replace(particulars("Survivors of it"), discreet=True), actor=SYSTEM)
    tell_change(event_id=event.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert mail.event.summary.value == "Meeting"


def test_whoever_wants_no_calendar_entries_gets_none_and_no_cancel(consultation, post):
    person = a_person(consultation)
    change_wishes(person_id=person.id, wishes=Wishes(wants_calendar=False), actor=SYSTEM)
    mails = whole_story(an_event(consultation), person, post)
    assert [mail.ics for mail in mails] == ["", "", "", ""]
    assert "does not take place" in mails[-1].plain


def test_whoever_stops_wanting_entries_gets_the_one_they_have_taken_out(consultation, post):
    event, person = an_event(consultation), a_person(consultation)
    asked(event, person)
    delivered(post)
    change_wishes(person_id=person.id, wishes=Wishes(wants_calendar=False), actor=SYSTEM)
    cancel_event(event_id=event.id, actor=SYSTEM)
    assert [mail.method for mail in delivered(post)] == ["CANCEL"]


def test_with_one_mailbox_the_organizer_is_that_mailbox_in_every_revision(consultation, post, app):
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, mail_one_mailbox=True)
    try:
        mails = whole_story(an_event(consultation), a_person(consultation), post)
    finally:
        app.config["SETTINGS"] = settings
    assert {mail.event.organizer.value for mail in mails} == {f"mailto:{settings.mail_default_sender}"}


def test_the_organizer_stays_the_same_mailbox_in_every_revision(consultation, post):
    mails = whole_story(an_event(consultation), a_person(consultation), post)
    assert len({mail.event.organizer.value for mail in mails}) == 1
    assert mails[0].event.organizer.value.startswith("mailto:replies+")
    assert len({mail.uid for mail in mails}) == 1


def test_what_was_told_is_what_was_written_not_what_is_edited_since(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation))
    post.thinks = 0
    delivered(post)
    entry = fresh(select(CalendarEntry))
    known = Shown.from_facts(entry.told_facts)
    assert known == shown_to(db.session.get(Event, event.id), the_sitting(event), None, discreet=False)
    assert (entry.told, entry.held) == (known.mark, True)
    # Sealed for the entry: the message tells nothing of it.
    assert "Session" not in str(fresh(select(Message.details)))


def test_facts_come_back_as_they_were_stored(consultation):
    event = an_event(consultation)
    shown = shown_to(event, the_sitting(event), Mode.ONLINE, discreet=True)
    assert Shown.from_facts(shown.as_facts()) == shown
    assert Shown.from_facts("") is None


def test_the_zones_name_does_not_count_and_the_instants_do(consultation):
    event = an_event(consultation)
    shown = shown_to(event, the_sitting(event), None, discreet=False)
    assert replace(shown, zone="America/New_York").mark == shown.mark
    assert replace(shown, starts_at=shown.starts_at + timedelta(minutes=1)).mark != shown.mark


def shifted(event, hours=1):
    """Store the instants that another edition of the zones made of the same wall time."""
    with writing() as session:
        sitting = session.scalar(select(Sitting).where(Sitting.event_id == event.id))
        sitting.starts_at, sitting.ends_at = sitting.starts_at + timedelta(hours=hours), sitting.ends_at + timedelta(hours=hours)
    return db.session.get(Event, event.id)


def vancouver(consultation):
    plans = [SittingPlan(starts_wall=in_weeks(3, 9), ends_wall=in_weeks(3, 11), seats_in_person=10)]
    return schedule_event(consultation_id=consultation.id, particulars=particulars(zone="America/Vancouver"), sittings=plans, actor=SYSTEM)


def test_a_new_rule_of_the_zone_moves_nothing_by_itself(consultation, post):
    event = vancouver(consultation)
    assert moved_by_rules(event) == []
    event = shifted(event)
    stored = the_sitting(event).starts_at
    edit_event(event_id=event.id, particulars=particulars(zone="America/Vancouver", restricted=False), actor=SYSTEM)
    sitting = the_sitting(event)
    plan = SittingPlan(starts_wall=sitting.starts_wall, ends_wall=sitting.ends_wall, seats_in_person=12)
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)
    assert fresh(select(Sitting.starts_at)) == stored
    (found,) = moved_by_rules(db.session.get(Event, event.id))
    assert found.wall_then == sitting.starts_wall + timedelta(hours=1)


def test_keeping_the_wall_time_moves_the_instants_and_guests_can_be_told(consultation, post):
    event = shifted(vancouver(consultation))
    asked(event, a_person(consultation))
    (first,) = delivered(post)
    keep_wall_time(sitting_id=the_sitting(event).id, actor=SYSTEM)
    assert moved_by_rules(event) == []
    tell_change(event_id=event.id, actor=SYSTEM)
    (second,) = delivered(post)
    assert second.event.dtstart.value == first.event.dtstart.value - timedelta(hours=1)
    assert second.sequence == first.sequence + 1


def test_keeping_the_moment_changes_the_wall_time_and_its_agenda_and_guests_can_be_told(consultation, post):
    event = shifted(vancouver(consultation))
    wall = the_sitting(event).starts_wall
    item = AgendaPlan(kind=AgendaKind.WELCOME, starts_wall=wall, ends_wall=wall + timedelta(minutes=10), title=Text("", ""))
    add_agenda_item(sitting_id=the_sitting(event).id, plan=item, actor=SYSTEM)
    asked(event, a_person(consultation))
    (first,) = delivered(post)
    keep_moment(sitting_id=the_sitting(event).id, actor=SYSTEM)
    assert fresh(select(AgendaItem.starts_wall)) == wall + timedelta(hours=1)
    assert [guest.fate for guest in guests_behind(db.session.get(Event, event.id))] == ["mail"]
    tell_change(event_id=event.id, actor=SYSTEM)
    (second,) = delivered(post)
    assert second.event.dtstart.value == first.event.dtstart.value
    assert second.sequence == first.sequence
    assert "10:00 to 12:00" in second.plain.partition("now: ")[2]
    assert guests_behind(db.session.get(Event, event.id)) == []


def test_a_part_that_is_sent_is_read_the_same_by_two_parsers(consultation, post):
    for mail in whole_story(an_event(consultation, "A; title, with \\ signs"), a_person(consultation, 'Zoë "Z" O’Neil'), post):
        assert mail.event.summary.value == "A; title, with \\ signs"
        assert vobject.readOne(mail.ics).vevent.attendee.params["CN"] == ["Zoë 'Z' O’Neil"]
