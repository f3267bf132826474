"""A name and an address that nothing can break never push a page wider than a small screen."""

import pytest

from tests.journeys.pages import assert_accessible, sign_in
from tests.journeys.steps import CONSULTATION, invite, mail_to, press

pytestmark = pytest.mark.journey

FAMILY_NAME = "Wolfeschlegelsteinhausenbergerdorffwelche"
GIVEN_NAME = "Hubertblainewolfeschlegelsteinhausen"
ADDRESS = f"{GIVEN_NAME}.{FAMILY_NAME[:20]}@{'longestdomainnameofall' * 2}.example.org".lower()


def test_a_long_name_and_address_fit_on_a_small_screen(program, new_page):
    page = new_page()
    sign_in(page, program.url, "organizer@example.org")
    page.goto(f"{program.url}{CONSULTATION}/people/new")
    page.fill("#given_name", GIVEN_NAME)
    page.fill("#family_name", FAMILY_NAME)
    page.fill("#email", ADDRESS)
    page.fill("#organization", FAMILY_NAME * 2)
    press(page)
    assert ADDRESS in page.inner_text("main")
    assert_accessible(page)

    page.goto(f"{program.url}{CONSULTATION}/people?search={FAMILY_NAME}")
    assert FAMILY_NAME in page.inner_text("main")
    assert_accessible(page)

    page.goto(f"{program.url}{CONSULTATION}/events/session-1")
    about = page.locator("main a[href*='about=event']").first.get_attribute("href").partition("about=")[2]
    invite(page, program, about.replace("%3A", ":"), [f"{GIVEN_NAME} {FAMILY_NAME}"])
    page.locator("main table a").first.click()
    assert_accessible(page)
    mail_to(page, program, ADDRESS, "Invitation")

    page.goto(f"{program.url}{CONSULTATION}/events/session-1")
    assert FAMILY_NAME in page.inner_text("main")
    assert_accessible(page)
    page.get_by_role("link", name=FAMILY_NAME).first.click()
    assert_accessible(page)
