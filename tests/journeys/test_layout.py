"""How pages lie on screens of three widths, on paper, and where the colours are the reader's own."""

import re

import pytest

from tests.journeys.pages import assert_accessible, sign_in

pytestmark = pytest.mark.journey

THEN, NOW = "/c/way-forward-2018", "/c/ethical-procurement"


def at(page, program, address, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{program.url}{address}{'&' if '?' in address else '?'}lang=fr")


def height_of(page, selector):
    return page.locator(selector).first.bounding_box()["height"]


def test_pages_of_figures_stay_readable_on_every_screen(program, new_page):
    page = new_page()
    sign_in(page, program.url, "organizer@example.org")
    at(page, program, f"{THEN}/response", 1280)
    assert height_of(page, "header.bar") < 70, "the bar takes two lines"
    at(page, program, f"{THEN}/response", 320)
    assert height_of(page, "header.bar") < 200
    for chart in page.locator("figure svg:visible").all():
        # Not scaled down: its letters are as large as they were drawn.
        assert chart.bounding_box()["width"] >= float(chart.get_attribute("width")) - 1
    # What a browser shows when 1280 px are enlarged to 200 %.
    at(page, program, f"{THEN}/response", 640)
    assert page.locator("table.few thead").first.is_visible()

    at(page, program, f"{THEN}/findings/prompts", 1280)
    page.locator("main a[href$='/submissions']").first.click()
    tenth = page.locator("th.number a", has_text=re.compile("10$"))
    assert tenth.bounding_box()["height"] < 30, "a number is broken between its digits"


def test_on_paper_a_picture_stays_with_its_heading_and_says_whose_it_is(program, new_page):
    page = new_page()
    sign_in(page, program.url, "organizer@example.org")
    at(page, program, f"{THEN}/response", 1280)
    page.emulate_media(media="print")
    assert page.locator(".trail").is_visible()
    assert "En date du" in page.locator(".paper").inner_text()
    for hidden in ("header.bar", "summary >> nth=-1", ".pages >> nth=0", ".actions >> nth=0"):
        assert not page.locator(hidden).is_visible(), hidden
    kept = page.locator(".together:has(svg)").first
    assert kept.locator("h2").is_visible()
    assert kept.evaluate("each => getComputedStyle(each).breakInside") == "avoid"


def test_with_the_readers_own_colours_only_the_page_one_is_on_is_marked(program, new_page):
    page = new_page(forced_colors="active")
    sign_in(page, program.url, "organizer@example.org")
    at(page, program, f"{NOW}/mail/new", 1280)
    widths = page.eval_on_selector_all(".bar nav a", "links => links.map((link) => getComputedStyle(link).borderBottomWidth)")
    assert sorted(widths) == ["0px"] * (len(widths) - 1) + ["4px"]
    # The button stands below the list it speaks of.
    assert page.locator("main form[method=post] button").bounding_box()["y"] > page.locator("main table").bounding_box()["y"]
    page.locator("header summary").click()
    assert page.get_by_role("button", name="Se déconnecter").is_visible()
    assert_accessible(page)
