"""Everything a guest does works without scripts, and with the keyboard alone."""

import pytest

from tests.journeys.pages import assert_accessible, sign_in
from tests.journeys.steps import CONSULTATION, answer_some, begin, invite, mail_to, not_invited_yet, online_seats, open_link, press

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def guests(program, browser):
    """Return two people who are invited to the first session and to the questionnaire."""
    page = browser.new_page()
    sign_in(page, program.url, "organizer@example.org")
    names = not_invited_yet(page, program, "session-1", 2, skip=14)
    page.goto(f"{program.url}{CONSULTATION}/events/session-1")
    about = page.locator("main a[href*='about=event']").first.get_attribute("href").partition("about=")[2]
    invite(page, program, "questionnaire", names)
    invite(page, program, about.replace("%3A", ":"), names)
    for name in names:
        for subject in ("Invitation", "Questionnaire"):
            mail_to(page, program, name, subject, look=False)
    page.close()
    return names


def test_a_guest_replies_and_answers_without_scripts(program, new_page, guests):
    page, staff = new_page(java_script_enabled=False), new_page()
    sign_in(staff, program.url, "organizer@example.org")
    before = online_seats(staff, program, "session-1")
    mail_to(page, program, guests[0], "Invitation", look=False)
    open_link(page)
    page.check("input[name=choice][value=online]")
    press(page)
    page.locator("main a[href$='/recorded']").click()
    assert page.url.endswith("/recorded")
    assert online_seats(staff, program, "session-1") == before + 1

    mail_to(page, program, guests[0], "Questionnaire", look=False)
    open_link(page)
    begin(page)
    answer_some(page)
    press(page)
    assert page.locator("main .done").is_visible()


def test_a_guest_replies_with_the_keyboard_alone(program, new_page, guests):
    page = new_page()
    mail_to(page, program, guests[1], "Invitation", look=False)
    open_link(page)
    go_to(page, "input[name=choice]")
    page.keyboard.press("Space")
    while not page.locator("input[name=choice][value=online]").is_checked():
        page.keyboard.press("ArrowDown")
    go_to(page, "main form button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/needs")
    go_to(page, "main form button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/recorded")
    assert_accessible(page)


def go_to(page, wanted):
    """Press Tab until the focus is on something, which must then be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            break
    else:
        raise AssertionError(f"the keyboard does not come to {wanted}")
    page.wait_for_timeout(500)  # the page glides there
    box = page.evaluate("() => { const r = document.activeElement.getBoundingClientRect(); return [r.top, r.bottom, innerHeight]; }")
    assert 0 <= box[0] < box[1] <= box[2] + 1, "the focus is hidden"
