"""Pages of the roster: the list, one person, a new person, the file that goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.audit import note_read
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.errors import DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import OverviewLine, Step, TimelineEntry, ports
from engagement.kernel.web import page_asked
from engagement.kernel.wording import number_words
from engagement.roster.exporting import MEDIA_TYPES, export_for
from engagement.roster.filters import Filter, list_people
from engagement.roster.forms import NewPersonForm, PersonForm, offer_batches
from engagement.roster.safe_hours import read_hours
from engagement.roster.service import AddressTakenError, batches_of, batches_with, edit_person, find_or_add, find_person
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, NOT_KNOWN, NOT_KNOWN_FEMININE, REGIONS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.roster.models import Person

roster = Blueprint("roster", __name__)
POLICY: Policy = {
    "roster.people": member(Permission.SEE_PEOPLE),
    "roster.person": member(Permission.SEE_PEOPLE),
    "roster.new_person": member(Permission.EDIT_ROSTER),
    "roster.edit": member(Permission.EDIT_ROSTER),
    "roster.export": member(Permission.EXPORT_PEOPLE),
}


@roster.context_processor
def _vocabulary() -> dict[str, object]:
    return {
        "SECTORS": SECTORS,
        "REGIONS": REGIONS,
        "LANGUAGES_SPOKEN": LANGUAGES_SPOKEN,
        "IDENTIFIED_THROUGH": IDENTIFIED_THROUGH,
        "NOT_KNOWN": NOT_KNOWN,
        "NOT_KNOWN_FEMININE": NOT_KNOWN_FEMININE,
    }


def overview(access: Access) -> Iterator[OverviewLine]:
    """Give the overview's line on the roster."""
    if not access.may(Permission.SEE_PEOPLE):
        return
    total = list_people(access, Filter(), size=1).total
    stands = Text("Nobody yet: import a spreadsheet", "Personne pour l’instant\u00a0: importez une feuille de calcul")
    if total:
        stands = Text("{en} people", "{fr} personnes").format(en=number_words(total, "en"), fr=number_words(total, "fr"))
    yield OverviewLine(Text("Roster", "Répertoire"), stands, url_for("roster.people", slug=access.consultation.slug))


def first_step(access: Access) -> Iterator[Step]:
    """Give the step to fill the roster."""
    if access.may(Permission.EDIT_ROSTER):
        there = bool(list_people(access, Filter(), size=1).total)
        what = Text(
            "Fill the roster: import a spreadsheet, or add people",
            "Remplir le répertoire\u00a0: importer un fichier ou ajouter des personnes",
        )
        yield Step(what, there, url_for("roster.people", slug=access.consultation.slug))


@roster.get("/c/<slug>/people")
def people(slug: str) -> Any:  # noqa: ARG001
    """List the people whom the filter in the address chooses."""
    access = current_access()
    asked = Filter.from_query(request.args)
    page = list_people(access, asked, page_asked())
    return render_template("roster/people.html", page=page, asked=asked, batches=batches_of(access))


@roster.get("/c/<slug>/people/<uuid:person_id>")
def person(slug: str, person_id: UUID) -> Any:  # noqa: ARG001
    """Show one person and everything that happened with them."""
    access = current_access()
    found = _read(access, person_id)
    entries: list[TimelineEntry] = [entry for give in ports().timeline for entry in give(person_id, access)]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    hours = read_hours(found.safe_hours)
    panels = [panel for give in ports().person_panels for panel in give(person_id, access)]
    return render_template(
        "roster/person.html",
        person=found,
        hours=hours,
        safe_now=hours.allows(now(), access.consultation.zone),
        entries=entries,
        panels=panels,
        batches=batches_with(access, person_id),
    )


def _read(access: Access, person_id: UUID) -> Person:
    found = find_person(access, person_id)
    if found.safe_contact and access.may(Permission.EDIT_ROSTER):
        note_read("read_safe_contact", "person", found.id, access.actor, access.consultation.id)
    return found


@roster.route("/c/<slug>/people/new", methods=["GET", "POST"])
def new_person(slug: str) -> Any:
    """Put somebody on the roster."""
    access = current_access()
    form = NewPersonForm()
    form.batch_id.choices = offer_batches(batches_of(access), gettext("No batch"))
    if form.validate_on_submit():
        try:
            return redirect(url_for(".person", slug=slug, person_id=_add(form)))
        except DomainError as error:
            form.refuse(error)
    return render_template("roster/edit.html", form=form, person=None)


def _add(form: NewPersonForm) -> UUID:
    access = current_access()
    added, new = find_or_add(
        consultation_id=access.consultation.id,
        particulars=form.particulars(),
        actor=access.actor,
        batch_id=form.chosen_batch(),
        safe_hours=form.safe_hours(),
    )
    if not new:
        raise AddressTakenError
    flash(gettext("Added to the roster."))
    return added.id


@roster.route("/c/<slug>/people/<uuid:person_id>/edit", methods=["GET", "POST"])
def edit(slug: str, person_id: UUID) -> Any:
    """Change what is written down about a person."""
    access = current_access()
    found = find_person(access, person_id)
    form, before = PersonForm(found), found.email_index
    if form.validate_on_submit() and form.still_stands(PersonForm(found, formdata=None)):
        try:
            changed = edit_person(person_id=found.id, particulars=form.particulars(), safe_hours=form.safe_hours(), actor=access.actor)
        except DomainError as error:
            form.refuse(error)
        else:
            _say_saved(elsewhere=before is not None and changed.email_index != before)
            return redirect(url_for(".person", slug=slug, person_id=found.id))
    return render_template("roster/edit.html", form=form, person=found)


def _say_saved(*, elsewhere: bool) -> None:
    """Say that a person was saved; ``elsewhere``: and that the links that went to their former address open nothing now."""
    flash(gettext("Saved."))
    if elsewhere:
        flash(
            gettext(
                "Links that went to the former address open nothing any more. "
                "To give this person a new one, choose “Send again” on the page of a mailing."
            )
        )


@roster.get("/c/<slug>/people/export.<any(csv, xlsx):kind>")
def export(slug: str, kind: str) -> Any:
    """Give the chosen people as a file."""
    content = export_for(current_access(), Filter.from_query(request.args), kind, current_language())
    response = Response(content, mimetype=MEDIA_TYPES[kind])
    name = gettext("roster")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{name}.{kind}")
    return response
