"""A pasted list of addresses: taken apart into lines, and each line checked against the roster.

What spreadsheets and mail programs give is taken: addresses between commas, semicolons, tabs
and line ends, and "Name <address>". Somebody whom the reader may not know of looks exactly
like somebody who is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.kernel.bilingual import Text
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.roster.filters import visible
from engagement.roster.models import Person
from engagement.roster.particulars import BadPersonError, clean_address, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engagement.consultations.access import Access

MOST_ENTRIES = 10_000
LONGEST_LIST = 2_000_000
CHUNK = 500
# "Name <address>"; the name may be quoted, and may hold one comma ("Example, Ada"). Nothing in it gives back
# what it took, so that no list takes long.
_NAMED = re.compile(
    r'(?:\s*+"(?:[^"\\]|\\.)*+"\s*+|[^<>,;\t"@]*+(?:,[^<>,;\t"@]*+)?+|[^<>,;\t"]*+)<([^<>]*+)>',
)
_PARTS = re.compile(r"[,;\t]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f]")
_HEADINGS = {"email", "e-mail", "address", "courriel", "adresse", "adresse courriel", "email address"}


class TooLongListError(DomainError):
    """More was pasted than is taken at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: the line that it stands on, counted from 1, and what stands there as an address."""

    line: int
    address: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that chooses nobody, and why."""

    line: int
    said: Text


@dataclass(frozen=True, slots=True)
class Checked:
    """What a list comes to: the people it chooses, and a line for each entry that chooses nobody."""

    people: list[UUID]
    problems: list[Problem]


def entries_of(text: str) -> list[Entry]:
    """Return the entries of a pasted list in their order. Pure."""
    found = []
    for number, line in enumerate(_INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"), start=1):
        found += [Entry(number, each) for each in _addresses(line.replace("\u00a0", " "))]
        if len(found) > MOST_ENTRIES + 1:
            # More than is taken: what follows need not be read.
            break
    if found and found[0].address.casefold() in _HEADINGS:
        found = found[1:]
    return found


def _addresses(line: str) -> Iterator[str]:
    at = given = 0
    while at < len(line) and given <= MOST_ENTRIES + 1:
        named = _NAMED.match(line, at)
        given += 1
        if named:
            yield _bare(named.group(1))
            at = named.end()
            continue
        parted = _PARTS.search(line, at)
        end = parted.start() if parted else len(line)
        if word := _bare(line[at:end]):
            yield word
        at = end + 1


def _bare(word: str) -> str:
    return word.strip().strip("\"'").removeprefix("mailto:").strip()


def check_list(access: Access, text: str) -> Checked:
    """Return whom a pasted list chooses among those that this member may know of; nothing is stored.

    Raises TooLongListError for more than 10,000 entries.
    """
    if len(text) > LONGEST_LIST:
        raise _too_long()
    entries = entries_of(text)
    if len(entries) > MOST_ENTRIES:
        raise _too_long()
    cleaned = [_cleaned(each.address) for each in entries]
    indexes = [address_index(clean or each.address) for each, clean in zip(entries, cleaned, strict=True)]
    known = _known(access, indexes)
    people: dict[UUID, None] = {}
    problems: list[Problem] = []
    seen: dict[bytes, int] = {}
    for each, clean, index in zip(entries, cleaned, indexes, strict=True):
        if index in seen:
            problems.append(Problem(each.line, _said(TWICE, each, str(seen[index]))))
        elif index in known:
            people[known[index]] = None
        else:
            problems.append(Problem(each.line, _said(UNKNOWN if clean else INVALID, each)))
        seen.setdefault(index, each.line)
    return Checked(list(people), problems)


def _cleaned(address: str) -> str | None:
    try:
        return clean_address(address)
    except BadPersonError:
        return None


INVALID = Text("Line {line}: “{word}” is not an address.", "Ligne {line}\u00a0: «\u00a0{word}\u00a0» n’est pas une adresse.")
UNKNOWN = Text("Line {line}: nobody on the roster has “{word}”.", "Ligne {line}\u00a0: «\u00a0{word}\u00a0» ne figure pas au répertoire.")
TWICE = Text(
    "Line {line}: “{word}” stands on line {first} already.", "Ligne {line}\u00a0: «\u00a0{word}\u00a0» figure déjà à la ligne {first}."
)


def _said(words: Text, entry: Entry, first: str = "") -> Text:
    # What was pasted is put in by replacing, not by formatting.
    filled = (side.replace("{line}", str(entry.line)).replace("{first}", first) for side in (words.en, words.fr))
    return Text(*(side.replace("{word}", shown(entry.address)) for side in filled))


def _known(access: Access, indexes: Sequence[bytes]) -> dict[bytes, UUID]:
    wanted, found = list(set(indexes)), {}
    for at in range(0, len(wanted), CHUNK):
        # Somebody of the open roster comes last, and so stands where a hidden person has the same address.
        rows = select(Person.email_index, Person.id).where(visible(access), Person.email_index.in_(wanted[at : at + CHUNK]))
        found.update({index: person for index, person in db.session.execute(rows.order_by(Person.open_to_team)) if index})
    return found


def _too_long() -> TooLongListError:
    said = Text(
        "At most 10,000 addresses are taken at once. Split the list.",
        "On peut coller au plus 10\u00a0000 adresses à la fois. Divisez la liste.",
    )
    return TooLongListError(said, field="addresses")
