"""What somebody still wants from us."""

from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db
from engagement.roster.models import Person
from engagement.roster.particulars import Particulars
from engagement.roster.service import edit_person
from engagement.roster.wishes import Wishes, change_wishes, tell_safe_contact, wish_for_address
from tests.roster.given import a_person
from tests.support.given import a_consultation


def test_a_wish_is_kept_and_the_others_stand(app):
    person = a_person(a_consultation())
    change_wishes(person_id=person.id, wishes=Wishes(wants_reminders=False, language="fr"), actor=SYSTEM)
    change_wishes(person_id=person.id, wishes=Wishes(discreet=True), actor=SYSTEM)
    db.session.rollback()
    stored = db.session.get(Person, person.id, populate_existing=True)
    assert (stored.wants_mailings, stored.wants_reminders, stored.discreet, stored.language) == (True, False, True, "fr")


def test_the_same_wish_twice_is_written_down_once(app):
    person = a_person(a_consultation())
    for _ in range(2):
        change_wishes(person_id=person.id, wishes=Wishes(wants_mailings=False), actor=SYSTEM)
    noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "change_wishes")
    assert db.session.scalar(noted) == 1


def test_a_language_that_is_not_known_any_more_means_both(app):
    person = a_person(a_consultation())
    change_wishes(person_id=person.id, wishes=Wishes(language="fr"), actor=SYSTEM)
    change_wishes(person_id=person.id, wishes=Wishes(language=""), actor=SYSTEM)
    db.session.rollback()
    assert db.session.get(Person, person.id, populate_existing=True).language is None


def test_a_wish_of_somebody_without_an_address_is_theirs_alone(app):
    consultation = a_consultation()
    one, other = a_person(consultation), a_person(consultation, "Léa")
    assert wish_for_address(person_id=one.id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    db.session.rollback()
    stored = [db.session.get(Person, each.id, populate_existing=True).do_not_contact for each in (one, other)]
    assert stored == [True, False]


def test_a_wish_noted_on_the_form_of_the_roster_has_its_moment_too(app):
    person = a_person(a_consultation())
    for wish in (True, True, False):
        edit_person(person_id=person.id, particulars=Particulars(given_name="N", family_name="T", do_not_contact=wish), actor=SYSTEM)
    noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "change_wishes")
    assert db.session.scalar(noted) == 2


def test_what_is_told_of_safe_contact_stands_before_what_is_known_and_in_the_audit(app):
    person = a_person(a_consultation(), safe_contact="Known before")
    for words in ("", "  ", "Only mornings"):
        tell_safe_contact(person_id=person.id, words=words, zone="America/Vancouver", actor=SYSTEM)
    db.session.rollback()
    first, _, rest = db.session.get(Person, person.id, populate_existing=True).safe_contact.partition("\n\n")
    assert first.endswith(": Only mornings")
    assert rest == "Known before"
    noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "tell_safe_contact")
    assert db.session.scalar(noted) == 1
