"""What waits goes where its person is by then and says what holds by then; so do the scripts of calls."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from engagement.consultations.models import Consultation
from engagement.consultations.service import Particulars, edit_consultation
from engagement.events.agenda import AgendaPlan, add_agenda_item, add_part
from engagement.events.letters import INVITATION_PLACES
from engagement.events.models import AgendaKind, Part
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.batches import prepare_many
from engagement.mailing.contacting import BadOutcomeError, mark_of, record_outcome
from engagement.mailing.models import ContactTask, TaskOutcome, TaskState
from engagement.mailing.preparing import due_to_be_written
from engagement.mailing.service import change_text
from engagement.mailing.texts import shipped_text
from engagement.mailing.worker import send_due
from engagement.outreach.steering import pause, resume
from engagement.roster.models import Person
from engagement.roster.particulars import Particulars as PersonParticulars
from engagement.roster.service import edit_person
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, behind, moved, placed
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, never_quiet, sent_on_its_way

pytestmark = pytest.mark.slow


@pytest.fixture
def team(app, client):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    return consultation, organizer


@pytest.fixture
def waiting(team):
    """Return an event and a person whose written invitation waits while its mailing is paused; and what lets it go."""
    consultation, organizer = team
    event, person = an_event(consultation), a_person(consultation, "wrong@example.org", given_name="Ada")
    mailing = sent_on_its_way(a_draft(event, [person], organizer), organizer)
    prepare_many(due_to_be_written())
    pause(mailing_id=mailing.id, actor=SYSTEM)
    return event, person, lambda: resume(mailing_id=mailing.id, actor=SYSTEM)


def edited(person, **changes):
    stands = PersonParticulars(given_name=person.given_name, family_name=person.family_name, email=person.email, language="en")
    return edit_person(person_id=person.id, particulars=replace(stands, **changes), actor=SYSTEM)


def test_a_corrected_address_is_where_the_waiting_mail_goes(waiting, post):
    _, person, go = waiting
    edited(person, email="right@example.org")
    go()
    (mail,) = delivered(post)
    assert mail.to == "right@example.org"


def test_who_changes_their_language_reads_the_waiting_mail_in_it(waiting, post):
    _, person, go = waiting
    change_wishes(person_id=person.id, wishes=Wishes(language="fr"), actor=SYSTEM)
    go()
    (mail,) = delivered(post)
    assert mail.plain.startswith("Bonjour")


def test_who_asks_for_discretion_while_a_mail_waits_gets_it_discreetly(waiting, post):
    event, person, go = waiting
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    go()
    (mail,) = delivered(post)
    assert event.title.en not in mail.subject
    assert event.title.en not in str(mail.event.summary.value)


def test_a_mail_that_a_server_refused_for_now_goes_to_the_corrected_address(team, post):
    consultation, _ = team
    person = a_person(consultation, "wrong@example.org")
    asked(an_event(consultation), person)
    post.at_rcpt["wrong@example.org"] = "450 4.2.1 later"
    assert delivered(post) == []
    edited(person, email="right@example.org")
    with time_machine.travel(now() + timedelta(hours=5)):
        (mail,) = delivered(post)
    assert mail.to == "right@example.org"


def test_an_edited_text_and_an_edited_event_are_what_the_waiting_mail_says(waiting, post):
    event, _, go = waiting
    shipped = shipped_text("event_invitation")
    body = Text(f"Quite new.\n\n{shipped.body.en}", f"Tout neuf.\n\n{shipped.body.fr}")
    change_text(
        consultation_id=event.consultation_id, purpose="event_invitation", subject=shipped.subject, body=body,
        placeholders=INVITATION_PLACES, actor=SYSTEM,
    )  # fmt: skip
    placed(event, texts={"access": Text("By the blue door", "Par la porte bleue")})
    go()
    (mail,) = delivered(post)
    assert "Quite new." in mail.plain
    assert "By the blue door" in mail.plain


def test_who_agreed_to_be_named_and_takes_it_back_stands_in_no_waiting_mail(waiting, post):
    event, person, go = waiting
    speaker = a_person(_consultation(event), "s@example.org", given_name="Zilpha")
    sitting = the_sitting(event)
    times = {"starts_wall": sitting.starts_wall, "ends_wall": sitting.ends_wall}
    item = add_agenda_item(sitting_id=sitting.id, plan=AgendaPlan(kind=AgendaKind.GUEST_SPEAKER, title=Text("", ""), **times), actor=SYSTEM)
    part = {"item_id": item.id, "person_id": speaker.id, "part": Part.SPEAKER, "actor": SYSTEM}
    add_part(**part, published=True)
    add_part(**part, published=False)
    go()
    (mail,) = delivered(post)
    assert "Zilpha" not in mail.plain
    assert mail.to == person.email


def _consultation(event):
    return db.session.get_one(Consultation, event.consultation_id)


def test_what_the_consultation_says_of_itself_now_stands_in_the_waiting_mail(waiting, post):
    event, _, go = waiting
    consultation = _consultation(event)
    texts = {field: consultation.text(field) for field in type(consultation).bilingual_fields}
    edit_consultation(
        consultation_id=consultation.id,
        particulars=Particulars(
            status=consultation.status, is_public=consultation.is_public, zone=consultation.zone, opens_on=None, closes_on=None,
            received_until=None, contact_email="new@example.org", contact_phone="", texts=texts,
        ),
        actor=SYSTEM,
    )  # fmt: skip
    go()
    (mail,) = delivered(post)
    assert "new@example.org" in mail.plain


def the_task():
    db.session.rollback()
    (found,) = db.session.scalars(select(ContactTask).execution_options(populate_existing=True))
    return found


def called(consultation):
    event = an_event(consultation)
    asked(event, a_person(consultation, None))
    send_due()
    return event


def test_a_script_says_the_time_that_holds_and_who_was_told_it_knows_it(team, post):
    event = called(team[0])
    assert "13:00" in the_task().script
    moved(the_sitting(event), 9)
    task = the_task()
    assert "09:00" in task.script
    assert "13:00" not in task.script
    record_outcome(task_id=task.id, outcome=TaskOutcome.REACHED, seen=mark_of(task), actor=SYSTEM)
    assert behind(event) == []


def test_a_script_is_in_the_language_and_says_the_name_that_its_person_has_now(team, post):
    called(team[0])
    task = the_task()
    assert "invites you" in task.script
    person = db.session.get_one(Person, task.person_id)
    edited(person, given_name="Zoé", language="fr")
    task = the_task()
    assert "Bonjour Zoé" in task.script
    assert "invites you" not in task.script
    assert task.language == "fr"
    edited(person, given_name="Zoé", language=None)
    task = the_task()
    assert "invites you" in task.script
    assert "Bonjour Zoé" in task.script
    assert task.language == "both"


def test_who_was_read_an_older_script_does_not_count_as_told(team, client, post):
    event = called(team[0])
    task = the_task()
    read = mark_of(task)
    moved(the_sitting(event), 9)
    with pytest.raises(BadOutcomeError):
        record_outcome(task_id=task.id, outcome=TaskOutcome.REACHED, seen=read, actor=SYSTEM)
    record_outcome(task_id=task.id, outcome=TaskOutcome.NO_ANSWER, seen=read, actor=SYSTEM)
    assert the_task().state is TaskState.OPEN
    url = f"/c/fisheries/mail/tasks/{task.id}"
    page = client.post(f"{url}/outcome", data={"outcome": "reached", "note": "Kept words", "seen": read})
    assert "has changed since you opened this page" in page.text
    assert "Kept words" in page.text
    assert "09:00" in page.text
    page = client.post(f"{url}/outcome", data={"outcome": "reached", "note": "Kept words", "seen": mark_of(the_task())})
    assert page.status_code == 302
    assert the_task().state is TaskState.DONE
