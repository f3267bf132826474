"""How French is set: which spaces may not break, and where there is none. Faults are returned, each as the text it stands in."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NBSP = "\u00a0"
# A place that is filled later stands for a number or a word: %(name)s, {name}, ((name)), ((name|filter)).
PLACES = re.compile(r"%\([a-z_]+\)[sd]|\{[^{}]*\}|\(\([a-z_]+\)\)")
# One character that no text has stands for a place.
PLACE = "\ufffc"
BREAKS = r"[ \t\n]"
SYMBOLS = r"(?:h|min|%|\$|ko|Mo|Go|km)(?!\w)"
SAYS_IT_IN_FRENCH = re.compile(rf"\w[^«]*»|«|[\w{PLACE})]{BREAKS}:(?![)\w/])|\w{BREAKS}%(?!\w)|\d{BREAKS}(?:h|[kMG]o)(?!\w)")
FAULTS = re.compile(
    rf"«(?!{NBSP})"
    rf"|(?<!{NBSP})»"
    # A colon: 13:30, https://… and a code such as mail:1 are not French.
    rf"|(?<![{NBSP}\d/]):(?={BREAKS}|$)"
    rf"|(?<![{NBSP}\d]){BREAKS}%"
    # No space before these, of any kind.
    rf"|[ \u00a0\u202f][;!?]"
    # Inside a number, and between a number and its unit.
    rf"|\d{BREAKS}\d{{3}}(?!\d)"
    rf"|[\d{PLACE}]{BREAKS}(?={SYMBOLS})"
    rf"|\d{NBSP}h{BREAKS}\d"
    rf"|\d%"
    rf"|N°{BREAKS}\d"
)


def badly_spaced(french: str) -> list[str]:
    """Return where a French text has a space that may break, none where one belongs, or one too many."""
    flat = PLACES.sub(PLACE, french)
    return [flat[max(0, found.start() - 12) : found.end() + 12].replace("\n", "↵") for found in FAULTS.finditer(flat)]


def _written(node: ast.expr) -> str | None:
    """Return a text as it stands in the source, its filled places marked; None for what is worked out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_filled(part) if isinstance(part, ast.FormattedValue) else str(_written(part)) for part in node.values)
    return None


def _filled(part: ast.FormattedValue) -> str:
    return NBSP if isinstance(part.value, ast.Name) and part.value.id == "NBSP" else PLACE


def _texts_of(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Return the texts that a value can have, or that it is put together from."""
    words = _written(node)
    if words is not None:
        yield node.lineno, words
        return
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            yield from _texts_of(part)


def french_in(source: str) -> Iterator[tuple[int, str]]:
    """Return the French texts of a Python file with their lines: of Text(…, "…"), and all that can only be French."""
    tree = ast.parse(source)
    taken: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
            for each in [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "fr")]:
                taken |= {id(part) for part in ast.walk(each)}
                yield from _texts_of(each)
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        words = _written(node) if isinstance(node, ast.expr) and id(node) not in taken | documented else None
        if words and SAYS_IT_IN_FRENCH.search(words):
            yield node.lineno, words
