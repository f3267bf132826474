"""Receiving a mail: it is stored first, whatever it is, and looked at then. The same mail acts once.

Storing and acting are two short transactions. Whoever is stopped between them leaves a row that
says ``received``, and the next one goes on from there. Parsing and sealing happen outside both.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from engagement.kernel.audit import SYSTEM, note
from engagement.kernel.base import new_id
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.addresses import mailboxes
from engagement.mailing.finding import place, recipients_of, references_of, tokens_in
from engagement.mailing.inbound import Arrival, InboxState, Kind, Verdict, waits
from engagement.mailing.inbound_models import InboundMail
from engagement.mailing.mime import LONGEST_TEXT, attachments_of, plain_text, read_mail
from engagement.mailing.reports import read_report
from engagement.mailing.sorting import calendars_of, kind_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from engagement.mailing.mime import Mail, Part

# Of a larger mail the headers are kept, and it waits for people; most mail systems take no more themselves.
LARGEST = 25 * 1024 * 1024
MOST_FILES = 50
# These stay the same however often, and over whichever server, a mail is delivered.
SAME_EACH_TIME = ("message-id", "from", "to", "subject", "date", "in-reply-to")
# A row that was stored and not looked at for so long: whoever stored it was stopped.
LEFT_ALONE = timedelta(minutes=2)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one mail. ``again``: it had been received before, and nothing was done this time."""

    row: InboundMail
    message_id: str
    again: bool


def receive(raw: bytes, *, received_at: datetime | None = None, size: int | None = None) -> Received:
    """Store a mail and do what it asks; returns what became of it.

    ``received_at`` (UTC; now if left out, and never later) is when it reached our mailbox. ``size``
    in bytes is given where ``raw`` holds no more than the headers of a mail that is too large.
    Whatever the bytes are, nothing is raised and nothing is dropped: what nobody can place waits.
    """
    arrival = _arrival(read_mail(raw), min(received_at or now(), now()), whole=size is None and len(raw) <= LARGEST)
    row = _row(arrival, raw, size if size is not None else len(raw))
    stored = _stored(row)
    acts = stored.state is InboxState.RECEIVED
    if acts:
        stored, acts = _look_at(stored.id, arrival)
    return Received(stored, arrival.mail.headers.words("message-id")[:300], again=not acts)


def key_of(mail: Mail, size: int) -> str:
    """Return what the same mail has in common each time that it is delivered, and no other mail has.

    A Message-ID alone is not enough: different mails are known to share one. Headers that servers
    add on the way do not count, nor how lines end or addresses are set in brackets. The size counts
    only where the body was not read, of a mail that is too large.
    """
    stays = [f"{name}:{_as_ever(mail, name)}" for name in SAME_EACH_TIME]
    body = mail.raw[mail.body_at :].strip()
    found = hashlib.sha256("\n".join(stays).encode("utf-8", "replace"))
    found.update(b"\n\n" + (body or (str(size).encode() if size > LARGEST else b"")))
    return found.hexdigest()


def _as_ever(mail: Mail, name: str) -> str:
    """Return a field of a mail in the one form that it has however a server writes it."""
    written = mail.headers.first(name)
    addresses = [address for _, address in mailboxes(written)] if name in {"from", "to"} else []
    return " ".join(addresses) if addresses else " ".join(written.split())


def _arrival(mail: Mail, received_at: datetime, *, whole: bool) -> Arrival:
    name, address = mail.sender()
    recipients = recipients_of(mail.headers)
    tokens = tokens_in(recipients)
    text = plain_text(mail) if whole else ""
    calendars = calendars_of(mail) if whole else []
    calendar, method = calendars[0] if calendars else ("", "")
    report = read_report(mail) if whole else None
    kind = kind_of(mail, report=report, method=method, tokens=tokens, text=text) if whole and not mail.cut else Kind.UNPLACED
    return Arrival(
        id=new_id(),
        kind=kind,
        received_at=received_at,
        mail=mail,
        sender=address[:320],
        sender_name=name[:300],
        subject=mail.headers.words("subject")[:500],
        text=text,
        recipients=tuple(each.casefold() for each in recipients),
        tokens=tokens,
        answers=references_of(mail.headers),
        calendar=calendar,
        method=method,
        other_calendars=tuple(calendars[1:]),
        report=report,
        whole=whole,
    )


def _row(arrival: Arrival, raw: bytes, size: int) -> InboundMail:
    """Return the row with everything in it sealed: what takes time is done before any lock is held."""
    mail = arrival.mail
    row = InboundMail(
        id=arrival.id,
        key=key_of(mail, size),
        received_at=arrival.received_at,
        kind=arrival.kind,
        state=InboxState.RECEIVED,
        size=size,
        sender_index=address_index(arrival.sender) if arrival.sender else None,
        details={},
    )
    row.sender, row.sender_name, row.subject = arrival.sender, arrival.sender_name, arrival.subject
    row.text = arrival.text[:LONGEST_TEXT]
    row.files = json.dumps([_file(mail, part) for part in attachments_of(mail)[:MOST_FILES]]) if arrival.whole else ""
    row.raw = raw if arrival.whole else mail.raw[1 : mail.body_at]
    return row


def _file(mail: Mail, part: Part) -> dict[str, str | int]:
    return {"name": part.filename, "kind": part.kind[:100], "size": len(mail.content(part))}


def _stored(row: InboundMail) -> InboundMail:
    """Store the row, or return the one that was stored of the same mail before."""
    with writing() as session:
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            there = session.scalar(select(InboundMail).where(InboundMail.key == row.key))
            if there is None:
                raise
            return there
        note(session, "receive_mail", row, SYSTEM)
    return row


def _look_at(row_id: UUID, arrival: Arrival) -> tuple[InboundMail, bool]:
    """Have the rooms say what becomes of a mail, and store it; False where somebody else has done so meanwhile."""
    with writing() as session:
        row = session.get_one(InboundMail, row_id, with_for_update=True, populate_existing=True)
        if row.state is not InboxState.RECEIVED:
            return row, False
        arrival.id, arrival.received_at = row.id, row.received_at
        place(session, arrival)
        verdict = _judged(session, arrival)
        row.kind, row.state = verdict.kind or arrival.kind, verdict.state
        row.outcome, row.why, row.details = verdict.outcome[:40], verdict.why[:300], dict(verdict.details)
        row.consultation_id = verdict.consultation_id or arrival.consultation_id
        row.person_id, row.person_sure = verdict.person_id or arrival.person_id, arrival.person_sure
        row.invitation_id = verdict.invitation_id or arrival.invitation_id
        row.message_id = verdict.message_id or arrival.message_id
        row.settled_at = now() if verdict.state is InboxState.DONE else None
        note(session, "handle_mail", row, SYSTEM)
    return row, True


def _judged(session: Session, arrival: Arrival) -> Verdict:
    """Return the first verdict that a room gives. What a room did before it failed is undone, and the mail waits."""
    if not arrival.whole:
        return waits("larger than 25 MB: only its headers were read")
    if arrival.mail.cut:
        return waits("it holds more parts, one within another, than are read")
    for ask in ports().inbound:
        try:
            with session.begin_nested():
                verdict: Verdict | None = ask(arrival)
        except DomainError as error:
            return waits(error.said.en, details={"why_fr": error.said.fr})
        except Exception as error:  # noqa: BLE001 - one mail must not hold up the others, and is not lost.
            log.error("a received mail of the kind %s cannot be handled: %s", arrival.kind, what_broke(error))  # noqa: TRY400
            return waits("the program failed on it; its log says where")
        if verdict is not None:
            return verdict
    return waits("nobody but people can place it")


def go_on() -> int:
    """Look at what was stored and left alone, as after a kill; returns how many. Drops what is kept of mail settled long ago."""
    moment = now()
    left = select(InboundMail.id).where(InboundMail.state == InboxState.RECEIVED, InboundMail.received_at < moment - LEFT_ALONE)
    ids = db.session.scalars(left.order_by(InboundMail.received_at).limit(50)).all()
    for row_id in ids:
        row = db.session.get(InboundMail, row_id, populate_existing=True)
        if row is not None and row.raw is not None:
            whole = row.size <= LARGEST
            _look_at(row_id, _arrival(read_mail(row.raw), row.received_at, whole=whole))
    _drop_old(moment)
    return len(ids)


def _drop_old(moment: datetime) -> None:
    old = (InboundMail.raw_sealed.is_not(None), InboundMail.settled_at < moment - timedelta(days=settings().mail_keep_days))
    ids = db.session.scalars(select(InboundMail.id).where(*old).limit(200)).all()
    if not ids:
        return
    emptied = dict.fromkeys(("raw_sealed", "text_sealed", "files_sealed", "subject_sealed", "sender_sealed", "sender_name_sealed"))
    with writing() as session:
        session.execute(
            update(InboundMail)
            .where(InboundMail.id.in_(ids), *old)
            .values(**emptied, sender_index=None)
            .execution_options(synchronize_session=False)
        )
