"""Rows to begin with: "given an open consultation with an organizer"."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher

from engagement.accounts.models import User
from engagement.accounts.service import _open_session
from engagement.consultations.access import Access, access_in
from engagement.consultations.models import Consultation, Membership, Status
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import NewRow, store_all
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from flask.testing import FlaskClient
    from sqlalchemy import Select

PASSWORD = "correct horse battery"  # noqa: S105


@cache
def _cheap_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def an_account(email: str = "someone@example.org", *, name: str = "", language: str = "en", administrator: bool = False) -> User:
    """Store an account and return it."""
    with writing() as session:
        user = User(
            email=email, email_key=email.casefold(), name=name or email.partition("@")[0].title(),
            password_hash=_cheap_hash(), language=language, is_administrator=administrator, created_at=now(),
        )  # fmt: skip
        session.add(user)
    return user


def a_consultation(slug: str = "fisheries", *, status: Status = Status.OPEN, is_public: bool = True, is_demo: bool = False) -> Consultation:
    """Store an open, public consultation that is whole in both languages."""
    with writing() as session:
        consultation = Consultation(slug=slug, status=status, is_public=is_public, is_demo=is_demo, created_at=now())
        consultation.with_texts(
            title=Text(f"The future of {slug}", f"L’avenir : {slug}"),
            lead=Text("Department of Examples", "Ministère des Exemples"),
            why=Text("Because it matters.", "Parce que c’est important."),
            who=Text("Those concerned.", "Les personnes concernées."),
            what=Text("What should change.", "Ce qui devrait changer."),
            support_line=Text("Someone to talk to: 1-800-555-0100.", "Quelqu’un à qui parler : 1-800-555-0100."),
            privacy_notice=Text("We keep what you tell us safe.", "Nous protégeons ce que vous nous dites."),
        )
        session.add(consultation)
    return consultation


def a_member(
    consultation: Consultation, role: Role = Role.ORGANIZER, *, email: str = "", event_id: UUID | None = None, until: date | None = None
) -> User:
    """Store an account with this role in the consultation and return the account."""
    user = an_account(email or f"{role}@{consultation.slug}.example")
    with writing() as session:
        session.add(Membership(user_id=user.id, consultation_id=consultation.id, role=role, event_id=event_id, until=until))
    return user


def access_of(user: User, consultation: Consultation) -> Access:
    """Return the standing of an account, as the gate finds it."""
    return access_in(consultation, user.id)


def stored(row: Any) -> Any:
    """Return a row as it is stored now, None where it is gone."""
    db.session.rollback()
    return db.session.get(type(row), row.id, populate_existing=True)


def fresh(statement: Select[Any]) -> Any:
    """Return what a question finds in the rows as they are stored now."""
    db.session.rollback()
    return db.session.scalar(statement)


def keep(row: NewRow, **values: object) -> None:
    """Store a row that was drafted, with these values in place of its own."""
    with writing() as session:
        store_all(session, [replace(row, values={**row.values, **values})])


def signed_in_as(client: FlaskClient, user: User) -> FlaskClient:
    """Sign the browser in, past the form."""
    secret = _open_session(user.id)
    with client.session_transaction() as held:
        held["_user_id"] = secret
        held["_fresh"] = True
    return client
