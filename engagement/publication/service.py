"""What the public may read of a consultation, and whether its questionnaire can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation, Document, Status
from engagement.consultations.service import find_consultation, find_document, is_publishable
from engagement.events.service import listed_events, sittings_of
from engagement.kernel.clock import today
from engagement.kernel.errors import AbsentError
from engagement.questionnaires.opening import Standing, announced_day, standing_of
from engagement.referrals.service import called_for, open_calls

if TYPE_CHECKING:
    from datetime import date

    from engagement.events.models import Event, Sitting


@dataclass(frozen=True, slots=True)
class Gathering:
    """A listed event with its sittings, in their order; none where there is no date yet."""

    event: Event
    sittings: list[Sitting]


def published(slug: str) -> Consultation:
    """Return the consultation whose public page has this address.

    Raises AbsentError where there is none, where it is not public, and where one of its
    texts is stale or stands in one language only: an old text is never shown instead.
    """
    consultation = find_consultation(slug)
    if not consultation.is_public or not is_publishable(consultation):
        raise AbsentError
    return consultation


def gatherings_of(consultation: Consultation) -> list[Gathering]:
    """Return the events that the public may know of."""
    return [Gathering(event, list(sittings_of(event.id))) for event in listed_events(consultation.id)]


def documents_of(consultation: Consultation) -> list[Document]:
    """Return the background document in each language in which there is one."""
    found = (find_document(consultation.id, language) for language in ("en", "fr"))
    return [document for document in found if document is not None]


def closed_since(consultation: Consultation) -> date | None:
    """Return the announced last day of the questionnaires that could be asked for, where all of them are closed."""
    days = [announced_day(each, consultation) for each in called_for(consultation.id) if standing_of(each, consultation) is Standing.CLOSED]
    known = [day for day in days if day is not None and day < today(consultation.zone)]
    return max(known, default=None)


def can_be_asked_for(consultation: Consultation) -> bool:
    """Return whether anybody may ask for a questionnaire today.

    Only while the consultation is open: a paused one takes no request.
    """
    return consultation.status is Status.OPEN and bool(open_calls(consultation.id))
