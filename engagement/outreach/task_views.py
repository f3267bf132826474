"""Pages of calls and letters: the list, one of them with its script, letters to print, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.events.models import Event
from engagement.invitations.models import Invitation
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said, say_refusal
from engagement.mailing.contacting import change_channel, make_task, mark_of, record_outcome
from engagement.mailing.models import TaskChannel, TaskReason, TaskState
from engagement.mailing.tasks import script_in
from engagement.outreach.listing import find_message
from engagement.outreach.reminder_forms import OutcomeForm
from engagement.outreach.service import find_mailing, title_of
from engagement.outreach.task_listing import TaskFilter, TaskRow, find_task, letters_to_print, list_tasks
from engagement.outreach.task_words import CHANNELS, OUTCOMES, REASONS, STATES
from engagement.outreach.views import outreach
from engagement.roster.safe_hours import read_hours

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.outreach.models import Mailing

POLICY: Policy = {
    "outreach.tasks": member(Permission.SEE_PEOPLE),
    "outreach.task": member(Permission.SEE_PEOPLE),
    "outreach.task_letter": member(Permission.SEE_PEOPLE),
    "outreach.task_letters": member(Permission.SEE_PEOPLE),
    "outreach.record_contact": member(Permission.RECORD_REPLIES),
    "outreach.change_task_channel": member(Permission.RECORD_REPLIES),
    "outreach.make_task_of_message": member(Permission.INVITE),
}


@outreach.app_context_processor
def _task_words() -> dict[str, object]:
    return {"TASK_CHANNELS": CHANNELS, "TASK_REASONS": REASONS, "TASK_STATES": STATES, "TASK_OUTCOMES": OUTCOMES}


def _asked(access: Access) -> tuple[TaskFilter, Mailing | None]:
    wanted = request.args.get("mailing", type=UUID)
    only = find_mailing(access, wanted) if wanted else None
    return TaskFilter.from_query(request.args, only.id if only else None), only


@outreach.get("/c/<slug>/mail/tasks")
def tasks(slug: str) -> Any:  # noqa: ARG001
    """List the people to call or to write a letter to."""
    access = current_access()
    asked, only = _asked(access)
    return render_template(
        "outreach/tasks.html",
        found=list_tasks(access, asked, request.args.get("page", 1, type=int)),
        letters=letters_to_print(access, asked).total,
        asked=asked,
        only_mailing=title_of(only) if only else None,
        reasons=TaskReason,
        channels=TaskChannel,
        states=TaskState,
    )


@outreach.get("/c/<slug>/mail/tasks/<uuid:task_id>")
def task(slug: str, task_id: UUID) -> Any:  # noqa: ARG001
    """Show whom to call, when not to, and what to say."""
    access = current_access()
    row = find_task(access, task_id)
    return _show(access, row, _outcome_form(row))


def _outcome_form(row: TaskRow) -> OutcomeForm:
    form = OutcomeForm(note=row.task.note, seen=mark_of(row.task))
    form.offer_outcomes(row.task.channel)
    return form


def _show(access: Access, row: TaskRow, form: OutcomeForm) -> Any:
    hours = read_hours(row.person.safe_hours)
    other = request.args.get("script")
    return render_template(
        "outreach/task.html",
        task=row.task,
        person=row.person,
        form=form,
        hours=hours,
        safe_now=hours.allows(now(), access.consultation.zone),
        may_see_contact=access.may(Permission.EDIT_ROSTER),
        may_record=access.may(Permission.RECORD_REPLIES),
        other_script=script_in(row.task, "fr" if other == "fr" else "en") if other in {"en", "fr"} else None,
        other_asked=other if other in {"en", "fr"} else "",
        event=_event_of(row),
    )


def _event_of(row: TaskRow) -> Event | None:
    invitation = db.session.get(Invitation, row.task.invitation_id) if row.task.invitation_id else None
    return db.session.get(Event, invitation.event_id) if invitation and invitation.event_id else None


@outreach.post("/c/<slug>/mail/tasks/<uuid:task_id>/outcome")
def record_contact(slug: str, task_id: UUID) -> Any:
    """Write down what came of a call or a letter."""
    access = current_access()
    row = find_task(access, task_id)
    form = _outcome_form(row)
    if form.validate_on_submit():
        try:
            record_outcome(task_id=task_id, **form.told(), actor=access.actor)
            flash(gettext("Recorded."))
            return redirect(url_for(".tasks", slug=slug))
        except DomainError as error:
            form.refuse(error)
            row = find_task(access, task_id)
            form.seen.data = mark_of(row.task)
    return _show(access, row, form)


@outreach.post("/c/<slug>/mail/tasks/<uuid:task_id>/<any(call,letter):channel>")
def change_task_channel(slug: str, task_id: UUID, channel: str) -> Any:
    """Make a letter of a call, or a call of a letter."""
    access = current_access()
    find_task(access, task_id)
    with refusals_said():
        change_channel(task_id=task_id, channel=TaskChannel(channel), actor=access.actor)
    return redirect(url_for(".task", slug=slug, task_id=task_id))


@outreach.get("/c/<slug>/mail/tasks/<uuid:task_id>/letter")
def task_letter(slug: str, task_id: UUID) -> Any:  # noqa: ARG001
    """Show what is said as a letter to print."""
    access = current_access()
    return render_template("outreach/task_letters.html", rows=[find_task(access, task_id)], beyond=0)


@outreach.get("/c/<slug>/mail/tasks/letters")
def task_letters(slug: str) -> Any:  # noqa: ARG001
    """Show all open letters that the address asks for, a page each, to print."""
    access = current_access()
    asked, _ = _asked(access)
    found = letters_to_print(access, asked)
    return render_template("outreach/task_letters.html", rows=found.rows, beyond=found.total - len(found.rows))


@outreach.post("/c/<slug>/mail/messages/<uuid:message_id>/<any(call,letter):channel>")
def make_task_of_message(slug: str, message_id: UUID, channel: str) -> Any:
    """Make a call or a letter of a message."""
    access = current_access()
    find_message(access, message_id)
    try:
        made = make_task(message_id=message_id, channel=TaskChannel(channel), actor=access.actor)
    except DomainError as error:
        say_refusal(error)
        return redirect(url_for(".message", slug=slug, message_id=message_id))
    flash(gettext("No mail goes. It stands among the people to call or write to."))
    return redirect(url_for(".task", slug=slug, task_id=made.id))
