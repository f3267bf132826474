"""Saying why one cannot come, and asking for the questionnaire instead: one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.events.replies import Answer, reply_to_event
from engagement.invitations.models import Choice
from engagement.invitations.service import find_invitation
from engagement.kernel.audit import by_link
from engagement.kernel.db import writing
from engagement.portal.showing import coming_sittings
from engagement.questionnaires.service import ask_to_answer

if TYPE_CHECKING:
    from engagement.events.guests import GuestView
    from engagement.questionnaires.models import Questionnaire


def decline(view: GuestView, *, reason: str, questionnaire: Questionnaire | None) -> None:
    """Record that a guest cannot come, with their reason; with ``questionnaire``, it is sent to them.

    Nothing is recorded where there is nothing to add to the "no" that stands already.
    """
    if not reason and questionnaire is None:
        return
    no = Answer(Choice.DECLINED)
    coming = coming_sittings(view)
    with writing():
        actor = by_link(view.invitation_id)
        reply_to_event(
            invitation_id=view.invitation_id,
            answers={sitting.id: no for sitting in coming} if coming else no,
            reason=reason,
            wants_questionnaire=questionnaire is not None,
            actor=actor,
        )
        if questionnaire is not None:
            person_id = find_invitation(view.invitation_id).person_id
            ask_to_answer(questionnaire_id=questionnaire.id, person_id=person_id, actor=actor)
