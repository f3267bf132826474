"""What the two reminders of an event say, to whom they go, and when they do not go any more."""

import pytest
from sqlalchemy import select

from engagement.consultations.models import Consultation, Status
from engagement.events.models import CalendarEntry
from engagement.events.posting import ask_to_come
from engagement.events.reminder import compose_day_before, compose_reminder, preview_day_before, preview_reminder
from engagement.events.replies import Answer, reply_to_event, withdraw_guest
from engagement.events.service import cancel_event
from engagement.invitations.links import find_link
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.mailing.composing import Composed, Dropped, Sketch, Waits
from engagement.mailing.letters import write
from engagement.mailing.models import Message
from engagement.mailing.service import plan
from engagement.mailing.texts import shipped_text
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import COMING, a_guest, a_person, an_event, ended, the_sitting
from tests.support.given import a_consultation

ONLINE = Answer(Choice.ACCEPTED, Mode.ONLINE)


@pytest.fixture
def consultation(app):
    return a_consultation()


def a_message(event, person, purpose, **details):
    invitation = a_guest(event, person)
    message = plan(
        consultation_id=event.consultation_id, person_id=person.id, purpose=purpose, language=person.language or "both",
        dedup_key=f"{purpose}:{person.id}", invitation_id=invitation.id, details=details, actor=SYSTEM,
    )  # fmt: skip
    assert message is not None
    return message


def a_reminder(event, person):
    return a_message(event, person, "event_reminder")


def a_note(event, person, answer=COMING):
    message = a_message(event, person, "event_day_before", sitting_id=str(the_sitting(event).id))
    if answer is not None:
        reply_to_event(invitation_id=message.invitation_id, answers=answer, channel=Channel.TELEPHONE, actor=SYSTEM)
    return message


def written(message, said, language):
    return write(shipped_text(message.purpose), said.values, language, "http://localhost")


@pytest.mark.parametrize(("language", "words"), [("en", "The last day to reply is"), ("fr", "Le dernier jour pour répondre est")])
def test_a_reminder_says_when_where_until_when_and_how_to_get_no_more(consultation, language, words):
    event = an_event(consultation, reply_by=today(consultation.zone))
    message = a_reminder(event, a_person(consultation, language=language))
    said = compose_reminder(message)
    assert isinstance(said, Composed)
    mail = written(message, said, language)
    assert words in mail.plain
    assert {"en": "To choose which mails you get", "fr": "Pour choisir les courriels que vous recevez"}[language] in mail.plain
    assert event.title.in_(language) in mail.plain
    token = said.values[language]["reply_link"].rpartition("/")[2]
    with writing() as session:
        store_all(session, said.rows)
    assert find_link(token).invitation.id == message.invitation_id


def test_a_reminder_carries_no_calendar_part_and_raises_no_sequence(consultation):
    event, person = an_event(consultation), a_person(consultation)
    ask_to_come(event_id=event.id, person_id=person.id, actor=SYSTEM)
    assert compose_reminder(a_reminder(event, person)).calendar is None
    assert compose_day_before(a_note(event, person)).calendar is None
    db.session.rollback()
    assert db.session.scalars(select(CalendarEntry.sequence)).all() == [0]


def test_a_reminder_of_several_sittings_is_one_mail_that_names_each(consultation):
    event = an_event(consultation, days=2)
    message = a_reminder(event, a_person(consultation))
    mail = written(message, compose_reminder(message), "en").plain
    assert "There are 2 sittings" in mail
    assert mail.count("13:00 to 15:00") == 3
    assert "calendar" not in mail


def test_a_reminder_is_dropped_for_whoever_is_not_silent_any_more_or_does_not_want_it(consultation):
    event = an_event(consultation)
    people = [a_person(consultation) for _ in range(6)]
    sent = [a_reminder(event, person) for person in people]
    reply_to_event(invitation_id=sent[0].invitation_id, answers=Answer(Choice.TENTATIVE), channel=Channel.EMAIL, actor=SYSTEM)
    withdraw_guest(invitation_id=sent[1].invitation_id, actor=SYSTEM)
    change_wishes(person_id=people[2].id, wishes=Wishes(wants_reminders=False), actor=SYSTEM)
    change_wishes(person_id=people[3].id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    with writing() as session:
        session.get(Invitation, sent[4].invitation_id).bounced_at = now()
    change_wishes(person_id=people[5].id, wishes=Wishes(wants_mailings=False), actor=SYSTEM)
    db.session.rollback()
    reasons = [compose_reminder(db.session.get(Message, message.id)) for message in sent]
    assert reasons == [
        Dropped("replied meanwhile"),
        Dropped("withdrawn"),
        Dropped("wants no reminders"),
        Dropped("asked not to be written to"),
        Dropped("a mail to them came back"),
        Dropped("wants no reminders"),
    ]


def test_a_reminder_is_dropped_when_the_event_is_over_or_cancelled_and_waits_for_its_texts(consultation):
    event = an_event(consultation)
    message = a_reminder(event, a_person(consultation))
    with writing() as session:
        session.merge(event).set_text("about", Text("New in English.", event.about_fr))
    assert isinstance(compose_reminder(message), Waits)
    with writing() as session:
        session.get(Consultation, consultation.id).status = Status.PAUSED
    assert isinstance(compose_reminder(message), Waits)
    with writing() as session:
        session.get(Consultation, consultation.id).status = Status.OPEN
    ended(event)
    assert compose_reminder(message) == Dropped("the sitting is over")
    cancel_event(event_id=event.id, actor=SYSTEM)
    db.session.rollback()
    assert compose_reminder(message) == Dropped("the event is cancelled")


def test_the_day_before_says_how_to_get_in_to_who_comes_and_the_link_to_who_is_online(consultation):
    event = an_event(consultation)
    here, online = a_note(event, a_person(consultation)), a_note(event, a_person(consultation), ONLINE)
    mails = [written(message, compose_day_before(message), "en").plain for message in (here, online)]
    assert "Step-free entrance." in mails[0]
    assert "10 Wellington Street" in mails[0]
    assert "meet.example.org" not in mails[0]
    assert "https://meet.example.org/session-1" in mails[1]
    assert "Where: Online" in mails[1]
    assert "Step-free" not in mails[1]
    for mail in mails:
        assert "It begins at 13:00 (Eastern)." in mail
        assert "You can change your reply here:" in mail


def test_the_day_before_reads_in_french(consultation):
    event = an_event(consultation)
    message = a_note(event, a_person(consultation, language="fr"))
    mail = written(message, compose_day_before(message), "fr")
    assert mail.subject.startswith("Bientôt\u00a0: ")
    assert "Début à 13\u00a0h (heure de l’Est)." in mail.plain


def test_the_day_before_is_only_for_those_who_hold_a_seat_in_that_sitting(consultation):
    event = an_event(consultation, in_person=1)
    silent, declined = a_note(event, a_person(consultation), None), a_note(event, a_person(consultation), Answer(Choice.DECLINED))
    holder = a_note(event, a_person(consultation))
    waiting = a_note(event, a_person(consultation), Answer(Choice.ACCEPTED, Mode.IN_PERSON, may_wait=True))
    db.session.rollback()
    for message in (silent, declined, waiting):
        assert compose_day_before(message) == Dropped("has no seat any more")
    assert isinstance(compose_day_before(holder), Composed)
    ended(event)
    db.session.rollback()
    assert compose_day_before(holder) == Dropped("the sitting has begun")


def test_the_day_before_must_reach_whoever_holds_a_seat(consultation):
    event = an_event(consultation)
    message = a_note(event, a_person(consultation, email=None))
    said = compose_day_before(message)
    assert (said.must_reach, said.to_address) == (True, "")


def test_the_name_of_a_restricted_event_stands_in_no_subject(consultation):
    event = an_event(consultation, "Survivors", restricted=True)
    reminder, note = a_reminder(event, a_person(consultation)), a_note(event, a_person(consultation))
    for message, compose in ((reminder, compose_reminder), (note, compose_day_before)):
        assert "Survivors" not in written(message, compose(message), "en").subject


@pytest.mark.parametrize(("purpose", "preview"), [("event_reminder", preview_reminder), ("event_day_before", preview_day_before)])
def test_a_preview_fills_every_place_with_a_link_that_opens_nothing(consultation, purpose, preview):
    event, person = an_event(consultation), a_person(consultation)
    values = preview(Sketch(consultation.id, person.id, event_id=event.id))
    for language in ("en", "fr"):
        mail = write(shipped_text(purpose), values, language, "http://localhost")
        assert "/r/…" in mail.plain
        assert "meet.example.org" not in mail.plain
