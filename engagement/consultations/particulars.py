"""What is edited of a consultation, and what it cannot be. Pure: nothing here knows the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from engagement.kernel.bilingual import LANGUAGES, Text, is_blank
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered
from engagement.kernel.errors import DomainError

if TYPE_CHECKING:
    from datetime import date

    from engagement.consultations.models import Status


class BadTitleError(DomainError):
    """The title is missing in one language or both."""


class BadDatesError(DomainError):
    """The dates do not follow each other, or lie where nobody can mean them."""


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What is edited of a consultation. Texts are named as in Consultation.bilingual_fields; what is left out stays."""

    status: Status
    is_public: bool
    zone: str
    opens_on: date | None
    closes_on: date | None
    received_until: date | None
    contact_email: str
    contact_phone: str
    texts: dict[str, Text]
    confirmed: frozenset[str] = frozenset()


_NO_TITLE = {
    "en": Text("Enter the title in English.", "Entrez le titre en anglais."),
    "fr": Text("Enter the title in French.", "Entrez le titre en français."),
}


def require_title(title: Text) -> None:
    """Raise BadTitleError, naming the field, where nothing is seen of the title in one language."""
    for side in LANGUAGES:
        if is_blank(title.in_(side)):
            raise BadTitleError(_NO_TITLE[side], field=f"title_{side}")


def check_particulars(new: Particulars) -> None:
    """Raise BadDatesError, naming the field, where a consultation cannot be like this."""
    if new.zone not in available_timezones():
        raise BadDatesError(Text("This time zone is not known.", "Ce fuseau horaire est inconnu."), field="zone")
    for name in ("opens_on", "closes_on", "received_until"):
        day: date | None = getattr(new, name)
        if day is not None and not can_be_entered(day):
            raise BadDatesError(DATE_OUT_OF_REACH, field=name)
    _check_order(new)


def _check_order(new: Particulars) -> None:
    if new.opens_on and new.closes_on and new.closes_on < new.opens_on:
        said = Text("It closes before it opens.", "La date de clôture précède la date d’ouverture.")
        raise BadDatesError(said, field="closes_on")
    if new.closes_on and new.received_until and new.received_until < new.closes_on:
        said = Text(
            "Late answers cannot end before the closing date.",
            "La réception tardive ne peut pas finir avant la date de clôture.",
        )
        raise BadDatesError(said, field="received_until")
