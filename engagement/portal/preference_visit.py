"""Who has opened which preference link: one signed cookie per link, and forms that name theirs.

The same promise as for invitations (portal.session), kept the same way: the cookie of a link is
sent to its own page only, the form names its link, and where the two disagree nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app, g, make_response, render_template, request, url_for
from flask_babel import refresh
from itsdangerous import BadData, URLSafeTimedSerializer

from engagement.consultations.models import Consultation
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing.preference_links import OpenedPreferences, reopen_preference_link
from engagement.portal.session import COOKIE_LIFE, FORM_LIFE, LONGEST_VISIT, SEAL_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response


@dataclass(frozen=True, slots=True)
class PreferenceVisit:
    """One opening of a preference link in one browser."""

    link_id: UUID
    since: datetime


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"convoke.preferences.{purpose}")


def _cookie_name(link_id: UUID) -> str:
    prefix = "__Secure-" if current_app.config["SESSION_COOKIE_SECURE"] else ""
    return f"{prefix}choices-{link_id.hex}"


def begin_preference_visit(response: Response, opened: OpenedPreferences) -> Response:
    """Give the browser the cookie of the link that was just opened."""
    return _keep(response, PreferenceVisit(opened.id, now()))


def _keep(response: Response, visit: PreferenceVisit) -> Response:
    response.set_cookie(
        _cookie_name(visit.link_id),
        _signer("visit").dumps([visit.link_id.hex, visit.since.timestamp()]),
        max_age=COOKIE_LIFE,
        path=url_for("portal.preferences", link_id=visit.link_id),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def _read_visit(link_id: UUID) -> PreferenceVisit | None:
    try:
        named, since = _signer("visit").loads(request.cookies.get(_cookie_name(link_id), ""), max_age=int(COOKIE_LIFE.total_seconds()))
    except BadData:
        return None
    visit = PreferenceVisit(UUID(named), datetime.fromtimestamp(since, UTC))
    return visit if visit.link_id == link_id and now() - visit.since <= LONGEST_VISIT else None


def preference_seal(link_id: UUID) -> str:
    """Return the hidden field that names the link of the form on this page."""
    return _signer("form").dumps(link_id.hex)


def _is_sealed_for(link_id: UUID) -> bool:
    try:
        named = _signer("form").loads(request.form.get(SEAL_FIELD, ""), max_age=int(FORM_LIFE.total_seconds()))
    except BadData:
        return False
    return bool(named == link_id.hex)


def opened_preferences(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``view`` (its argument is ``link_id``) be reached only behind an opened preference link.

    Sets g.person, g.consultation and g.preferred_language. A POST whose form was made for
    another link, or for none, changes nothing.
    """

    @wraps(view)
    def guarded(link_id: UUID) -> Any:
        visit = _read_visit(link_id)
        opened = reopen_preference_link(link_id) if visit else None
        if visit is None or opened is None:
            # The same page whether the link exists or not.
            return render_template("portal/open_again.html"), 403
        g.person = opened.person
        g.consultation = db.session.get_one(Consultation, opened.person.consultation_id)
        g.preferred_language = g.person.language
        refresh()
        if request.method == "POST" and not _is_sealed_for(link_id):
            return _keep(make_response(render_template("portal/mixed_up.html"), 409), visit)
        return _keep(make_response(view(link_id=link_id)), visit)

    return guarded
