"""Whom a yes on paper covers."""

from engagement.kernel.audit import SYSTEM
from engagement.mailing.suppressions import allow_again, suppress_by_staff
from engagement.mailing.worker import send_due
from engagement.outreach.package import make_package
from engagement.roster.wishes import Wishes, change_wishes
from tests.outreach.given import never_quiet
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
