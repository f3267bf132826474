"""What an event's mails say, to whom they go, and when they do not go any more."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import vobject
from sqlalchemy import select, update

from engagement.consultations.models import Consultation, Status
from engagement.events.letters import compose_confirmation, compose_invitation, invitations_among, preview_invitation
from engagement.events.models import CalendarEntry
from engagement.events.replies import Answer, promote_from_waitlist, reply_to_event, withdraw_guest
from engagement.events.seats import waiting_line
from engagement.events.service import SittingPlan, cancel_event, edit_event, edit_sitting, schedule_event, sittings_of
from engagement.invitations.links import find_link
from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import in_utc, now
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Composed, Dropped, Sketch, Waits
from engagement.mailing.letters import write
from engagement.mailing.models import Message, State
from engagement.mailing.preparing import prepare
from engagement.mailing.texts import shipped_text
from engagement.roster.models import Person
from tests.events.given import COMING, a_person, an_event, ended, particulars, the_sitting
from tests.events.telling_given import asked, messages
from tests.support.given import a_consultation

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)


@pytest.fixture
def consultation(app):
    return a_consultation()


def reading(message, composed):
    return write(shipped_text(message.purpose), composed.values, message.language, "http://localhost")


def test_an_invitation_greets_by_name_and_carries_a_link_of_its_own(consultation):
    event = an_event(consultation)
    invitation = asked(event, a_person(consultation, "Noémie Tremblay", language="fr"))
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    assert isinstance(composed, Composed)
    mail = reading(message, composed)
    assert "Bonjour Noémie Tremblay," in mail.plain
    assert "Session 1, en français" in mail.subject
    token = composed.values["fr"]["reply_link"].rpartition("/")[2]
    assert find_link(token) is None
    with writing() as session:
        store_all(session, composed.rows)
    assert find_link(token).invitation.id == invitation.id


def test_a_guest_whose_language_is_not_known_gets_both_whole(consultation):
    asked(an_event(consultation), a_person(consultation, "Sam Okafor", language=None))
    (message,) = messages("event_invitation")
    mail = reading(message, compose_invitation(message))
    assert "Dear Sam Okafor," in mail.plain
    assert "Bonjour Sam Okafor," in mail.plain


def test_each_sitting_is_a_mail_with_a_calendar_entry_of_its_own(consultation):
    event = an_event(consultation, days=2)
    person = a_person(consultation)
    asked(event, person)
    asked(event, person)
    sent = messages("event_invitation")
    assert len(sent) == 2
    found = [vobject.readOne(compose_invitation(message).calendar.ics.decode()).vevent for message in sent]
    assert len({event.uid.value for event in found}) == 2
    assert [event.dtstart.value for event in found] == [s.starts_at for s in sittings_of(event.id)]
    assert "2 sittings" in compose_invitation(sent[0]).values["en"]["part"]


def test_an_event_without_a_date_is_asked_to_without_a_calendar_entry(consultation):
    asked(an_event(consultation, days=0), a_person(consultation))
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    assert composed.calendar is None
    assert "not set yet" in composed.values["en"]["when"]


def test_the_invitation_never_carries_the_online_link(consultation):
    asked(an_event(consultation), a_person(consultation))
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    assert "meet.example.org" not in reading(message, composed).plain
    assert b"meet.example.org" not in composed.calendar.ics


def test_the_personal_link_stands_in_no_calendar_and_the_entry_says_where_it_is(consultation):
    invitation = asked(an_event(consultation), a_person(consultation, language=None))
    (message,) = messages("event_invitation")
    composed = [compose_invitation(message), compose_confirmation(confirm(invitation, COMING))]
    for each in composed:
        said = vobject.readOne(each.calendar.ics.decode()).vevent.description.value
        assert "link in our message" in said
        assert "lien dans notre courriel" in said
        assert b"/r/" not in each.calendar.ics.replace(b"\r\n ", b"")


def test_the_name_of_a_restricted_event_stands_in_no_subject_and_no_calendar(consultation):
    event = an_event(consultation, "Survivors", restricted=True)
    asked(event, a_person(consultation))
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    assert "Survivors" not in reading(message, composed).subject
    assert b"Survivors" not in composed.calendar.ics


def changed(consultation, person, event, how):
    with writing() as session:
        if how == "asked not to be written to":
            session.get(Person, person.id).do_not_contact = True
    if how == "the event is cancelled":
        cancel_event(event_id=event.id, actor=SYSTEM)


@pytest.mark.parametrize("how", ["asked not to be written to", "the event is cancelled"])
def test_an_invitation_is_dropped_when_things_have_changed(consultation, how):
    event, person = an_event(consultation), a_person(consultation)
    asked(event, person)
    changed(consultation, person, event, how)
    (message,) = messages("event_invitation")
    assert how in compose_invitation(message).reason


def test_an_invitation_waits_while_the_consultation_is_paused(consultation):
    asked(an_event(consultation), a_person(consultation))
    with writing() as session:
        session.get(Consultation, consultation.id).status = Status.PAUSED
    (message,) = messages("event_invitation")
    assert isinstance(compose_invitation(message), Waits)


@pytest.mark.parametrize("status", [Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD])
def test_a_consultation_that_is_closed_invites_nobody_any_more(consultation, status):
    asked(an_event(consultation), a_person(consultation))
    with writing() as session:
        session.get(Consultation, consultation.id).status = status
    (message,) = messages("event_invitation")
    assert compose_invitation(message) == Dropped("the consultation does not invite any more")


def test_nobody_is_invited_to_a_sitting_that_is_over(consultation):
    event = an_event(consultation)
    asked(event, a_person(consultation))
    ended(event)
    (message,) = messages("event_invitation")
    assert compose_invitation(message) == Dropped("the sitting is over")


def test_a_guest_who_replied_meanwhile_or_was_withdrawn_gets_no_invitation(consultation):
    event = an_event(consultation)
    replied, gone = asked(event, a_person(consultation)), asked(event, a_person(consultation))
    reply_to_event(invitation_id=replied.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    withdraw_guest(invitation_id=gone.id, actor=SYSTEM)
    reasons = {message.invitation_id: compose_invitation(message) for message in messages("event_invitation")}
    assert reasons == {replied.id: Dropped("replied meanwhile"), gone.id: Dropped("withdrawn")}


def test_an_invitation_waits_while_a_text_is_stale(consultation):
    event = an_event(consultation)
    asked(event, a_person(consultation))
    texts = {**particulars().texts, "about": Text("Something else entirely.", "Nous parlons de ce qui fonctionne.")}
    edit_event(event_id=event.id, particulars=replace(particulars(), texts=texts), actor=SYSTEM)
    (message,) = messages("event_invitation")
    assert isinstance(compose_invitation(message), Waits)


def test_withdrawn_and_asked_again_is_something_new_to_say(consultation):
    event, person = an_event(consultation), a_person(consultation)
    invitation = asked(event, person)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    asked(event, person)
    assert len(messages("event_invitation")) == 2


def confirm(invitation, answer):
    reply_to_event(invitation_id=invitation.id, answers=answer, actor=by_link(invitation.id))
    return messages("event_confirmation")[-1]


def test_a_confirmation_mirrors_the_reply_and_gives_the_link_to_an_online_seat(consultation):
    invitation = asked(an_event(consultation), a_person(consultation))
    message = confirm(invitation, ONLINE)
    composed = compose_confirmation(message)
    calendar = vobject.readOne(composed.calendar.ics.decode()).vevent
    assert calendar.attendee.params["PARTSTAT"] == ["ACCEPTED"]
    assert calendar.conference.value == "https://meet.example.org/session-1"
    assert calendar.uid.value == db.session.scalar(select(CalendarEntry.uid))
    assert "https://meet.example.org/session-1" in reading(message, composed).plain


def test_a_confirmation_for_a_chair_has_no_link(consultation):
    message = confirm(asked(an_event(consultation), a_person(consultation)), COMING)
    composed = compose_confirmation(message)
    assert "in person" in composed.values["en"]["recorded"]
    assert b"meet.example.org" not in composed.calendar.ics


def test_only_the_reply_that_stands_is_confirmed(consultation):
    invitation = asked(an_event(consultation), a_person(consultation))
    first = confirm(invitation, COMING)
    second = confirm(invitation, Answer(Choice.DECLINED))
    assert compose_confirmation(first) == Dropped("a later reply stands")
    composed = compose_confirmation(second)
    assert "cannot come" in composed.values["en"]["recorded"]
    assert composed.calendar is None


def test_whoever_waits_is_told_so_and_told_again_when_a_seat_is_theirs(consultation):
    event = an_event(consultation, in_person=0)
    invitation = asked(event, a_person(consultation))
    message = confirm(invitation, Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True))
    composed = compose_confirmation(message)
    assert "waiting list" in composed.values["en"]["recorded"]
    assert vobject.readOne(composed.calendar.ics.decode()).vevent.attendee.params["PARTSTAT"] == ["TENTATIVE"]
    sitting = the_sitting(event)
    plan = SittingPlan(starts_wall=sitting.starts_wall, ends_wall=sitting.ends_wall, seats_in_person=1, seats_online=200)
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)
    (seat,) = waiting_line(db.session(), sitting.id, Mode.IN_PERSON)
    promote_from_waitlist(seat_id=seat.id, actor=SYSTEM)
    composed = compose_confirmation(messages("event_confirmation")[-1])
    assert "Your seat is kept" in composed.values["en"]["recorded"]


def test_a_reply_by_telephone_is_not_confirmed_by_mail_where_the_invitation_has_gone_without_a_calendar(consultation):
    invitation = asked(an_event(consultation), a_person(consultation))
    with writing() as session:
        session.execute(update(Message).values(state=State.SENT, sent_at=now()))
    reply_to_event(invitation_id=invitation.id, answers=COMING, channel=Channel.TELEPHONE, actor=SYSTEM)
    assert messages("event_confirmation") == []


def test_a_moved_sitting_raises_the_sequence_and_more_seats_do_not(consultation):
    event = an_event(consultation)
    asked(event, a_person(consultation))
    sitting = the_sitting(event)
    plan = SittingPlan(starts_wall=sitting.starts_wall, ends_wall=sitting.ends_wall, seats_in_person=50, seats_online=200)
    edit_sitting(sitting_id=sitting.id, plan=plan, actor=SYSTEM)
    assert db.session.scalar(select(CalendarEntry.sequence)) == 0
    later = sitting.starts_wall.replace(hour=14)
    edit_sitting(sitting_id=sitting.id, plan=SittingPlan(starts_wall=later, ends_wall=sitting.ends_wall, seats_in_person=50), actor=SYSTEM)
    assert db.session.scalar(select(CalendarEntry.sequence)) == 1


def test_a_guest_without_an_address_is_invited_and_their_message_has_none(consultation):
    event, person = an_event(consultation, days=2), a_person(consultation, email=None)
    asked(event, person)
    # One call says both sittings.
    [message] = messages("event_invitation")
    said = compose_invitation(message)
    assert isinstance(said, Composed)
    assert (said.to_address, said.calendar) == ("", None)


def test_a_preview_shows_what_would_be_said_with_a_link_that_opens_nothing(consultation):
    event, person = an_event(consultation), a_person(consultation, "Dana Whitfield")
    values = preview_invitation(Sketch(consultation.id, person.id, event_id=event.id))
    assert values["en"]["salutation"] == "Dear Dana Whitfield,"
    assert set(values) == {"en", "fr"}


def test_whoever_is_invited_again_has_not_replied_yet_in_the_calendar_either(consultation):
    event, person = an_event(consultation), a_person(consultation)
    invitation = asked(event, person)
    reply_to_event(invitation_id=invitation.id, answers=COMING, actor=SYSTEM)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    asked(event, person)
    db.session.rollback()
    assert db.session.scalars(select(CalendarEntry.partstat)).all() == [None]


def test_vancouver_in_december_2026_reads_nine_on_its_own_clocks_and_sixteen_utc(consultation):
    # British Columbia stays on UTC−7 all year since tzdata 2026b; an older copy of the zones would say 17:00.
    plan = SittingPlan(
        starts_wall=datetime.fromisoformat("2026-12-08T09:00"), ends_wall=datetime.fromisoformat("2026-12-08T11:30"), seats_in_person=10
    )  # fmt: skip
    wanted = particulars(zone="America/Vancouver")
    event = schedule_event(consultation_id=consultation.id, particulars=wanted, sittings=[plan], actor=SYSTEM)
    asked(event, a_person(consultation, language=None))
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    calendar = vobject.readOne(composed.calendar.ics.decode()).vevent
    assert (calendar.dtstart.value, calendar.dtend.value) == (
        datetime(2026, 12, 8, 16, tzinfo=UTC),
        datetime(2026, 12, 8, 18, 30, tzinfo=UTC),
    )
    assert b"DTSTART:20261208T160000Z" in composed.calendar.ics
    assert in_utc(plan.starts_wall, "America/Vancouver").astimezone(ZoneInfo("America/Vancouver")).strftime("%z") == "-0700"
    plain = reading(message, composed).plain
    assert "When: Tuesday 8 December 2026, 09:00 to 11:30 (Pacific, UTC−07:00)" in plain
    assert "le\u00a0mardi 8 décembre 2026, de 9\u00a0h à 11\u00a0h\u00a030 (heure du Pacifique, UTC−07:00)" in plain


def test_a_discreet_mail_names_nothing_where_others_may_look_and_everything_inside(consultation):
    event = an_event(consultation, "Survivors")
    asked(event, a_person(consultation, language="fr"))
    with writing() as session:
        session.get_one(Person, db.session.scalar(select(Message.person_id))).discreet = True
    (message,) = messages("event_invitation")
    composed = compose_invitation(message)
    mail = reading(message, composed)
    assert composed.discreet
    assert "Survivors" not in mail.subject
    assert b"Survivors" not in composed.calendar.ics
    assert "Survivors" in mail.plain


def test_in_one_batch_a_discreet_guest_and_another_are_told_as_each_wants(consultation):
    event = an_event(consultation, "Survivors")
    people = [a_person(consultation) for _ in range(3)]
    for person in people:
        asked(event, person)
    with writing() as session:
        session.get_one(Person, people[1].id).discreet = True
    sent = messages("event_invitation")
    compose = invitations_among(sent)
    named = {message.person_id: b"Survivors" in compose(message).calendar.ics for message in sent}
    assert [named[person.id] for person in people] == [True, False, True]
    links = {compose(message).values["en"]["reply_link"] for message in sent}
    assert len(links) == 3


def test_a_discreet_mail_comes_from_an_address_without_a_name(consultation):
    asked(an_event(consultation), a_person(consultation, language="fr"))
    with writing() as session:
        session.get_one(Person, db.session.scalar(select(Message.person_id))).discreet = True
    (message,) = messages("event_invitation")
    assert prepare(message.id) is State.QUEUED
    db.session.rollback()
    raw = db.session.get_one(Message, message.id, populate_existing=True).raw
    assert raw.startswith(b"From: consultations@convoke.example\r\n")
