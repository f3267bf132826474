"""Rows as the verbs of the rooms make them, for the years-old bulk of the model case.

The verbs would date everything with today and ask the database before every step; here many
rows of one kind are made at once. The tests hold them to what the verbs leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from engagement.demo.post import LINK_LASTS, STEPS
from engagement.events.posting import mail_domain
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM, note
from engagement.kernel.base import new_id
from engagement.kernel.crypto import address_index
from engagement.kernel.tokens import new_mailbox_name
from engagement.mailing.models import Message, State
from engagement.roster.folding import name_key, organization_key
from engagement.roster.models import IdentifiedThrough, Organization, Person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from engagement.demo.loading import Loading
    from engagement.demo.people_2018 import Someone


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody whom the questionnaire reached. ``referral_id`` is the id of the row that says through whom."""

    someone: Someone
    person: Person
    invitation: Invitation
    referral_id: UUID

    @property
    def called(self) -> bool:
        """Return whether they asked of their own accord."""
        return self.someone.through is IdentifiedThrough.OPEN_CALL


class Roster:
    """Makes people of one consultation, each organization once."""

    def __init__(self, loading: Loading) -> None:
        """Start with no organization."""
        self.loading = loading
        self._organizations: dict[str, Organization] = {}

    def person(self, someone: Someone, created_at: datetime) -> Person:
        """Return the row of ``someone``, as roster.service.add_person stores it."""
        invented = someone.invented
        row = Person(
            consultation_id=self.loading.consultation.id,
            given_name=invented.given_name,
            family_name=invented.family_name,
            name_key=name_key(invented.given_name, invented.family_name),
            email=invented.email,
            email_index=address_index(invented.email),
            phone=invented.phone,
            sector=invented.sector,
            region=invented.region,
            language=invented.language,
            identified_through=someone.through,
            do_not_contact=False,
            open_to_team=True,
            created_at=created_at,
        )
        row.organization = self._organization(invented.organization)
        self.loading.session.add(row)
        note(self.loading.session, "add_person", row, self.loading.actor)
        self.loading.tick()
        return row

    def _organization(self, name: str) -> Organization | None:
        if not name:
            return None
        key = organization_key(name)
        if key not in self._organizations:
            self._organizations[key] = Organization(consultation_id=self.loading.consultation.id, name=name, name_key=key)
        return self._organizations[key]


def invited(
    loading: Loading, person: Person, at: datetime, *, event_id: UUID | None = None, questionnaire_id: UUID | None = None, wave: int = 0
) -> Invitation:
    """Return an invitation that went out at ``at``, as invitations.service.invite stores it."""
    row = Invitation(
        consultation_id=loading.consultation.id,
        person_id=person.id,
        event_id=event_id,
        questionnaire_id=questionnaire_id,
        wave=wave,
        created_at=at,
        distributed_at=at,
    )
    loading.session.add(row)
    note(loading.session, "invite", row, loading.actor)
    return row


class Letter:
    """A mail about one invitation that was sent long ago: planned, sent, its bytes dropped since, its link run out."""

    def __init__(self, invitation: Invitation, person: Person, sent_at: datetime) -> None:
        """Keep whom it went to, and when."""
        self.invitation, self.person, self.sent_at = invitation, person, sent_at

    def post(
        self,
        loading: Loading,
        *,
        purpose: str,
        key: str,
        subject: str,
        details: dict[str, str] | None = None,
        mailing_id: UUID | None = None,
    ) -> Message:
        """Store the message, what happened to it, and the link it carried; ``key`` is that of the verb."""
        row = Message(
            consultation_id=loading.consultation.id,
            person_id=self.person.id,
            invitation_id=self.invitation.id,
            mailing_id=mailing_id,
            purpose=purpose,
            details=dict(details or {}),
            language=self.person.language or "both",
            dedup_key=key,
            rfc_message_id=f"<{uuid4().hex}@{mail_domain()}>",
            bounce_token=new_mailbox_name(),
            state=State.SENT,
            due_at=self.sent_at,
            attempts=1,
            sent_at=self.sent_at,
            outcome=STEPS[-1][1],
            created_at=self.sent_at,
        )
        row.to_address, row.subject = self.person.email, subject
        loading.session.add(row)
        loading.history.extend(
            {"id": new_id(), "message_id": row.id, "at": self.sent_at, "state": state, "why": why} for state, why in STEPS
        )
        _, link = draft_link(self.invitation.id, self.sent_at + LINK_LASTS, self.sent_at)
        loading.links.append(link)
        note(loading.session, "plan_message", row, SYSTEM if purpose == "event_confirmation" else loading.actor)
        return row
