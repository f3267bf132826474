"""Who seems to have signed a letter, for whom, who got a copy, and in which of the two languages it is. Pure; the team checks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_LINE = 300
LONGEST_COPIES = 2000
LONGEST_NAME = 80
FEWEST_WORDS = 3
# A French closing sentence goes over so many lines at most.
_LINES_OF_CLOSING = 4
# Below the closing words so many lines are looked at.
_LINES_OF_SIGNATURE = 5
_FRENCH = frozenset({"le", "la", "les", "des", "et", "nous", "vous", "est", "que", "une", "pour", "dans", "du", "au", "sur"})
_ENGLISH = frozenset({"the", "of", "and", "we", "you", "is", "that", "an", "for", "in", "our", "to", "would", "with", "this"})
_ENDS = re.compile(
    r"(yours (sincerely|truly|faithfully)|sincerely( yours)?|((with )?(best|kind|warm(est)?) )?regards|best( wishes)?|"
    r"(with )?(many )?thanks|respectfully( (submitted|yours))?|"
    r"((bien|très) )?(cordialement|sincèrement|respectueusement|amicalement)( (vôtre|soumis))?|(bien )?à vous|"
    r"((mes|nos|avec mes|avec nos) )?((meilleures|sincères|cordiales|respectueuses) salutations|"
    r"salutations (distinguées|cordiales|respectueuses|les meilleures)))[ ,.]*",
    re.IGNORECASE,
)
_CLOSING_SENTENCE = re.compile(r"(veuillez|je vous prie|nous vous prions|recevez|agréez)\b", re.IGNORECASE)
_CLOSES = re.compile(
    r"\b(agréer|recevoir|recevez|agréez|accepter|croire)\b.*\b(salutations?|sentiments?|considération|respects?)\b", re.IGNORECASE
)
_COPIES = re.compile(
    r"[ \t]*(?:c\.? ?c\.?(?: à)?(?:\s?:|(?=[ \t]+[^\s:]))|(?:copies?(?: conformes?)?|copy(?: to)?)(?: à)?\s?:)[ \t]*(\S.{0,300})",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:(?:vice|co|past|interim|acting|deputy|executive|managing|associate|assistant|senior|regional|national|"
    r"ancienne?)[ -])*"
    r"(?:president|présidente?|chair(?:person|man|woman)?|director|directeur|directrice|secretary|secrétaire|treasurer|trésori(?:er|ère)|"
    r"ceo|chief [a-z]+ officer|manager|gestionnaire|coordinator|coordonnat(?:eur|rice)|professor|professeure?|spokesperson|porte-parole|"
    r"counsel|lawyer|avocate?|conseill(?:er|ère)|advis[eo]r|analyste?|members?|membre|head|responsable|chef|cheffe)\b.*",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"\(?(?:she|he|they|elle|il|iel)\b.*|.*(?:@|https?:|www\.|\d{3}[ .-]?\d{4}).*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """Who seems to have signed a letter, for whom, who got a copy, and in which language; empty where nothing tells."""

    signatory: str = ""
    organization: str = ""
    copies: str = ""
    language: str = ""


def guess(text: str, sender_name: str) -> Guess:
    """Return who seems to have signed ``text``: the line below its closing words, else who sent it."""
    lines = text.splitlines()
    signatory, organization = _signed(lines)
    return Guess((signatory or sender_name)[:LONGEST_LINE], organization, _copies(lines), _language(text))


def _signed(lines: Sequence[str]) -> tuple[str, str]:
    """Return the name and, in a line below it that is no title, the organization that stand below the last closing words."""
    ends = (end for at in range(len(lines) - 1, -1, -1) if (end := _end_of_closing(lines, at)))
    end = next(ends, len(lines))
    below = [line.strip() for line in lines[end:] if line.strip()][:_LINES_OF_SIGNATURE]
    names: list[str] = []
    for line in below:
        if _COPIES.match(line) or len(line) > LONGEST_NAME:
            break
        if not _NO_NAME.fullmatch(line) and not (names and _TITLE.fullmatch(line)):
            names.append(line)
    return names[0] if names else "", names[1] if len(names) > 1 else ""


def _end_of_closing(lines: Sequence[str], at: int) -> int:
    """Return the place behind the closing words that begin with a line; 0 where none do."""
    first = lines[at].strip()
    if _ENDS.fullmatch(first):
        return at + 1
    if not _CLOSING_SENTENCE.match(first):
        return 0
    sentence = ""
    for number, line in enumerate(lines[at : at + _LINES_OF_CLOSING], start=1):
        sentence = f"{sentence} {line.strip()[:LONGEST_LINE]}"
        if _CLOSES.search(sentence) and (line.rstrip().endswith((".", ",")) or not "".join(lines[at + number : at + number + 1]).strip()):
            return at + number
    return 0


def _copies(lines: Sequence[str]) -> str:
    """Return who got a copy, as the letter says; those on further lines, set in from the left, too."""
    for at, line in enumerate(lines):
        found = _COPIES.fullmatch(line[: 2 * LONGEST_LINE].rstrip())
        if found:
            more = []
            for further in lines[at + 1 : at + 20]:
                if not further.strip() or not further.startswith((" ", "\t")):
                    break
                more.append(further.strip()[:LONGEST_LINE])
            return "; ".join(each.rstrip(";,") for each in [found[1].strip(), *more])[:LONGEST_COPIES]
    return ""


def _language(text: str) -> str:
    """Return in which of the two languages most of the small words of ``text`` are, empty where that is not clear."""
    found = re.findall(r"[a-zà-ÿ]+", text[:20_000].lower())
    french, english = (sum(word in small for word in found) for small in (_FRENCH, _ENGLISH))
    if max(french, english) < FEWEST_WORDS or french == english:
        return ""
    return "fr" if french > english else "en"
