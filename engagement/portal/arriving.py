"""The first pages behind a link: opening it, the privacy notice, how to reach the team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.invitations.held import held_forms, let_go
from engagement.invitations.links import find_link
from engagement.kernel.bilingual import Text
from engagement.kernel.errors import AbsentError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import LINK, Policy
from engagement.kernel.web import said
from engagement.kernel.wording import time_words
from engagement.portal.blueprint import portal
from engagement.portal.session import DROP, KEPT_FIELD, begin_visit, form_seal, opened_invitation

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from engagement.invitations.models import Invitation

POLICY_ARRIVING: Policy = {
    "portal.open_by_link": LINK,
    "portal.privacy": LINK,
    "portal.contact": LINK,
    "portal.let_go_of": LINK,
}

# Where "Leave this page" goes: the weather, which anybody may be looking at.
LEAVE_TO = Text("https://weather.gc.ca/", "https://meteo.gc.ca/")
# For pages that cannot know whose they are, and consultations without a line of their own.
EMERGENCY_LINE = Text("In an emergency, call 911.", "En cas d’urgence, composez le 911.")


@portal.app_context_processor
def _safety() -> dict[str, object]:
    return {
        "leave_address": lambda: said(LEAVE_TO),
        "emergency_line": lambda: EMERGENCY_LINE,
        "form_seal": form_seal,
        "clock_span": _clock_span,
        "capital": lambda words: words[:1].upper() + words[1:],
    }


def _clock_span(starts: datetime, ends: datetime) -> str:
    first, last = (time_words(moment, current_language()) for moment in (starts, ends))
    return f"{first} à {last}" if current_language() == "fr" else f"{first}–{last}"


@portal.get("/r/<path:token>")
def open_by_link(token: str) -> Any:
    """Open a personal link: writes nothing, gives the browser its cookie, goes on to a clean address."""
    opened = find_link(token)
    if opened is None:
        return render_template("portal/no_link.html"), 404
    return begin_visit(redirect(_first_page(opened.invitation)), opened)  # type: ignore[arg-type]


def _first_page(invitation: Invitation) -> str:
    """Return where the link leads: what could not be sent the last time comes first."""
    for held in held_forms(invitation.id):
        arguments: dict[str, Any] = {**held.arguments}
        if held.endpoint in current_app.view_functions:
            return url_for(held.endpoint, **arguments)
    return url_for("portal.reply_page", invitation_id=invitation.id)


@portal.get("/i/<uuid:invitation_id>/privacy")
@opened_invitation
def privacy(invitation_id: UUID) -> Any:  # noqa: ARG001
    """Say why it is asked, who will see it, and how to complain."""
    return render_template("portal/privacy.html")


@portal.get("/i/<uuid:invitation_id>/contact")
@opened_invitation
def contact(invitation_id: UUID) -> Any:  # noqa: ARG001
    """Say how to reply by telephone and how to reach the team."""
    return render_template("portal/contact.html")


@portal.post("/i/<uuid:invitation_id>/kept/<uuid:held_id>/drop")
@opened_invitation
def let_go_of(invitation_id: UUID, held_id: UUID) -> Any:
    """Drop what was kept, because it is not to be sent any more: only where the box was ticked."""
    if request.form.get(KEPT_FIELD) == DROP:
        let_go(held_id, invitation_id)
        return redirect(url_for("portal.reply_page", invitation_id=invitation_id))
    flash(gettext("Nothing was done. Tick the box to throw away what you typed."))
    return redirect(_first_page(g.invitation))


@portal.errorhandler(AbsentError)
def _show_missing(error: AbsentError) -> Any:  # noqa: ARG001
    return render_template("portal/missing.html"), 404
