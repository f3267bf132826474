"""The journey of the issue: invite, reply, see the seat counted; answer in part, name somebody, approve, see the response move."""

import json

import pytest

from tests.journeys.pages import assert_accessible, sign_in
from tests.journeys.steps import (
    CONSULTATION,
    answer_some,
    begin,
    in_language,
    invite,
    mail_to,
    not_invited_yet,
    online_seats,
    open_link,
    press,
)

pytestmark = pytest.mark.journey

NAMED = {"en": ("Ottilie", "Featherstone"), "fr": ("Zéphirine", "Lachapelle")}


def figures(program):
    return json.loads(program.flask("track", "rates", "ethical-procurement", "--json"))


@pytest.mark.parametrize(("language", "event"), [("en", "session-1"), ("fr", "session-2")])
def test_from_the_invitation_to_the_response_page(program, new_page, language, event):
    staff, guest = new_page(), new_page()
    in_language(staff, program, language)
    assert_accessible(staff)
    sign_in(staff, program.url, "organizer@example.org")
    assert_accessible(staff)
    names = not_invited_yet(staff, program, event, 3, skip=0 if language == "en" else 8)
    seats_before = online_seats(staff, program, event)
    assert_accessible(staff)

    staff.goto(f"{program.url}{CONSULTATION}/events/{event}")
    about = staff.locator("main a[href*='about=event']").first.get_attribute("href").partition("about=")[2]
    invite(staff, program, about.replace("%3A", ":"), names)
    reply_online(program, guest, names[0], language)
    assert online_seats(staff, program, event) == seats_before + 1
    assert names[0] in staff.inner_text("main")

    invite(staff, program, "questionnaire", names)
    # The mails reach everybody before the figures are compared.
    for name in names:
        mail_to(guest, program, name, "Questionnaire", look=False)
    before = figures(program)
    shown_before = response_shown(staff, program)
    answer_in_part(program, guest, names[0], language)
    name_somebody(guest, *NAMED[language])
    approve(staff, program, NAMED[language][1])
    mail_to(guest, program, NAMED[language][1])
    assert names[0] in guest.inner_text("main")

    after = figures(program)
    assert after["distributed"] == before["distributed"] + 1
    assert after["responded"] == before["responded"] + 1
    assert after["partial"] == before["partial"] + 1
    shown = response_shown(staff, program)
    assert_accessible(staff)
    assert shown != shown_before
    assert str(after["responded"]) in shown
    assert str(after["distributed"]) in shown


def reply_online(program, guest, name, language):
    in_language(guest, program, language)
    mail_to(guest, program, name, "Invitation")
    open_link(guest)
    assert guest.get_attribute("html", "lang") == language
    assert_accessible(guest)
    assert guest.locator("main input:checked").count() == 0
    press(guest)  # nothing is chosen: the page says so and records nothing
    assert guest.locator("#error-summary").is_visible()
    assert_accessible(guest)
    guest.check("input[name=choice][value=online]")
    press(guest)
    assert_accessible(guest)
    guest.check("input[name=interpretation][value=captioning]")
    press(guest)
    assert guest.url.endswith("/recorded")
    assert_accessible(guest)


def answer_in_part(program, guest, name, language):
    mail_to(guest, program, name, "Questionnaire", look=False)
    open_link(guest)
    assert guest.get_attribute("html", "lang") == language
    assert_accessible(guest)
    begin(guest)
    assert_accessible(guest)
    answer_some(guest, assert_accessible)
    assert_accessible(guest)
    press(guest)
    assert_accessible(guest)


def name_somebody(guest, given, family):
    guest.locator("main a[href$='/pass-on']").first.click()
    assert_accessible(guest)
    form = guest.locator("form", has=guest.locator("#given_name"))
    guest.fill("#given_name", given)
    guest.fill("#family_name", family)
    guest.fill("#email", f"{family.lower()}@example.com")
    form.locator("input[type=radio]").first.check()
    guest.check("#names_nominator")
    with guest.expect_navigation():
        form.locator("button").click()
    assert_accessible(guest)


def approve(staff, program, family):
    staff.goto(f"{program.url}{CONSULTATION}/referrals")
    assert_accessible(staff)
    staff.locator("main tr", has_text=family).locator("a[href*='/referrals/']").first.click()
    assert family in staff.inner_text("main")
    assert_accessible(staff)
    staff.locator("input[name=decision]").first.check()
    press(staff)
    assert_accessible(staff)


def response_shown(staff, program):
    staff.goto(f"{program.url}{CONSULTATION}/response")
    return staff.locator(".figure").first.inner_text().replace("\u00a0", "")
