"""Verbs of mail: plan a message, send it again, settle a doubtful one, cancel it; change what mails say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import stored_once, unless_stored_already, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.kernel.tokens import new_mailbox_name
from engagement.mailing.afresh import UNSENT, write_afresh
from engagement.mailing.at_the_door import said_now, says_something_else
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.composing import Composed, Dropped
from engagement.mailing.contacting import drop_task_of
from engagement.mailing.models import MailTemplate, Message, MessageEvent, State
from engagement.mailing.moving import move
from engagement.mailing.outbox import SENT_AGAIN, NotNowError
from engagement.mailing.placeholders import check_needed, check_placeholders, check_subject
from engagement.mailing.texts import own_text, shipped_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session


class BadTextError(DomainError):
    """A mail cannot say this."""


def plan(
    *,
    consultation_id: UUID | None,
    person_id: UUID | None,
    purpose: str,
    language: str,
    dedup_key: str,
    invitation_id: UUID | None = None,
    mailing_id: UUID | None = None,
    details: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    not_after: datetime | None = None,
    actor: Actor,
) -> Message | None:
    """Plan one mail to one person; it is written and sent when ``due_at`` (now) has come.

    ``language`` is "en", "fr" or "both". Returns None where ``dedup_key`` was planned before:
    the same thing is never said twice. ``details`` holds plain ids and dates, never a name.
    """
    moment = now()
    message = Message(
        consultation_id=consultation_id,
        person_id=person_id,
        invitation_id=invitation_id,
        mailing_id=mailing_id,
        purpose=purpose,
        details=dict(details or {}),
        language=language,
        dedup_key=dedup_key,
        due_at=due_at or moment,
        not_after=not_after,
        created_at=moment,
    )
    with writing() as session:
        return message if _is_new(session, message, actor) else None


_PLANNED = select(Message.id).where(Message.dedup_key == bindparam("dedup_key"))


def _is_new(session: Session, message: Message, actor: Actor) -> bool:
    """Store a message and return True; False where the same was planned before."""
    key = {"dedup_key": message.dedup_key}
    if session.scalar(_PLANNED, key) is not None:
        return False
    message.rfc_message_id = f"<{uuid4().hex}@{settings().mail_default_sender.rpartition('@')[2]}>"
    message.bounce_token = new_mailbox_name()
    message.state, message.attempts, message.outcome = State.PLANNED, 0, ""
    try:
        with unless_stored_already(session):
            session.add(message)
            session.add(MessageEvent(message=message, at=message.created_at, state=State.PLANNED, why=""))
            note(session, "plan_message", message, actor)
    except IntegrityError:
        # Somebody else planned the same at the same moment (PostgreSQL lets two write).
        if session.scalar(_PLANNED, key) is None:
            raise
        return False
    ring_when_stored(session)
    return True


# Written afresh when they are sent again: no server ever took them.
NEVER_TAKEN = frozenset({State.FAILED, State.SUPPRESSED, State.CANCELLED})
NOT_BEGUN = frozenset(UNSENT)


def send_again(*, message_id: UUID, actor: Actor) -> Message:
    """Have a message go once more, now.

    A doubtful one goes with the same bytes, so that a mail program that has it already folds
    the two. One that no server took is written afresh, to the address the person has now.
    Raises NotNowError for any other, and for a doubtful one whose bytes are not kept any more.
    """
    with writing() as session:
        message = _held(session, message_id)
        if message.state is State.DOUBTFUL and message.raw_sealed is not None:
            _refuse_what_is_over(message)
            state = State.QUEUED
        elif message.state in NEVER_TAKEN:
            state, message.raw, message.attempts, message.not_after = State.PLANNED, None, 0, None
        else:
            raise NotNowError(Text("This message is not one to send again.", "Ce courriel n’est pas à envoyer de nouveau."))
        # Whatever it waited for, the team has looked at it now.
        message.due_at, message.held_because = now(), None
        drop_task_of(session, message.id, SENT_AGAIN)
        move(session, message, state, SENT_AGAIN)
        note(session, "send_again", message, actor)
        ring_when_stored(session)
    return message


def _refuse_what_is_over(message: Message) -> None:
    # The same bytes would go: an invitation to what is cancelled would bring somebody to an empty room.
    composer = ports().composers.get(message.purpose)
    said = said_now(composer, message) if composer is not None else None
    if isinstance(said, Dropped):
        raise NotNowError(Text("What it says does not hold any more.", "Ce qu’il dit n’est plus valable."))
    if isinstance(said, Composed) and says_something_else(message, said):
        raise NotNowError(
            Text(
                "Time or place have changed since it was written: tell the guests of the change instead.",
                "L’heure ou le lieu ont changé depuis sa rédaction\u00a0: annoncez plutôt le changement aux personnes invitées.",
            )
        )


def settle_as_arrived(*, message_id: UUID, actor: Actor) -> Message:
    """Write down that a doubtful message arrived after all: it counts as sent. Raises NotNowError."""
    with writing() as session:
        message = _held(session, message_id)
        if message.state is not State.DOUBTFUL:
            raise NotNowError(Text("This message is not doubtful.", "Ce courriel n’est pas incertain."))
        _mark_sent(session, message, "the team found out that it arrived")
        note(session, "settle_as_arrived", message, actor)
    return message


def _mark_sent(session: Session, message: Message, why: str) -> None:
    """Put ``message`` into ``sent`` and run its purpose's ``sent`` port in this transaction."""
    message.sent_at = now()
    message.held_because = None
    move(session, message, State.SENT, why)
    session.flush()
    then = ports().sent.get(message.purpose)
    if then is not None:
        then(message)


def cancel(*, message_id: UUID, actor: Actor) -> Message:
    """Stop a message that has not begun to go. Raises NotNowError when it is too late."""
    with writing() as session:
        message = _held(session, message_id)
        if message.state not in NOT_BEGUN:
            raise NotNowError(Text("It is too late to cancel this message.", "Il est trop tard pour annuler ce courriel."))
        message.held_because = None
        move(session, message, State.CANCELLED, "cancelled by the team")
        note(session, "cancel_message", message, actor)
    return message


def _held(session: Session, message_id: UUID) -> Message:
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise AbsentError
    return message


def change_text(
    *,
    consultation_id: UUID,
    purpose: str,
    subject: Text,
    body: Text,
    placeholders: Collection[str],
    needed: Collection[str] = (),
    confirmed: bool = False,
    actor: Actor,
) -> MailTemplate:
    """Have this consultation's mails of ``purpose`` say something of their own.

    Edited in one language only, the other one becomes stale and nothing is sent until it is
    mended or ``confirmed``. Raises BadTextError (a language missing), UnknownPlaceholderError,
    MissingPlaceholderError (one that is ``needed`` is left out) and SecretInSubjectError (a link
    or a code in the subject).
    """
    check_text(subject, body, placeholders, needed)
    with writing() as session:
        row = own_text(consultation_id, purpose) or _begun(session, consultation_id, purpose)
        row.set_text("subject", subject, confirmed=confirmed)
        row.set_text("body", body, confirmed=confirmed)
        row.changed_at = now()
        session.flush()
        note(session, "change_mail_text", row, actor)
        _ask_again(session, consultation_id, purpose)
    return row


def _begun(session: Session, consultation_id: UUID, purpose: str) -> MailTemplate:
    """Store a text of the consultation's own, or return the one that somebody else began at this moment."""
    shipped = shipped_text(purpose)
    row = MailTemplate(consultation_id=consultation_id, purpose=purpose, changed_at=now())
    # What we ship says the same in both languages: an edit of one side is seen against it.
    row.with_texts(subject=shipped.subject, body=shipped.body)
    same = select(MailTemplate).where(MailTemplate.consultation_id == consultation_id, MailTemplate.purpose == purpose)
    return stored_once(session, row, same)


def check_text(subject: Text, body: Text, placeholders: Collection[str], needed: Collection[str] = ()) -> None:
    """Raise BadTextError or an error of placeholders where a mail cannot say this; it names the field."""
    for part, text in (("subject", subject), ("body", body)):
        for language in ("en", "fr"):
            words, field = text.in_(language), f"{part}_{language}"
            if not words.strip():
                raise BadTextError(_MISSING[field], field=field)
            check_placeholders(words, placeholders, field)
            if part == "subject":
                check_subject(words, field)
    for language in ("en", "fr"):
        check_needed(body.in_(language), needed, f"body_{language}")


_MISSING = {
    "subject_en": Text("Enter the subject in English.", "Entrez l’objet en anglais."),
    "subject_fr": Text("Enter the subject in French.", "Entrez l’objet en français."),
    "body_en": Text("Enter the text in English.", "Entrez le texte en anglais."),
    "body_fr": Text("Enter the text in French.", "Entrez le texte en français."),
}


def use_shipped_text(*, consultation_id: UUID, purpose: str, actor: Actor) -> None:
    """Go back to the text that we ship. Doing it twice is doing it once."""
    with writing() as session:
        row = own_text(consultation_id, purpose)
        if row is not None:
            note(session, "use_shipped_text", row, actor)
            session.delete(row)
            _ask_again(session, consultation_id, purpose)


def _ask_again(session: Session, consultation_id: UUID, purpose: str) -> None:
    """Have the messages that waited for a better text looked at now, and those that are written say what the text says now."""
    theirs = and_(Message.consultation_id == consultation_id, Message.purpose == purpose)
    waited = and_(theirs, Message.state == State.DEFERRED, Message.raw_sealed.is_(None))
    session.execute(update(Message).where(waited).values(due_at=now()).execution_options(synchronize_session=False))
    write_afresh(session, theirs, "its text was changed: it is written afresh")
    ring_when_stored(session)
