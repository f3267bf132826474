"""Two guests' links in one browser: the first guest's form never counts for the second."""

import pytest

from tests.journeys.pages import sign_in
from tests.journeys.steps import CONSULTATION, in_language, invite, mail_to, not_invited_yet, open_link, press

pytestmark = pytest.mark.journey


def standing(staff, program, name):
    """Return what the event's page says of one guest."""
    staff.goto(f"{program.url}{CONSULTATION}/events/session-1?search={name.split()[-1]}")
    return staff.locator("main tr", has_text=name).last.inner_text()


def test_the_first_guests_form_never_counts_for_the_second(program, new_page):
    staff, tab = new_page(), new_page()
    sign_in(staff, program.url, "organizer@example.org")
    first, second = not_invited_yet(staff, program, "session-1", 2, skip=4)
    staff.goto(f"{program.url}{CONSULTATION}/events/session-1")
    about = staff.locator("main a[href*='about=event']").first.get_attribute("href").partition("about=")[2]
    invite(staff, program, about.replace("%3A", ":"), [first, second])
    untouched = standing(staff, program, second)

    in_language(tab, program, "en")
    mail_to(tab, program, first, "Invitation", look=False)
    own = open_link(tab)
    other_tab = tab.context.new_page()
    mail_to(other_tab, program, second, "Invitation", look=False)
    others = open_link(other_tab)
    assert own != others

    # The first guest's page stood open all the while; it is sent after the second link was opened.
    tab.check("input[name=choice][value=online]")
    press(tab)
    assert standing(staff, program, second) == untouched
    assert standing(staff, program, first) != untouched.replace(second, first)

    # The same form, sent to the second guest's address as a mixed-up browser might: nothing changes.
    tab.goto(f"{own}/change")
    tab.check("input[name=choice][value=no]")
    tab.evaluate("(address) => { document.querySelector('main form').action = address; }", others)
    press(tab)
    assert standing(staff, program, second) == untouched
