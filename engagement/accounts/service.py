"""What is done with accounts: adding one, signing in, staying signed in, signing out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from engagement.accounts.models import FailedSignIn, StaffSession, User
from engagement.kernel.audit import SYSTEM, Actor, note, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import beside_the_request, db, stored_once, writing
from engagement.kernel.errors import DomainError
from engagement.kernel.settings import settings
from engagement.kernel.tokens import digest, new_token

if TYPE_CHECKING:
    from uuid import UUID

IDLE_LIMIT = timedelta(hours=8)
ABSOLUTE_LIMIT = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=1)
GUESSES = 10
GUESSING_WINDOW = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
LONGEST_NAME = 200

_hasher = PasswordHasher()
# Verified against where there is no such account, so that the answer takes the same time.
_NOBODY = _hasher.hash(new_token())


class SignInRefusedError(DomainError):
    """The address and the password do not belong together, or there is no such account."""


class TooManyGuessesError(DomainError):
    """This address was tried too often in the last quarter of an hour."""


class AccountExistsError(DomainError):
    """There is an account with this address."""


class BadAddressError(DomainError):
    """This is not a mail address."""


class BadNameError(DomainError):
    """This cannot be shown as somebody's name."""


class WeakPasswordError(DomainError):
    """The password is too short."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in: whose, and the secret its cookie holds."""

    user: User
    session: StaffSession


def checked_address(typed: str) -> str:
    """Return ``typed`` as an address that can be written to, or raise BadAddressError.

    Accents before the @ are refused: few mail servers deliver to those (RFC 6531).
    """
    try:
        return validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        said = Text("“{typed}” is not a mail address.", "«\u00a0{typed}\u00a0» n’est pas une adresse de courriel.")
        raise BadAddressError(said.format(typed=typed.strip()[:80]), field="email") from None


def add_user(
    *, email: str, name: str, password: str, language: str = "en", administrator: bool = False, demo: bool = False, actor: Actor = SYSTEM
) -> User:
    """Add an account and return it; it belongs to no consultation yet.

    Raises BadAddressError, BadNameError, WeakPasswordError, AccountExistsError.
    """
    address = checked_address(email)
    shown_name = _checked_name(name) or address[:LONGEST_NAME]
    if len(password) < SHORTEST_PASSWORD:
        said = Text("The password needs at least {n} characters.", "Le mot de passe doit compter au moins {n} caractères.")
        raise WeakPasswordError(said.format(n=SHORTEST_PASSWORD), field="password")
    hashed = _hasher.hash(password)
    with writing() as session:
        said = Text("There is an account for {email} already.", "Il existe déjà un compte pour {email}.")
        taken = AccountExistsError(said.format(email=address), field="email")
        if find_user(address) is not None:
            raise taken
        user = User(
            email=address,
            email_key=address.casefold(),
            name=shown_name,
            password_hash=hashed,
            language=language,
            is_administrator=administrator,
            is_demo=demo,
            created_at=now(),
        )
        if stored_once(session, user, select(User).where(User.email_key == user.email_key)) is not user:
            raise taken
        note(session, "add_user", user, actor)
    return user


def _checked_name(typed: str) -> str:
    name = " ".join(typed.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        said = Text(
            "Enter a name of at most 200 characters, all of which can be seen.",
            "Entrez un nom d’au plus 200 caractères, tous visibles.",
        )
        raise BadNameError(said, field="name")
    return name


def find_user(email: str) -> User | None:
    """Return the account with this address, however its case is typed."""
    return db.session.scalar(select(User).where(User.email_key == email.strip().casefold()))


def sign_in(*, email: str, password: str) -> str:
    """Return the secret of a new session for whoever this is.

    Known and unknown addresses take the same time and get the same answer. Raises
    SignInRefusedError, and TooManyGuessesError after ten failures in a quarter of an hour.
    """
    index = address_index(email)
    since = now() - GUESSING_WINDOW
    tries = db.session.scalar(select(func.count()).where(FailedSignIn.email_index == index, FailedSignIn.at > since)) or 0
    user = _unless_demo(find_user(email))
    right = _matches(user.password_hash if user else _NOBODY, password)
    if tries >= GUESSES:
        raise TooManyGuessesError(Text("Too many attempts. Try again in 15 minutes.", "Trop de tentatives. Réessayez dans 15 minutes."))
    if user is None or not right or user.disabled_at is not None:
        with writing() as session:
            session.execute(delete(FailedSignIn).where(FailedSignIn.at <= since))
            session.add(FailedSignIn(email_index=index, at=now()))
        raise SignInRefusedError(
            Text(
                "The address and the password do not match an account.",
                "L’adresse et le mot de passe ne correspondent à aucun compte.",
            )
        )
    return _open_session(user.id)


def _unless_demo(user: User | None) -> User | None:
    """Return the account, but in production none of the demonstration's: their password is published."""
    return None if user is not None and user.is_demo and settings().production else user


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _open_session(user_id: UUID) -> str:
    secret, moment = new_token(), now()
    with writing() as session:
        row = StaffSession(
            user_id=user_id,
            secret_hash=digest(secret),
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + ABSOLUTE_LIMIT,
        )
        session.add(row)
        session.flush()
        note(session, "sign_in", row, staff(user_id))
    return secret


def signed_in(secret: str) -> SignedIn | None:
    """Return who holds this session secret, unless it ended, idled out or was revoked.

    Writes, at most once a minute, that the session was seen: one of the two things that may
    be stored while a page is only fetched.
    """
    row = db.session.scalar(select(StaffSession).where(StaffSession.secret_hash == digest(secret)))
    moment = now()
    if row is None or row.revoked_at or row.expires_at <= moment or row.last_seen_at + IDLE_LIMIT <= moment:
        return None
    user = _unless_demo(db.session.get(User, row.user_id))
    if user is None or user.disabled_at is not None:
        return None
    if row.last_seen_at + SEEN_EVERY <= moment:
        # The page is worth more than the note: while another writer holds the database, the next page makes it.
        with suppress(OperationalError):
            _mark_seen(row.id, moment)
    return SignedIn(user, row)


def _mark_seen(session_id: UUID, moment: datetime) -> None:
    with beside_the_request("last_seen") as connection:
        connection.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=moment))


def sign_out(*, session_id: UUID) -> None:
    """End a session: its secret opens nothing from now on."""
    with writing() as session:
        row = session.get(StaffSession, session_id)
        if row is not None and row.revoked_at is None:
            row.revoked_at = now()
            note(session, "sign_out", row, staff(row.user_id))


def demo_accounts() -> list[User]:
    """Return the accounts that the demo made, by role's order of their address."""
    return list(db.session.scalars(select(User).where(User.is_demo).order_by(User.email_key)))
