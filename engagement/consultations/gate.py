"""The gate before every page: the policy table, the consultation in the address, and 404 for strangers.

Another consultation's page, one that does not exist and one that has no policy row all get
the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, current_app, g, redirect, request, url_for
from flask_login import current_user

from engagement.consultations.access import Access, access_to
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import Audience, Policy, Row

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

EXTENSION = "convoke_policy"


def stand_guard(app: Flask, policy: Policy) -> None:
    """Put the gate before every route of ``app``; a route without a row is refused to everybody."""
    app.extensions[EXTENSION] = policy
    app.before_request(_check_route)


def current_access() -> Access:
    """Return the standing of whoever is signed in, in the consultation of this page."""
    access: Access = g.access
    return access


def _check_route() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    row: Row | None = current_app.extensions[EXTENSION].get(request.endpoint)
    if row is None:
        abort(404)
    if row.audience in {Audience.PUBLIC, Audience.LINK}:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    account = current_user.account
    g.preferred_language = account.language
    if row.audience is Audience.ADMINISTRATOR and not account.is_administrator:
        abort(404)
    if row.audience is Audience.MEMBER:
        _let_in(row)
    return None


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in_page", next=wanted))


def _let_in(row: Row) -> None:
    if row.permission is None or not request.view_args or "slug" not in request.view_args:
        abort(404)
    try:
        access = access_to(str(request.view_args["slug"]), current_user.account.id)
    except AbsentError:
        abort(404)
    allowed = access.may_somewhere(row.permission) if row.per_event else access.may(row.permission)
    if not allowed:
        abort(404)
    g.access = access
