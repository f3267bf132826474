"""An event of several sittings: a date that is added, one that is cancelled, and what stands of a reply to another one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.events.agenda import AgendaPlan, add_agenda_item
from engagement.events.cancelling import cancel_sitting
from engagement.events.figures import figures_of
from engagement.events.models import AgendaItem, AgendaKind
from engagement.events.replies import Answer
from engagement.events.service import SittingPlan, add_sitting, sittings_of
from engagement.events.telling import Fate, guests_behind, guests_of_cancelled
from engagement.events.told import told_so_far
from engagement.invitations.models import Channel, Choice, Invitation
from engagement.invitations.service import record_reply
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.roster.safe_hours import SafeHours, change_safe_hours
from tests.events.given import COMING, a_person, an_event, in_weeks, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import a_told_guest, asked, moved, replied, tell
from tests.outreach.given import never_quiet
from tests.portal.given import open_link_in
from tests.support.given import a_consultation, a_member, signed_in_as

pytestmark = pytest.mark.slow


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


def a_date_later(event, days=1):
    plan = SittingPlan(
        starts_wall=in_weeks(3) + timedelta(days=days),
        ends_wall=in_weeks(3, 15) + timedelta(days=days),
        seats_in_person=40,
        seats_online=200,
    )
    return add_sitting(event_id=event.id, plan=plan, actor=SYSTEM)


def an_item(sitting, title="Hello"):
    return AgendaPlan(
        kind=AgendaKind.WELCOME,
        starts_wall=sitting.starts_wall,
        ends_wall=sitting.starts_wall + timedelta(minutes=30),
        title=Text(title, title),
    )


def choice_of(invitation):
    db.session.rollback()
    return db.session.get(Invitation, invitation.id, populate_existing=True).choice


def test_an_added_date_is_told_as_one_and_no_reply_to_another_stands_for_it(consultation, post):
    event, invitation = a_told_guest(consultation, post)
    replied(invitation, COMING)
    delivered(post)
    a_date_later(event)
    (guest,) = guests_behind(event)
    assert [change.what.en for change in guest.changes] == ["A date was added"]
    tell(event)
    (mail,) = delivered(post)
    assert "A date was added" in mail.plain
    assert "You have not replied for this date yet." in mail.plain
    assert "Your reply stands" not in mail.plain
    assert "not set yet" not in mail.plain


def test_a_moved_date_leaves_the_reply_to_it_standing(consultation, post):
    event, invitation = a_told_guest(consultation, post)
    replied(invitation, COMING)
    delivered(post)
    moved(the_sitting(event), 14)
    tell(event)
    (mail,) = delivered(post)
    assert "Your reply stands: you are coming." in mail.plain


def test_whoever_replied_only_to_a_date_that_is_cancelled_is_asked_again(consultation, post, client):
    event = an_event(consultation)
    one, other = asked(event, a_person(consultation, language="en")), asked(event, a_person(consultation, language="en"))
    delivered(post)
    first = the_sitting(event)
    replied(one, COMING)
    delivered(post)
    second = a_date_later(event)
    replied(other, {first.id: COMING, second.id: COMING})
    delivered(post)
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    assert (choice_of(one), choice_of(other)) == (None, Choice.ACCEPTED)
    assert (figures_of(event).accepted, figures_of(event).no_reply) == (1, 1)
    page = client.get(open_link_in(client, one))
    assert "Will you come?" in page.text
    assert "You are coming" not in page.text


def test_whoever_said_no_to_a_cancelled_date_is_not_asked_again(consultation, post):
    event, invitation = a_told_guest(consultation, post)
    replied(invitation, Answer(Choice.DECLINED))
    a_date_later(event)
    cancel_sitting(sitting_id=the_sitting(event).id, actor=SYSTEM)
    assert choice_of(invitation) is Choice.DECLINED


def test_a_page_shows_the_dates_that_are_cancelled_and_those_without_a_reply_as_such(consultation, post, client):
    event, invitation = a_told_guest(consultation, post, days=2)
    first, second = sittings_of(event.id)
    for sitting, title in ((first, "The first talk"), (second, "The second talk")):
        add_agenda_item(sitting_id=sitting.id, plan=an_item(sitting, title), actor=SYSTEM)
    replied(invitation, {first.id: COMING, second.id: COMING})
    a_date_later(event, days=2)
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    page = client.get(open_link_in(client, invitation))
    assert page.text.count("You are coming, in person.") == 1
    assert "This sitting is cancelled." in page.text
    assert "You have not replied for this date yet." in page.text
    assert f"/i/{invitation.id}/each" in page.text
    assert "The second talk" in page.text
    assert "The first talk" not in page.text


def test_the_mail_about_one_cancelled_date_names_those_that_stand(consultation, post):
    event = an_event(consultation, days=2)
    asked(event, a_person(consultation, language=None))
    delivered(post)
    first, second = sittings_of(event.id)
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    (mail,) = delivered(post)
    assert "These dates take place as planned:" in mail.plain
    assert "Les dates suivantes sont maintenues" in mail.plain
    assert str(second.starts_wall.day) in mail.plain.partition("as planned:")[2].partition("\n\n")[0]


def test_whoever_accepts_in_a_calendar_without_saying_how_is_told_that_no_seat_is_kept(consultation, post, client):
    event, invitation = a_told_guest(consultation, post)
    record_reply(
        invitation_id=invitation.id, choice=Choice.ACCEPTED, sitting_id=the_sitting(event).id, channel=Channel.CALENDAR, actor=SYSTEM
    )
    page = client.get(open_link_in(client, invitation))
    assert "You are coming." in page.text
    assert "Please say whether in person or online: until then, no seat is kept for you." in page.text


def test_whoever_is_reached_by_telephone_only_is_shown_as_called_before_anybody_is_told(consultation, post):
    event = an_event(consultation)
    person = a_person(consultation)
    asked(event, person)
    delivered(post)
    change_safe_hours(person_id=person.id, hours=SafeHours(calls_only=True), actor=SYSTEM)
    moved(the_sitting(event), 14)
    assert [guest.fate for guest in guests_behind(event)] == [Fate.CALL]
    assert [guest.fate for guest in guests_of_cancelled(event)] == [Fate.CALL]
    tell(event)
    delivered(post)
    (told,) = told_so_far(event.id)
    assert (told.sent, told.coming, told.called, told.troubled) == (0, 0, 1, 0)


def test_an_agenda_moves_with_its_sitting(consultation):
    event = an_event(consultation)
    sitting = the_sitting(event)
    add_agenda_item(sitting_id=sitting.id, plan=an_item(sitting), actor=SYSTEM)
    moved(sitting, 15)
    db.session.rollback()
    item = db.session.scalars(select(AgendaItem)).one()
    assert (item.starts_wall, item.ends_wall) == (in_weeks(3, 15), in_weeks(3, 15) + timedelta(minutes=30))


def test_a_withdrawal_without_its_yes_stays_on_the_page_with_what_was_chosen(consultation, post, client):
    event, invitation = a_told_guest(consultation, post)
    staff = signed_in_as(client, a_member(consultation))
    page = staff.post(f"/c/fisheries/events/{event.name}/invitations/{invitation.id}/withdraw", data={"tell": "no"})
    assert page.status_code == 200
    assert "Tick the box to confirm that the invitation is withdrawn." in page.text
    chosen = BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "tell", "checked": True})
    assert chosen["value"] == "no"
    db.session.rollback()
    assert db.session.get(Invitation, invitation.id, populate_existing=True).withdrawn_at is None


def test_a_yes_to_a_date_that_is_cancelled_does_not_count_beside_a_no_to_the_other(consultation, post):
    event = an_event(consultation, days=2)
    invitation = asked(event, a_person(consultation))
    delivered(post)
    first, second = sittings_of(event.id)
    replied(invitation, {first.id: COMING})
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    assert choice_of(invitation) is None
    replied(invitation, {second.id: Answer(Choice.DECLINED)})
    assert choice_of(invitation) is Choice.DECLINED
    assert (figures_of(event).accepted, figures_of(event).declined) == (0, 1)


def test_whoever_said_yes_to_the_cancelled_date_and_no_to_the_other_has_said_no(consultation, post):
    event = an_event(consultation, days=3)
    first, second, third = sittings_of(event.id)
    no, maybe, both = (asked(event, a_person(consultation)) for _ in range(3))
    delivered(post)
    replied(no, {first.id: COMING, second.id: COMING})
    replied(no, {second.id: Answer(Choice.DECLINED), third.id: Answer(Choice.DECLINED)})
    replied(maybe, {first.id: COMING, second.id: Answer(Choice.TENTATIVE)})
    replied(both, {first.id: COMING, second.id: COMING, third.id: Answer(Choice.DECLINED)})
    cancel_sitting(sitting_id=first.id, actor=SYSTEM)
    assert [choice_of(each) for each in (no, maybe, both)] == [Choice.DECLINED, Choice.TENTATIVE, Choice.ACCEPTED]
