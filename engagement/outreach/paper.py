"""Whom an approval on paper covers: the recipients that it names, as it names them, and nobody whom it leaves out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from engagement.kernel.bulk import in_chunks
from engagement.kernel.db import db
from engagement.outreach.models import ApprovalPackage
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engagement.outreach.models import Mailing


def named_on_paper(mailing: Mailing) -> dict[str, str] | None:
    """Return the recipients (id and name) on the paper that a mailing was approved on; None where it was approved otherwise."""
    if mailing.package_hash is None:
        return None
    signed = select(ApprovalPackage).where(ApprovalPackage.mailing_id == mailing.id, ApprovalPackage.hash == mailing.package_hash)
    package = db.session.scalar(signed)
    return recipients_in(package) if package else {}


def recipients_in(package: ApprovalPackage) -> dict[str, str]:
    """Return the recipients that a package names: id and name."""
    return {row["id"]: row["name"] for row in json.loads(package.content or b"{}").get("recipients", ())}


def are_renamed(named: Mapping[str, str], ids: Sequence[str] | None = None) -> bool:
    """Return whether one of these recipients (or of those among ``ids``) has another name now than on the paper.

    Under the same row of the roster it may be somebody else. One who is gone from the roster is simply not written to.
    """
    asked = [UUID(each) for each in (named if ids is None else ids) if each in named]
    for some in in_chunks(asked):
        for row in db.session.execute(select(Person.id, Person.given_name, Person.family_name).where(Person.id.in_(some))):
            if f"{row.given_name} {row.family_name}".strip() != named[str(row.id)]:
                return True
    return False
