"""Which encoding a text file is in, by fixed rules, and where it is in none that we read.

Pure. A byte order mark decides, else UTF-8 where it fits, else Windows-1252. Nearly every
sequence of bytes is something in Windows-1252, so a file that is broken UTF-8, or comes from a
Macintosh, from DOS or in Cyrillic, would turn into names that nobody has: what such files
become in Windows-1252 is known, and refused.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NOT_IN_TEXT = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]")
# An accented Latin letter in UTF-8; in Windows-1252, "Ã" and a sign. Half of a surrogate pair; "í", a sign and a sign.
_PARTS_OF_UTF8 = re.compile(rb"\xc3[\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xba\xbc-\xbf]")
_LETTER = "a-zß-öø-ÿ"
# What accented letters of DOS (code page 850) and of the Macintosh become after or within a word, and a word in Cyrillic.
_IN_NO_WORD = re.compile(f"[{_LETTER}][‚ƒ„†‡ˆ‰Š‹ŒŽ˜Ÿ]|[{_LETTER}][“”‘•™›¡¢£¤][{_LETTER}]|[À-ÖØ-öø-ÿ]{{4}}")


class NotTextError(Exception):
    """The content is no text at all."""


class UnknownEncodingError(Exception):
    """The content is text in an encoding that is not read; ``line`` is where that first shows."""

    def __init__(self, line: int) -> None:
        """Keep the number of the line."""
        super().__init__(line)
        self.line = line


def decoded(content: bytes) -> str:
    """Return the text of a file. Raises NotTextError, UnknownEncodingError."""
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    if marked is None and b"\0" in content:
        # UTF-16 and UTF-32 have one beside each letter.
        raise NotTextError if _NOT_IN_TEXT.search(content) else UnknownEncodingError(_line_at(content, content.index(b"\0")))
    try:
        text = content.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        if marked or _PARTS_OF_UTF8.search(content):
            raise UnknownEncodingError(_line_at(content, error.start)) from None
        return _in_windows_1252(content)
    if "\0" in text:
        raise NotTextError
    return text


def _in_windows_1252(content: bytes) -> str:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnknownEncodingError(_line_at(content, error.start)) from None
    strange = _IN_NO_WORD.search(text)
    if strange is not None:
        # A byte is a letter in this encoding.
        raise UnknownEncodingError(_line_at(content, strange.start()))
    return text


def _line_at(content: bytes, place: int) -> int:
    return len(_LINE_END.findall(content, 0, place)) + 1
