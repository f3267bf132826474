"""From a composed message to its letter: texts filled, both languages whole, html from the plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import LANGUAGES, Language
from engagement.mailing.as_html import HtmlMaker, Way, ways_of
from engagement.mailing.builder import BadMailError
from engagement.mailing.placeholders import expand
from engagement.mailing.texts import FOLDER, MailText

if TYPE_CHECKING:
    from engagement.mailing.composing import Values

_GAP = re.compile(r"\n\s*\n\s*\n")
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
    """Return plain text as html, as ``HtmlMaker`` makes it."""
    return HtmlMaker(base_url).paragraphs(text)


class Writer:
    """Writes the mails of one batch; to be forgotten with it, as its ``HtmlMaker`` is."""

    def __init__(self, base_url: str) -> None:
        """Write for the installation at ``base_url``."""
        self._base_url = base_url
        self._html_maker = HtmlMaker(base_url)

    def write(self, text: MailText, values: Values, language: str) -> Written:
        """Return the mail in ``language`` ("both" has each text whole, English first).

        Raises BadMailError where a language has no values, UnknownPlaceholderError for a name without one.
        """
        subjects, bodies, ways = [], [], []
        for each in languages_of(language):
            if each not in values:
                raise BadMailError(f"there are no values for the language {each}")
            # Until a mail is written for good, the link to choose one's mails opens nothing.
            filled = {"preferences": f"{self._base_url}/u/…", **values[each]}
            subjects.append(expand(text.subject.in_(each), filled))
            # A placeholder that is empty for this person leaves no gap.
            bodies.append((each, _GAP.sub("\n\n", expand(text.body.in_(each), filled)).strip()))
            ways.append(ways_of(filled, each))
        subject = " / ".join(subjects)
        plain = RULE.join(body for _, body in bodies)
        if len(bodies) > 1:
            plain = f"{FRENCH_FOLLOWS}\n\n{plain}"
        return Written(subject, plain + "\n", self._html(subject, bodies, ways))

    def _html(self, subject: str, bodies: list[tuple[Language, str]], ways: list[list[Way]]) -> str:
        made = self._html_maker.paragraphs
        parts = [f'<div lang="{language}">\n{made(body, own)}\n</div>' for (language, body), own in zip(bodies, ways, strict=True)]
        if len(bodies) > 1:
            parts.insert(0, f'<p lang="fr">{FRENCH_FOLLOWS}</p>')
            parts.insert(2, "<hr>")
        return expand(_layout(), {"language": bodies[0][0], "subject": escape(subject), "body": "\n".join(parts)})


@cache
def _layout() -> str:
    return (FOLDER / "layout.html").read_text(encoding="utf-8")
