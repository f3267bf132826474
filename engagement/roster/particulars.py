"""What is written down about a person, cleaned and checked the same way from a form, a file and a link.

Pure: nothing here knows the database. A value that cannot be is refused with one line in both
languages, on the field it belongs to.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from email_validator import EmailNotValidError, validate_email

from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError
from engagement.roster.models import IdentifiedThrough
from engagement.roster.vocabulary import LANGUAGES_SPOKEN, REGIONS, SECTORS

LONGEST = {"given_name": 150, "family_name": 150, "phone": 60, "organization": 300, "safe_contact": 2000}
_LINES = ("given_name", "family_name", "phone", "organization")
# RFC 5321, section 4.5.3.1.
LONGEST_ADDRESS, LONGEST_LOCAL_PART = 254, 64

# Joiners that some scripts cannot be written without, and what clean_line makes a space of.
_TAKEN = {"\u200c", "\u200d", "\n", "\r", "\t", "\ufeff"}
_UNSEEN = {"Cc", "Cf", "Cs"}
_USUAL_LOCAL_PART = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*", re.IGNORECASE)


class BadPersonError(DomainError):
    """Something that was written down about a person cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Everything that the roster holds about one person. Sector, region and language are keys, None is not known."""

    given_name: str
    family_name: str
    email: str | None = None
    phone: str = ""
    organization: str = ""
    sector: str | None = None
    region: str | None = None
    language: str | None = None
    identified_through: IdentifiedThrough = IdentifiedThrough.STAFF
    safe_contact: str = ""
    do_not_contact: bool = False

    def cleaned(self) -> Self:
        """Return these particulars as they are stored, or raise BadPersonError for the first that cannot be."""
        refused = self.problems()
        if refused:
            raise refused[0]
        lines = {field: clean_line(getattr(self, field), field) for field in _LINES}
        return replace(self, **lines, email=clean_address(self.email or ""), safe_contact=self.safe_contact.strip())  # type: ignore[arg-type]

    def problems(self) -> list[BadPersonError]:
        """Return what cannot be, each on its field."""
        found = []
        if not self.given_name.strip() and not self.family_name.strip():
            found.append(BadPersonError(Text("Enter a name.", "Entrez un nom."), field="family_name"))
        for field, known in (("sector", SECTORS), ("region", REGIONS), ("language", LANGUAGES_SPOKEN)):
            if getattr(self, field) not in {None, *known}:
                said = Text("This is not on the list.", "Cela ne figure pas dans la liste.")
                found.append(BadPersonError(said, field=field))
        for field in (*_LINES, "email", "safe_contact"):
            try:
                check_typed(getattr(self, field) or "", field)
            except BadPersonError as error:
                found.append(error)
        return found


def check_typed(words: str, field: str) -> None:
    """Raise BadPersonError unless ``words`` can stand in the free text or address ``field``."""
    if field == "email":
        clean_address(words)
    elif field in _LINES:
        clean_line(words, field)
    else:
        refuse_too_long(words.strip(), field)


def clean_line(words: str, field: str) -> str:
    """Return one line without space around it or runs of space in it.

    Raises BadPersonError for characters that cannot be seen, and for more than LONGEST[field].
    """
    # isprintable() is quick and says no to all that is meant here, and to a few things that are fine.
    if not words.isprintable() and any(unicodedata.category(each) in _UNSEEN for each in set(words) - _TAKEN):
        said = Text("“{words}” has characters that cannot be seen.", "«\u00a0{words}\u00a0» contient des caractères invisibles.")
        raise BadPersonError(said.format(words=shown(words)), field=field)
    line = " ".join(words.replace("\ufeff", " ").split())
    refuse_too_long(line, field)
    return line


def refuse_too_long(words: str, field: str) -> None:
    """Raise BadPersonError for more characters than the field holds."""
    if len(words) > LONGEST[field]:
        said = Text(
            "“{words}” is longer than {longest} characters.",
            "«\u00a0{words}\u00a0» compte plus de {longest} caractères.",
        )
        raise BadPersonError(said.format(words=shown(words), longest=LONGEST[field]), field=field)


def clean_address(words: str) -> str | None:
    """Return the address as mail servers take it (the domain in ASCII), None for no address.

    Raises BadPersonError. A part before the @ with accents is refused: few mail servers
    deliver to it (RFC 6531), and an invitation that silently never arrives is worse than a no.
    """
    line = words.replace("\ufeff", " ").strip()
    if not line:
        return None
    local, _, domain = line.rpartition("@")
    if _USUAL_LOCAL_PART.fullmatch(local) and len(local) <= LONGEST_LOCAL_PART:
        ascii_domain = _usable_domain(domain)
        if ascii_domain is not None and len(local) + 1 + len(ascii_domain) <= LONGEST_ADDRESS:
            return f"{local}@{ascii_domain}"
    try:
        whole = validate_email(line, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        whole = None
    if whole is None or len(local) > LONGEST_LOCAL_PART:
        raise BadPersonError(_what_is_wrong(line, local), field="email")
    return whole


def _what_is_wrong(line: str, local: str) -> Text:
    if len(re.findall(r"[^\s@]@[^\s@]", line)) > 1:
        said = Text("“{words}” is more than one address.", "«\u00a0{words}\u00a0» contient plus d’une adresse.")
    elif local and not local.isascii():
        said = Text(
            "“{words}”: accents before the @ cannot be delivered by most mail servers.",
            "«\u00a0{words}\u00a0»\u00a0: la plupart des serveurs ne livrent pas aux adresses accentuées avant le @.",
        )
    else:
        said = Text("“{words}” is not a mail address.", "«\u00a0{words}\u00a0» n’est pas une adresse de courriel.")
    return said.format(words=shown(line))


@lru_cache(maxsize=10_000)
def _usable_domain(domain: str) -> str | None:
    """Return the domain in ASCII where mail can go to it. Kept, since a roster has few domains and many people."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False).ascii_domain
    except EmailNotValidError:
        return None


def shown(words: str) -> str:
    """Return words as a message quotes them: one line of at most 60 characters, nothing unseen in it."""
    line = " ".join("".join(each if each.isprintable() else " " for each in words).split())
    return line if len(line) <= 60 else f"{line[:57]}…"
