"""What every page must have, and must not have."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup, NavigableString, Tag

from engagement.kernel.languages import french

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAKS = re.compile(r"\bNone\b|<[A-Za-z_.]+ object at 0x|\{\{|\}\}|\(\(|Undefined|%\([a-z_]+\)s|lazy_gettext")
HEADING = re.compile(r"^h[1-6]$")


class Page:
    """A page that was gone through once: its tags in their order, and its texts."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        nodes = list(BeautifulSoup(html, "html.parser").descendants)
        self.tags = [node for node in nodes if isinstance(node, Tag)]
        self.texts = [" ".join(node.split()) for node in nodes if type(node) is NavigableString and _shows(node) and not node.isspace()]
        self._named: dict[str, list[Tag]] = {}
        for tag in self.tags:
            self._named.setdefault(tag.name, []).append(tag)

    def named(self, *names: str) -> list[Tag]:
        """Return the tags with one of these names."""
        return [tag for name in names for tag in self._named.get(name, ())]

    def having(self, attribute: str) -> list[Tag]:
        """Return the tags that have an attribute."""
        return [tag for tag in self.tags if attribute in tag.attrs]

    @property
    def language(self) -> str:
        """Return what the page says its language is."""
        return str(next(iter(self.named("html")), Tag(name="html")).get("lang", ""))


def _shows(text: NavigableString) -> bool:
    return text.parent is not None and text.parent.name not in {"script", "style", "[document]", "textarea", "code"}


def problems_of(html: str) -> list[str]:
    """Return what is wrong with a page, a line apiece; nothing for a good one."""
    page = Page(html)
    checks = (_headings, _language, _ids, _labels, _policy, _forms, _leaks, _names, _half_french)
    return [problem for check in checks for problem in check(page)]


def _headings(page: Page) -> Iterator[str]:
    heads = page.named("h1")
    if len(heads) != 1:
        yield f"{len(heads)} h1"
        return
    head = _words(heads[0])
    title = _words(page.named("title")[0]) if page.named("title") else ""
    shown = re.sub(r"^(Error: |Erreur : )", "", title.replace("\u00a0", " "))
    if not shown.startswith(head.replace("\u00a0", " ")):
        yield f"title {title!r} does not begin with h1 {head!r}"
    wrong = any(tag["id"] == "error-summary" for tag in page.having("id"))
    if wrong != (shown != title.replace("\u00a0", " ")):
        yield "the title and the error summary disagree on whether there is an error"
    levels = [int(str(head.name)[1]) for head in page.tags if HEADING.match(head.name) and not head.find_parent(id="error-summary")]
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"h{before} is followed by h{after}"


def _language(page: Page) -> Iterator[str]:
    if page.language not in {"en", "fr"}:
        yield "html has no lang"
    if not any(tag.get("name") == "viewport" for tag in page.named("meta")):
        yield "no viewport"
    if not page.named("main"):
        yield "no main"


def _ids(page: Page) -> Iterator[str]:
    ids = [str(tag["id"]) for tag in page.having("id")]
    yield from (f"id {name!r} stands {count} times" for name, count in Counter(ids).items() if count > 1)
    for attribute in ("for", "aria-describedby", "aria-labelledby"):
        for tag in page.having(attribute):
            for name in str(tag[attribute]).split():
                if name not in ids:
                    yield f"{attribute}={name!r} points to nothing"
    for link in page.named("a"):
        address = str(link.get("href", ""))
        if re.match(r"^#.", address) and address[1:] not in ids:
            yield f"link to {address} leads nowhere"


def _labels(page: Page) -> Iterator[str]:
    labelled = {str(tag["for"]) for tag in page.named("label") if tag.has_attr("for")}
    for field in page.named("input", "select", "textarea"):
        if field.get("type") in {"hidden", "submit"}:
            continue
        if str(field.get("id", "")) not in labelled and not field.get("aria-label") and not field.find_parent("label"):
            yield f"field {field.get('name')!r} has no label"
    for radios in page.named("input"):
        if radios.get("type") == "radio" and radios.find_parent("fieldset") is None:
            yield f"radio {radios.get('name')!r} stands outside a fieldset"


def _policy(page: Page) -> Iterator[str]:
    for tag in page.tags:
        if tag.has_attr("style") or any(name.startswith("on") for name in tag.attrs):
            yield f"<{tag.name}> has a style or a handler of its own"
        for attribute in ("src", "href", "action"):
            address = str(tag.get(attribute, ""))
            if re.match(r"(?i)\s*(javascript|data):", address):
                yield f"<{tag.name}> has the address {address[:30]}"
        if tag.name == "style" or (tag.name == "script" and not tag.get("src")):
            yield f"inline {tag.name}"
        if tag.name in {"script", "img", "link"} and re.match(r"(https?:)?//", str(tag.get("src") or tag.get("href") or "")):
            yield f"<{tag.name}> comes from another host"


def _forms(page: Page) -> Iterator[str]:
    for form in page.named("form"):
        method = str(form.get("method", "get")).lower()
        if method == "post" and form.find("input", attrs={"name": "csrf_token"}) is None:
            yield f"form to {form.get('action')!r} has no CSRF token"
        if not any(tag.name == "button" or tag.get("type") == "submit" for tag in form.find_all(["button", "input"])):
            yield f"form to {form.get('action')!r} has no button"
        if method == "post" and form.find(attrs={"required": True}) is not None and not form.has_attr("novalidate"):
            yield "the browser checks this form before we do: novalidate is missing"


def _leaks(page: Page) -> Iterator[str]:
    for text in page.texts:
        found = LEAKS.search(text)
        if found:
            yield f"{found.group()!r} shows in {text[:60]!r}"


def _names(page: Page) -> Iterator[str]:
    for tag in page.named("a", "button"):
        if not _words(tag) and not tag.get("aria-label"):
            yield f"<{tag.name}> has no words"
    for image in page.named("img"):
        if not image.has_attr("alt"):
            yield "an image without alt"
    for table in page.named("table"):
        if table.find("th") is None or table.find("caption") is None:
            yield "a table without headings or caption"


@cache
def _english_only() -> frozenset[str]:
    catalogue = french()._catalog
    return frozenset(
        key for key, words in catalogue.items() if isinstance(key, str) and key and words != key and " " in key and "%(" not in key
    )


def _half_french(page: Page) -> Iterator[str]:
    if page.language != "fr":
        return
    for text in page.texts:
        if text in _english_only():
            yield f"English on a French page: {text[:60]!r}"


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())
