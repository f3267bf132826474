"""Two people who do the same thing at the same moment."""

from __future__ import annotations

from threading import Barrier, Thread

from sqlalchemy import func, select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.roster.models import IdentifiedThrough, Organization, Person
from engagement.roster.particulars import Particulars
from engagement.roster.service import AddressTakenError, add_person, find_or_add
from tests.support.given import a_consultation


def all_at_once(app, act, times=6):
    start, results = Barrier(times), []

    def run():
        with app.app_context():
            start.wait()
            try:
                results.append(act())
            except DomainError as error:
                results.append(type(error))
            db.session.remove()

    threads = [Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return results


def test_one_address_added_by_several_at_once_is_one_person(app):
    consultation_id = a_consultation().id
    named = {
        "given_name": "A", "family_name": "B", "email": "same@example.org", "organization": "Same Org",
        "identified_through": IdentifiedThrough.REFERRAL,
    }  # fmt: skip
    db.session.rollback()
    found = all_at_once(app, lambda: find_or_add(consultation_id=consultation_id, particulars=Particulars(**named), actor=SYSTEM)[1])
    assert sorted(found) == [False] * 5 + [True]
    assert set(all_at_once(app, lambda: add_person(consultation_id=consultation_id, actor=SYSTEM, **named))) == {AddressTakenError}
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    assert db.session.scalar(select(func.count()).select_from(Organization)) == 1
