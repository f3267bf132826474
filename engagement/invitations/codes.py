"""Six digits by mail, asked for before something sensitive is read back.

A link lets a person answer; to see a draft, needs or a download again takes a code sent to
the address that was invited. It holds for ten minutes and five tries, and only its keyed
fingerprint is stored.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.invitations.models import AccessCode, Invitation
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.bulk import new_row
from engagement.kernel.clock import now
from engagement.kernel.crypto import keys
from engagement.kernel.db import db, writing
from engagement.kernel.errors import DomainError
from engagement.kernel.tokens import new_code
from engagement.mailing.composing import Composed, Composer, Dropped, Kind
from engagement.mailing.models import Message, State
from engagement.mailing.service import plan
from engagement.roster.models import Person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

PURPOSE = "access_code"
CODE_LIFE = timedelta(minutes=10)
TRIES = 5
CODES_AN_HOUR = 4


class NoAddressError(DomainError):
    """There is no address to which a code could be sent."""


class TooManyCodesError(DomainError):
    """As many codes as an hour allows were sent already."""


class WrongCodeError(DomainError):
    """These digits open nothing: wrong, too old, used, or tried too often."""


def send_code(*, invitation_id: UUID, language: str, actor: Actor) -> None:
    """Plan the mail that brings six new digits to the invited address, at once.

    Raises NoAddressError, TooManyCodesError (over four in one hour of the clock).
    """
    moment = now()
    with writing() as session:
        invitation = session.get_one(Invitation, invitation_id)
        if not session.get_one(Person, invitation.person_id).email:
            raise NoAddressError(
                Text(
                    "We have no email address of yours to send a code to. Call us instead.",
                    "Nous n’avons aucune adresse où vous envoyer un code. Téléphonez-nous plutôt.",
                )
            )
        for number in range(CODES_AN_HOUR):
            planned = plan(
                consultation_id=invitation.consultation_id,
                person_id=invitation.person_id,
                invitation_id=invitation_id,
                purpose=PURPOSE,
                language=language,
                dedup_key=f"{PURPOSE}:{invitation_id}:{moment:%Y%m%d%H}:{number}",
                not_after=moment + CODE_LIFE,
                actor=actor,
            )
            if planned is not None:
                return
    raise TooManyCodesError(
        Text(
            "We have sent several codes already. Use the latest one, or wait an hour and ask again.",
            "Nous avons déjà envoyé plusieurs codes. Utilisez le dernier, ou attendez une heure et redemandez-en un.",
        )
    )


def check_code(*, invitation_id: UUID, digits: str, actor: Actor) -> None:
    """Take the code away if ``digits`` are right; a wrong try counts against every code still open.

    Raises WrongCodeError: whether digits were wrong, old or used is not told.
    """
    entered = "".join(character for character in digits if not character.isspace())
    with writing() as session:
        waiting = _still_open(session, invitation_id)
        fingerprint = _fingerprint(invitation_id, entered)
        right = [row for row in waiting if hmac.compare_digest(row.code_index, fingerprint)]
        for row in right:
            row.used_at = now()
            note(session, "use_code", row, actor, session.get_one(Invitation, invitation_id).consultation_id)
        if not right:
            for row in waiting:
                row.tries_left -= 1
    if not right:
        raise WrongCodeError(
            Text(
                "This code does not open the page. Check the six digits, or ask for a new code.",
                "Ce code n’ouvre pas la page. Vérifiez les six chiffres ou demandez un nouveau code.",
            ),
            field="digits",
        )


def is_on_its_way(invitation_id: UUID) -> bool:
    """Return whether a code that can still be entered was sent to this guest, or is about to be."""
    code = select(AccessCode.id).where(
        AccessCode.invitation_id == invitation_id,
        AccessCode.used_at.is_(None),
        AccessCode.tries_left > 0,
        AccessCode.expires_at > now(),
    )
    # The digits are made when the mail is written, some seconds after they were asked for.
    mail = select(Message.id).where(
        Message.invitation_id == invitation_id,
        Message.purpose == PURPOSE,
        Message.state == State.PLANNED,
        Message.not_after > now(),
    )
    return any(db.session.scalar(each.limit(1)) is not None for each in (code, mail))


def _still_open(session: Session, invitation_id: UUID) -> list[AccessCode]:
    # Locked, so that two tries at the same moment count as two.
    query = select(AccessCode).where(
        AccessCode.invitation_id == invitation_id,
        AccessCode.used_at.is_(None),
        AccessCode.tries_left > 0,
        AccessCode.expires_at > now(),
    )
    return list(session.scalars(query.order_by(AccessCode.id).with_for_update()))


def _fingerprint(invitation_id: UUID, digits: str) -> bytes:
    return keys.blind_index(f"access code {invitation_id.hex} {digits}")


def _compose(message: Message) -> Composed | Dropped:
    invitation = db.session.get(Invitation, message.invitation_id) if message.invitation_id else None
    if invitation is None or invitation.withdrawn_at is not None:
        return Dropped("the invitation is no more")
    person = db.session.get_one(Person, invitation.person_id)
    if not person.email:
        return Dropped("no address")
    code = new_code()
    row = new_row(
        AccessCode,
        invitation_id=invitation.id,
        code_index=_fingerprint(invitation.id, code),
        expires_at=now() + CODE_LIFE,
        tries_left=TRIES,
    )
    values = {language: {"code": f"{code[:3]} {code[3:]}"} for language in LANGUAGES}
    return Composed(to_name=person.addressed_as, to_address=person.email, values=values, rows=[row])


CODE_COMPOSER = Composer(
    purpose=PURPOSE, placeholders=("code",), needed=("code",), compose=_compose, asked_for=True, private=True, kind=Kind.ANSWER
)
