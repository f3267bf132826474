"""The page on which somebody chooses which mails they get, in which language, or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.kernel.audit import by_link
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import LINK, Policy
from engagement.mailing.preference_links import by_preference_link
from engagement.portal.blueprint import portal
from engagement.portal.choices import choose, standing_choices
from engagement.portal.preference_forms import PreferenceForm
from engagement.portal.preference_visit import opened_preferences, preference_seal
from engagement.portal.session import form_seal, held_fields, held_here, let_go_here, opened_invitation, posted_fields

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

    from engagement.invitations.held import Held
    from engagement.kernel.audit import Actor

POLICY_PREFERENCES: Policy = {"portal.preferences": LINK, "portal.mails": LINK}


@portal.route("/mails/<uuid:link_id>", methods=["GET", "POST"])
@opened_preferences
def preferences(link_id: UUID) -> Any:
    """Choose one's mails, behind the link in any of them."""
    form = _form(request.form if request.method == "POST" else None)
    if request.method == "POST" and _take(form, by_preference_link(link_id)):
        return redirect(url_for("portal.preferences", link_id=link_id))
    return _show(form, preference_seal(link_id), None)


@portal.route("/i/<uuid:invitation_id>/mails", methods=["GET", "POST"])
@opened_invitation
def mails(invitation_id: UUID) -> Any:
    """Choose one's mails, from the pages of an invitation."""
    held = held_here()
    form = _form(posted_fields() if request.method == "POST" else held_fields() if g.visit.unlocked else None)
    if request.method == "POST" and _take(form, by_link(invitation_id)):
        let_go_here()
        return redirect(url_for("portal.mails", invitation_id=invitation_id))
    return _show(form, form_seal(), held)


def _form(fields: MultiDict[str, str] | None) -> PreferenceForm:
    return PreferenceForm(formdata=fields, data=standing_choices(g.person))


def _take(form: PreferenceForm, actor: Actor) -> bool:
    """Store what was chosen, and return whether it could be."""
    if not form.validate():
        return False
    told = form.safe_contact.data or ""
    try:
        choose(person=g.person, wishes=form.wishes(), safe_contact=told, zone=g.consultation.zone, actor=actor)
    except DomainError as error:
        form.refuse(error)
        return False
    flash(gettext("Saved. This is what holds from now on."))
    return True


def _show(form: PreferenceForm, seal: str, held: Held | None) -> Any:
    return render_template("portal/preferences.html", form=form, seal=seal, held=held, person=g.person)
