"""Reading a mail that somebody else wrote (RFC 5322, 2045 to 2047, 2231): under limits, and without ever failing.

Pure. The standard parser follows a mail as deep as it nests and makes an object for each part that
it names, so that 25 MB of empty parts take a gigabyte, and deep nesting ends in a RecursionError.
Here the parts are places in the bytes, found by their boundaries; how many and how deep is limited,
and what passes a limit is said (``cut``). Whatever the bytes are, the worst outcome is a mail with little in it.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value

from engagement.mailing.addresses import mailboxes, only_mailbox

MOST_PARTS = 200
DEEPEST = 12
# Of a header block, and of one value in it, this much is read.
HEADER_BYTES = 256 * 1024
MOST_HEADERS = 1000
LONGEST_VALUE = 4000
LONGEST_TEXT = 200_000
LONGEST_NAME = 120
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:")
# Encodings that mail is written in. Others of Python's are no text, or take time that grows with the square.
_CHARSET = re.compile(
    r"utf-?8|(us-)?ascii|iso-?8859-\d+|latin-?\d|windows-125\d|cp\d{3,4}|koi8-[ru]|gb2312|gbk|gb18030|big5|"
    r"shift[-_]jis|euc-(jp|kr)|iso-2022-(jp|kr)|utf-?16([bl]e)?|macintosh|mac-?roman"
)
# Control characters, and those that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol"})
_NO_FILES = ("text/", "message/delivery-status", "message/feedback-report")
_NOT_SHOWN = frozenset({"script", "style", "head", "title"})


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a header block: (lower-case name, value on one line), in their order."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Return every value of a field, as it was written."""
        return [value for found, value in self.fields if found == name]

    def first(self, name: str) -> str:
        """Return the first value of a field as it was written, empty where there is none."""
        return next(iter(self.all(name)), "")

    def words(self, name: str) -> str:
        """Return the first value of a field as it reads: decoded, on one line, nothing unseen in it."""
        return readable(self.first(name))

    def addresses(self, *names: str) -> list[str]:
        """Return every address in these fields as it is written, each once; what is no certain address is left out."""
        pairs = [pair for name in names for value in self.all(name) for pair in mailboxes(value)]
        return list(dict.fromkeys(address for _, address in pairs))


@dataclass(frozen=True, slots=True)
class Part:
    """One part that holds something: where its content stands in the mail's bytes, and what it says it is.

    ``container`` is the kind of the multipart that it stands in, empty for a mail of one part.
    """

    kind: str
    params: dict[str, str]
    attached: bool
    filename: str
    encoding: str
    start: int
    end: int
    container: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as far as it was read. ``cut`` says which limit it passed: "depth", "parts" or nothing."""

    raw: bytes
    headers: Headers
    kind: str
    params: dict[str, str]
    parts: tuple[Part, ...]
    cut: str = ""
    body_at: int = 0

    def content(self, part: Part) -> bytes:
        """Return what a part holds, decoded as far as it can be."""
        return decoded(self.raw[part.start : part.end], part.encoding)

    def text_of(self, part: Part) -> str:
        """Return the words of a part; an encoding that does not exist costs single letters at most."""
        return in_letters(self.content(part), part.params.get("charset", ""))

    def sender(self) -> tuple[str, str]:
        """Return the name and the lower-case address that the mail says it is from.

        The address is empty where that is not certain: several, none, or one that could be read
        in two ways. Then the name is what stands there, for people to read.
        """
        written = self.headers.all("from")
        found = only_mailbox(written[0]) if len(written) == 1 else None
        return (readable(found[0]), found[1].casefold()) if found else (readable(", ".join(written)), "")


@dataclass(slots=True)
class _Reading:
    raw: bytes
    parts: list[Part] = field(default_factory=list)
    seen: int = 0
    cut: str = ""


def read_mail(raw: bytes) -> Mail:
    """Return a mail as far as it can be read. Never raises, and never takes much more room than ``raw``."""
    # A line end before everything else lets each boundary be looked for in one way.
    whole = b"\n" + _without_preamble(_lines_of(raw))
    headers, body = _headers(whole, 1, len(whole))
    kind, params = _kind(headers)
    reading = _Reading(whole)
    _read_part(reading, 1, len(whole), 0, "")
    return Mail(whole, headers, kind, params, tuple(reading.parts), reading.cut, body)


def read_headers(raw: bytes) -> Headers:
    """Return the header block that ``raw`` begins with."""
    return _headers(_lines_of(raw), 0, len(raw))[0]


def _lines_of(raw: bytes) -> bytes:
    """Return ``raw`` with each line ending in LF, also where it came with CR alone."""
    return raw.replace(b"\r\n", b"\n") if b"\n" in raw else raw.replace(b"\r", b"\n")


def _without_preamble(raw: bytes) -> bytes:
    """Return ``raw`` without what is put before the headers: an editor's mark, empty lines, a mailbox format's line "From address date"."""
    raw = raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\n")
    return raw.partition(b"\n")[2] if raw.startswith((b"From ", b">From ")) else raw


def _headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Return the fields from ``start`` on, and where the body begins."""
    fields: list[tuple[str, bytes]] = []
    place, limit = start, min(end, start + HEADER_BYTES)
    while place < limit:
        stop = raw.find(b"\n", place, limit)
        line_end = stop if stop >= 0 else limit
        line = raw[place : min(line_end, place + 2 * LONGEST_VALUE)]
        found = _HEADER.match(line)
        if not line.strip():
            return _joined(fields), min(line_end + 1, end)
        if line[:1] in {b" ", b"\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b" " + line.strip() if len(value) < LONGEST_VALUE else value)
        elif found:
            fields.append((found[1].decode("ascii").lower(), line[found.end() :].strip()))
        else:
            return _joined(fields), place
        place = line_end + 1
    beyond = raw.find(b"\n\n", limit, end)
    return _joined(fields), beyond + 2 if beyond >= 0 else end


def _joined(fields: list[tuple[str, bytes]]) -> Headers:
    return Headers(tuple((name, _as_written(value)) for name, value in fields[:MOST_HEADERS]))


def _as_written(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return _UNSEEN.sub(" ", text)[:LONGEST_VALUE].strip()


def _kind(headers: Headers) -> tuple[str, dict[str, str]]:
    found = Message()
    found["Content-Type"] = headers.first("content-type") or "text/plain"
    try:
        kind = found.get_content_type()
        pairs = found.get_params(header="content-type", unquote=True) or []
        params = {name.lower(): readable(collapse_rfc2231_value(value)) for name, value in pairs[1:]}
    except Exception:  # noqa: BLE001 - whatever the library makes of what a stranger wrote, the part is kept as bytes.
        return "application/octet-stream", {}
    return kind, params


def _filename(headers: Headers, params: dict[str, str]) -> str:
    found = Message()
    found["Content-Disposition"] = headers.first("content-disposition")
    try:
        name = found.get_filename() or ""
    except Exception:  # noqa: BLE001 - as above: a name that cannot be read is no name.
        name = ""
    return clean_name(readable(name) or params.get("name", ""))


def _read_part(reading: _Reading, start: int, end: int, depth: int, container: str) -> None:
    reading.seen += 1
    if reading.seen > MOST_PARTS:
        reading.cut = reading.cut or "parts"
        return
    headers, body = _headers(reading.raw, start, end)
    kind, params = _kind(headers)
    if kind.startswith("multipart/") and params.get("boundary"):
        if depth >= DEEPEST:
            reading.cut = reading.cut or "depth"
            return
        for piece_start, piece_end in _pieces(reading.raw, params["boundary"], body, end):
            _read_part(reading, piece_start, piece_end, depth + 1, kind)
            if reading.cut == "parts":
                return
        return
    attached = headers.first("content-disposition").lower().startswith("attachment")
    encoding = headers.first("content-transfer-encoding").lower()
    reading.parts.append(Part(kind, params, attached, _filename(headers, params), encoding, body, end, container))


def _pieces(raw: bytes, boundary: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the parts between the lines of a boundary begin and end."""
    mark = re.compile(rb"\n--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\n|\Z)")
    found: list[tuple[int, int]] = []
    opened: int | None = None
    for line in mark.finditer(raw, start - 1, end):
        if opened is not None:
            found.append((opened, max(opened, line.start())))
        opened = None if line[1] else min(line.end() + 1, end)
        if opened is None or len(found) > MOST_PARTS:
            break
    if opened is not None and len(found) <= MOST_PARTS:
        # The last boundary is missing: what is there is read all the same.
        found.append((opened, end))
    return found


def decoded(content: bytes, encoding: str) -> bytes:
    """Return ``content`` with its transfer encoding taken off; what is broken in it is left out."""
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    return content


def in_letters(content: bytes, charset: str) -> str:
    """Return ``content`` as text: in ``charset`` if it is one, else as UTF-8, else as Windows-1252; nothing unseen in it."""
    name = charset.strip().lower()
    try:
        text = content.decode(name, "replace") if _CHARSET.fullmatch(name) else content.decode("utf-8")
    except (LookupError, UnicodeError):
        text = content.decode("cp1252", "replace")
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def readable(value: str) -> str:
    """Return a header's value as it reads (RFC 2047), on one line, with nothing unseen in it."""
    try:
        pieces = [
            in_letters(piece, charset or "") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value[:LONGEST_VALUE])
        ]
    except Exception:  # noqa: BLE001 - an encoded word that is none is shown as it stands.
        pieces = [value[:LONGEST_VALUE]]
    return " ".join(_UNSEEN.sub(" ", "".join(pieces)).split())


def clean_name(name: str) -> str:
    """Return a file's name without folders and without anything that cannot be seen; "" for none."""
    last = re.split(r"[/\\]", readable(name))[-1].strip(" .")
    last = re.sub(r'[<>:"|?*;,]', "_", last)
    head, dot, ending = last.rpartition(".")
    return last if len(last) <= LONGEST_NAME else f"{(head or ending)[: LONGEST_NAME - 12]}{dot}{ending[:10]}"


def plain_text(mail: Mail) -> str:
    """Return what the mail says to somebody who reads it: its plain part, else the words of its html."""
    shown = [part for part in mail.parts if not part.attached and not part.filename]
    for part in shown:
        if part.kind == "text/plain":
            words = mail.text_of(part)[:LONGEST_TEXT].strip()
            if words:
                return words
    for part in shown:
        if part.kind == "text/html":
            return words_of_html(mail.text_of(part)[: 4 * LONGEST_TEXT])[:LONGEST_TEXT]
    return ""


def words_of_html(page: str) -> str:
    """Return the words of a page without its tags; takes time that grows with its length and no faster."""
    from html import unescape  # noqa: PLC0415 - needed for mails that have nothing but html.

    words: list[str] = []
    hidden = ""
    first, *rest = page.split("<")
    words.append(first)
    for piece in rest:
        tag, closed, after = piece.partition(">")
        name = re.match(r"/?\s*([a-zA-Z0-9]*)", tag)
        called = name[1].lower() if name else ""
        if hidden:
            hidden = "" if tag.startswith("/") and called == hidden else hidden
        elif called in _NOT_SHOWN:
            hidden = called
        elif closed and called in _BREAKS:
            words.append("\n")
        if not hidden and closed:
            words.append(after)
    lines = (" ".join(line.split()) for line in unescape("".join(words)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def attachments_of(mail: Mail) -> list[Part]:
    """Return the parts that are files: those that are attached, have a name, or are neither text nor a report."""
    return [part for part in mail.parts if part.attached or part.filename or not part.kind.startswith(_NO_FILES)]
