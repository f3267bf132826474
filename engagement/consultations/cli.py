"""``flask users``: accounts and their roles from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click
from flask.cli import AppGroup

from engagement.accounts.service import add_user, find_user
from engagement.consultations.service import admit, find_consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Role
from engagement.kernel.tokens import new_token

if TYPE_CHECKING:
    from uuid import UUID

ADMINISTRATOR = "administrator"
# A note-taker is let into one event, which is chosen on the team page.
ROLES = [ADMINISTRATOR, *(role.value for role in Role if role is not Role.NOTE_TAKER)]

users = AppGroup("users", help="Staff accounts.")


def give_up(line: str) -> NoReturn:
    """End the command as a user's error: one line on standard error, exit code 2."""
    click.echo(line, err=True)
    sys.exit(2)


@users.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the account may do.")
@click.option("--consultation", "slug", help="The consultation the role is for.")
@click.option("--name", default="", help="The name others see; the address if left out.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
def add(email: str, role: str, slug: str | None, name: str, language: str) -> None:
    """Add an account with a role, or give an existing account one more role.

    A new account gets a random password, which is printed once. Note-takers are let into one
    event each: they get that role on the team page.
    """
    if role != ADMINISTRATOR and slug is None:
        give_up(f"The role {role} is for one consultation: name it with --consultation.")
    if role == ADMINISTRATOR and slug is not None:
        give_up("An administrator is one everywhere: leave --consultation out, or name a role in it.")
    try:
        consultation_id = find_consultation(slug).id if slug else None
        _add(email, role, consultation_id, name, language)
    except AbsentError:
        give_up(f"There is no consultation {slug}.")
    except DomainError as error:
        give_up(error.said.en)


def _add(email: str, role: str, consultation_id: UUID | None, name: str, language: str) -> None:
    user = None if role == ADMINISTRATOR else find_user(email)
    if user is None:
        password = new_token()[:20]
        user = add_user(email=email, name=name, password=password, language=language, administrator=role == ADMINISTRATOR)
        click.echo(f"Added {user.email}. Password, shown once: {password}")
    if consultation_id is not None:
        admit(consultation_id=consultation_id, email=user.email, role=Role(role), actor=SYSTEM)
        click.echo(f"{user.email} is {role} now.")
