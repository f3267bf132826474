"""Who may use which route: permissions, what each role holds, and one row per route.

Capabilities contribute their rows; a route without a row is refused to everybody and fails
the tests. The gate that enforces the rows lives with the consultations, which know members.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Permission(StrEnum):
    """One thing a member of a consultation may do or see."""

    VIEW_FIGURES = "view_figures"
    SEE_PEOPLE = "see_people"
    EDIT_ROSTER = "edit_roster"
    EXPORT_PEOPLE = "export_people"
    EDIT_CONSULTATION = "edit_consultation"
    MANAGE_TEAM = "manage_team"
    SEE_EVENTS = "see_events"
    SCHEDULE_EVENTS = "schedule_events"
    INVITE = "invite"
    RECORD_REPLIES = "record_replies"
    SEE_MAIL = "see_mail"
    EDIT_TEMPLATES = "edit_templates"
    DESIGN_QUESTIONNAIRES = "design_questionnaires"
    READ_ANSWERS = "read_answers"
    EXPORT_ANSWERS = "export_answers"
    APPROVE_REFERRALS = "approve_referrals"
    READ_SUBMISSIONS = "read_submissions"
    CODE_SUBMISSIONS = "code_submissions"


class Role(StrEnum):
    """What somebody is in one consultation (or, the note-taker, in one event of it)."""

    ORGANIZER = "organizer"
    STAFF = "staff"
    ANALYST = "analyst"
    NOTE_TAKER = "note_taker"
    VIEWER = "viewer"


_ORGANIZERS_ONLY = {Permission.EDIT_CONSULTATION, Permission.MANAGE_TEAM, Permission.APPROVE_REFERRALS}

HOLDS: dict[Role, frozenset[Permission]] = {
    Role.ORGANIZER: frozenset(Permission),
    Role.STAFF: frozenset(set(Permission) - _ORGANIZERS_ONLY),
    Role.ANALYST: frozenset(
        {
            Permission.VIEW_FIGURES,
            Permission.SEE_EVENTS,
            Permission.READ_ANSWERS,
            Permission.EXPORT_ANSWERS,
            Permission.READ_SUBMISSIONS,
            Permission.CODE_SUBMISSIONS,
        }
    ),
    Role.NOTE_TAKER: frozenset({Permission.SEE_EVENTS, Permission.READ_SUBMISSIONS}),
    Role.VIEWER: frozenset({Permission.VIEW_FIGURES}),
}


class Audience(StrEnum):
    """Who a route is for."""

    PUBLIC = "public"
    LINK = "link"
    SIGNED_IN = "signed_in"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Row:
    """Who may use one route. ``permission`` is what a member needs, for Audience.MEMBER.

    With ``per_event`` the permission may come from a membership that is for one event only;
    the view then asks again for the event itself.
    """

    audience: Audience
    permission: Permission | None = None
    per_event: bool = False


PUBLIC = Row(Audience.PUBLIC)
LINK = Row(Audience.LINK)
SIGNED_IN = Row(Audience.SIGNED_IN)
ADMINISTRATOR = Row(Audience.ADMINISTRATOR)


def member(permission: Permission, *, per_event: bool = False) -> Row:
    """Return the row of a route for members who hold ``permission``; its address has ``<slug>``."""
    return Row(Audience.MEMBER, permission, per_event)


Policy: TypeAlias = dict[str, Row]


class PolicyError(ValueError):
    """Two rows were given for one route."""


def join_policies(*parts: Policy) -> Policy:
    """Return all rows in one table, or raise PolicyError where two parts name the same route."""
    table: Policy = {}
    for part in parts:
        twice = table.keys() & part.keys()
        if twice:
            msg = f"two policy rows for {', '.join(sorted(twice))}"
            raise PolicyError(msg)
        table |= part
    return table
