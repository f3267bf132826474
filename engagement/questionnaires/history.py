"""What questionnaires have to say on a person's page: asked, opened, submitted. Never what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.questionnaires.models import Questionnaire, Response, ResponseState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from engagement.consultations.access import Access

_ASKED = Text("Asked to answer “{title}”", "Questionnaire «\u00a0{title}\u00a0» proposé")
_OPENED = Text("Started “{title}”", "«\u00a0{title}\u00a0» commencé")
_SUBMITTED = Text("Submitted “{title}”", "«\u00a0{title}\u00a0» envoyé")
_IN_PART = Text("Submitted “{title}” in part", "«\u00a0{title}\u00a0» envoyé en partie")


def _with_title(said: Text, title: Text) -> Text:
    # Put in by replacing: a title may hold braces.
    return Text(said.en.replace("{title}", title.en), said.fr.replace("{title}", title.fr))


def what_happened(person_id: UUID, access: Access) -> Iterator[tuple[datetime, Text, Questionnaire]]:
    """Give when and what, with the questionnaire it is about."""
    rows = db.session.execute(
        select(Invitation, Questionnaire, Response)
        .join(Questionnaire, Questionnaire.id == Invitation.questionnaire_id)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(Invitation.person_id == person_id, Invitation.consultation_id == access.consultation.id)
    )
    for invitation, questionnaire, found in rows:
        response: Response | None = found
        title = questionnaire.text("title")
        yield invitation.created_at, _with_title(_ASKED, title), questionnaire
        if response is None:
            continue
        yield response.started_at, _with_title(_OPENED, title), questionnaire
        if response.submitted_at is not None:
            said = _SUBMITTED if response.state is ResponseState.SUBMITTED else _IN_PART
            yield response.submitted_at, _with_title(said, title), questionnaire
