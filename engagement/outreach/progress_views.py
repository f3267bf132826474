"""Pages of a mailing on its way: how far it is, the rows behind each figure, steering it, sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.forms import options
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said, said
from engagement.kernel.wording import date_words, time_words, zone_words
from engagement.mailing.together import failures_of
from engagement.outreach.again import WORDS as AGAIN_WORDS
from engagement.outreach.again import next_round, send_again
from engagement.outreach.forms import RetryForm
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.progress import WORDS, Where, list_as_csv, progress_of, reason_words, rows_at
from engagement.outreach.service import faults_before_sending, find_mailing, title_of
from engagement.outreach.steering import pause, resume, retry, stop, what_would_happen
from engagement.outreach.task_listing import tasks_of
from engagement.outreach.views import outreach

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.consultations.access import Access

POLICY: Policy = {
    "outreach.mailing_rows": member(Permission.SEE_MAIL),
    "outreach.mailing_list": member(Permission.EXPORT_PEOPLE),
    "outreach.steer_mailing": member(Permission.INVITE),
    "outreach.retry_mailing": member(Permission.INVITE),
    "outreach.send_mailing_again": member(Permission.INVITE),
}
VERBS: dict[str, Callable[..., int]] = {"pause": pause, "resume": resume, "stop": stop}


def show_progress(access: Access, found: Mailing) -> Any:
    """Return the page that says how far an approved mailing is."""
    goes_on = found.state is MailingState.APPROVED and found.planned < len(found.people)
    waits = found.state in {MailingState.APPROVED, MailingState.PAUSED} and found.send_at is not None and found.send_at > now()
    return render_template(
        "outreach/progress.html",
        mailing=found,
        title=title_of(found),
        progress=progress_of(access, found),
        WHERE=WORDS,
        faults=faults_before_sending(found) if goes_on or found.facts_hash else [],
        goes_on=goes_on,
        sends_at=sends_at(found, access.consultation.zone) if waits else "",
        tasks=tasks_of(access, found.id),
        may_steer=access.may(Permission.INVITE),
        may_export=access.may(Permission.EXPORT_PEOPLE),
        paused=access.consultation.status is Status.PAUSED,
    )


def sends_at(found: Mailing, zone: str) -> str:
    """Return when a mailing goes, in words: "Monday 23 November 2026, 09:00 (Eastern)"; empty for at once."""
    if found.send_at is None:
        return ""
    wall, language = on_the_wall(found.send_at, zone), current_language()
    return f"{date_words(wall.date(), language)}, {time_words(wall, language)} ({zone_words(zone, language)})"


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/rows/<where>")
def mailing_rows(slug: str, mailing_id: UUID, where: str) -> Any:  # noqa: ARG001
    """List the messages of a mailing that stand in one place, each with its reason."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    if where not in set(Where):
        abort(404)
    rows = rows_at(access, found, Where(where), request.args.get("page", 1, type=int))
    return render_template("outreach/rows.html", mailing=found, title=title_of(found), where=WORDS[Where(where)], rows=rows)


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/list.csv")
def mailing_list(slug: str, mailing_id: UUID) -> Any:
    """Give every message of a mailing as a file."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    response = Response(list_as_csv(access, found, current_language()), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{gettext('mailing')}.csv")
    return response


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/<any(pause, resume, stop):verb>", methods=["GET", "POST"])
def steer_mailing(slug: str, mailing_id: UUID, verb: str) -> Any:
    """Say in numbers what pausing, resuming or stopping does, and do it."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    if request.method == "GET":
        waiting, owed = what_would_happen(found)
        return render_template("outreach/steer.html", mailing=found, title=title_of(found), verb=verb, waiting=waiting, owed=owed)
    with refusals_said():
        moved = VERBS[verb](mailing_id=mailing_id, actor=access.actor)
        flash(_done(verb, moved))
    return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))


def _done(verb: str, moved: int) -> str:
    words = {
        "pause": ngettext("Paused. One mail waits.", "Paused. %(num)s mails wait.", moved),
        "resume": ngettext("Resumed. One mail goes on.", "Resumed. %(num)s mails go on.", moved),
        "stop": ngettext("Stopped. One mail was cancelled.", "Stopped. %(num)s mails were cancelled.", moved),
    }
    return str(words[verb])


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/retry", methods=["GET", "POST"])
def retry_mailing(slug: str, mailing_id: UUID) -> Any:
    """Choose which failures are tried again, and have them tried."""
    access = current_access()
    found, failures = find_mailing(access, mailing_id), failures_of(mailing_id)
    form = RetryForm()
    form.reasons.choices = options([(kind, f"{said(reason_words(kind))} ({number})") for kind, number in failures.items()])
    if form.validate_on_submit():
        try:
            moved = retry(mailing_id=mailing_id, reasons=form.reasons.data or [], actor=access.actor)
            flash(ngettext("One mail is tried again.", "%(num)s mails are tried again.", moved))
            return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
        except DomainError as error:
            form.refuse(error)
    return render_template("outreach/retry.html", mailing=found, title=title_of(found), form=form, failures=failures)


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/again", methods=["GET", "POST"])
def send_mailing_again(slug: str, mailing_id: UUID) -> Any:
    """Show who would get the mailing if it were sent again, and why; and send it to them."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    problem = None
    if request.method == "POST":
        try:
            number = send_again(access=access, mailing_id=mailing_id, once_more=_named(request.form.getlist("once_more")))
            flash(ngettext("It is sent to one more person.", "It is sent to %(num)s people.", number))
            return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
        except DomainError as error:
            db.session.rollback()
            problem = said(error.said)
    planned = next_round(access, found)
    return render_template("outreach/again.html", mailing=found, title=title_of(found), round=planned, WHY=AGAIN_WORDS, problem=problem)


def _named(values: list[str]) -> list[UUID]:
    found = []
    for each in values:
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return found
