"""The page on which staff write down what somebody told them about our mail, and take their address off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.mailing.suppressions import allow_again, suppress_by_staff, suppression_of
from engagement.outreach.forms import SuppressForm, WishesForm
from engagement.outreach.views import outreach
from engagement.roster.service import find_person
from engagement.roster.wishes import wish_for_address

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.roster.models import Person

POLICY: Policy = {
    "outreach.wishes": member(Permission.EDIT_ROSTER),
    "outreach.suppress_person": member(Permission.EDIT_ROSTER),
    "outreach.allow_person": member(Permission.EDIT_ROSTER),
}


@outreach.route("/c/<slug>/mail/wishes/<uuid:person_id>", methods=["GET", "POST"])
def wishes(slug: str, person_id: UUID) -> Any:
    """Write down which mails somebody wants."""
    access = current_access()
    person = find_person(access, person_id)
    form = WishesForm(data=_written_down(person))
    if request.method == "POST" and form.validate():
        wish_for_address(person_id=person.id, wishes=form.wishes(), actor=access.actor)
        flash(gettext("Saved."))
        return redirect(url_for("roster.person", slug=slug, person_id=person_id))
    return _show(person, form, SuppressForm(formdata=None))


def _written_down(person: Person) -> dict[str, bool]:
    """Return what this row says: another row with the same address may be one that this member is not to know of."""
    wishes = ("wants_mailings", "wants_reminders", "wants_calendar", "do_not_contact")
    return {"discreet": person.asks_discretion, **{wish: getattr(person, wish) for wish in wishes}}


def _show(person: Person, form: WishesForm, suppressing: SuppressForm) -> Any:
    taken_off = suppression_of(person.email)
    return render_template("outreach/wishes.html", person=person, form=form, suppressing=suppressing, taken_off=taken_off)


@outreach.post("/c/<slug>/mail/wishes/<uuid:person_id>/suppress")
def suppress_person(slug: str, person_id: UUID) -> Any:
    """Take the address of a person off."""
    access = current_access()
    person = find_person(access, person_id)
    form = SuppressForm()
    if person.email is None:
        abort(404)
    if form.validate():
        try:
            suppress_by_staff(
                address=person.email, why=form.why.data or "", consultation_id=person.consultation_id, known=True, actor=access.actor
            )
            return redirect(url_for("roster.person", slug=slug, person_id=person_id))
        except DomainError as error:
            form.refuse(error)
    return _show(person, WishesForm(formdata=None, data=_written_down(person)), form)


@outreach.post("/c/<slug>/mail/wishes/<uuid:person_id>/allow")
def allow_person(slug: str, person_id: UUID) -> Any:
    """Let the address of a person be written to again."""
    access = current_access()
    find_person(access, person_id)
    if allow_again(person_id=person_id, actor=access.actor):
        flash(gettext("This address may be written to again."))
    return redirect(url_for("roster.person", slug=slug, person_id=person_id))
