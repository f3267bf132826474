"""What the mail server said of a message, or did not say, in the rows: refused, not from us, or nobody knows.

That a message arrived is stored with the beginning of the next one (``outbox.turn``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.ports import ports
from engagement.mailing import domains
from engagement.mailing.at_the_door import has_to_know
from engagement.mailing.domains import FIRST_WAIT, doubling
from engagement.mailing.doubting import doubt
from engagement.mailing.models import Message, State, Why
from engagement.mailing.moving import locked, move, where_it_is
from engagement.mailing.suppressions import suppress
from engagement.mailing.tasks import call_for_refused

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

MOST_ATTEMPTS = 14


def _being_sent(session: Session, worker: str, message_id: UUID) -> Message | None:
    """Return a message, locked, where it is ``worker`` who sends it; one that was taken for lost meanwhile is nobody's to settle."""
    message = locked(session, message_id)
    return message if message is not None and message.state is State.SENDING and message.claimed_by == worker else None


def record_refused(
    worker: str,
    message_id: UUID,
    reply: str,
    *,
    permanent: bool,
    no_such_address: bool = False,
    shuts_domain: bool = False,
    domain: str = "",
) -> State:
    """Store that the server refused: tried again later, or failed for good.

    An address that does not exist is suppressed, so that nobody writes to it again. A domain
    that turns us away gets nothing for a while. What its person has to know becomes a call.
    """
    with writing() as session:
        message = _being_sent(session, worker, message_id)
        if message is None:
            return where_it_is(session.get(Message, message_id), worker)
        if shuts_domain and message.domain_index:
            domains.shut_out(session, message.domain_index, domain, reply)
        if not permanent and message.attempts < MOST_ATTEMPTS:
            message.due_at = now() + doubling(message.attempts)
            move(session, message, State.DEFERRED, reply)
            return State.DEFERRED
        address, needed = message.to_address, no_such_address and has_to_know(session, message)
        if needed:
            # It becomes a call, where mails are written.
            message.raw = None
        move(session, message, State.PLANNED if needed else State.FAILED, reply)
        if no_such_address:
            suppress(session, address, Why.BOUNCED, message=message)
            for tell in ports().bounced:
                tell(message)
        else:
            call_for_refused(session, message)
        return State.FAILED


def record_not_from_us(worker: str, message_id: UUID, reply: str) -> None:
    """Store that the server took nothing from us: it is tried again and counts as no attempt, however often."""
    with writing() as session:
        message = _being_sent(session, worker, message_id)
        if message is not None:
            message.attempts -= 1
            if not message.attempts:
                # Nobody has read it, and however long this lasts it says what holds when it goes.
                message.raw = None
            message.due_at = now() + FIRST_WAIT
            move(session, message, State.DEFERRED, reply)


def record_unknown(worker: str, message_id: UUID, why: str) -> None:
    """Store that nobody knows whether the server took the message."""
    with writing() as session:
        message = _being_sent(session, worker, message_id)
        if message is not None:
            doubt(session, message, why)
