"""Which addresses stand in a header (RFC 5322, 3.4), strictly: what two readers could read in two ways is no address. Pure.

The standard parser takes what comes first for an address: of ``jo@example.org <mallory@evil.example>``
it gives Jo's, while every mail program shows, and every server checks, Mallory's. Whoever acts on
who a mail is from needs the one in angle brackets, or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# A name of the domain or, in brackets, a number; the part before it without what has a meaning in a header.
_ADDRESS = re.compile(r"(?:[^\s@<>()\[\]\\,;:\"]+|\"[^\"@<>\\]+\")@(?:[^\s@<>()\[\]\\,;:\"]+|\[[0-9A-Za-z.:]+\])")
_IN_ANGLES = re.compile(r"(?:@[^\s<>:\"]+:)?(?P<address>.*)", re.DOTALL)


@dataclass(slots=True)
class _Piece:
    """What stands between two commas: the words outside brackets, what stands in angle brackets, the comments."""

    words: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    quoted: bool = False

    def pair(self) -> tuple[str, str] | None:
        """Return the name and the address as they are written; None where there is no address, or more than one reading."""
        plain = "".join(self.words).strip()
        if not self.angles:
            comment = " ".join("".join(self.comments).split())
            return (comment, plain) if _ADDRESS.fullmatch(plain) and not self.quoted else None
        inside = _IN_ANGLES.fullmatch(self.angles[0].strip()) if len(self.angles) == 1 else None
        address = inside["address"] if inside else ""
        return (plain, address) if _ADDRESS.fullmatch(address) else None


def mailboxes(value: str) -> list[tuple[str, str]]:
    """Return the (name, address) pairs of a header's value, in their order; whatever is doubtful is left out."""
    return [pair for piece in _pieces(value) if (pair := piece.pair()) is not None]


def only_mailbox(value: str) -> tuple[str, str] | None:
    """Return the (name, address) of the one mailbox that a value names; None for none, for several, and where one of them is doubtful."""
    pieces = _pieces(value)
    found = [pair for piece in pieces if (pair := piece.pair()) is not None]
    # "Tremblay, Jo <jo@example.org>" is how many write a name; an address before the comma is a second sender.
    doubtful = any(piece.pair() is None and ("@" in "".join(piece.words) or piece.angles) for piece in pieces)
    if len(found) != 1 or doubtful:
        return None
    before = [words for piece in pieces if piece.pair() is None and (words := "".join(piece.words).strip())]
    return ", ".join([*before, found[0][0]] if found[0][0] else before), found[0][1]


def _pieces(value: str) -> list[_Piece]:
    pieces, at = [_Piece()], 0
    while at < len(value):
        piece, letter = pieces[-1], value[at]
        if letter == '"':
            inside, at = _quoted(value, at + 1)
            piece.words.append(inside)
            piece.quoted = True
        elif letter == "(":
            inside, at = _comment(value, at + 1)
            piece.comments.append(f" {inside}")
            # What a comment stands between is not one word: readers differ on it.
            piece.words.append(" ")
        elif letter == "<":
            end = value.find(">", at)
            piece.angles.append(value[at + 1 : end if end >= 0 else len(value)])
            at = end + 1 if end >= 0 else len(value)
        elif letter in ",;":
            pieces.append(_Piece())
            at += 1
        elif letter == ":" and not piece.angles and not {"@", "="} & set(piece.words):
            # The name of a group; within an encoded word (=?utf-8?q?…?=) it is a letter like others.
            pieces[-1] = _Piece()
            at += 1
        else:
            piece.words.append(letter)
            at += 1
    return pieces


def _quoted(value: str, at: int) -> tuple[str, int]:
    """Return what stands in quotation marks that opened before ``at``, and where it goes on behind them."""
    kept: list[str] = []
    while at < len(value) and value[at] != '"':
        at += value[at] == "\\"
        kept.append(value[at : at + 1])
        at += 1
    return "".join(kept), at + 1


def _comment(value: str, at: int) -> tuple[str, int]:
    """Return what stands in parentheses that opened before ``at``, and where it goes on behind them."""
    kept: list[str] = []
    depth = 1
    while at < len(value):
        letter = value[at]
        if letter == "\\":
            kept.append(value[at + 1 : at + 2])
            at += 2
            continue
        depth += {"(": 1, ")": -1}.get(letter, 0)
        at += 1
        if not depth:
            break
        kept.append(letter)
    return "".join(kept), at
