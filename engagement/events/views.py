"""Pages of events for the team: the schedule, one event, its particulars and sittings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.events import vocabulary
from engagement.events.agenda import agendas_of
from engagement.events.attendance import attendance_of
from engagement.events.figures import figures_of, figures_of_many, needs_totals
from engagement.events.forms import EventForm, NewEventForm, SittingForm
from engagement.events.guest_list import ATTENDED, NO_REPLY, WAITING, WITHDRAWN, GuestFilter, list_guests, waiting_lines
from engagement.events.models import Event, Format, Sitting
from engagement.events.seats import modes_of
from engagement.events.service import (
    add_sitting,
    edit_event,
    edit_sitting,
    events_of,
    find_event,
    remove_sitting,
    schedule_event,
    sittings_of,
    texts_agree,
)
from engagement.events.telling import guests_behind, people_told
from engagement.events.told import told_so_far
from engagement.events.zone_rules import moved_by_rules
from engagement.invitations.models import Mode
from engagement.invitations.vocabulary import CHANNELS, CHOICES, CHOICES_OF_MANY, MODES
from engagement.kernel.clock import now
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.kernel.wording import time_words
from engagement.roster.vocabulary import LANGUAGES_SPOKEN, SECTORS

if TYPE_CHECKING:
    from datetime import datetime

    from engagement.consultations.access import Access

events = Blueprint("events", __name__)
POLICY: Policy = {
    "events.schedule": member(Permission.SEE_EVENTS, per_event=True),
    "events.new": member(Permission.SCHEDULE_EVENTS),
    "events.event": member(Permission.SEE_EVENTS, per_event=True),
    "events.edit": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.new_sitting": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.sitting": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.remove": member(Permission.SCHEDULE_EVENTS, per_event=True),
}


@events.app_context_processor
def _words() -> dict[str, object]:
    return {
        "KINDS": vocabulary.KINDS,
        "FORMATS": vocabulary.FORMATS,
        "EVENT_STATUSES": vocabulary.STATUSES,
        "SEATS": vocabulary.SEATS,
        "AGENDA_KINDS": vocabulary.AGENDA_KINDS,
        "PARTS": vocabulary.PARTS,
        "CHOICES": CHOICES,
        "CHOICES_OF_MANY": CHOICES_OF_MANY,
        "MODES": MODES,
        "CHANNELS": CHANNELS,
        "modes_of": modes_of,
    }


@events.app_template_filter("clock")
def clock(moment: datetime) -> str:
    """Return the time of day of a wall time in the language of the page."""
    return time_words(moment, current_language())


@events.app_template_filter("capfirst")
def capfirst(words: str) -> str:
    """Return ``words`` with a capital at the start, as a line or a heading begins."""
    return words[:1].upper() + words[1:]


def the_event(name: str, permission: Permission) -> tuple[Access, Event]:
    """Return the event of this page with the access of its reader; AbsentError where it is not for them."""
    access = current_access()
    event = find_event(access, name)
    access.require(permission, event.id)
    return access, event


@events.get("/c/<slug>/events")
def schedule(slug: str) -> Any:  # noqa: ARG001
    """List the events that this member may know of."""
    known = events_of(current_access())
    figures = figures_of_many(known)
    return render_template("events/schedule.html", events=[(event, figures[event.id]) for event in known])


@events.route("/c/<slug>/events/new", methods=["GET", "POST"])
def new(slug: str) -> Any:
    """Schedule an event; its sittings come next."""
    access = current_access()
    form = NewEventForm(zone=access.consultation.zone, format=Format.HYBRID, listed=True)
    form.offer_words()
    if form.validate_on_submit():
        try:
            wanted = form.particulars()
            made = schedule_event(consultation_id=access.consultation.id, particulars=wanted, name=form.name.data or "", actor=access.actor)
            flash(gettext("The event is on the schedule. Now add its first sitting, or come back when there is a date."))
            return redirect(url_for(".new_sitting", slug=slug, name=made.name))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/edit.html", form=form, event=None)


@events.get("/c/<slug>/events/<name>")
def event(slug: str, name: str) -> Any:  # noqa: ARG001
    """Show an event: seats, needs, replies, agenda."""
    return _show(*the_event(name, Permission.SEE_EVENTS))


def _show(access: Access, found: Event) -> Any:
    names = access.may(Permission.SEE_PEOPLE, found.id)
    asked = GuestFilter.from_query(request.args)
    page = request.args.get("page", 1, type=int)
    return render_template(
        "events/event.html",
        event=found,
        agree=texts_agree(found),
        figures=figures_of(found),
        needs=needs_totals(found.id) if names else None,
        guests=list_guests(access, found, asked, page) if names else None,
        lines=waiting_lines(access, found) if names else {},
        asked=asked,
        agendas=agendas_of(access, found.id),
        attended=_attended_by_mode(found.id),
        sectors=SECTORS,
        languages=LANGUAGES_SPOKEN,
        behind=people_told(guests_behind(found)) if access.may(Permission.INVITE, found.id) else 0,
        told=told_so_far(found.id),
        moved=moved_by_rules(found) if access.may(Permission.SCHEDULE_EVENTS, found.id) else [],
        special={"none": NO_REPLY, "waiting": WAITING, "attended": ATTENDED, "withdrawn": WITHDRAWN},
    )


def _attended_by_mode(event_id: UUID) -> dict[Mode, int]:
    there = attendance_of(event_id)
    return {mode: len({row.person_id for row in there if row.mode is mode}) for mode in Mode if any(r.mode is mode for r in there)}


@events.route("/c/<slug>/events/<name>/edit", methods=["GET", "POST"])
def edit(slug: str, name: str) -> Any:
    """Change the particulars, seeing which translations are stale."""
    access, found = the_event(name, Permission.SCHEDULE_EVENTS)
    form, fresh = (EventForm(obj=found, without_calendar=not found.sends_calendar, **given) for given in ({}, {"formdata": None}))
    form.offer_words()
    fresh.offer_words()
    if form.validate_on_submit() and form.still_stands(fresh):
        try:
            changed = edit_event(event_id=found.id, particulars=form.particulars(), actor=access.actor)
            flash(gettext("Saved."))
            return redirect(url_for(".event", slug=slug, name=changed.name))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/edit.html", form=form, event=found)


@events.route("/c/<slug>/events/<name>/sittings/new", methods=["GET", "POST"])
def new_sitting(slug: str, name: str) -> Any:
    """Add a sitting."""
    access, found = the_event(name, Permission.SCHEDULE_EVENTS)
    form = SittingForm()
    form.ask_for_seats(found)
    if form.validate_on_submit():
        try:
            _say_past(add_sitting(event_id=found.id, plan=form.plan(), actor=access.actor))
            flash(gettext("The sitting is on the schedule."))
            return redirect(url_for(".event", slug=slug, name=name))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/sitting.html", form=form, event=found, sitting=None)


def _say_past(stored: Sitting) -> None:
    """Say of a sitting that is over that nobody is asked to it: it may be for the record, or the year may be wrong."""
    if stored.ends_at <= now():
        flash(gettext("This sitting is over: it stands here for the record, and no guest is asked to come to it."))


def the_sitting(event: Event, sitting_id: UUID) -> Sitting:
    """Return a sitting of this event, or raise AbsentError."""
    found = next((row for row in sittings_of(event.id) if row.id == sitting_id), None)
    if found is None:
        raise AbsentError
    return found


@events.route("/c/<slug>/events/<name>/sittings/<uuid:sitting_id>", methods=["GET", "POST"])
def sitting(slug: str, name: str, sitting_id: UUID) -> Any:
    """Change the time or the seats of a sitting."""
    access, found = the_event(name, Permission.SCHEDULE_EVENTS)
    row = the_sitting(found, sitting_id)
    fresh = SittingForm.of(row, found)
    form = fresh if request.method == "GET" else SittingForm.asking(found)
    if form.validate_on_submit() and form.still_stands(fresh):
        try:
            _say_past(edit_sitting(sitting_id=sitting_id, plan=form.plan(), actor=access.actor))
            flash(gettext("Saved."))
            return redirect(url_for(".event", slug=slug, name=name))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/sitting.html", form=form, event=found, sitting=row)


@events.post("/c/<slug>/events/<name>/sittings/<uuid:sitting_id>/remove")
def remove(slug: str, name: str, sitting_id: UUID) -> Any:
    """Take a sitting away that nobody was told of."""
    access, found = the_event(name, Permission.SCHEDULE_EVENTS)
    the_sitting(found, sitting_id)
    with refusals_said():
        remove_sitting(sitting_id=sitting_id, actor=access.actor)
        flash(gettext("The sitting was removed."))
    return redirect(url_for(".event", slug=slug, name=name))
