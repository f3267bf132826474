"""Whoever was nominated and has not answered: they get one message, and nothing more until they do (SOR/2013-221, s. 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.mailing.models import Message
from engagement.questionnaires.models import Response, ResponseState

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select

NOMINATION = "nomination_invitation"


def silent_nominees(*which: ColumnElement[bool]) -> Select[UUID]:
    """Return the query for the people who were nominated and have not answered; ``which`` are conditions on Invitation and Message."""
    submitted = select(Response.invitation_id).where(Response.state != ResponseState.IN_PROGRESS, Response.invitation_id.is_not(None))
    return (
        select(Invitation.person_id)
        .join(Message, Message.invitation_id == Invitation.id)
        .where(Message.purpose == NOMINATION, Invitation.id.not_in(submitted), *which)
    )
