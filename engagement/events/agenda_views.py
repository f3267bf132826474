"""Pages of a sitting's agenda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.events.agenda import (
    AgendaRow,
    add_agenda_item,
    add_part,
    agendas_of,
    edit_agenda_item,
    person_called,
    remove_agenda_item,
    remove_part,
)
from engagement.events.forms import AgendaForm, PartForm
from engagement.events.views import events, the_event, the_sitting
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Permission, Policy, member

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.events.models import Event

AGENDA_POLICY: Policy = {
    "events.agenda": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.agenda_item": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.give_part": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.remove_item": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.take_part_back": member(Permission.SCHEDULE_EVENTS, per_event=True),
}


def _the_row(access: Access, event: Event, item_id: UUID) -> AgendaRow:
    rows = [row for agenda in agendas_of(access, event.id).values() for row in agenda if row.item.id == item_id]
    if not rows:
        raise AbsentError
    return rows[0]


@events.route("/c/<slug>/events/<name>/sittings/<uuid:sitting_id>/agenda", methods=["GET", "POST"])
def agenda(slug: str, name: str, sitting_id: UUID) -> Any:
    """Show the agenda of a sitting and add an item to it."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    sitting, form = the_sitting(event, sitting_id), AgendaForm()
    form.offer_words()
    if form.validate_on_submit():
        try:
            add_agenda_item(sitting_id=sitting_id, plan=form.plan(sitting), actor=access.actor)
            flash(gettext("Added to the agenda."))
            return redirect(url_for(".agenda", slug=slug, name=name, sitting_id=sitting_id))
        except DomainError as error:
            form.refuse(error)
    rows = agendas_of(access, event.id).get(sitting_id, [])
    return render_template("events/agenda.html", event=event, sitting=sitting, rows=rows, form=form)


@events.route("/c/<slug>/events/<name>/agenda/<uuid:item_id>", methods=["GET", "POST"])
def agenda_item(slug: str, name: str, item_id: UUID) -> Any:
    """Change an item of the agenda."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    row = _the_row(access, event, item_id)
    form = AgendaForm(obj=row.item, starts=row.item.starts_wall.time(), ends=row.item.ends_wall.time())
    form.offer_words()
    if form.validate_on_submit():
        try:
            edit_agenda_item(item_id=item_id, plan=form.plan(the_sitting(event, row.item.sitting_id)), actor=access.actor)
            flash(gettext("Saved."))
            return redirect(url_for(".agenda", slug=slug, name=name, sitting_id=row.item.sitting_id))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/agenda_item.html", event=event, row=row, form=form)


@events.route("/c/<slug>/events/<name>/agenda/<uuid:item_id>/people", methods=["GET", "POST"])
def give_part(slug: str, name: str, item_id: UUID) -> Any:
    """Show who has a part in an item, and give somebody one."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    row, form = _the_row(access, event, item_id), PartForm()
    form.offer_words()
    if form.validate_on_submit():
        try:
            person = person_called(access, form.person.data)
            add_part(item_id=item_id, person_id=person.id, part=form.chosen_part(), published=form.published.data, actor=access.actor)
            return redirect(url_for(".give_part", slug=slug, name=name, item_id=item_id))
        except DomainError as error:
            form.refuse(error)
    return render_template("events/agenda_people.html", event=event, row=row, form=form)


@events.post("/c/<slug>/events/<name>/agenda/<uuid:item_id>/remove")
def remove_item(slug: str, name: str, item_id: UUID) -> Any:
    """Take an item out of the agenda."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    row = _the_row(access, event, item_id)
    remove_agenda_item(item_id=item_id, actor=access.actor)
    flash(gettext("Taken out of the agenda."))
    return redirect(url_for(".agenda", slug=slug, name=name, sitting_id=row.item.sitting_id))


@events.post("/c/<slug>/events/<name>/agenda/<uuid:item_id>/people/remove")
def take_part_back(slug: str, name: str, item_id: UUID) -> Any:
    """Take a part in an item back."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    row = _the_row(access, event, item_id)
    part = next((part for part, _ in row.people if str(part.id) == request.form.get("part_id")), None)
    if part is None:
        raise AbsentError
    remove_part(part_id=part.id, actor=access.actor)
    return redirect(url_for(".give_part", slug=slug, name=name, item_id=item_id))
