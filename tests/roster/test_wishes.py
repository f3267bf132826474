"""What somebody still wants from us."""

from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db
from engagement.roster.models import Person
from engagement.roster.wishes import Wishes, change_wishes
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
