"""Discreet mail: nothing in the sender's name or the subject tells what a mail is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text

if TYPE_CHECKING:
    from engagement.mailing.composing import Composed
    from engagement.mailing.texts import MailText
    from engagement.roster.models import Person

# A composer may give a neutral subject of its own under this name.
NEUTRAL_SUBJECT = "neutral_subject"
SUBJECT = Text("Information for you", "Renseignements pour vous")


def discreetly(text: MailText, said: Composed, person: Person | None) -> tuple[MailText, Composed]:
    """Return the text and the mail as they go: with a neutral subject where the mail, or whoever gets it, is discreet."""
    if not said.discreet and not (person is not None and person.discreet):
        return text, said
    values = {language: {NEUTRAL_SUBJECT: SUBJECT.in_(language), **words} for language, words in said.values.items()}
    place = f"(({NEUTRAL_SUBJECT}))"
    return replace(text, subject=Text(place, place)), replace(said, values=values, discreet=True)
