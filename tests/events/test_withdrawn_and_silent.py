"""A guest whose seat is taken back and who may not be written to: they are called, since they would come to an empty room."""

import pytest
from sqlalchemy import select

from engagement.events.withdrawing import withdraw_guest
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.db import db, writing
from engagement.mailing.models import ContactTask, TaskReason
from engagement.mailing.suppressions import suppress, suppress_by_staff
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import COMING, an_event
from tests.events.letters_read import delivered
from tests.events.telling_given import asked, replied
from tests.mailing.given import a_person
from tests.outreach.given import never_quiet
from tests.support.given import a_consultation, a_member

pytestmark = pytest.mark.slow


def not_at_all(person, consultation):
    change_wishes(person_id=person.id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)


def by_their_own_word(reason):
    def told(person, consultation):
        with writing() as session:
            suppress(session, person.email, reason)

    return told


def by_the_team(person, consultation):
    actor = staff(a_member(consultation).id)
    suppress_by_staff(address=person.email, why="Write no more", consultation_id=consultation.id, known=True, actor=actor)


SILENCED = {"not at all": not_at_all, **{each: by_their_own_word(each) for each in ("complained", "opted_out")}, "staff": by_the_team}


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("how", SILENCED)
def test_who_held_a_seat_and_may_not_be_written_to_is_called_when_it_is_taken_back(app, post, how, holds):
    consultation = a_consultation()
    never_quiet(consultation)
    person = a_person(consultation, "p@example.org")
    invitation = asked(an_event(consultation), person)
    delivered(post)
    if holds:
        replied(invitation, COMING)
        delivered(post)
    SILENCED[how](person, consultation)
    withdraw_guest(invitation_id=invitation.id, actor=SYSTEM)
    assert delivered(post) == []
    db.session.rollback()
    assert list(db.session.scalars(select(ContactTask.reason))) == ([TaskReason.OPTED_OUT] if holds else [])
