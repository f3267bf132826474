"""From a composed message to its letter: texts filled, both languages whole, html from the plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import LANGUAGES, Language
from engagement.mailing.builder import BadMailError
from engagement.mailing.placeholders import expand
from engagement.mailing.texts import FOLDER, MailText

if TYPE_CHECKING:
    from engagement.mailing.composing import Values

_BETWEEN = re.compile(r"\n\s*\n")
_GAP = re.compile(r"\n\s*\n\s*\n")
_TRAILING = ".,;:!?)»”’"
FRENCH_FOLLOWS = "(Le français suit.)"
RULE = "\n\n" + "–" * 20 + "\n\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it reads: its subject, its text, and the same text as html."""

    subject: str
    plain: str
    html: str


def languages_of(language: str) -> tuple[Language, ...]:
    """Return the languages that a message is written in, in the order in which they stand."""
    if language == "both":
        return LANGUAGES
    return ("fr",) if language == "fr" else ("en",)


def write(text: MailText, values: Values, language: str, base_url: str) -> Written:
    """Return the mail in ``language``, as ``Writer`` writes it."""
    return Writer(base_url).write(text, values, language)


def paragraphs(text: str, base_url: str) -> str:
    """Return plain text as html: escaped first, then paragraphs, line breaks, and links of our own."""
    return Writer(base_url).paragraphs(text)


class Writer:
    """Writes the mails of one batch: a paragraph that they share is made into html once.

    It is to be forgotten with its batch, for some paragraphs hold a personal link.
    """

    def __init__(self, base_url: str) -> None:
        """Write for the installation at ``base_url``: only links to it become links."""
        self._base_url = base_url
        self._made: dict[str, str] = {}

    def write(self, text: MailText, values: Values, language: str) -> Written:
        """Return the mail in ``language`` ("both" has each text whole, English first).

        Raises BadMailError where a language has no values, UnknownPlaceholderError for a name without one.
        """
        subjects, bodies = [], []
        for each in languages_of(language):
            if each not in values:
                raise BadMailError(f"there are no values for the language {each}")
            # Until a mail is written for good, the link to choose one's mails opens nothing.
            filled = {"preferences": f"{self._base_url}/u/…", **values[each]}
            subjects.append(expand(text.subject.in_(each), filled))
            # A placeholder that is empty for this person leaves no gap.
            bodies.append((each, _GAP.sub("\n\n", expand(text.body.in_(each), filled)).strip()))
        subject = " / ".join(subjects)
        plain = RULE.join(body for _, body in bodies)
        if len(bodies) > 1:
            plain = f"{FRENCH_FOLLOWS}\n\n{plain}"
        return Written(subject, plain + "\n", self._html(subject, bodies))

    def _html(self, subject: str, bodies: list[tuple[Language, str]]) -> str:
        parts = [f'<div lang="{language}">\n{self.paragraphs(body)}\n</div>' for language, body in bodies]
        if len(bodies) > 1:
            parts.insert(0, f'<p lang="fr">{FRENCH_FOLLOWS}</p>')
            parts.insert(2, "<hr>")
        return expand(_layout(), {"language": bodies[0][0], "subject": escape(subject), "body": "\n".join(parts)})

    def paragraphs(self, text: str) -> str:
        """Return plain text as html: escaped first, then paragraphs, line breaks, and links of our own."""
        return "\n".join(self._paragraph(block) for block in _BETWEEN.split(text.replace("\r\n", "\n")) if block.strip())

    def _paragraph(self, block: str) -> str:
        made = self._made.get(block)
        if made is None:
            made = f"<p>{linked(block.strip(chr(10)), self._base_url).replace(chr(10), '<br>' + chr(10))}</p>"
            self._made[block] = made
        return made


@cache
def _layout() -> str:
    return (FOLDER / "layout.html").read_text(encoding="utf-8")


@cache
def _address_under(start: str) -> re.Pattern[str]:
    return re.compile(re.escape(start) + r"[^\s<>\"]*")


def linked(text: str, base_url: str) -> str:
    """Return ``text`` escaped, with addresses under ``base_url`` (and no others) as links."""

    def link(found: re.Match[str]) -> str:
        address = found.group().removesuffix("&gt;").removesuffix("&quot;").rstrip(_TRAILING)
        beyond = address[len(start) :]
        if beyond and beyond[0] not in "/?#":
            # Another host or port that merely begins like ours.
            return found.group()
        return f'<a href="{address}">{address}</a>{found.group()[len(address) :]}'

    start, escaped = escape(base_url), escape(text)
    return _address_under(start).sub(link, escaped) if start in escaped else escaped
