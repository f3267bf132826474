"""A mailing from the choice of people to its progress page, paused, resumed, and at its end; in both languages."""

import time
from datetime import timedelta

import pytest

from engagement.kernel.clock import now, on_the_wall
from tests.journeys.pages import assert_accessible, sign_in
from tests.journeys.steps import CONSULTATION, in_language, press

pytestmark = pytest.mark.journey

ZONE = "America/Toronto"
PATIENCE = 240


def test_a_mailing_from_choice_to_its_end(program, new_page):
    page = new_page()
    mailing = a_draft(page, program, "en")
    goes_at = (now() + timedelta(seconds=25 + 59)).replace(second=0, microsecond=0)
    set_its_time(page, mailing, goes_at)
    pause_over_its_time_and_resume(page, mailing, goes_at)
    to_the_end(page)


def test_a_mailing_from_choice_to_its_stop_in_french(program, new_page):
    page = new_page()
    mailing = a_draft(page, program, "fr")
    set_its_time(page, mailing, now() + timedelta(days=2))
    pause(page, mailing)
    resume(page, mailing)
    page.goto(f"{mailing}/stop")
    assert_accessible(page)
    press(page)
    assert_accessible(page)
    assert page.locator("#progress .note").is_visible()
    assert page.locator("progress#sent").count() == 0


def a_draft(page, program, language):
    """Choose, write, look around and have it ready to be approved; return its address."""
    in_language(page, program, language)
    sign_in(page, program.url, "organizer@example.org")
    leave_at_any_hour(page, program)
    mailing = choose(page, program)
    write(page, mailing, language)
    look_around(page, mailing)
    approve_on_paper_page(page, mailing)
    return mailing


def leave_at_any_hour(page, program):
    """Have no quiet hours, so that the journey does not depend on the time at which it is run."""
    page.goto(f"{program.url}{CONSULTATION}/mail/reminders/rules")
    page.fill("#quiet_from", "00:00")
    page.fill("#quiet_until", "00:00")
    press(page)


def choose(page, program):
    """Choose everybody who speaks French for an announcement."""
    page.goto(f"{program.url}{CONSULTATION}/mail/new/list")
    assert_accessible(page)
    page.select_option("#about", "announcement")
    page.fill("#addresses", "nobody@example.org; x")
    press(page)
    assert page.locator("#error-summary li").count() == 2
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert_accessible(page)
    page.goto(f"{program.url}{CONSULTATION}/mail/new?language=fr")
    page.select_option("#about", "announcement")
    page.check("#whom-all")
    assert_accessible(page)
    press(page)
    assert_accessible(page)
    return page.url


def write(page, mailing, language):
    """Write the words in both languages; one that is missing is said at its field."""
    page.goto(f"{mailing}/words")
    page.fill("#subject_en", f"News ({language})")
    page.fill("#subject_fr", f"Nouvelles ({language})")
    page.fill("#body_en", "((salutation))\n\nThe report is out.\n\n((contact))")
    page.fill("#body_fr", "")
    page.locator("main form[method=post] button").first.click()
    assert page.locator("#error-summary a[href='#body_fr']").is_visible()
    assert_accessible(page)
    page.fill("#body_fr", "((salutation))\n\nLe rapport est publié.\n\n((contact))")
    press(page)
    assert "Dominique Tremblay" in page.inner_text("main")
    assert_accessible(page)


def look_around(page, mailing):
    """Read the mail as one person, send a test, rehearse."""
    page.goto(mailing)
    assert_accessible(page)
    page.locator("main a[href*='/letter/']").first.click()
    assert_accessible(page)
    page.goto(mailing)
    with page.expect_navigation():
        page.locator("form[action*='/test/'] button").click()
    assert page.locator(".done").is_visible()
    page.locator("main a[href*='/rehearse/']").first.click()
    assert_accessible(page)
    page.locator("main table a").first.click()
    assert_accessible(page)


def approve_on_paper_page(page, mailing):
    """Make the package and take its document; the signature itself is not waited for."""
    page.goto(f"{mailing}/package")
    press(page)
    assert_accessible(page)
    with page.expect_download() as download:
        page.locator("a.button[href$='.pdf']").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def set_its_time(page, mailing, goes_at):
    """Set it to go at this minute, and approve it."""
    wall = on_the_wall(goes_at, ZONE)
    page.goto(f"{mailing}/schedule")
    assert_accessible(page)
    page.fill("#day", wall.strftime("%Y-%m-%d"))
    page.fill("#at", wall.strftime("%H:%M"))
    press(page)
    assert_accessible(page)
    with page.expect_navigation():
        page.locator("form[action$='/approve'] button").click()
    assert_accessible(page)


def pause(page, mailing):
    """Pause it, and see that it says so."""
    page.goto(f"{mailing}/pause")
    assert_accessible(page)
    press(page)
    assert page.locator("#progress .warning").is_visible()


def resume(page, mailing):
    """Resume it."""
    page.goto(f"{mailing}/resume")
    assert_accessible(page)
    press(page)


def pause_over_its_time_and_resume(page, mailing, goes_at):
    """Pause it over its time: nothing goes; resume it: it goes."""
    pause(page, mailing)
    page.wait_for_timeout(max(0, (goes_at - now()).total_seconds() + 5) * 1000)
    page.reload()
    assert page.locator("progress#sent").count() == 0
    assert_accessible(page)
    resume(page, mailing)


def to_the_end(page):
    """Watch the page come to its end by itself, without losing the focus, and survive a reload."""
    until = time.monotonic() + PATIENCE
    while page.locator("[data-refresh]").count():
        assert time.monotonic() < until
        page.wait_for_timeout(500)
    sent = page.locator("progress#sent")
    assert sent.get_attribute("value") == sent.get_attribute("max")
    page.reload()
    assert_accessible(page)
    page.locator("#progress table a").first.click()
    assert_accessible(page)
    page.go_back()
    page.locator("a[href$='/again']").click()
    assert_accessible(page)
