"""Who has opened which link: one signed cookie per invitation, and forms that name theirs.

Two links opened in one browser never mix: the cookie of an invitation is sent to its own
pages only, every form carries a seal that names its invitation, and where the two disagree
nothing is changed. What was typed on a page that timed out is kept (invitations.held).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, refresh
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from engagement.invitations.held import Held, TooLargeToHoldError, held_forms, hold_form, let_go
from engagement.invitations.links import OpenedLink, was_not_revoked
from engagement.kernel.clock import now
from engagement.portal.behind import Behind, behind_link
from engagement.portal.blueprint import portal

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

COOKIE_LIFE = timedelta(minutes=30)
LONGEST_VISIT = timedelta(hours=12)
FORM_LIFE = timedelta(days=1)
SEAL_FIELD = "form_seal"
HELD_FIELD = "held"
# What is to become of what was kept: nothing is chosen beforehand, so that a form that is sent as it stands does neither.
KEPT_FIELD, SEND, DROP = "kept", "send", "drop"
NEVER_KEPT = {"portal.code"}
NEVER_HELD = {SEAL_FIELD, HELD_FIELD, KEPT_FIELD, "csrf_token"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a personal link in one browser.

    ``unlocked``: the six digits were entered. ``typed`` holds, for what was typed during this
    visit, when it was stored (microseconds), so that exactly that can be read back.
    """

    invitation_id: UUID
    link_id: UUID
    since: datetime
    unlocked: bool = False
    typed: dict[str, int] = field(default_factory=dict)


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"convoke.portal.{purpose}")


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _cookie_name(invitation_id: UUID) -> str:
    prefix = "__Secure-" if current_app.config["SESSION_COOKIE_SECURE"] else ""
    return f"{prefix}visit-{invitation_id.hex}"


def begin_visit(response: Response, opened: OpenedLink) -> Response:
    """Give the browser the cookie of the invitation that was just opened."""
    return _keep(response, Visit(opened.invitation.id, opened.id, now()))


def _keep(response: Response, visit: Visit) -> Response:
    content = {
        "i": visit.invitation_id.hex,
        "l": visit.link_id.hex,
        "s": _microseconds(visit.since),
        "u": visit.unlocked,
        "t": visit.typed,
    }
    response.set_cookie(
        _cookie_name(visit.invitation_id),
        _signer("visit").dumps(content),
        max_age=COOKIE_LIFE,
        path=url_for("portal.reply_page", invitation_id=visit.invitation_id),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def _read_visit(invitation_id: UUID) -> Visit | None:
    try:
        content = _signer("visit").loads(request.cookies.get(_cookie_name(invitation_id), ""), max_age=int(COOKIE_LIFE.total_seconds()))
    except BadData:
        return None
    since = datetime.fromtimestamp(content["s"] / 1_000_000, UTC)
    if UUID(content["i"]) != invitation_id or now() - since > LONGEST_VISIT:
        return None
    return Visit(invitation_id, UUID(content["l"]), since, content["u"], content["t"])


def form_seal() -> str:
    """Return the hidden field that names the invitation and the link of the form on this page."""
    visit: Visit = g.visit
    return _signer("form").dumps([visit.invitation_id.hex, visit.link_id.hex])


def _sealed_for(invitation_id: UUID) -> UUID | None:
    """Return the link that the posted form was made for, if its invitation is this one and it is fresh."""
    try:
        named, link = _signer("form").loads(request.form.get(SEAL_FIELD, ""), max_age=int(FORM_LIFE.total_seconds()))
    except BadData:
        return None
    return UUID(link) if UUID(named) == invitation_id else None


def opened_invitation(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``view`` (its first argument is ``invitation_id``) be reached only behind an opened link.

    Sets g.visit, g.invitation, g.consultation, g.person, g.event, g.has_questionnaires and
    g.preferred_language. A POST whose form was made for another invitation, or for none, changes nothing.
    """

    @wraps(view)
    def guarded(invitation_id: UUID, **arguments: Any) -> Any:
        visit = _read_visit(invitation_id)
        behind = behind_link(visit.link_id, invitation_id) if visit else None
        if visit is None or behind is None:
            return _too_late(invitation_id) if request.method == "POST" else open_again()
        _let_in(visit, behind)
        if request.method == "POST" and _sealed_for(invitation_id) is None:
            return _keep(make_response(render_template("portal/mixed_up.html"), 409), visit)
        undecided = _settle_held() if request.method == "POST" and HELD_FIELD in request.form else None
        answer = make_response(undecided or view(invitation_id=invitation_id, **arguments))
        return _keep(answer, g.visit)

    return guarded


def _let_in(visit: Visit, behind: Behind) -> None:
    g.visit = visit
    g.invitation = behind.invitation
    g.consultation = behind.consultation
    g.person = behind.person
    # Held for as long as the request is, so that whoever asks for the event by its id finds it read.
    g.event = behind.event
    g.has_questionnaires = behind.has_questionnaires
    g.held = None if behind.holds_forms else []
    g.preferred_language = g.person.language
    refresh()


def open_again() -> Any:
    """Show the page that asks to open the link again: the same whether the invitation exists or not."""
    return render_template("portal/open_again.html"), 403


def _too_late(invitation_id: UUID) -> Any:
    """Keep what was typed if the form was made for this invitation, and say how to go on."""
    link_id = _sealed_for(invitation_id)
    if link_id is None or not _can_be_kept() or not was_not_revoked(link_id, invitation_id):
        return open_again()
    if not _keep_posted(invitation_id):
        return open_again()
    still_open = _read_visit(invitation_id) is not None
    return render_template("portal/kept.html", go_on=_own_address() if still_open else None), 202


def _keep_posted(invitation_id: UUID) -> bool:
    """Keep what was typed, and return whether it is kept; a form that only speaks of what is kept already leaves that as it is."""
    if HELD_FIELD in request.form:
        return any(str(held.id) == request.form[HELD_FIELD] for held in held_forms(invitation_id))
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER_HELD]
    try:
        hold_form(invitation_id=invitation_id, endpoint=request.endpoint or "", arguments=_arguments(), fields=fields)
    except TooLargeToHoldError:
        return False
    return True


def _can_be_kept() -> bool:
    """Return whether the posted page can be shown filled in later; a button or a code is pressed or typed again."""
    methods = request.url_rule.methods if request.url_rule else None
    return "GET" in (methods or ()) and request.endpoint not in NEVER_KEPT


@portal.errorhandler(CSRFError)
def _session_gone(error: CSRFError) -> Any:  # noqa: ARG001
    """Keep what was typed where only the browser's session was lost; a form without a seal is refused."""
    invitation_id = (request.view_args or {}).get("invitation_id")
    if isinstance(invitation_id, UUID) and _sealed_for(invitation_id) is not None:
        return _too_late(invitation_id)
    return render_template("portal/mixed_up.html"), 400


def _arguments() -> dict[str, str]:
    return {name: str(value) for name, value in (request.view_args or {}).items()}


def _own_address() -> str:
    return url_for(request.endpoint or "", **(request.view_args or {}))


def _held() -> list[Held]:
    """Return everything that is kept for this invitation, read at most once for a page."""
    if g.held is None:
        g.held = held_forms(g.visit.invitation_id)
    held: list[Held] = g.held
    return held


def held_here() -> Held | None:
    """Return what was kept of this very page when it timed out, if something was."""
    here = (request.endpoint, _arguments())
    return next((held for held in _held() if (held.endpoint, held.arguments) == here), None)


def held_fields() -> MultiDict[str, str] | None:
    """Return the kept fields of this page, ready to fill a form with (``Form(formdata=…)``)."""
    held = held_here()
    return MultiDict(held.fields) if held else None


def _settle_held() -> Any:
    """Drop what was kept of this page if that was chosen; return where to go, None where the page takes what was kept."""
    held = held_here()
    chosen = request.form.get(KEPT_FIELD)
    if held is None or request.form.get(HELD_FIELD) != str(held.id):
        return redirect(_own_address())
    if chosen == DROP:
        let_go_here()
        return redirect(url_for("portal.reply_page", invitation_id=g.visit.invitation_id))
    if chosen != SEND:
        flash(gettext("Nothing was done. Choose what shall become of what you typed."))
        return redirect(_own_address())
    return None


def posted_fields() -> MultiDict[str, str]:
    """Return what this POST sends: its own fields, or, where it only says to send what was kept, the kept ones."""
    held = held_here()
    if held and request.form.get(HELD_FIELD) == str(held.id):
        return MultiDict(held.fields)
    return request.form


def let_go_here(*others: str) -> None:
    """Drop what was kept of this page, and of pages that ask the same (endpoints): its form was taken."""
    here = held_here()
    for held in _held():
        if held.endpoint in others or (here and held.id == here.id):
            let_go(held.id, g.visit.invitation_id)


def unlock() -> None:
    """Let this visit read back what is sensitive: the six digits were right."""
    g.visit = replace(g.visit, unlocked=True)


def remember_typed(key: str, stored_at: datetime) -> None:
    """Remember that what is stored under ``key`` since ``stored_at`` was typed during this visit."""
    g.visit = replace(g.visit, typed={**g.visit.typed, key: _microseconds(stored_at)})


def may_read_back(key: str, stored_at: datetime) -> bool:
    """Return whether this visit may see what was stored under ``key`` at ``stored_at``.

    Yes with the six digits; otherwise only what was typed in this very visit and has not
    been changed elsewhere since.
    """
    visit: Visit = g.visit
    return visit.unlocked or visit.typed.get(key) == _microseconds(stored_at)
