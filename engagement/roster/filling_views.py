"""Pages that bring many people in at once: batches, and files with people."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage

from engagement.consultations.gate import current_access
from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.tables import UnreadableTableError, read_table
from engagement.kernel.web import said
from engagement.roster.batches import preview, put_chosen
from engagement.roster.checking import check_rows
from engagement.roster.columns import COLUMNS
from engagement.roster.filters import Filter, matching_ids
from engagement.roster.forms import BatchForm, UploadForm
from engagement.roster.importing import KeptImport, apply_chunk, discard_import, find_import, keep_import
from engagement.roster.models import Batch, IdentifiedThrough
from engagement.roster.service import add_batch, batch_sizes, batches_of, find_batch
from engagement.roster.views import roster

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.access import Access

POLICY: Policy = {
    "roster.batches": member(Permission.EDIT_ROSTER),
    "roster.fill_batch": member(Permission.EDIT_ROSTER),
    "roster.upload": member(Permission.EDIT_ROSTER),
    "roster.imported": member(Permission.EDIT_ROSTER),
    "roster.apply_import": member(Permission.EDIT_ROSTER),
    "roster.discard": member(Permission.EDIT_ROSTER),
}
# How long one request stores rows before it shows how far it came.
SECONDS_AT_ONCE = 8.0


@roster.route("/c/<slug>/batches", methods=["GET", "POST"])
def batches(slug: str) -> Any:
    """List the batches and create one."""
    access = current_access()
    form = BatchForm()
    if form.validate_on_submit():
        try:
            add_batch(
                consultation_id=access.consultation.id, name=form.name.data or "", restricted=form.restricted.data, actor=access.actor
            )
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("The batch was created."))
            return redirect(url_for(".batches", slug=slug))
    return render_template("roster/batches.html", form=form, batches=batches_of(access), sizes=batch_sizes(access))


@roster.route("/c/<slug>/people/batch", methods=["GET", "POST"])
def fill_batch(slug: str) -> Any:
    """Show what putting the chosen people in a batch would do, then do it."""
    access = current_access()
    asked = Filter.from_query(request.args)
    known = {str(batch.id): batch for batch in batches_of(access)}
    into = known.get(request.args.get("into", ""))
    problem = None
    if request.method == "POST" and into is not None:
        problem = _put(access, into, asked)
        if problem is None:
            return redirect(url_for(".people", slug=slug, batch=into.id))
    seen = preview(access, into, asked) if into is not None else None
    count = len(matching_ids(access, asked))
    return render_template(
        "roster/fill_batch.html", asked=asked, batches=list(known.values()), into=into, seen=seen, count=count, problem=problem
    )


def _put(access: Access, into: Batch, asked: Filter) -> str | None:
    """Put the chosen people in the batch and say how many; or return why nobody was."""
    try:
        put = put_chosen(access, into, asked, request.form.get("expected", -1, type=int))
    except DomainError as error:
        return said(error.said)
    flash(ngettext("%(num)s person was put in the batch.", "%(num)s people were put in the batch.", put))
    return None


@roster.route("/c/<slug>/people/import", methods=["GET", "POST"])
def upload(slug: str) -> Any:
    """Take a file with people, check it, and show what is in it."""
    form = UploadForm(batches_of(current_access()), gettext("No batch"))
    if form.validate_on_submit():
        try:
            kept = _check(form)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(url_for(".imported", slug=slug, import_id=kept.id))
    return render_template("roster/upload.html", form=form, columns=COLUMNS)


def _check(form: UploadForm) -> KeptImport:
    access = current_access()
    file = form.file.data
    if not isinstance(file, FileStorage) or not file.filename:
        raise UnreadableTableError(Text("Choose a file.", "Choisissez un fichier."), field="file")
    checked = check_rows(read_table(file.filename, file.read()), IdentifiedThrough(form.through.data))
    return keep_import(
        consultation_id=access.consultation.id,
        filename=file.filename,
        checked=checked,
        batch_id=form.chosen_batch(),
        actor=access.actor,
    )


@roster.get("/c/<slug>/imports/<uuid:import_id>")
def imported(slug: str, import_id: UUID) -> Any:
    """Show what a file holds before it is stored, or how far storing came."""
    access = current_access()
    kept = find_import(access, import_id)
    if kept.applied:
        return redirect(url_for(".people", slug=slug))
    batch = find_batch(access, kept.batch_id) if kept.batch_id else None
    return render_template("roster/imported.html", kept=kept, batch=batch)


@roster.post("/c/<slug>/imports/<uuid:import_id>/apply")
def apply_import(slug: str, import_id: UUID) -> Any:
    """Store the good rows of a file; what does not fit into one request goes on with the next."""
    access = current_access()
    kept = find_import(access, import_id)
    started = monotonic()
    while not kept.applied and kept.checked.good and monotonic() - started < SECONDS_AT_ONCE:
        kept = apply_chunk(kept, access.actor)
    if not kept.applied:
        return redirect(url_for(".imported", slug=slug, import_id=import_id))
    flash(ngettext("%(num)s person was added to the roster.", "%(num)s people were added to the roster.", kept.people_added))
    if kept.wishes:
        flash(ngettext("%(num)s person is not contacted any more.", "%(num)s people are not contacted any more.", len(kept.wishes)))
    return redirect(url_for(".people", slug=slug, batch=kept.batch_id))


@roster.post("/c/<slug>/imports/<uuid:import_id>/discard")
def discard(slug: str, import_id: UUID) -> Any:
    """Forget a file that was checked."""
    access = current_access()
    discard_import(import_id=find_import(access, import_id).id, actor=access.actor)
    flash(gettext("The file was discarded. Nothing of it is on the roster."))
    return redirect(url_for(".upload", slug=slug))
