"""Text in two languages: values, and the rule that says which of two texts is out of date."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, cast

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from engagement.kernel.crypto import keys

Language: TypeAlias = Literal["en", "fr"]
LANGUAGES: tuple[Language, Language] = ("en", "fr")
Pairs: TypeAlias = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and in French."""

    en: str
    fr: str

    def in_(self, language: str) -> str:
        """Return the words in ``language`` ("fr" is French, anything else English)."""
        return self.fr if language == "fr" else self.en

    def format(self, **values: object) -> Text:
        """Return the text with its named places filled; for the program's own texts only."""
        return Text(self.en.format(**values), self.fr.format(**values))

    @property
    def whole(self) -> bool:
        """Return whether neither language is missing."""
        return not is_blank(self.en) and not is_blank(self.fr)

    def __bool__(self) -> bool:
        """Return whether there are words in at least one language."""
        return not is_blank(self.en) or not is_blank(self.fr)


def is_blank(words: str) -> bool:
    """Return whether nothing can be seen of ``words``: space of any kind, joiners and marks of direction."""
    # Nearly every text begins with something that is seen.
    return not words[:1].isalnum() and all(each.isspace() or unicodedata.category(each) == "Cf" for each in words)


def other(language: Language) -> Language:
    """Return the language that ``language`` is not."""
    return "en" if language == "fr" else "fr"


def fingerprint(words: str) -> str:
    """Return a short mark that changes when the words do; space around them and how lines end do not count.

    It is keyed, so that the title of a restricted event cannot be guessed from its mark.
    """
    return keys.blind_index("\n".join(words.strip().splitlines())).hex()[:16]


def stale_side(now: Text, together: list[str] | None) -> Language | None:
    """Return which language is out of date, if one is.

    ``together`` holds the fingerprints of the last English and French that were known to
    say the same. A text whose other side has changed since then, while it has not, is stale.
    An empty text is missing rather than stale.
    """
    if together is None or not now.whole:
        return None
    changed_en = fingerprint(now.en) != together[0]
    changed_fr = fingerprint(now.fr) != together[1]
    if changed_en == changed_fr:
        return None
    return "fr" if changed_en else "en"


def together_after(before: Text, after: Text, together: list[str] | None) -> list[str] | None:
    """Return the fingerprints that count as saying the same, after an edit.

    Both sides edited at once say the same; so do they when the stale side was edited, or
    when a missing side was written. One side edited alone leaves the earlier pair standing.
    """
    if not after.whole:
        return together
    pair = [fingerprint(after.en), fingerprint(after.fr)]
    edited_en = fingerprint(before.en) != pair[0]
    edited_fr = fingerprint(before.fr) != pair[1]
    stale = stale_side(before, together)
    mended = (stale == "fr" and edited_fr) or (stale == "en" and edited_en)
    if together is None or not before.whole or (edited_en and edited_fr) or mended:
        return pair
    return together


class BilingualRow:
    """A stored row with ``…_en`` and ``…_fr`` fields that knows which of them are stale.

    ``bilingual_fields`` names them without the ending; all of them are set by ``set_text``.
    """

    bilingual_fields: tuple[str, ...] = ()

    # For each field, the fingerprints of the English and French that last said the same.
    translated_pairs: Mapped[Pairs] = cast("MappedColumn[Pairs]", mapped_column(JSON, default=dict))

    def text(self, field: str) -> Text:
        """Return ``field`` in both languages."""
        return Text(getattr(self, f"{field}_en") or "", getattr(self, f"{field}_fr") or "")

    def set_text(self, field: str, words: Text, *, confirmed: bool = False) -> None:
        """Store ``words``; ``confirmed`` says that somebody compared both and they agree."""
        pairs = dict(self.translated_pairs or {})
        together = together_after(self.text(field), words, pairs.get(field))
        if confirmed and words.whole:
            together = [fingerprint(words.en), fingerprint(words.fr)]
        if together is not None:
            pairs[field] = together
        self.translated_pairs = pairs
        setattr(self, f"{field}_en", words.en)
        setattr(self, f"{field}_fr", words.fr)

    def with_texts(self, **words: Text) -> Self:
        """Set several texts at once and return the row."""
        for field, text in words.items():
            self.set_text(field, text)
        return self

    def stale_texts(self) -> dict[str, Language]:
        """Return the fields one language of which is out of date, and which language that is."""
        found = {field: stale_side(self.text(field), (self.translated_pairs or {}).get(field)) for field in self.bilingual_fields}
        return {field: side for field, side in found.items() if side is not None}

    def missing_texts(self) -> dict[str, Language]:
        """Return the fields that exist in one language only, and the language that is missing."""
        texts = {field: self.text(field) for field in self.bilingual_fields}
        return {field: ("en" if is_blank(text.en) else "fr") for field, text in texts.items() if text and not text.whole}
