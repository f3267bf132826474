"""Those who were asked to answer a questionnaire, by how far they have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists

from engagement.invitations.models import Invitation
from engagement.questionnaires.models import Response, ResponseState

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement

NOT_OPENED, OPENED, PARTIAL, COMPLETE, SILENT = "not_opened", "opened", "partial", "complete", "silent"
STAGES = (NOT_OPENED, OPENED, PARTIAL, COMPLETE, SILENT)


def asked_at(questionnaire_id: UUID, stage: str) -> ColumnElement[bool]:
    """Return the condition on Invitation for those who stand at this one of STAGES ("" for all who are asked).

    Not opened: it was sent, and nothing was answered. Opened: begun and not sent in. Silent:
    it was sent and nothing came back, begun or not, as the response page counts it.
    """
    standing = and_(Invitation.questionnaire_id == questionnaire_id, Invitation.withdrawn_at.is_(None))
    sent = Invitation.distributed_at.is_not(None)
    met = {
        "": standing,
        NOT_OPENED: and_(standing, sent, ~_response()),
        OPENED: and_(standing, _response(ResponseState.IN_PROGRESS)),
        PARTIAL: and_(standing, _response(ResponseState.SUBMITTED_IN_PART)),
        COMPLETE: and_(standing, _response(ResponseState.SUBMITTED)),
        SILENT: and_(standing, sent, ~_response(ResponseState.SUBMITTED, ResponseState.SUBMITTED_IN_PART)),
    }
    return met[stage]


def _response(*states: ResponseState) -> ColumnElement[bool]:
    theirs = Response.invitation_id == Invitation.id
    return exists().where(theirs, Response.state.in_(states)) if states else exists().where(theirs)
