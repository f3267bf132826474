"""Whom an approval on paper covers: the recipients that it names, and nobody whom it leaves out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.db import db
from engagement.outreach.models import ApprovalPackage

if TYPE_CHECKING:
    from engagement.outreach.models import Mailing


def named_on_paper(mailing: Mailing) -> frozenset[str] | None:
    """Return the ids of the recipients on the paper that a mailing was approved on; None where it was approved otherwise."""
    if mailing.package_hash is None:
        return None
    signed = select(ApprovalPackage).where(ApprovalPackage.mailing_id == mailing.id, ApprovalPackage.hash == mailing.package_hash)
    package = db.session.scalar(signed)
    return frozenset(row["id"] for row in json.loads(package.content or b"{}").get("recipients", ())) if package else frozenset()
