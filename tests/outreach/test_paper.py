"""Whom a yes on paper covers."""

import pytest

from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import writing
from engagement.mailing.suppressions import allow_again, suppress_by_staff
from engagement.mailing.worker import send_due
from engagement.outreach.facts import why_void
from engagement.outreach.models import MailingState
from engagement.outreach.package import ChangedSinceError, make_package
from engagement.outreach.planning import plan_rest
from engagement.roster.wishes import Wishes, change_wishes
from tests.outreach.given import never_quiet, page_of, stored
from tests.outreach.test_package import office, signed

__all__ = ["office"]


def test_somebody_left_out_on_the_paper_is_not_written_to_whatever_changes_after_the_signature(client, post, office):
    access, mailing, people = office
    never_quiet(access.consultation)
    suppress_by_staff(address="p0@example.org", why="angry", consultation_id=access.consultation.id, known=True, actor=access.actor)
    change_wishes(person_id=people[1].id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    package = make_package(access=access, mailing_id=mailing.id)
    signed(access, mailing, package)
    allow_again(actor=access.actor, address="p0@example.org", consultation_id=access.consultation.id)
    change_wishes(person_id=people[1].id, wishes=Wishes(do_not_contact=False), actor=SYSTEM)
    assert send_due()["sent"] == 1
    assert [mail["To"].addresses[0].addr_spec for mail in post.mails()] == ["p2@example.org"]


def renamed(person):
    with writing() as session:
        session.merge(person).given_name = "Somebody"


def test_a_paper_that_names_a_recipient_otherwise_is_not_signed_for_this_mailing(client, office):
    access, mailing, people = office
    package = make_package(access=access, mailing_id=mailing.id)
    renamed(people[1])
    with pytest.raises(ChangedSinceError):
        signed(access, mailing, package)
    assert "No: something has changed since" in client.get(page_of(mailing, "/package")).text
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    assert stored(mailing).state is MailingState.APPROVED


@pytest.mark.parametrize("all_planned", [False, True])
def test_a_recipient_who_is_renamed_after_the_signature_stops_the_mailing_until_it_is_approved_anew(client, post, office, all_planned):
    access, mailing, people = office
    never_quiet(access.consultation)
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    if all_planned:
        plan_rest(mailing.id)
    renamed(people[1])
    send_due()
    assert post.received == []
    assert "What was approved on paper has changed" in client.get(page_of(mailing)).text
    assert why_void(stored(mailing)) is not None
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    assert why_void(stored(mailing)) is None
    assert send_due()["sent"] == 3
