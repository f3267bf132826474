"""What every page must have, and must not have."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup, Tag

from engagement.kernel.languages import french

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAKS = re.compile(r"\bNone\b|<[A-Za-z_.]+ object at 0x|\{\{|\}\}|\(\(|Undefined|%\([a-z_]+\)s|lazy_gettext")


def problems_of(html: str) -> list[str]:
    """Return what is wrong with a page, a line apiece; nothing for a good one."""
    page = BeautifulSoup(html, "html.parser")
    checks = (_headings, _language, _ids, _labels, _policy, _forms, _leaks, _names, _half_french)
    return [problem for check in checks for problem in check(page)]


def _headings(page: BeautifulSoup) -> Iterator[str]:
    heads = page.find_all("h1")
    if len(heads) != 1:
        yield f"{len(heads)} h1"
        return
    head = _words(heads[0])
    title = _words(page.title) if page.title else ""
    shown = re.sub(r"^(Error: |Erreur : )", "", title.replace("\u00a0", " "))
    if not shown.startswith(head.replace("\u00a0", " ")):
        yield f"title {title!r} does not begin with h1 {head!r}"
    wrong = page.find(id="error-summary") is not None
    if wrong != (shown != title.replace("\u00a0", " ")):
        yield "the title and the error summary disagree on whether there is an error"
    levels = [int(str(head.name)[1]) for head in page.find_all(re.compile(r"^h[1-6]$")) if not head.find_parent(id="error-summary")]
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"h{before} is followed by h{after}"


def _language(page: BeautifulSoup) -> Iterator[str]:
    html = page.find("html")
    if not isinstance(html, Tag) or html.get("lang") not in {"en", "fr"}:
        yield "html has no lang"
    if page.find("meta", attrs={"name": "viewport"}) is None:
        yield "no viewport"
    if page.find("main") is None:
        yield "no main"


def _ids(page: BeautifulSoup) -> Iterator[str]:
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    yield from (f"id {name!r} stands {count} times" for name, count in Counter(ids).items() if count > 1)
    for attribute in ("for", "aria-describedby", "aria-labelledby"):
        for tag in page.find_all(attrs={attribute: True}):
            for name in str(tag[attribute]).split():
                if name not in ids:
                    yield f"{attribute}={name!r} points to nothing"
    for link in page.find_all("a", href=re.compile(r"^#.")):
        if str(link["href"])[1:] not in ids:
            yield f"link to {link['href']} leads nowhere"


def _labels(page: BeautifulSoup) -> Iterator[str]:
    labelled = {str(tag["for"]) for tag in page.find_all("label", attrs={"for": True})}
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") in {"hidden", "submit"}:
            continue
        if str(field.get("id", "")) not in labelled and not field.get("aria-label") and not field.find_parent("label"):
            yield f"field {field.get('name')!r} has no label"
    for radios in page.find_all("input", type="radio"):
        if radios.find_parent("fieldset") is None:
            yield f"radio {radios.get('name')!r} stands outside a fieldset"


def _policy(page: BeautifulSoup) -> Iterator[str]:
    for tag in page.find_all(True):
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


def _forms(page: BeautifulSoup) -> Iterator[str]:
    for form in page.find_all("form"):
        method = str(form.get("method", "get")).lower()
        if method == "post" and form.find("input", attrs={"name": "csrf_token"}) is None:
            yield f"form to {form.get('action')!r} has no CSRF token"
        if not any(tag.name == "button" or tag.get("type") == "submit" for tag in form.find_all(["button", "input"])):
            yield f"form to {form.get('action')!r} has no button"
        if method == "post" and form.find(attrs={"required": True}) is not None and not form.has_attr("novalidate"):
            yield "the browser checks this form before we do: novalidate is missing"


def _leaks(page: BeautifulSoup) -> Iterator[str]:
    for text in _texts(page):
        found = LEAKS.search(text)
        if found:
            yield f"{found.group()!r} shows in {text[:60]!r}"


def _names(page: BeautifulSoup) -> Iterator[str]:
    for tag in page.find_all(["a", "button"]):
        if not _words(tag) and not tag.get("aria-label"):
            yield f"<{tag.name}> has no words"
    for image in page.find_all("img"):
        if not image.has_attr("alt"):
            yield "an image without alt"
    for table in page.find_all("table"):
        if table.find("th") is None or table.find("caption") is None:
            yield "a table without headings or caption"


@cache
def _english_only() -> frozenset[str]:
    catalogue = french()._catalog
    return frozenset(
        key for key, words in catalogue.items() if isinstance(key, str) and key and words != key and " " in key and "%(" not in key
    )


def _half_french(page: BeautifulSoup) -> Iterator[str]:
    html = page.find("html")
    if not isinstance(html, Tag) or html.get("lang") != "fr":
        return
    for text in _texts(page):
        if text in _english_only():
            yield f"English on a French page: {text[:60]!r}"


def _texts(page: BeautifulSoup) -> Iterator[str]:
    for text in page.find_all(string=True):
        if text.parent is not None and text.parent.name not in {"script", "style", "[document]", "textarea", "code"} and text.strip():
            yield " ".join(text.split())


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())
