"""Pages of a mailing on its way: how far it is, the rows behind each figure, steering it, sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.events.models import Event
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
from engagement.outreach.planning import people_of
from engagement.outreach.progress import WORDS, Where, list_as_csv, progress_of, reason_words, rows_at
from engagement.outreach.rules import rules_of
from engagement.outreach.service import about_title, faults_before_sending, find_mailing, title_of
from engagement.outreach.steering import pause, resume, retry, stop, what_would_happen
from engagement.outreach.task_listing import tasks_of
from engagement.outreach.views import outreach
from engagement.outreach.vocabulary import PAUSED_BECAUSE
from engagement.outreach.words import words_of
from engagement.questionnaires.models import Questionnaire

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engagement.consultations.access import Access
    from engagement.roster.models import Person

POLICY: Policy = {
    "outreach.mailing_rows": member(Permission.SEE_MAIL),
    "outreach.mailing_list": member(Permission.EXPORT_PEOPLE),
    "outreach.steer_mailing": member(Permission.INVITE),
    "outreach.retry_mailing": member(Permission.INVITE),
    "outreach.send_mailing_again": member(Permission.INVITE),
}
# Among so many people somebody is looked for whose mail can be shown.
MOST_LOOKED_AT = 50
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
        PAUSED_BECAUSE=PAUSED_BECAUSE,
        faults=faults_before_sending(found) if goes_on or found.facts_hash else [],
        goes_on=goes_on,
        sends_at=sends_at(found, access.consultation.zone) if waits else "",
        quiet=quiet_hours_at(found, access.consultation.zone) if waits else None,
        about=_about(access, found) if waits else None,
        reader=_somebody(access, found) if waits else None,
        tasks=tasks_of(access, found.id),
        may_steer=access.may(Permission.INVITE),
        may_export=access.may(Permission.EXPORT_PEOPLE),
        paused=access.consultation.status is Status.PAUSED,
    )


def sends_at(found: Mailing, zone: str) -> str:
    """Return when a mailing goes, in words: "Monday 23 November 2026, 09:00 (Eastern)"; empty for at once."""
    return _moment_words(found.send_at, zone) if found.send_at is not None else ""


def _moment_words(moment: datetime, zone: str) -> str:
    wall, language = on_the_wall(moment, zone), current_language()
    return f"{date_words(wall.date(), language)}, {time_words(wall, language)} ({zone_words(zone, language)})"


def quiet_hours_at(found: Mailing, zone: str) -> dict[str, str] | None:
    """Return the quiet hours that a scheduled mailing waits for, in words: since, until, and when it goes then; None where it need not."""
    quiet = rules_of(found.consultation_id).quiet(zone)
    if found.send_at is None or not quiet.holds(found.send_at):
        return None
    since, until = (time_words(each, current_language()) for each in (quiet.since, quiet.until))
    return {"since": since, "until": until, "goes": _moment_words(quiet.ends(found.send_at), zone)}


def _about(access: Access, found: Mailing) -> dict[str, object] | None:
    """Return the title of what a mailing is about and the address of its page, as far as this member may see it."""
    event = db.session.get(Event, found.event_id) if found.event_id else None
    asked = db.session.get(Questionnaire, found.questionnaire_id) if found.questionnaire_id else None
    url, slug = "", access.consultation.slug
    if event is not None and access.may(Permission.SEE_EVENTS, event.id):
        url = url_for("events.event", slug=slug, name=event.name)
    elif asked is not None and access.may(Permission.VIEW_FIGURES):
        url = url_for("questionnaires.show", slug=slug, name=asked.name)
    return {"title": about_title(found), "url": url} if event or asked else None


def _somebody(access: Access, found: Mailing) -> Person | None:
    """Return one of the first people of a mailing, whose mail can be read; None where there is none."""
    text = words_of(found)
    return next(iter(people_of(found.people[:MOST_LOOKED_AT], access)), None) if text.subject.whole and text.body.whole else None


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
    if not moved:
        nothing = {
            "pause": gettext("Paused. Nothing is sent until it is resumed."),
            "resume": gettext("Resumed."),
            "stop": gettext("Stopped. Nothing more is sent."),
        }
        return str(nothing[verb])
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
            named = _named(request.form.getlist("once_more"))
            number = send_again(access=access, mailing_id=mailing_id, once_more=named, seen_round=request.form.get("round", type=int))
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
