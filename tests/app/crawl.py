"""Walking through every page that can be reached, and collecting every form on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from bs4 import BeautifulSoup, Tag
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from flask.testing import FlaskClient

# Of one route with many rows (450 people), a few pages stand for all.
PAGES_OF_ONE_KIND = 2
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class Field:
    """One field of a form: its name, kind, and the values it offers or holds."""

    name: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class FoundForm:
    """A form that posts somewhere."""

    action: str
    endpoint: str
    fields: tuple[Field, ...]
    takes_files: bool = False

    def filled(self, words: str = "") -> dict[str, object]:
        """Return the form as a browser would send it, with ``words`` typed wherever something is typed."""
        sent: dict[str, object] = {}
        for each in self.fields:
            if each.kind in {"hidden", "select", "radio"}:
                sent[each.name] = each.values[0] if each.values else ""
            elif each.kind == "checkbox":
                sent[each.name] = list(each.values)
            elif each.kind != "file":
                sent[each.name] = words or (each.values[0] if each.values else "")
        return sent


@dataclass
class Site:
    """What a walk found: the addresses by route, the forms, and what each page said."""

    app: Flask
    seen: dict[str, int] = field(default_factory=dict)
    pages: dict[str, set[str]] = field(default_factory=dict)
    forms: dict[tuple[str, tuple[str, ...]], FoundForm] = field(default_factory=dict)

    def endpoint(self, address: str, method: str = "GET") -> str | None:
        """Return the route that an address of ours leads to."""
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(urlsplit(address).path, method)
        except HTTPException:
            return None
        return str(endpoint)

    def walk(self, client: FlaskClient, *starts: str) -> Site:
        """Follow every link from ``starts``; a few addresses stand for all of one shape."""
        waiting = list(starts)
        while waiting:
            address = waiting.pop(0)
            endpoint = self.endpoint(address)
            if endpoint in {None, "static"} or address in self.seen or not self._wanted(address):
                continue
            answer = client.get(address)
            self.seen[address] = answer.status_code
            self.pages.setdefault(str(endpoint), set()).add(address)
            if answer.is_json or answer.mimetype != "text/html":
                answer.close()
                continue
            page = BeautifulSoup(answer.text, "html.parser")
            waiting += _links(page, address)
            if answer.location:
                waiting.append(urljoin(address, answer.location))
            self._keep_forms(page, address)
        return self

    def _wanted(self, address: str) -> bool:
        shape = ID.sub("ID", urlsplit(address).path)
        queries = sum(1 for seen in self.seen if ID.sub("ID", urlsplit(seen).path) == shape)
        return queries < PAGES_OF_ONE_KIND

    def _keep_forms(self, page: BeautifulSoup, address: str) -> None:
        for form in page.find_all("form"):
            action = urljoin(address, str(form.get("action") or ""))
            endpoint = self.endpoint(action, "POST")
            if str(form.get("method", "get")).lower() == "post" and endpoint:
                fields = tuple(_fields(form))
                found = FoundForm(action, endpoint, fields, form.get("enctype") == "multipart/form-data")
                self.forms.setdefault((endpoint, tuple(sorted({each.name for each in fields}))), found)


def _links(page: BeautifulSoup, address: str) -> list[str]:
    found = [urljoin(address, str(link["href"])).partition("#")[0] for link in page.find_all("a", href=True)]
    return [link for link in found if not urlsplit(link).netloc]


def _fields(form: Tag) -> Iterable[Field]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for tag in form.find_all(["input", "select", "textarea"], attrs={"name": True}):
        kind = str(tag.get("type", "text")) if tag.name == "input" else tag.name
        values = [str(option.get("value", "")) for option in tag.find_all("option")] if kind == "select" else [_held(tag)]
        grouped.setdefault((str(tag["name"]), kind), []).extend(values)
    return [Field(name, kind, tuple(values)) for (name, kind), values in grouped.items()]


def _held(tag: Tag) -> str:
    return tag.get_text() if tag.name == "textarea" else str(tag.get("value", ""))


def ids_in(address: str) -> list[UUID]:
    """Return the ids in an address."""
    return [UUID(found) for found in ID.findall(urlsplit(address).path)]
