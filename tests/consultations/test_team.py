"""Nothing restricted, and no consultation, is lost to everybody: who leaves the team, and who is cleared no longer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engagement.consultations.models import Clearance, ClearedFor, Membership
from engagement.consultations.service import BadMembershipError, clear, dismiss, has_organizer, revoke_clearance
from engagement.kernel.audit import SYSTEM, staff
from engagement.kernel.clock import today
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.roster.service import add_batch
from tests.events.test_race import all_at_once
from tests.support.given import a_consultation, a_member, signed_in_as


@pytest.fixture
def consultation(app):
    return a_consultation()


def a_restricted_batch(consultation, *cleared):
    batch = add_batch(consultation_id=consultation.id, name="Survivors", restricted=True, actor=staff(cleared[0].id))
    for user in cleared[1:]:
        clear(consultation_id=consultation.id, user_id=user.id, kind=ClearedFor.BATCH, subject_id=batch.id, actor=SYSTEM)
    return batch


def membership_of(user):
    return db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()


def cleared_for(batch):
    db.session.rollback()
    return set(db.session.scalars(select(Clearance.user_id).where(Clearance.subject_id == batch.id)))


def refusal(call, *args):
    """Return the name of what was refused, "" where nothing was."""
    try:
        call(*args)
    except BadMembershipError as error:
        return type(error).__name__
    return ""


def test_whoever_alone_is_cleared_for_a_batch_stays_until_somebody_else_is(client, consultation):
    organizer, only = a_member(consultation), a_member(consultation, Role.STAFF, email="only@example.org")
    batch = a_restricted_batch(consultation, only)
    signed_in_as(client, organizer)
    address = f"/c/fisheries/team/{membership_of(only).id}/dismiss"
    page = client.post(address, follow_redirects=True)
    assert "This member alone is cleared for something restricted" in page.text
    assert "Survivors" not in page.text
    assert cleared_for(batch) == {only.id}
    clear(consultation_id=consultation.id, user_id=organizer.id, kind=ClearedFor.BATCH, subject_id=batch.id, actor=staff(only.id))
    assert "Removed from the team" in client.post(address, follow_redirects=True).text
    assert cleared_for(batch) == {organizer.id}


def test_somebody_whose_time_on_the_team_is_over_keeps_nothing_from_being_lost(consultation):
    gone, only = a_member(consultation, Role.STAFF, email="gone@example.org"), a_member(consultation, Role.STAFF, email="only@example.org")
    batch = a_restricted_batch(consultation, only, gone)
    with writing():
        membership_of(gone).until = today(consultation.zone) - timedelta(days=1)
    with pytest.raises(BadMembershipError):
        dismiss(consultation_id=consultation.id, membership_id=membership_of(only).id, actor=SYSTEM)
    with pytest.raises(BadMembershipError):
        revoke_clearance(consultation_id=consultation.id, user_id=only.id, subject_id=batch.id, actor=SYSTEM)
    assert only.id in cleared_for(batch)


def test_of_two_organizers_who_are_removed_at_the_same_moment_one_stays(app):
    for round_number in range(5):
        consultation = a_consultation(f"c{round_number}")
        of = consultation.id
        members = [membership_of(a_member(consultation, email=f"{each}{round_number}@example.org")).id for each in "ab"]
        db.session.commit()
        refused = all_at_once(
            app, members, lambda each, of=of: refusal(lambda: dismiss(consultation_id=of, membership_id=each, actor=SYSTEM))
        )
        assert sorted(refused) == ["", "BadMembershipError"]
        db.session.rollback()
        assert has_organizer(of)


def test_of_two_clearances_that_are_revoked_at_the_same_moment_one_stays(app):
    for round_number in range(5):
        consultation = a_consultation(f"c{round_number}")
        users = [a_member(consultation, email=f"{each}{round_number}@example.org") for each in "ab"]
        batch = a_restricted_batch(consultation, *users)
        of, subject = consultation.id, batch.id
        db.session.commit()

        def revoke(user_id, of=of, subject=subject):
            return refusal(lambda: revoke_clearance(consultation_id=of, user_id=user_id, subject_id=subject, actor=SYSTEM))

        assert sorted(all_at_once(app, [user.id for user in users], revoke)) == ["", "BadMembershipError"]
        assert len(cleared_for(batch)) == 1
