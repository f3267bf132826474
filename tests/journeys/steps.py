"""Steps that several journeys take, in either language: things are found by what they are, not by their words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.journeys.pages import assert_accessible

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.journeys.program import Program

CONSULTATION = "/c/ethical-procurement"
# From a click in the browser to the mail in the mailbox.
MAIL_PATIENCE = 90


def press(page: Page) -> None:
    """Press the button of the page's own form, and wait for what comes."""
    with page.expect_navigation():
        page.locator("main form[method=post] button").first.click()


def invite(page: Page, program: Program, about: str, names: list[str]) -> None:
    """Choose people, read the preview, approve."""
    page.goto(f"{program.url}{CONSULTATION}/mail/new")
    value = page.locator(f"#about option[value^='{about}']").first.get_attribute("value")
    page.select_option("#about", value)
    page.check("#whom-ticked")
    for name in names:
        page.get_by_label(name, exact=True).check()
    assert_accessible(page)
    press(page)
    for name in names:
        assert name in page.inner_text("main")
    assert_accessible(page)
    with page.expect_navigation():
        page.locator("form[action$='/approve'] button").click()
    assert_accessible(page)


def not_invited_yet(page: Page, program: Program, event: str, howmany: int, skip: int = 0) -> list[str]:
    """Return names on the roster that stand nowhere on the event's page."""
    page.goto(f"{program.url}{CONSULTATION}/events/{event}")
    known = page.inner_text("main")
    page.goto(f"{program.url}{CONSULTATION}/mail/new")
    names = page.locator("label[for^='person-']").all_inner_texts()
    return [name for name in names if name not in known][skip : skip + howmany]


def mail_to(page: Page, program: Program, name: str, subject: str = "", *, look: bool = True) -> None:
    """Open the newest mail to somebody in the local mailbox whose subject has this word."""
    until = time.monotonic() + MAIL_PATIENCE
    while True:
        page.goto(f"{program.url}/mailbox")
        rows = page.locator("main tr", has_text=name).filter(has_text=subject)
        if rows.count():
            break
        assert time.monotonic() < until, f"no mail to {name} came: {subject}"
        page.wait_for_timeout(500)
    if look:
        assert_accessible(page)
    rows.first.locator("a").first.click()
    if look:
        assert_accessible(page)


def open_link(page: Page) -> str:
    """Follow the personal link of the mail that is shown; return the invitation's address."""
    address = page.locator("main a[href*='/r/']").first.get_attribute("href")
    page.goto(address)
    return page.url


def online_seats(page: Page, program: Program, event: str) -> int:
    """Return how many online seats the event's page shows as taken."""
    page.goto(f"{program.url}{CONSULTATION}/events/{event}")
    # The order of the table is: in person, online.
    return int(page.locator("section[aria-labelledby=seats] table tbody tr").nth(1).locator("td").nth(1).inner_text())


def in_language(page: Page, program: Program, language: str) -> None:
    """Turn the pages to a language, as its link does."""
    page.goto(f"{program.url}/sign-in?lang={language}")
    assert page.get_attribute("html", "lang") == language


def begin(page: Page) -> None:
    """Go from the page that says what the questionnaire is to its first section."""
    page.locator("main a.button").first.click()


def answer_some(page: Page, look: Callable[[Page], None] | None = None) -> None:
    """Answer three questions, one of which brings up another, and go on to the check.

    The page with the new question comes back with its place in the address (…#q_how_far).
    """
    for question in ("q_size", "q_knows_chain"):
        page.locator(f"input[name={question}]").first.check()
    press(page)
    while not urlsplit(page.url).path.endswith("/check"):
        if look:
            look(page)
        if page.locator("input[name=q_should_ask]").count():
            page.locator("input[name=q_should_ask]").first.check()
        press(page)
