"""People whom no mail may reach: the message becomes a call or a letter for the team, with its script.

Whether it does is decided at one place, when a message is prepared (``instead_of_mail``). A
task asks the composer again now and then, as the message would have: what is not needed any
more is dropped.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from engagement.kernel.audit import SYSTEM, Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError, DomainError, what_broke
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.at_the_door import OUTSIDE_SAFE_HOURS, QUIET, has_to_know
from engagement.mailing.composing import Composed, Composer, Dropped, Kind, Values, Waits
from engagement.mailing.desk import Desk
from engagement.mailing.letters import languages_of, write
from engagement.mailing.models import ContactTask, Message, State, TaskChannel, TaskReason, TaskState, Why
from engagement.mailing.moving import move
from engagement.mailing.placeholders import SECRETS, names_in
from engagement.mailing.quiet import next_moment
from engagement.mailing.suppressions import asked_for_silence, why_suppressed
from engagement.mailing.texts import text_of
from engagement.roster.models import Person
from engagement.roster.safe_hours import SafeHours, hours_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from engagement.kernel.bilingual import Language
    from engagement.mailing.letters import Written
    from engagement.mailing.quiet import QuietFor
    from engagement.mailing.texts import MailText

log = logging.getLogger(__name__)

BECAME_A_TASK = "became a task"
NOT_TO_BE_WRITTEN_TO = "asked not to be written to"
# What stands where the personal link would: the script is read aloud, and a letter lies open.
_INSTEAD_OF_LINK: dict[Language, str] = {
    "en": "We can send you a personal link, or take your answer by telephone.",
    "fr": "Nous pouvons vous envoyer un lien personnel, ou noter votre réponse par téléphone.",
}
# Sentences of our own texts that speak of the link: nobody who is called has it before them.
_OF_THE_LINK = re.compile(
    r"(?:(?:(?:the|this) link is yours|opening it|on the same page)|(?:ce lien (?:vous )?est personnel|ouvrir la page|la même page))\b"
    r"[^.]*\.\s*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\n\s*\n")
_TOKEN = re.compile(r"\S*/[a-z]{1,12}/[A-Za-z0-9_-]{30,}\S*")


@dataclass(frozen=True, slots=True)
class Later:
    """The mail goes at another moment: it is quiet now, or outside the person's safe hours."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Instead:
    """No mail goes: somebody of the team says it, with this script, by ``due_on``."""

    reason: TaskReason
    due_on: date
    subject: str
    script: str
    channel: TaskChannel = TaskChannel.CALL
    details: Mapping[str, str] = field(default_factory=dict)


Otherwise: TypeAlias = Later | Instead | Dropped


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail that should go now, and whom it is for."""

    message: Message
    said: Composed
    text: MailText
    person: Person
    composer: Composer
    zone: str
    moment: datetime
    quiet: QuietFor

    @property
    def must_reach(self) -> bool:
        """Return whether somebody holds a seat and has to know."""
        return self.said.must_reach or self.composer.kind is Kind.NOTICE

    def task(self, reason: TaskReason, at: datetime) -> Instead:
        """Return the task in place of the mail, to be done by ``at`` or before it is too late."""
        last = min(at, self.message.not_after) if self.message.not_after else at
        script = script_of(self.message.language, self.said.values, self.text)
        day = on_the_wall(max(last, self.moment), self.zone).date()
        return Instead(reason, day, script.subject, script.plain.strip(), details=self.said.details)


def instead_of_mail(message: Message, said: Composed, text: MailText, desk: Desk, moment: datetime) -> Otherwise | None:
    """Return what happens in place of a mail that was composed; None where it simply goes.

    It becomes a task where there is no address, where it would come outside the person's safe
    hours or too late within them, and where no mail may go although they hold a seat and have
    to know. In quiet hours, and until somebody's safe hours, it waits. What a person asked
    for at this moment always goes.
    """
    mail = _mail_of(message, said, text, desk, moment)
    if mail is None or mail.composer.asked_for:
        return None
    hours = hours_of(mail.person)
    if mail.must_reach or not said.to_address or not hours.always:
        refused = _refusal(mail)
        if refused:
            return _although_refused(mail, refused, hours)
    if not said.to_address:
        return mail.task(TaskReason.NO_ADDRESS, hours.next_allowed(moment, mail.zone))
    if mail.composer.kind is Kind.ANSWER and not said.must_reach:
        return None
    return _in_its_hours(mail, hours)


def _mail_of(message: Message, said: Composed, text: MailText, desk: Desk, moment: datetime) -> _Mail | None:
    composer: Composer | None = ports().composers.get(message.purpose)
    person, consultation = desk.person_of(message), desk.consultation_of(message)
    if composer is None or person is None or consultation is None:
        return None
    return _Mail(message, said, text, person, composer, consultation.zone, moment, desk.quiet_for)


def _refusal(mail: _Mail) -> str:
    """Return why no mail may go to this person, "" where one may."""
    unwanted = mail.composer.kind is Kind.REMINDER and not mail.person.wants_reminders
    return why_suppressed(mail.message, mail.said.to_address) or ("suppressed: no reminders" if unwanted else "")


def _although_refused(mail: _Mail, refused: str, hours: SafeHours) -> Otherwise | None:
    # An address that is out of order is no wish: its owner is told of a change by telephone.
    no_wish = refused == f"suppressed: {Why.BOUNCED}" and not asked_for_silence(mail.message, mail.said.to_address)
    if mail.said.must_reach or (mail.must_reach and no_wish):
        reason = TaskReason.BOUNCED if refused.endswith("bounced") else TaskReason.OPTED_OUT
        return mail.task(reason, hours.next_allowed(mail.moment, mail.zone))
    # With an address, the outbox writes down why it is not written to.
    return None if mail.said.to_address else Dropped(NOT_TO_BE_WRITTEN_TO)


def _in_its_hours(mail: _Mail, hours: SafeHours) -> Otherwise | None:
    moment, zone, last = mail.moment, mail.zone, mail.message.not_after
    quiet = mail.quiet(mail.message, zone)
    if quiet is None and hours.always:
        return None
    safe = hours.next_allowed(moment, zone)
    if hours.calls_only or (last is not None and safe >= last):
        return mail.task(TaskReason.SAFE_HOURS, safe)
    at = next_moment(moment, quiet, hours, zone)
    if mail.must_reach and last is not None and at >= last:
        # Quiet hours are a courtesy: what has to be known goes before it is too late.
        at = safe
    if at <= moment:
        return None
    return Later(at, QUIET if safe <= moment else OUTSIDE_SAFE_HOURS)


def script_of(language: str, values: Values, text: MailText) -> Written:
    """Return what the mail would have said, without what opens somebody's page."""
    told = {each: _without_secrets(each, values[each]) for each in languages_of(language) if each in values}
    spoken = replace(text, body=Text(_spoken("en", text.body.en), _spoken("fr", text.body.fr)))
    written = write(spoken, told, language, settings().base_url)
    return type(written)(written.subject, written.plain, "")


def _spoken(language: Language, body: str) -> str:
    """Return a text as it can be said: a paragraph that holds nothing but the way to a page becomes the one sentence instead of it.

    Who is called has no mail in front of them: the way to choose one's mails is left out, and
    what is said of the link. A paragraph that says something else of the person as well stays.
    """
    kept = list[str]()
    for whole in _BETWEEN.split(body.replace("\r\n", "\n")):
        paragraph = _OF_THE_LINK.sub("", whole).strip()
        names = set(names_in(paragraph))
        if whole and not paragraph:
            continue
        if not names or names - SECRETS:
            kept.append(paragraph)
        elif names != {"preferences"} and _INSTEAD_OF_LINK[language] not in kept:
            kept.append(_INSTEAD_OF_LINK[language])
    return "\n\n".join(kept)


def _without_secrets(language: Language, values: Mapping[str, str]) -> dict[str, str]:
    instead = _INSTEAD_OF_LINK[language]
    return {name: instead if name in SECRETS else _TOKEN.sub(instead, value) for name, value in values.items()}


def take_over(session: Session, row: Message, instead: Instead, actor: Actor = SYSTEM) -> ContactTask:
    """Make the task in place of a message, in the current transaction: the message is cancelled.

    A message that was a task before and was sent again opens the same task once more.
    """
    move(session, row, State.CANCELLED, BECAME_A_TASK)
    return _open_task(session, row, instead, actor)


def call_after_all(session: Session, message: Message) -> ContactTask | None:
    """Make a call of a message that came back, in the current transaction, where its person has to know what it said.

    The message stays as it is: it went. None where nobody need know, or not any more.
    """
    moment = now()
    said = compose_again(message) if has_to_know(session, message) else None
    too_late = message.not_after is not None and message.not_after <= moment
    if not isinstance(said, Composed) or too_late:
        return None
    desk = Desk([message])
    mail = _mail_of(message, said, desk.text_for(message), desk, moment)
    if mail is None:
        return None
    at = hours_of(mail.person).next_allowed(moment, mail.zone)
    return _open_task(session, message, mail.task(TaskReason.BOUNCED, at), SYSTEM)


def call_for_refused(session: Session, message: Message) -> None:
    """Make a call of a message that a server refused for good, as ``call_after_all`` does; the refusal is stored in any case."""
    try:
        with session.begin_nested():
            call_after_all(session, message)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - the refusal is stored whatever a composer says of a call.
        log.error("a call of the kind %s cannot be made: %s", message.purpose, what_broke(error))  # noqa: TRY400 - no message.


def _open_task(session: Session, row: Message, instead: Instead, actor: Actor) -> ContactTask:
    assert row.consultation_id is not None  # noqa: S101 - whoever calls has looked.
    assert row.person_id is not None  # noqa: S101
    task = session.scalar(select(ContactTask).where(ContactTask.message_id == row.id).with_for_update())
    if task is None:
        task = ContactTask(
            consultation_id=row.consultation_id,
            person_id=row.person_id,
            invitation_id=row.invitation_id,
            mailing_id=row.mailing_id,
            message_id=row.id,
            purpose=row.purpose,
            language=row.language,
            tries=0,
            created_at=now(),
        )
        session.add(task)
    task.channel, task.reason, task.due_on = instead.channel, instead.reason, instead.due_on
    task.subject, task.script = instead.subject, instead.script
    task.state, task.outcome, task.settled_at, task.settled_by, task.why = TaskState.OPEN, None, None, None, ""
    task.looked_at = now()
    row.details = {**row.details, **instead.details}
    session.flush()
    note(session, "make_contact_task", task, actor)
    return task


def compose_again(message: Message, language: str | None = None) -> Composed | Dropped | Waits:
    """Return what the composer says of a message now, in another language if one is named."""
    composer: Composer | None = ports().composers.get(message.purpose)
    if composer is None:
        return Waits(f"nobody writes mails of the kind {message.purpose}")
    try:
        return composer.compose(_in_language(message, language) if language else message)
    except AbsentError:
        return Dropped("what it is about does not exist any more")
    except DomainError as error:
        return Waits(str(error))


def _in_language(message: Message, language: str) -> Message:
    """Return a copy that is never stored."""
    plain = {column.key: getattr(message, column.key) for column in Message.__mapper__.column_attrs}
    return Message(**{**plain, "language": language})


def text_for(message: Message) -> MailText:
    """Return what a message says: its mailing's own words, else those of its purpose."""
    port = ports().mailing_text
    own: MailText | None = port(message.mailing_id) if port and message.mailing_id else None
    return own or text_of(message.consultation_id, message.purpose)


def script_in(task: ContactTask, language: Language) -> Written | None:
    """Return what a task says in ``language``, read anew; None where it is not needed any more.

    The task itself keeps the script in the person's own language only.
    """
    message = db.session.get(Message, task.message_id) if task.message_id else None
    said = compose_again(message, language) if message is not None else None
    if message is None or not isinstance(said, Composed):
        return None
    return script_of(language, said.values, text_for(message))
