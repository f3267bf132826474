"""Taking back an address that was passed on: it opens nothing any more.

The team need not know whose it was: somebody of a restricted batch may have passed it on. They
paste the address that somebody shows them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import writing
from engagement.kernel.errors import DomainError
from engagement.kernel.tokens import digest, new_token
from engagement.questionnaires.models import Questionnaire
from engagement.referrals.models import ForwardLink, Partner

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session


# Of an address whatever stands before and behind the token does not count: a language, a page that follows, a full stop.
_TOKEN = re.compile(r"/[fp]/([A-Za-z0-9_-]+)")


class NoSuchLinkError(DomainError):
    """No link of the consultation has this address, or it was taken back before."""


def revoke_link(*, consultation_id: UUID, address: str, actor: Actor) -> None:
    """Take back a link that is passed on, or a partner's own page: from now on this address opens nothing.

    A partner has new addresses at once, for both; the team can make its own link anew. A
    respondent gets none again. Raises NoSuchLinkError.
    """
    found = _TOKEN.search(address)
    token = digest(found[1] if found else address.strip())
    with writing() as session:
        here = select(Questionnaire.id).where(Questionnaire.consultation_id == consultation_id)
        standing = (ForwardLink.token_hash == token, ForwardLink.revoked_at.is_(None), ForwardLink.questionnaire_id.in_(here))
        link = session.scalar(select(ForwardLink).where(*standing).with_for_update())
        theirs = Partner.id == link.partner_id if link is not None and link.partner_id else Partner.token_hash == token
        partner = session.scalar(select(Partner).where(Partner.consultation_id == consultation_id, theirs).with_for_update())
        if partner is not None:
            _replace(session, partner)
            note(session, "replace_partner_links", partner, actor)
        elif link is not None:
            link.revoked_at = now()
            note(session, "revoke_forward_link", link, actor, consultation_id)
        else:
            said = Text("No link of this consultation has this address.", "Aucun lien de cette consultation n’a cette adresse.")
            raise NoSuchLinkError(said, field="address")


def _replace(session: Session, partner: Partner) -> None:
    rows = [partner, *session.scalars(select(ForwardLink).where(ForwardLink.partner_id == partner.id).with_for_update())]
    for row in rows:
        token = new_token()
        row.token_hash, row.token = digest(token), token
