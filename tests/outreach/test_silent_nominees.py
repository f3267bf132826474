"""Who was nominated gets one message that says so, and nothing more of ours until they answer (SOR/2013-221, s. 4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.models import Message
from engagement.mailing.service import cancel
from engagement.mailing.worker import send_due
from engagement.outreach.package import make_package, read_content
from engagement.outreach.reach import Reach, survey
from engagement.referrals.nominations import approve, nominate
from engagement.roster.models import Person
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, an_announcement, never_quiet, page_of, sent_on_its_way, stored
from tests.referrals.given import a_questionnaire, answered, asked
from tests.support.given import access_of

pytestmark = pytest.mark.slow


@pytest.fixture
def nominated(client, post):
    """Return a consultation, its organizer, somebody of the roster and a nominee of theirs who was written to and is silent."""
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    known = a_person(consultation, "known@example.org", given_name="Known")
    referral = nominate(
        invitation_id=asked(a_questionnaire(consultation), known).id, given_name="Grace", family_name="Hopper",
        email="grace@example.org", names_nominator=True, actor=SYSTEM,
    )  # fmt: skip
    invitation = approve(referral_id=referral.id, actor=SYSTEM)
    return consultation, organizer, known, db.session.get_one(Person, invitation.person_id), invitation


def addresses(post):
    return sorted(address for _, address in post.envelopes)


def test_news_and_invitations_pass_over_a_nominee_who_has_not_answered(nominated, post, client):
    consultation, organizer, known, nominee, _ = nominated
    send_due()
    assert addresses(post) == ["grace@example.org"]
    for mailing in (
        an_announcement(consultation, [known, nominee], organizer),
        a_draft(an_event(consultation), [known, nominee], organizer),
    ):
        for language, words in (("en", "Nominated by somebody and silent"), ("fr", "Proposées par quelqu’un et sans réponse")):
            assert words in client.get(page_of(mailing, f"?lang={language}")).text
        package = read_content(make_package(access=access_of(organizer, consultation), mailing_id=mailing.id))
        assert [(row["name"], row["why"]) for row in package["left_out"]] == [("Grace Hopper", "nominee")]
        sent_on_its_way(mailing, organizer)
        send_due()
    assert addresses(post) == ["grace@example.org", "known@example.org", "known@example.org"]


def test_a_nominee_who_has_answered_is_written_to_like_anybody(nominated, post):
    consultation, organizer, _, nominee, invitation = nominated
    send_due()
    answered(invitation)
    sent_on_its_way(an_announcement(consultation, [nominee], organizer), organizer)
    send_due()
    assert addresses(post) == ["grace@example.org", "grace@example.org"]


def test_a_nominee_whose_mail_was_stopped_can_be_written_to_as_anybody(nominated):
    consultation, organizer, _, nominee, _ = nominated
    message = db.session.scalars(select(Message).where(Message.person_id == nominee.id)).one()
    cancel(message_id=message.id, actor=SYSTEM)
    mailing = an_announcement(consultation, [nominee], organizer)
    assert [each.id for each in survey(stored(mailing), [stored(nominee)]).of(Reach.BOTH)] == [nominee.id]
