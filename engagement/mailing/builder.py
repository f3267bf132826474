"""The bytes of a mail (RFC 5322, 2045 to 2047, 6047), built once and sent as they are.

Pure. Written out here rather than through ``email.message``: building is ten times quicker,
and every value that reaches a header passes one gate, which lets no control character through.
All lines are short and all bytes are ASCII, so that any server takes them unchanged.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

CRLF = "\r\n"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
# The same in UTF-8, for long texts: those of one octet, and the three that take more.
_CONTROL_OCTETS = bytes(each for each in range(0x80) if _CONTROL.fullmatch(chr(each)))
_NEL, _LS, _PS = (each.encode() for each in ("\x85", "\u2028", "\u2029"))
_LINE_END = re.compile(r"[\t\n]")
# Nothing in it that could end the angle brackets or the line; http is for one's own machine only.
_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+;=%\[\]-]{1,900}")
_WORD_BYTES = 45
_LONGEST_LINE = 76
_CODED_LINE = re.compile(f".{{1,{_LONGEST_LINE}}}")
_LONGEST_ADDRESS = 254


class BadMailError(ValueError):
    """Something cannot stand in a mail; the message names the part, never what was in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that a mail is made of. ``calendar`` is (METHOD, bytes).

    ``unsubscribe`` is the https address that stops such mails by one POST (RFC 8058), and
    ``unsubscribe_mailbox`` where one can write to instead; both are empty for mails that answer
    what somebody did.
    """

    from_name: str
    from_address: str
    to_name: str
    to_address: str
    reply_to: str
    subject: str
    message_id: str
    date: datetime
    language: str
    plain: str
    html: str
    calendar: tuple[str, bytes] | None = None
    unsubscribe: str = ""
    unsubscribe_mailbox: str = ""


def build(letter: Letter) -> bytes:
    """Return the mail as it goes over the wire. Raises BadMailError."""
    headers = [
        f"From: {_sender(letter.from_name, letter.from_address)}",
        f"To: {_mailbox(letter.to_name, letter.to_address, 'recipient')}",
        f"Subject: {_subject(letter.subject)}",
        f"Date: {_date(letter.date.replace(microsecond=0))}",
        f"Message-ID: {_line(letter.message_id, 'Message-ID')}",
        "Auto-Submitted: auto-generated",
        f"Content-Language: {_line(letter.language, 'language')}",
        "MIME-Version: 1.0",
    ]
    if letter.reply_to:
        headers.insert(2, f"Reply-To: {plain_address(letter.reply_to)}")
    headers += _ways_out(letter)
    alternatives = [
        _part("text/plain; charset=UTF-8", _coded(_text(letter.plain, "text"))),
        _part("text/html; charset=UTF-8", _coded(_text(letter.html, "text"))),
    ]
    if letter.calendar is None:
        return CRLF.join([*headers, _multipart("alternative", alternatives)]).encode("ascii")
    method, ics = _calendar(*letter.calendar)
    coded = _coded(ics)
    # Last, and without a disposition: so Outlook and Gmail show their buttons.
    alternatives.append(_part(f"text/calendar; method={method}; charset=UTF-8", coded))
    attached = _part('application/ics; name="invite.ics"', coded, 'Content-Disposition: attachment; filename="invite.ics"')
    whole = _multipart("mixed", [_multipart("alternative", alternatives), attached])
    return CRLF.join([*headers, whole]).encode("ascii")


def _ways_out(letter: Letter) -> list[str]:
    """Return the header fields by which a mail program offers to stop such mails (RFC 2369, RFC 8058)."""
    if not letter.unsubscribe:
        return []
    url = _line(letter.unsubscribe, "List-Unsubscribe")
    if not _LINK.fullmatch(url):
        raise BadMailError("the address that stops such mails is not usable")
    ways = f"List-Unsubscribe: <{url}>"
    if letter.unsubscribe_mailbox:
        # The https address stands first: programs that know one click take it.
        ways += f",{CRLF} <mailto:{plain_address(letter.unsubscribe_mailbox)}>"
    return [ways, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def plain_address(address: str) -> str:
    """Return ``address`` as SMTP takes it, its domain in ASCII; raises BadMailError."""
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        ascii_domain = ""
    written = f"{local}@{ascii_domain}"
    if len(written) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(written):
        raise BadMailError("the address cannot be written to")
    return written


def _line(value: str, part: str) -> str:
    if _CONTROL.search(value) or _LINE_END.search(value):
        raise BadMailError(f"a character that cannot be seen stands in the {part}")
    return value.strip()


def _text(value: str, part: str) -> bytes:
    octets = value.encode().replace(b"\r\n", b"\n")
    if len(octets.translate(None, _CONTROL_OCTETS)) < len(octets) or _NEL in octets or _LS in octets or _PS in octets:
        raise BadMailError(f"a character that cannot be seen stands in the {part}")
    return octets.replace(b"\n", b"\r\n")


def _calendar(method: str, ics: bytes) -> tuple[str, bytes]:
    if not re.fullmatch("[A-Z]+", method):
        raise BadMailError("the calendar part has no usable method")
    stated = re.findall(rb"^METHOD:([A-Z]+)\r?$", ics, re.MULTILINE)
    if stated != [method.encode()]:
        # Or Outlook and Gmail show no buttons (RFC 6047, section 2.4).
        raise BadMailError("the calendar part states another method")
    return method, ics


def _mailbox(name: str, address: str, part: str) -> str:
    name, address = _line(name, part), plain_address(address)
    if not name:
        return address
    if name.isascii() and "=?" not in name and len(name) + len(address) < _LONGEST_LINE - 20:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_encoded(name)}{CRLF} <{address}>"


# What the mails of a batch have in common is written once: who sends them, what they are about, and the second in which they are built.
@lru_cache(maxsize=16)
def _sender(name: str, address: str) -> str:
    return _mailbox(name, address, "sender")


@lru_cache(maxsize=16)
def _subject(words: str) -> str:
    return _words(_line(words, "subject"))


@lru_cache(maxsize=4)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _words(line: str) -> str:
    """Return a header's words: as they are if short ASCII, else as encoded words (RFC 2047)."""
    if line.isascii() and "=?" not in line and len(line) < _LONGEST_LINE - 10:
        return line
    return _encoded(line)


def _encoded(line: str) -> str:
    octets, at = line.encode(), 0
    pieces: list[str] = []
    while at < len(octets) or not pieces:
        end = min(at + _WORD_BYTES, len(octets))
        # Each encoded word is whole in itself: no character is split.
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(f"=?utf-8?b?{b64encode(octets[at:end]).decode()}?=")
        at = end
    return f"{CRLF} ".join(pieces)


def _part(kind: str, coded: str, *more: str) -> str:
    return CRLF.join([f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *more, "", coded])


def _coded(content: bytes) -> str:
    """Return ``content`` in base64, in lines."""
    return CRLF.join(_CODED_LINE.findall(b64encode(content).decode()))


def _multipart(kind: str, parts: list[str]) -> str:
    # "=_" occurs in no base64 text, so that no content can hold the boundary.
    boundary = f"=_{secrets.token_hex(12)}"
    opened = "".join(f"--{boundary}{CRLF}{part}{CRLF}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"{CRLF}{CRLF}{opened}--{boundary}--{CRLF}'
