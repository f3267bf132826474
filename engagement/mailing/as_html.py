"""The html of a mail, made of its plain text: both say the same.

Everything is escaped first. What a text has of its own is then shown as what it is: paragraphs,
lists, an agenda, facts under each other. The personal address that a mail is about stands as one
button, with the address itself below it. No other address becomes a link than ours, mail
addresses and telephone numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Language, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What is looked at among the values of a mail to know which addresses in it are the person's own, and what is done there.
WAYS = ("link", "reply_link", "reply_by", "preferences")
ANSWER = Text("Answer the questionnaire", "Répondre au questionnaire")
REPLY = Text("Reply to the invitation", "Répondre à l’invitation")
CHANGE_REPLY = Text("See or change your reply", "Voir ou modifier votre réponse")
_SMALL = "font-size:15px;color:#4c5662"
_LAST = f"{_SMALL};border-top:1px solid #c9ced6;margin-top:32px;padding-top:12px"
_BUTTON = "display:inline-block;padding:12px 20px;background:#1f3a5f;color:#ffffff;font-weight:bold;text-decoration:none"
_HEAD = "font-size:20px;line-height:1.3;margin:28px 0 8px"
_BETWEEN = re.compile(r"\n\s*\n")
_TRAILING = ".,;:!?)»”’"
_ITEM = re.compile(r"[–•-] +(?P<said>\S.*)")
# A time of day as wording.time_words writes it, then two spaces: a line of an agenda.
_TIMED = re.compile(r"(?P<time>\d{1,2}(?::\d\d|\u00a0h(?:\u00a0\d\d)?)) {2}(?P<said>\S.*)")
_FACT = re.compile(r"(?P<what>[^:\n]{1,24}?\u00a0?:) (?P<said>\S.*)")
_MAIL = re.compile(r"(?<![\w.+@:/%-])[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?![\w@/:-])")
# As numbers are written in Canada and the United States.
_TELEPHONE = re.compile(r"(?<![\w+/=.@-])(?:\+?1[ .\u00a0-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .\u00a0-])\d{3}[ .\u00a0-]\d{4}(?![\w/@-])")


@dataclass(frozen=True, slots=True)
class Way:
    """An address that belongs to one mail alone, and what its button says; without that it is small print."""

    address: str
    label: str = ""


def ways_of(values: Mapping[str, str], language: Language) -> list[Way]:
    """Return the personal addresses among what is filled in, with what is done there."""
    reply = REPLY if "reply_by" in values else CHANGE_REPLY
    labels = (("link", ANSWER), ("reply_link", reply), ("preferences", None))
    return [Way(values[name], label.in_(language) if label else "") for name, label in labels if values.get(name)]


class HtmlMaker:
    """Makes the html of the mails of one batch: a paragraph that they share is made once.

    It is to be forgotten with its batch, for some paragraphs hold a personal link.
    """

    def __init__(self, base_url: str) -> None:
        """Work for the installation at ``base_url``: of web addresses, only those under it become links."""
        self._base_url = base_url
        self._made: dict[str, str] = {}

    def paragraphs(self, text: str, ways: Sequence[Way] = ()) -> str:
        """Return plain text as html; the address of each of ``ways``, where it has a line to itself, is shown as what it is."""
        made = []
        for block in _BETWEEN.split(text.replace("\r\n", "\n")):
            if not block.strip():
                continue
            way = next((each for each in ways if each.address in block), None) if self._base_url in block else None
            shown = self._way(block.strip("\n"), way) if way else None
            made.append(shown if shown is not None else self._block(block))
        return "\n".join(made)

    def _way(self, block: str, way: Way) -> str | None:
        """Return a paragraph around a personal address, None where the address stands amid other words."""
        before, _, behind = block.partition(way.address)
        if (before and not before.endswith("\n")) or (behind and not behind.startswith("\n")):
            return None
        address = escape(way.address)
        link = f'<a href="{address}">{address}</a>'
        if way.label:
            head = self._block(before) + "\n" if before else ""
            shown = f'{head}<p><a href="{address}" style="{_BUTTON}">{escape(way.label)}</a></p>\n<p style="{_SMALL}">{link}</p>'
        else:
            shown = f'<p style="{_LAST}">{escape(before).replace(chr(10), "<br>" + chr(10))}{link}</p>'
        return shown + ("\n" + self._block(behind) if behind.strip() else "")

    def _block(self, block: str) -> str:
        made = self._made.get(block)
        if made is None:
            made = self._made[block] = self._marked_up(block.strip("\n").split("\n"))
        return made

    def _marked_up(self, lines: list[str]) -> str:
        if len(lines) == 1 and _kind_of(lines[0]) is None:
            # The greeting, which no two people share, is one of these.
            return f"<p>{self._linked(lines[0])}</p>"
        if all(_FACT.fullmatch(line) for line in lines):
            return f"<p>{self._lines([_FACT.sub(self._fact, line) for line in lines], ready=True)}</p>"
        groups = [(kind, list(found)) for kind, found in groupby(lines, _kind_of)]
        made = []
        for at, (kind, found) in enumerate(groups):
            heads_agenda = kind is None and len(found) == 1 and at + 1 < len(groups) and groups[at + 1][0] is _TIMED
            if kind is not None:
                made.append(self._list(kind, found))
            else:
                said = self._lines(found)
                made.append(f'<h2 style="{_HEAD}">{said}</h2>' if heads_agenda else f"<p>{said}</p>")
        return "\n".join(made)

    def _list(self, kind: re.Pattern[str], lines: list[str]) -> str:
        found = [kind.fullmatch(line) for line in lines]
        style = "list-style:none;padding:0" if kind is _TIMED else "padding-left:20px"
        times = [f"<strong>{each['time']}</strong> " if kind is _TIMED else "" for each in found if each]
        items = [
            f'<li style="margin-bottom:6px">{time}{self._linked(each["said"])}</li>'
            for time, each in zip(times, filter(None, found), strict=True)
        ]
        return f'<ul style="{style}">\n' + "\n".join(items) + "\n</ul>"

    def _fact(self, found: re.Match[str]) -> str:
        return f"<strong>{escape(found['what'])}</strong> {self._linked(found['said'])}"

    def _lines(self, lines: Sequence[str], *, ready: bool = False) -> str:
        return "<br>\n".join(lines if ready else [self._linked(line) for line in lines])

    def _linked(self, text: str) -> str:
        return linked(text, self._base_url, people=True)


def _kind_of(line: str) -> re.Pattern[str] | None:
    return next((kind for kind in (_TIMED, _ITEM) if kind.fullmatch(line)), None)


@cache
def _address_under(start: str) -> re.Pattern[str]:
    return re.compile(re.escape(start) + r"[^\s<>\"]*")


def linked(text: str, base_url: str, *, people: bool = False) -> str:
    """Return ``text`` escaped, with web addresses under ``base_url`` (and no others) as links.

    ``people``: mail addresses and telephone numbers too.
    """
    start, escaped = escape(base_url), escape(text)
    if start not in escaped:
        return _reachable(escaped) if people else escaped
    pieces, at = list[str](), 0
    for found in _address_under(start).finditer(escaped):
        address = found.group().removesuffix("&gt;").removesuffix("&quot;").rstrip(_TRAILING)
        beyond = address[len(start) :]
        if beyond and beyond[0] not in "/?#":
            # Another host or port that merely begins like ours.
            continue
        between = escaped[at : found.start()]
        pieces += [_reachable(between) if people else between, f'<a href="{address}">{address}</a>']
        at = found.start() + len(address)
    rest = escaped[at:]
    return "".join([*pieces, _reachable(rest) if people else rest])


def _reachable(escaped: str) -> str:
    """Return escaped text with its mail addresses and telephone numbers as links."""
    if "@" in escaped:
        escaped = _MAIL.sub(r'<a href="mailto:\g<0>">\g<0></a>', escaped)
    return _TELEPHONE.sub(_call, escaped)


def _call(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    return f'<a href="tel:+{digits if len(digits) > 10 else "1" + digits}" style="white-space:nowrap">{found.group()}</a>'
