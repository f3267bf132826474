"""Who may send for a domain (SPF), as RFC 7208 says it. Pure: whoever calls brings the answers of the DNS.

Macros are not expanded: a term with one counts as a look-up and matches nothing, and the
outcome says that it is not certain.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Sections 4.6.4 of RFC 7208: terms that ask the DNS, empty answers, and names of one "mx".
MOST_LOOKUPS = 10
MOST_VOID = 2
MOST_EXCHANGERS = 10
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_NEEDS_VALUE = frozenset({"include", "exists", "ip4", "ip6"})
_TERM = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?:(?P<sign>[:=])(?P<value>[!-~]*))?(?P<lengths>(?:/[0-9/]+)?)")
_LENGTHS = re.compile(r"(?:/(?P<four>[0-9]{1,2}))?(?://(?P<six>[0-9]{1,3}))?")


class Result(StrEnum):
    """What SPF says of one sender."""

    PASS = "pass"  # noqa: S105 - a word of the specification.
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"


_BY_QUALIFIER = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


class SpfError(ValueError):
    """A record that no receiver can use (permerror); ``kind`` is "several", "syntax", "lookups" or "void"."""

    def __init__(self, kind: str, about: str = "") -> None:
        """Keep what is wrong, and with which term or domain."""
        super().__init__(f"{kind}: {about}")
        self.kind, self.about = kind, about


class Lookups(Protocol):
    """Answers of the DNS; an empty sequence where there is none."""

    def txt(self, name: str) -> Sequence[str]:
        """Return the text records of a name, each joined from its pieces."""

    def addresses(self, name: str) -> Sequence[str]:
        """Return the IPv4 and IPv6 addresses of a name."""

    def exchangers(self, name: str) -> Sequence[tuple[int, str]]:
        """Return the mail exchangers of a name, with their preference."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record. ``value`` is what follows the colon (or =), ``lengths`` the prefix lengths of a and mx."""

    qualifier: str
    name: str
    value: str = ""
    lengths: str = ""
    modifier: bool = False

    @property
    def asks(self) -> bool:
        """Return whether a receiver has to ask the DNS for it."""
        return self.name in _ASKING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What SPF says of one sender; ``certain`` is false where a macro stood in the way."""

    result: Result
    certain: bool = True


def spf_record(texts: Sequence[str]) -> str | None:
    """Return the one SPF record among the text records of a domain, None for none; raises SpfError for several."""
    found = [text for text in texts if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]
    if len(found) > 1:
        raise SpfError("several", str(len(found)))
    return found[0] if found else None


def parse_spf(record: str) -> tuple[Term, ...]:
    """Return the terms of a record; raises SpfError, naming the term that cannot be."""
    terms = tuple(_term(word) for word in record.split(" ")[1:] if word)
    for once in ("redirect", "exp"):
        if sum(term.modifier and term.name == once for term in terms) > 1:
            raise SpfError("syntax", once)
    return terms


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    if found is None:
        raise SpfError("syntax", word)
    name, value = found["name"].lower(), found["value"] or ""
    if found["sign"] == "=" and name not in _MECHANISMS:
        if found["qualifier"] or (name in {"redirect", "exp"} and not value):
            raise SpfError("syntax", word)
        return Term("", name, value, modifier=True)
    value, _, lengths = value.partition("/")
    term = Term(found["qualifier"] or "+", name, value, f"/{lengths}" if lengths else found["lengths"])
    if found["sign"] == "=" or not _is_usable(term, has_colon=found["sign"] == ":"):
        raise SpfError("syntax", word)
    return term


def _is_usable(term: Term, *, has_colon: bool) -> bool:
    if term.name not in _MECHANISMS or (has_colon and not term.value) or (term.name in _NEEDS_VALUE and not term.value):
        return False
    if term.name == "all":
        return not has_colon and not term.lengths
    if term.name in {"ip4", "ip6"}:
        return _network(term) is not None
    if term.lengths and term.name not in {"a", "mx"}:
        return False
    return _prefixes(term.lengths) is not None


def _network(term: Term) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        network = ipaddress.ip_network(term.value + term.lengths, strict=False)
    except ValueError:
        return None
    return network if network.version == (4 if term.name == "ip4" else 6) else None


def _prefixes(lengths: str) -> tuple[int, int] | None:
    found = _LENGTHS.fullmatch(lengths)
    if found is None:
        return None
    four, six = int(found["four"] or 32), int(found["six"] or 128)
    return (four, six) if four <= 32 and six <= 128 else None


def strictness(terms: Sequence[Term]) -> str:
    """Return the qualifier of the record's "all" ("-", "~", "?", "+"), "" where there is none and no redirect either."""
    for term in terms:
        if term.name == "all" and not term.modifier:
            return term.qualifier
    return "-" if any(term.modifier and term.name == "redirect" for term in terms) else ""


def count_lookups(domain: str, lookups: Lookups) -> int:
    """Return how many look-ups a receiver has to make at most; it stops counting past the limit.

    Raises SpfError for a record on the way that no receiver can use.
    """
    counted = 0
    waiting = [domain]
    while waiting and counted <= MOST_LOOKUPS:
        record = spf_record(lookups.txt(waiting.pop()))
        for term in parse_spf(record) if record is not None else ():
            if term.asks:
                counted += 1
            if term.name in {"include", "redirect"} and "%" not in term.value:
                waiting.append(term.value)
    return counted


@dataclass(slots=True)
class _Walk:
    """One evaluation: what it may still ask."""

    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    lookups: Lookups
    asked: int = 0
    void: int = 0
    macros: bool = False
    path: list[str] = field(default_factory=list)

    def spend(self, about: str) -> None:
        self.asked += 1
        if self.asked > MOST_LOOKUPS:
            raise SpfError("lookups", about)

    def answered(self, found: Sequence[object], about: str) -> None:
        self.void += not found
        if self.void > MOST_VOID:
            raise SpfError("void", about)


def evaluate(ip: str, domain: str, lookups: Lookups) -> Outcome:
    """Return what SPF says of mail from ``domain`` that ``ip`` hands in (check_host, section 4).

    Raises SpfError where the domain's record cannot be used.
    """
    walk = _Walk(ipaddress.ip_address(ip), lookups)
    result = _check_host(walk, domain)
    return Outcome(result, certain=not walk.macros)


def _check_host(walk: _Walk, domain: str) -> Result:
    record = spf_record(walk.lookups.txt(domain))
    if record is None:
        return Result.NONE
    terms = parse_spf(record)
    for term in terms:
        if not term.modifier and _matches(walk, term, domain):
            return _BY_QUALIFIER[term.qualifier]
    redirect = next((term.value for term in terms if term.modifier and term.name == "redirect"), None)
    if redirect is None:
        return Result.NEUTRAL
    walk.spend(redirect)
    if "%" in redirect:
        walk.macros = True
        return Result.NEUTRAL
    result = _check_host(walk, redirect)
    if result is Result.NONE:
        raise SpfError("syntax", f"redirect={redirect}")
    return result


def _matches(walk: _Walk, term: Term, domain: str) -> bool:
    if term.name == "all":
        return True
    if term.name in {"ip4", "ip6"}:
        network = _network(term)
        return network is not None and walk.ip in network
    walk.spend(term.value or domain)
    if "%" in term.value or term.name == "ptr":
        # "ptr" is not to be used (section 5.5); receivers may leave it out.
        walk.macros = True
        return False
    return _asks_and_matches(walk, term, term.value or domain)


def _asks_and_matches(walk: _Walk, term: Term, target: str) -> bool:
    if term.name == "include":
        result = _check_host(walk, target)
        if result is Result.NONE:
            raise SpfError("syntax", f"include:{target}")
        return result is Result.PASS
    if term.name == "exists":
        found = walk.lookups.addresses(target)
        walk.answered(found, target)
        return any(ipaddress.ip_address(each).version == 4 for each in found)
    return any(walk.ip in network for network in _networks_of(walk, term, target))


def _networks_of(walk: _Walk, term: Term, target: str) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    names = [target]
    if term.name == "mx":
        exchangers = walk.lookups.exchangers(target)
        walk.answered(exchangers, target)
        if len(exchangers) > MOST_EXCHANGERS:
            raise SpfError("lookups", f"mx:{target}")
        names = [name for _, name in exchangers]
    four, six = _prefixes(term.lengths) or (32, 128)
    for name in names:
        addresses = walk.lookups.addresses(name)
        if term.name == "a":
            walk.answered(addresses, name)
        for each in addresses:
            yield ipaddress.ip_network(f"{each}/{four if ':' not in each else six}", strict=False)
