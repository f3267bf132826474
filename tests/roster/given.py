"""Rows of the roster to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engagement.consultations.models import ClearedFor
from engagement.consultations.service import clear
from engagement.kernel.audit import SYSTEM
from engagement.roster.models import Batch, IdentifiedThrough, Person
from engagement.roster.service import add_batch, add_person

if TYPE_CHECKING:
    from engagement.accounts.models import User
    from engagement.consultations.models import Consultation


def a_person(consultation: Consultation, given_name: str = "Noémie", family_name: str = "Tremblay", **particulars: Any) -> Person:
    """Put an invented person on the roster; ``email`` and the rest as add_person takes them."""
    particulars.setdefault("identified_through", IdentifiedThrough.STAFF)
    particulars.setdefault("actor", SYSTEM)
    return add_person(consultation_id=consultation.id, given_name=given_name, family_name=family_name, **particulars)


def a_batch(consultation: Consultation, name: str = "First batch", *, restricted: bool = False) -> Batch:
    """Create a batch; nobody is cleared for a restricted one."""
    return add_batch(consultation_id=consultation.id, name=name, restricted=restricted, actor=SYSTEM)


def cleared_for(user: User, batch: Batch) -> None:
    """Let a member know of a restricted batch."""
    clear(consultation_id=batch.consultation_id, user_id=user.id, kind=ClearedFor.BATCH, subject_id=batch.id, actor=SYSTEM)
