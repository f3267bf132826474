"""Placeholders in mail texts: ``((name))``, from a closed list, filled from a flat dict of strings.

Pure. Stored text is never handed to a template engine or to ``str.format``: those walk from
a value to its attributes, and from there to everything. Here a name either is on the list
or is refused, and what was filled in is never looked at again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_PLACE = re.compile(r"\(\(([^()]*)\)\)")
_LONGEST_SHOWN = 40
# What opens somebody's page: a subject stands in lists, on locked screens and in the logs of servers.
SECRETS = frozenset({"link", "reply_link", "code", "preferences"})


class UnknownPlaceholderError(DomainError):
    """A text names a placeholder that its mail does not have."""


class MissingPlaceholderError(DomainError):
    """A text leaves out a placeholder without which its mail is of no use."""


class SecretInSubjectError(DomainError):
    """A subject line would carry what opens somebody's page."""


def names_in(text: str) -> list[str]:
    """Return the names that stand in double brackets, in order, as they are written."""
    return [found.strip() for found in _PLACE.findall(text)]


def check_placeholders(text: str, listed: Collection[str], field: str) -> None:
    """Raise UnknownPlaceholderError, naming ``field`` and the first name that is not ``listed``."""
    for name in names_in(text):
        if name not in listed:
            raise UnknownPlaceholderError(_no_such(name, listed), field=field)
    rest = _PLACE.sub("", text)
    for mark in ("((", "))"):
        if mark in rest:
            at = rest.index(mark)
            near = " ".join(rest[max(0, at - 10) : at + _LONGEST_SHOWN].replace("(", "").replace(")", "").split())
            said = Text(
                "A placeholder is not closed, or not opened, near “{near}”: it takes two round brackets on each side.",
                "Un champ n’est pas fermé, ou pas ouvert, près de «\u00a0{near}\u00a0»\u00a0: il prend deux parenthèses de chaque côté.",
            )
            raise UnknownPlaceholderError(Text(*(side.replace("{near}", near) for side in (said.en, said.fr))), field=field)


def missing_from(text: str, needed: Collection[str]) -> list[str]:
    """Return the names of ``needed`` that the text leaves out."""
    return [name for name in needed if name not in names_in(text)]


def check_needed(text: str, needed: Collection[str], field: str) -> None:
    """Raise MissingPlaceholderError, naming ``field`` and the first of the ``needed`` names that the text leaves out."""
    for name in missing_from(text, needed):
        said = Text(
            "Put the placeholder “{name}” into the text in English: without it, this mail is of no use to whoever gets it.",
            "Ajoutez le champ «\u00a0{name}\u00a0» au texte en anglais\u00a0: sans lui, le courriel ne sert à rien à qui le reçoit.",
        )
        if field.endswith("_fr"):
            said = Text(said.en.replace("in English", "in French"), said.fr.replace("en anglais", "en français"))
        raise MissingPlaceholderError(said.format(name=name), field=field)


def check_subject(text: str, field: str) -> None:
    """Raise SecretInSubjectError, naming ``field``, where a subject would carry a personal link or a code."""
    for name in names_in(text):
        if name in SECRETS:
            said = Text(
                "“{name}” must not stand in the subject in English: it opens a personal page. Put it in the text.",
                "«\u00a0{name}\u00a0» ne va pas dans l’objet en anglais\u00a0: il ouvre une page personnelle. Mettez-le dans le texte.",
            )
            if field.endswith("_fr"):
                said = Text(said.en.replace("in English", "in French"), said.fr.replace("en anglais", "en français"))
            raise SecretInSubjectError(Text(said.en.replace("{name}", name), said.fr.replace("{name}", name)), field=field)


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with each ``((name))`` replaced by its value, in one pass.

    Raises UnknownPlaceholderError for a name without a value.
    """
    pieces = _pieces(text)
    for name in pieces[1::2]:
        if name not in values:
            raise UnknownPlaceholderError(_no_such(name, values))
    return "".join([values[piece] if at % 2 else piece for at, piece in enumerate(pieces)])


@lru_cache(maxsize=64)
def _pieces(text: str) -> tuple[str, ...]:
    """Return what stands between the names, and the names, by turns: one text is filled in for many people."""
    return tuple(piece.strip() if at % 2 else piece for at, piece in enumerate(_PLACE.split(text)))


def _no_such(name: str, listed: Collection[str]) -> Text:
    known = ", ".join(sorted(listed)) or "–"
    said = Text(
        "“{name}” is not a placeholder of this mail. It may use: {known}.",
        "«\u00a0{name}\u00a0» n’est pas un champ de ce courriel. On peut y employer\u00a0: {known}.",
    )
    # The name is what somebody typed: it is put in by replacing, not by formatting.
    shown = name[:_LONGEST_SHOWN]
    return Text(*(side.replace("{known}", known).replace("{name}", shown) for side in (said.en, said.fr)))
