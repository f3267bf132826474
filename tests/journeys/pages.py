"""What a journey does on every page it comes to: look at it in two widths, and with axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (320, 1280)
HEIGHT = 900
PASSWORD = "consult-and-listen"  # noqa: S105 - of the demonstration accounts.

_axe = Axe()


def assert_accessible(page: Page) -> None:
    """Fail unless axe finds nothing on this page, and nothing scrolls sideways, at 320 and 1280 px."""
    problems = [problem for width in WIDTHS for problem in _problems(page, width)]
    assert not problems, f"{page.url}: " + "; ".join(problems)


def _problems(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    found = [
        f"{violation['id']} at {width} px: {violation['nodes'][0]['html'][:200]}" for violation in _axe.run(page).response["violations"]
    ]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        found.append(f"{over} px too wide at {width} px: {page.evaluate(WIDEST)}")
    return found


# Names the element that sticks out furthest.
WIDEST = """() => {
  const wide = [...document.body.querySelectorAll('*')]
    .map((e) => [e.getBoundingClientRect().right, e.tagName + '.' + e.className]);
  wide.sort((a, b) => b[0] - a[0]);
  return wide[0].join(' ');
}"""


def sign_in(page: Page, url: str, email: str) -> None:
    """Sign in as a demonstration account."""
    page.goto(f"{url}/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/consultations*")
