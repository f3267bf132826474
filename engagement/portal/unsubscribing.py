"""The links in our mails' headers and footers: fetching one shows choices, one click of a mail program stops mails.

RFC 8058: a mail program posts ``List-Unsubscribe=One-Click`` to the address in the header,
without cookies and without having seen a page. That is the one form of this program that is
taken without a CSRF token. Everything else that is sent there changes nothing: scanners fetch
links, and post forms as they find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, redirect, render_template, request, url_for

from engagement.kernel.policy import LINK, Policy
from engagement.mailing.preference_links import find_preference_link, stop_mails
from engagement.portal.blueprint import portal
from engagement.portal.preference_visit import begin_preference_visit

if TYPE_CHECKING:
    from flask import Response

POLICY_UNSUBSCRIBING: Policy = {"portal.open_preferences": LINK, "portal.one_click": LINK}
# The whole body that is taken, and nothing beside it.
ONE_CLICK = {"List-Unsubscribe": ["One-Click"]}
# As create_app names it to the CSRF check.
CSRF_EXEMPT = f"{__name__}.one_click"


@portal.get("/u/<path:token>")
def open_preferences(token: str) -> Any:
    """Open the page on which mails are chosen: writes nothing, gives the browser its cookie, goes on to a clean address."""
    opened = find_preference_link(token)
    if opened is None:
        return render_template("portal/no_link.html"), 404
    response: Response = redirect(url_for("portal.preferences", link_id=opened.id))  # type: ignore[assignment]
    return begin_preference_visit(response, opened)


@portal.post("/u/<path:token>")
def one_click(token: str) -> Any:
    """Stop mailings and reminders; whether the token opens anything is not told."""
    if request.files or request.form.to_dict(flat=False) != ONE_CLICK:
        abort(400)
    stop_mails(token)
    return render_template("portal/stopped.html")
