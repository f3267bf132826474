"""When two written names count as the same: case, accents, punctuation and spacing are left out."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart, though a keyboard without them writes two.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


@lru_cache(maxsize=20_000)
def fold(words: str) -> str:
    """Return ``words`` as they are compared and searched: "  O’Brien-Côté " gives "o brien cote".

    Words in which nothing is left (punctuation alone) are only stripped and put in lower case,
    so that two different ones stay different.
    """
    taken_apart = unicodedata.normalize("NFKD", words.casefold()).casefold().translate(_LIGATURES)
    kept = (character if character.isalnum() else " " for character in taken_apart if not unicodedata.combining(character))
    return " ".join("".join(kept).split()) or words.strip().casefold()


def name_key(given_name: str, family_name: str) -> str:
    """Return what a person is sorted by and found with: family name first, folded, at most 320 characters."""
    return fold(f"{family_name} {given_name}")[:320]


def organization_key(name: str) -> str:
    """Return what an organization is found again by, at most 300 characters."""
    return fold(name)[:300]
