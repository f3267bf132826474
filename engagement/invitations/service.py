"""What is done with an invitation, whatever it is to: asking, withdrawing, writing replies down."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import Table, and_, bindparam, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from engagement.invitations.ledger import overall, standing
from engagement.invitations.models import Channel, Choice, Invitation, Mode, PersonalLink, Reply
from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.base import UTCDateTime
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, unless_stored_already, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.prepared import Prepared
from engagement.kernel.quick import in_this_transaction
from engagement.mailing.contacting import look_again

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


class WithdrawnError(DomainError):
    """The invitation was withdrawn: no reply to it counts any more."""


class BadTimeError(DomainError):
    """The stated time of a reply cannot be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked to: exactly one of the two."""

    event_id: UUID | None
    questionnaire_id: UUID | None


def invite(
    *,
    consultation_id: UUID,
    person_id: UUID,
    event_id: UUID | None = None,
    questionnaire_id: UUID | None = None,
    wave: int = 0,
    actor: Actor,
) -> Invitation:
    """Ask a person to an event or to a questionnaire, and return the invitation.

    Asking twice is asking once. A withdrawn invitation is revived: what was replied before
    stays in the ledger and does not count any more. ``wave`` is kept from the first time.
    """
    asked = Asked(event_id, questionnaire_id)
    with writing() as session:
        there = _invitation_to(session, person_id, asked)
        if there is None:
            row = Invitation(consultation_id=consultation_id, person_id=person_id, wave=wave, created_at=now(), **asdict(asked))
            there = _stored(session, row, asked, actor)
        if there.withdrawn_at is not None:
            there.withdrawn_at = there.choice = there.replied_at = None
            there.created_at = now()
            note(session, "invite_again", there, actor)
    return there


def _stored(session: Session, row: Invitation, asked: Asked, actor: Actor) -> Invitation:
    """Store a first invitation and return it; if somebody else asked the same person in the same moment, theirs."""
    try:
        with unless_stored_already(session):
            session.add(row)
    except IntegrityError:
        there = _invitation_to(session, row.person_id, asked)
        if there is None:
            raise
        return there
    note(session, "invite", row, actor)
    return row


def _invitation_to(session: Session, person_id: UUID, asked: Asked) -> Invitation | None:
    return session.scalar(
        select(Invitation).where(
            Invitation.person_id == person_id,
            Invitation.event_id == asked.event_id if asked.event_id is not None else Invitation.questionnaire_id == asked.questionnaire_id,
        )
    )


def find_invitation(invitation_id: UUID) -> Invitation:
    """Return the invitation, or raise AbsentError."""
    found = db.session.get(Invitation, invitation_id)
    if found is None:
        raise AbsentError
    return found


def hold(session: Session, invitation_id: UUID) -> None:
    """Keep two replies of one guest apart until the transaction ends; whoever writes on SQLite is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Invitation.id).where(Invitation.id == invitation_id).with_for_update(key_share=True))


def held_for_change(session: Session, invitation_id: UUID) -> Invitation:
    """Return the invitation, locked until the transaction ends, so that two replies of one guest queue.

    A worker that stores a link of this guest's is not kept waiting: it may hold the very mail that is waited for.
    Raises AbsentError where there is none.
    """
    found = session.get(Invitation, invitation_id, with_for_update={"key_share": True}, populate_existing=True)
    if found is None:
        raise AbsentError
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody replied. ``received_at`` (UTC; None: this moment) decides which reply counts."""

    choice: Choice
    channel: Channel
    mode: Mode | None = None
    sitting_id: UUID | None = None
    received_at: datetime | None = None
    reason: str = ""
    wants_questionnaire: bool = False


def record_reply(
    *,
    invitation_id: UUID,
    choice: Choice,
    mode: Mode | None = None,
    sitting_id: UUID | None = None,
    channel: Channel,
    received_at: datetime | None = None,
    reason: str = "",
    wants_questionnaire: bool = False,
    actor: Actor,
) -> Reply:
    """Write a reply into the ledger and return it.

    A stated time older than the standing reply is kept and changes nothing. For an event use
    events.service.reply_to_event, which looks after the seat as well.
    Raises WithdrawnError, BadTimeError (a time that has not come yet).
    """
    said = Said(choice, channel, mode, sitting_id, received_at, reason, wants_questionnaire)
    with writing() as session:
        invitation = held_for_change(session, invitation_id)
        return write_reply(session, invitation, latest_replies(session, invitation), said, actor)


def write_reply(session: Session, invitation: Invitation, ledger: list[Reply], said: Said, actor: Actor) -> Reply:
    """Write a reply to an invitation that is held for change, add it to ``ledger``, and return it.

    ``ledger`` is what ``latest_replies`` gave; the invitation then says what counts of it and
    this. The rows are stored with whatever else the transaction stores. Raises as ``record_reply``.
    """
    _require_possible(invitation, said.received_at)
    moment = now()
    row = Reply(
        invitation_id=invitation.id,
        sitting_id=said.sitting_id,
        choice=said.choice,
        mode=None if said.choice is Choice.DECLINED else said.mode,
        channel=said.channel,
        received_at=said.received_at or moment,
        recorded_at=moment,
        recorded_by=actor.id if actor.kind is ActorKind.STAFF else None,
        wants_questionnaire=said.wants_questionnaire,
    )
    row.reason = said.reason.strip()
    session.add(row)
    ledger.append(row)
    counting = standing_by_sitting(ledger, invitation)
    invitation.choice = overall(reply.choice for reply in counting.values())
    invitation.replied_at = max((reply.received_at for reply in counting.values()), default=None)
    note(session, "record_reply", row, actor, invitation.consultation_id)
    return row


def _require_possible(invitation: Invitation, received_at: datetime | None) -> None:
    if invitation.withdrawn_at is not None:
        said = Text(
            "This invitation was withdrawn: invite the person again first.",
            "Cette invitation a été retirée\u00a0: invitez d’abord la personne de nouveau.",
        )
        raise WithdrawnError(said)
    if received_at is not None and received_at > now():
        said = Text(
            "This time has not come yet: enter when the reply was received.",
            "Ce moment n’est pas encore arrivé\u00a0: entrez le moment de réception de la réponse.",
        )
        raise BadTimeError(said, field="received_at")


def standing_by_sitting(replies: Sequence[Reply], invitation: Invitation) -> dict[UUID | None, Reply]:
    """Return the reply that counts for each sitting; key None is where a reply was about all of them.

    A reply about one sitting and one about the whole event compete by their time.
    """
    whole = [reply for reply in replies if reply.sitting_id is None]
    sittings = {reply.sitting_id for reply in replies}
    found = {
        sitting: standing([*whole, *(reply for reply in replies if reply.sitting_id == sitting and sitting)], invitation.created_at)
        for sitting in sittings
    }
    if len(sittings) > 1:
        found.pop(None, None)
    return {sitting: reply for sitting, reply in found.items() if reply is not None}


_OF_THOSE_SINCE = func.max(case((Reply.recorded_at >= bindparam("since"), Reply.received_at)))
_LAST = (
    select(Reply.sitting_id, func.coalesce(_OF_THOSE_SINCE, func.max(Reply.received_at)).label("received_at"))
    .where(Reply.invitation_id == bindparam("invitation_id"))
    .group_by(Reply.sitting_id)
    .subquery()
)
_LATEST = select(Reply).join(
    _LAST,
    and_(
        Reply.invitation_id == bindparam("invitation_id"),
        Reply.received_at == _LAST.c.received_at,
        Reply.sitting_id.is_not_distinct_from(_LAST.c.sitting_id),
    ),
)


def latest_replies(session: Session, invitation: Invitation) -> list[Reply]:
    """Return, for each sitting, the replies that were received last, of those since the invitation was made if there are any.

    ``standing_by_sitting`` says the same of these as of the whole ledger, however long that has grown.
    """
    return list(session.scalars(_LATEST, {"invitation_id": invitation.id, "since": invitation.created_at}))


def replies_of(invitation_id: UUID) -> list[Reply]:
    """Return every reply that was ever given to an invitation, the last received first."""
    return list(
        db.session.scalars(
            select(Reply).where(Reply.invitation_id == invitation_id).order_by(Reply.received_at.desc(), Reply.recorded_at.desc())
        )
    )


def withdraw(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Take an invitation back: its links open nothing, and nothing more is sent about it.

    Doing it twice is doing it once. For an event use events.service.withdraw_guest, which
    frees the seat in the same transaction.
    """
    with writing() as session:
        invitation = held_for_change(session, invitation_id)
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = moment = now()
            # Revoked for good: inviting the person again sends a new link and revives none of these.
            theirs = (PersonalLink.invitation_id == invitation_id, PersonalLink.revoked_at.is_(None))
            session.execute(update(PersonalLink).where(*theirs).values(revoked_at=moment))
            note(session, "withdraw", invitation, actor)
            session.flush()
            look_again(session, invitation_id)
    return invitation


_ROW = cast("Table", Invitation.__table__)
_FIRST_TIME = Prepared(
    update(_ROW)
    .where(_ROW.c.id == bindparam("this_id"), or_(_ROW.c.distributed_at.is_(None), _ROW.c.bounced_at.is_not(None)))
    .values(distributed_at=func.coalesce(_ROW.c.distributed_at, bindparam("this_moment", type_=UTCDateTime())), bounced_at=None)
)


def mark_distributed(*, invitation_id: UUID, at: datetime) -> None:
    """Write down when the invitation first went out (UTC); a later time changes nothing, but that one that came back has gone out again."""
    # Asked for each mail that leaves, in the transaction that stores that it left.
    with in_this_transaction() as transaction:
        _FIRST_TIME.run(transaction, this_id=invitation_id, this_moment=at)


def mark_bounced(*, invitation_id: UUID, at: datetime) -> None:
    """Write down that its mail came back (UTC). It went out all the same: it is distributed; a later bounce changes nothing."""
    with writing() as session:
        invitation = held_for_change(session, invitation_id)
        invitation.distributed_at = invitation.distributed_at or at
        invitation.bounced_at = invitation.bounced_at or at
