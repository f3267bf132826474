"""The demonstration's accounts: one for each role, with the password that the sign-in page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.accounts.models import User
from engagement.accounts.service import add_user, find_user
from engagement.accounts.views import DEMO_PASSWORD
from engagement.consultations.models import Consultation
from engagement.consultations.service import admit
from engagement.kernel.audit import SYSTEM
from engagement.kernel.policy import Role

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.kernel.audit import Actor

ADMINISTRATOR = "admin"
NAMES = {
    "organizer": ("Léonie Organizer", "en"),
    "staff": ("Desmond Staff", "en"),
    "analyst": ("Aurèle Analyste", "fr"),
    "notetaker": ("Ivy Note-Taker", "en"),
    "viewer": ("Solange Lectrice", "fr"),
    ADMINISTRATOR: ("Walter Administrator", "en"),
}
ROLES = {"staff": Role.STAFF, "analyst": Role.ANALYST, "viewer": Role.VIEWER}


class NotOursError(Exception):
    """Something that the demonstration would make is there already, and is not of the demonstration."""


def stand_up_team() -> dict[str, User]:
    """Return the demonstration's accounts by what they are, made where they are missing.

    Raises NotOursError where one of the addresses belongs to a real account.
    """
    team: dict[str, User] = {}
    for what, (name, language) in NAMES.items():
        email = f"{what}@example.org"
        user = find_user(email)
        if user is None:
            administrator = what == ADMINISTRATOR
            user = add_user(email=email, name=name, password=DEMO_PASSWORD, language=language, administrator=administrator, demo=True)
        if not user.is_demo:
            raise NotOursError(f"There is an account {email} that is not of the demonstration. Nothing was loaded.")
        team[what] = user
    return team


def join_team(consultation: Consultation, team: dict[str, User], note_taker_at: UUID, actor: Actor) -> None:
    """Give each account its role; whoever made the consultation is its organizer already."""
    for what, role in ROLES.items():
        admit(consultation_id=consultation.id, email=team[what].email, role=role, actor=SYSTEM)
    admit(consultation_id=consultation.id, email=team["notetaker"].email, role=Role.NOTE_TAKER, event_id=note_taker_at, actor=actor)
