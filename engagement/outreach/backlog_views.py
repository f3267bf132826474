"""Pages of mail that waits until the team has looked at it: what waits and why, and the decision, asked twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engagement.consultations.gate import current_access
from engagement.kernel.policy import Permission, Policy, member
from engagement.mailing.models import Hold
from engagement.outreach.backlog import (
    CANCEL,
    DECIDED_HERE,
    LET_GO,
    Chosen,
    chosen_ones,
    closed_to,
    count,
    decide,
    subject_for_staff,
    waiting_counts,
    waiting_for,
)
from engagement.outreach.views import outreach
from engagement.outreach.vocabulary import HOLDS, HOLDS_SAY

if TYPE_CHECKING:
    from engagement.consultations.access import Access

POLICY: Policy = {
    "outreach.waiting": member(Permission.SEE_MAIL),
    "outreach.decide_on_waiting": member(Permission.INVITE),
}
MOST_TICKED = 500


@outreach.get("/c/<slug>/mail/waiting")
def waiting(slug: str) -> Any:  # noqa: ARG001
    """Show what waits for the team, by why it waits."""
    access = current_access()
    return _show(access, _because(access, request.args.get("why", "")))


@outreach.post("/c/<slug>/mail/waiting")
def decide_on_waiting(slug: str) -> Any:
    """Let what was chosen go, or cancel it; asks once more before, saying how many."""
    access = current_access()
    because, what = _because(access, request.form.get("why", "")), request.form.get("what", "")
    chosen = _chosen(because)
    if what not in {LET_GO, CANCEL} or because not in DECIDED_HERE or chosen is None:
        return _show(access, because, gettext("Tick the messages, or choose all of them."))
    number = count(access, chosen)
    if number and request.form.get("confirmed") != str(number):
        return render_template("outreach/backlog_check.html", chosen=chosen, what=what, number=number, HOLDS=HOLDS, HOLDS_SAY=HOLDS_SAY)
    _tell(decide(access, chosen, what), what)
    return redirect(url_for(".waiting", slug=slug))


def _because(access: Access, wanted: str) -> Hold:
    if wanted in set(Hold):
        return Hold(wanted)
    return next(iter(waiting_counts(access)), Hold.RESUMED)


def _chosen(because: Hold) -> Chosen | None:
    if request.form.get("whom") == "all":
        return Chosen(because, None)
    ids = [UUID(each) for each in request.form.getlist("message")[:MOST_TICKED] if _is_id(each)]
    return chosen_ones(because, ids) if ids and request.form.get("whom") == "ticked" else None


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _tell(number: int, what: str) -> None:
    if what == LET_GO:
        flash(ngettext("One message was let go.", "%(num)s messages were let go.", number))
    else:
        flash(ngettext("One message was cancelled.", "%(num)s messages were cancelled.", number))


def _show(access: Access, because: Hold, problem: str = "") -> Any:
    return render_template(
        "outreach/backlog.html",
        counts=waiting_counts(access),
        because=because,
        messages=waiting_for(access, because, request.args.get("page", 1, type=int)),
        subject_of=subject_for_staff,
        may_decide=access.may(Permission.INVITE) and because in DECIDED_HERE,
        closed=closed_to(access),
        HOLDS=HOLDS,
        HOLDS_SAY=HOLDS_SAY,
        problem=problem,
        ticked=set(request.form.getlist("message")),
    )
