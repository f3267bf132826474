"""What somebody wrote themselves in a mail, and what their program put below it: the message that they answer or pass on. Pure.

Mail programs say where the other message begins, each in its own way: with ">" before its lines,
with a line that says who wrote when, with the other message's own headers, or with a ruled line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Programs break the line that says who wrote when; of one that goes on for longer than this, people are the authors.
_LINES_OF_ATTRIBUTION = 3
_LONGEST_LINE = 200
# A year, or a time of day, is in each.
_ATTRIBUTION = re.compile(r"(?:On|Le) (?=.{0,80}(?:\d{4}|\d ?[:h] ?\d\d)).{5,300} (?:wrote|a écrit) ?:")
_RULE = re.compile(r"-{2,} ?(?:original message|message d.origine|forwarded message|message (?:transféré|réexpédié)) ?-{2,}", re.IGNORECASE)
_PASSES_ON = re.compile(r"(?:begin forwarded message|début du (?:message transféré|message réexpédié)) ?:", re.IGNORECASE)
_FROM = re.compile(r"\*?(?:From|De|Expéditeur) ?:\*? ?\S")
# Outlook's words; a letter that is set as a memo says Date.
_SENT = re.compile(r"\*?(?:Sent|Envoyé)(?: le)? ?:\*? ?\S")
_DATE = re.compile(r"\*?Date ?:\*? ?\S")
_RULED = re.compile(r"_{10,}")
_SUBJECT_PASSES_ON = re.compile(r"\s*(?:(?:re|ré) ?: ?)*(?:fwd?|tr) ?:", re.IGNORECASE)
# A line that a program adds below whatever somebody writes with it.
_BY_THE_PROGRAM = re.compile(
    r"(?:sent from (?:my |mail for |outlook|yahoo|proton|gmail|samsung).{0,60}|get outlook for .{2,60}|"
    r"envoyé (?:de(?:puis)? mon |à partir de |avec |depuis ).{0,60}|(?:obtenir|obtenez|télécharger) outlook pour .{2,60})",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """Return what somebody wrote themselves: without quoted lines, without the message that stands below, and what their program adds."""
    lines, kept, at = text.splitlines(), list[str](), 0
    while at < len(lines):
        said = _lines_of_attribution(lines, at)
        if _other_begins(lines, at) or (said and not _is_quoted(lines, at + said)):
            break
        if not said and not lines[at].lstrip().startswith(">"):
            kept.append(lines[at])
        # Below quoted lines, their own words may go on.
        at += said or 1
    while kept and (not kept[-1].strip() or _BY_THE_PROGRAM.fullmatch(kept[-1].strip())):
        kept.pop()
    return "\n".join(kept).strip()


def words_brought(subject: str, text: str) -> str:
    """Return the words that a mail brings: its author's own and, where its subject says that it passes a message on, that message's too."""
    return text.strip() if _SUBJECT_PASSES_ON.match(subject) else own_words(text)


def _lines_of_attribution(lines: Sequence[str], at: int) -> int:
    """Return how many lines say who wrote what is quoted below, 0 where none does."""
    if not lines[at].lstrip().startswith(("On ", "Le ")):
        return 0
    parts = [_squeezed(each) for each in lines[at : at + _LINES_OF_ATTRIBUTION]]
    return next((number for number in range(1, len(parts) + 1) if _ATTRIBUTION.fullmatch(" ".join(parts[:number]))), 0)


def _is_quoted(lines: Sequence[str], at: int) -> bool:
    """Return whether the first line with something in it from ``at`` on is a quoted one."""
    below = _next_with_words(lines, at)
    return below is not None and below.startswith(">")


def _next_with_words(lines: Sequence[str], at: int) -> str | None:
    return next((squeezed for line in lines[at : at + 3] if (squeezed := _squeezed(line))), None)


def _other_begins(lines: Sequence[str], at: int) -> bool:
    """Return whether the message of somebody else begins with a line, and goes on to the end."""
    line = _squeezed(lines[at])
    if _RULE.fullmatch(line) or _PASSES_ON.fullmatch(line):
        return True
    if _RULED.fullmatch(line):
        return bool(_FROM.match(_next_with_words(lines, at + 1) or ""))
    return bool(_FROM.match(line)) and _is_head_of_a_message(lines, at, line)


def _is_head_of_a_message(lines: Sequence[str], at: int, line: str) -> bool:
    below = [_squeezed(each) for each in lines[at + 1 : at + 4]]
    if any(_SENT.match(each) for each in below):
        return True
    # With an address, and with something above it: it is no memo's own head.
    return "@" in line and any(_DATE.match(each) for each in below) and any(each.strip() for each in lines[:at])


def _squeezed(line: str) -> str:
    """Return a line as it is compared: single spaces, and no more of it than a program writes."""
    return " ".join(line[: 2 * _LONGEST_LINE].split())[:_LONGEST_LINE]
