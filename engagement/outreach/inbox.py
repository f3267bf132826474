"""Received mail as the team sees it: which of it a member may know of, and what one click on it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, or_, select

from engagement.events.models import Event, Sitting
from engagement.events.replies import Answer, Outcome, reply_to_event
from engagement.events.service import events_of, sittings_of
from engagement.findings.letters import Letter, LetterFile, file_letter
from engagement.invitations.models import Channel, Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Permission
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.inbox import file_content, files_listed, held_waiting, settle
from engagement.mailing.models import Message
from engagement.outreach.listing import invitations_hidden_from, mailings_hidden_from
from engagement.outreach.reading import bytes_without_links
from engagement.questionnaires.models import Questionnaire
from engagement.referrals.requests import ANSWERED, BY_TELEPHONE, NO_MAIL_GOES, SENT_TODAY, send_questionnaire
from engagement.roster.filters import visible
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.findings.models import Submission
    from engagement.kernel.audit import Actor

PAGE = 50
WHY_NOT_SENT: dict[str, Text] = {
    ANSWERED: Text("This person has answered it already.", "Cette personne y a déjà répondu."),
    NO_MAIL_GOES: Text(
        "No mail may go to this person; their page says why. Reach them in another way.",
        "Aucun courriel ne peut être envoyé à cette personne; sa page dit pourquoi. Joignez-la autrement.",
    ),
    BY_TELEPHONE: Text(
        "This person is reached by telephone only: call them.", "Cette personne n’est jointe que par téléphone\u00a0: appelez-la."
    ),
    SENT_TODAY: Text(
        "It was sent to them today already. Reach them in another way.",
        "Il lui a déjà été envoyé aujourd’hui. Joignez cette personne autrement.",
    ),
}


class NotSentError(DomainError):
    """The questionnaire does not go to this person by mail: they have answered, or no mail would reach them."""


class NobodyError(DomainError):
    """It is not known whose mail it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """A received mail and whose it is, or may be; None where nobody is known."""

    mail: InboundMail
    person: Person | None


@dataclass(frozen=True, slots=True)
class PageOfMail:
    """One page of the list; ``page`` counts from 1."""

    rows: Sequence[Row]
    total: int
    page: int
    size: int = PAGE


@dataclass(frozen=True, slots=True)
class Guest:
    """An invitation to an event that a mail may answer, with whose it is and the sittings there are."""

    invitation: Invitation
    person: Person
    event: Event
    sittings: Sequence[Sitting]


def inbox_seen_by(access: Access) -> ColumnElement[bool]:
    """Return the condition for received mail that this member may know of.

    Hidden is what is about a restricted event they are not cleared for, and what is from, or about,
    people whom they know only through a restricted batch.
    """
    told = select(Message.id).where(Message.mailing_id.in_(mailings_hidden_from(access)))
    people = select(Person.id).where(visible(access))
    invited = select(Invitation.id).where(Invitation.person_id.in_(people))
    return and_(
        InboundMail.consultation_id == access.consultation.id,
        or_(
            InboundMail.invitation_id.is_(None),
            and_(InboundMail.invitation_id.not_in(invitations_hidden_from(access)), InboundMail.invitation_id.in_(invited)),
        ),
        or_(InboundMail.message_id.is_(None), InboundMail.message_id.not_in(told)),
        or_(InboundMail.person_id.is_(None), InboundMail.person_id.in_(people)),
    )


def list_inbox(access: Access, *, waiting: bool, page: int) -> PageOfMail:
    """Return one page of the mail that waits (the longest first), or of all that was received (the newest first)."""
    conditions = [inbox_seen_by(access), *([InboundMail.state == InboxState.WAITING] if waiting else [])]
    total = db.session.scalar(select(func.count()).select_from(InboundMail).where(*conditions)) or 0
    page = max(1, min(page, (total - 1) // PAGE + 1 if total else 1))
    order = InboundMail.received_at if waiting else InboundMail.received_at.desc()
    found = select(InboundMail, Person).outerjoin(Person, Person.id == InboundMail.person_id).where(*conditions)
    rows = db.session.execute(found.order_by(order, InboundMail.id).limit(PAGE).offset((page - 1) * PAGE))
    return PageOfMail([Row(mail, person) for mail, person in rows], total, page)


def number_waiting(access: Access) -> int:
    """Return how many mails wait that this member may know of."""
    waiting = select(func.count()).select_from(InboundMail).where(inbox_seen_by(access), InboundMail.state == InboxState.WAITING)
    return db.session.scalar(waiting) or 0


def find_mail(access: Access, inbound_id: UUID) -> Row:
    """Return one received mail that this member may know of, or raise AbsentError."""
    found = db.session.execute(
        select(InboundMail, Person)
        .outerjoin(Person, Person.id == InboundMail.person_id)
        .where(InboundMail.id == inbound_id, inbox_seen_by(access))
    ).first()
    if found is None:
        raise AbsentError
    return Row(found[0], found[1])


def mail_from(access: Access, person_id: UUID) -> Sequence[InboundMail]:
    """Return the received mail of a person that this member may know of."""
    theirs = select(InboundMail).where(InboundMail.person_id == person_id, inbox_seen_by(access))
    return db.session.scalars(theirs.order_by(InboundMail.received_at)).all()


def guests_in(access: Access, row: Row) -> list[Guest]:
    """Return the invitations that a mail may answer: that which it is about, and the others of whose mail it is."""
    known = {event.id: event for event in events_of(access) if access.may(Permission.RECORD_REPLIES, event.id)}
    meant = or_(Invitation.id == row.mail.invitation_id, Invitation.person_id == row.mail.person_id)
    wanted = (
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(meant, Invitation.event_id.in_(known), Invitation.withdrawn_at.is_(None), visible(access))
    )
    found = [(invitation, person) for invitation, person in db.session.execute(wanted.order_by(Invitation.created_at))]
    found.sort(key=lambda pair: pair[0].id != row.mail.invitation_id)
    return [
        Guest(invitation, person, known[invitation.event_id], [each for each in sittings_of(invitation.event_id) if not each.cancelled_at])
        for invitation, person in found
        if invitation.event_id is not None
    ]


def record_reply_from_mail(
    *, inbound_id: UUID, invitation_id: UUID, answers: Mapping[UUID, Answer] | Answer, actor: Actor
) -> list[Outcome]:
    """Write down the reply that a mail gives, as received when the mail was, and settle the mail.

    Raises AbsentError, SettledError, and what reply_to_event raises; then nothing is changed.
    """
    with writing() as session:
        row = held_waiting(session, inbound_id)
        channel = Channel.CALENDAR if row.kind is Kind.REPLY else Channel.EMAIL
        outcomes = reply_to_event(invitation_id=invitation_id, answers=answers, channel=channel, received_at=row.received_at, actor=actor)
        invitation = session.get_one(Invitation, invitation_id)
        row.invitation_id, row.person_id = invitation.id, invitation.person_id
        settle(inbound_id=inbound_id, state=InboxState.FILED, outcome="recorded", verb="record_mail", actor=actor)
    return outcomes


def file_from_mail(*, mail: InboundMail, letter: Letter, positions: Sequence[int], actor: Actor) -> Submission:
    """File a mail as a written submission with those of its files, and settle it.

    Raises SettledError, NotALetterError, BadFileError, AbsentError; then nothing is changed.
    """
    consultation_id = mail.consultation_id
    if consultation_id is None:
        raise AbsentError
    names = {each.position: each.name for each in files_listed(mail)}
    # Read out of the mail before any lock is held.
    files = [LetterFile(names.get(position, ""), bytes_without_links(file_content(mail, position))) for position in positions]
    whole = Letter(
        words=letter.words, language=letter.language, signatory=letter.signatory, organization=letter.organization,
        copies=letter.copies, received_on=letter.received_on, files=files,
    )  # fmt: skip
    with writing() as session:
        held_waiting(session, mail.id)
        submission = file_letter(consultation_id=consultation_id, letter=whole, actor=actor)
        filed = {"submission_id": str(submission.id)}
        settle(inbound_id=mail.id, state=InboxState.FILED, outcome="filed", details=filed, verb="file_mail", actor=actor)
    return submission


def send_questionnaire_for(*, inbound_id: UUID, questionnaire_id: UUID, actor: Actor) -> None:
    """Send a questionnaire to whose mail it is, and settle the mail.

    Raises AbsentError, SettledError, NobodyError, NotSentError, NotWholeError; then nothing is changed.
    """
    with writing() as session:
        row = held_waiting(session, inbound_id)
        person = session.get(Person, row.person_id) if row.person_id else None
        questionnaire = session.get(Questionnaire, questionnaire_id)
        if person is None or not person.email:
            said = Text(
                "Say first whose mail it is: somebody with an address.",
                "Dites d’abord de qui il vient\u00a0: une personne avec une adresse.",
            )
            raise NobodyError(said)
        if questionnaire is None or questionnaire.consultation_id != row.consultation_id:
            raise AbsentError
        sending = send_questionnaire(session, person=person, questionnaire=questionnaire, actor=actor)
        if sending.why_not:
            raise NotSentError(WHY_NOT_SENT[sending.why_not])
        settle(inbound_id=inbound_id, state=InboxState.FILED, outcome="asked", verb="answer_mail", actor=actor)
