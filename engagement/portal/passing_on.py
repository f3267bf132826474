"""Passing a questionnaire on: the respondent's page, the page behind a passed-on link, the partner's page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.models import Consultation
from engagement.kernel.audit import Actor, ActorKind, by_link
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import LINK, Policy
from engagement.kernel.settings import settings
from engagement.kernel.throttle import Throttle
from engagement.kernel.web import refusals_said
from engagement.portal.blueprint import portal
from engagement.portal.passing_on_forms import JoinForm, NominationForm, PassedOnForm
from engagement.portal.session import held_fields, held_here, let_go_here, opened_invitation, posted_fields
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.opening import announced_day, standing_of
from engagement.referrals.service import (
    find_forward_link,
    forward_link_for,
    forward_link_of,
    join_by_link,
    may_nominate,
    nominate,
    open_partner_page,
    report_passed_on,
)
from engagement.referrals.words import forwardable

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.referrals.links import PassedOn
    from engagement.referrals.partners import PartnerStanding

POLICY_PASSING_ON: Policy = {
    "portal.pass_on": LINK,
    "portal.named": LINK,
    "portal.forwarded": LINK,
    "portal.on_its_way": LINK,
    "portal.partner_page": LINK,
}

# Many may come through one address of the network (an office, a shelter); a machine would send more.
MOST_AT_ONCE = 30
EXTENSION = "convoke_joining_throttle"
# Through one link, from wherever: a newsletter brings some dozens in an hour.
MOST_THROUGH_ONE_LINK, AN_HOUR = 200, timedelta(hours=1)
LINK_EXTENSION = "convoke_link_throttle"


@portal.route("/i/<uuid:invitation_id>/pass-on", methods=["GET", "POST"])
@opened_invitation
def pass_on(invitation_id: UUID) -> Any:
    """Show the link that can be passed on, and let the respondent name somebody where that is allowed."""
    questionnaire, naming = _passed_on_here()
    fields = posted_fields() if request.method == "POST" else _held_if_readable()
    if fields and fields.get("make") == "link" and request.method == "POST":
        _make_link(invitation_id)
        return redirect(url_for(".pass_on", invitation_id=invitation_id))
    form = NominationForm(formdata=fields)
    if naming and form.validate_on_submit():
        try:
            nominate(invitation_id=invitation_id, actor=by_link(invitation_id), **form.particulars())
            let_go_here()
            return redirect(url_for(".named", invitation_id=invitation_id))
        except DomainError as error:
            form.refuse(error)
    return _show_pass_on(questionnaire, form if naming else None)


def _make_link(invitation_id: UUID) -> None:
    with refusals_said():
        forward_link_for(invitation_id, by_link(invitation_id))
    # Where the button itself came too late, it is done now; a name that was kept stays.
    if "make" not in request.form:
        let_go_here()


def _held_if_readable() -> Any:
    # What was typed about somebody else is read back with the six digits only: the link may be in other hands.
    return held_fields() if g.visit.unlocked else None


def _passed_on_here() -> tuple[Questionnaire, bool]:
    if g.invitation.questionnaire_id is None:
        raise AbsentError
    questionnaire = db.session.get_one(Questionnaire, g.invitation.questionnaire_id)
    naming = may_nominate(g.invitation)
    if not naming and not questionnaire.allows_forwarding:
        raise AbsentError
    return questionnaire, naming


def _show_pass_on(questionnaire: Questionnaire, form: NominationForm | None) -> Any:
    token = forward_link_of(g.invitation.id) if questionnaire.allows_forwarding else None
    text = forwardable(questionnaire, g.consultation, _forward_address(token)) if token else None
    return render_template(
        "portal/pass_on.html",
        questionnaire=questionnaire,
        form=form,
        text=text,
        held=held_here(),
        address=token and _forward_address(token),
    )


def _forward_address(token: str) -> str:
    return f"{settings().base_url}/f/{token}"


@portal.get("/i/<uuid:invitation_id>/pass-on/named")
@opened_invitation
def named(invitation_id: UUID) -> Any:
    """Say what happens with somebody who was named."""
    return render_template("portal/pass_on_named.html", invitation_id=invitation_id)


@portal.route("/f/<token>", methods=["GET", "POST"])
def forwarded(token: str) -> Any:
    """Show what was passed on, and let somebody ask for a link of their own."""
    passed_on = _behind(token)
    form = JoinForm()
    if form.validate_on_submit():
        _refuse_too_many(str(passed_on.link.id))
        try:
            join_by_link(token=token, actor=Actor(ActorKind.LINK), **form.particulars())
            return redirect(url_for(".on_its_way", token=token))
        except DomainError as error:
            form.refuse(error)
    standing = standing_of(passed_on.questionnaire, passed_on.consultation)
    closes = announced_day(passed_on.questionnaire, passed_on.consultation)
    return render_template("portal/forward.html", form=form, questionnaire=passed_on.questionnaire, standing=standing, closes=closes)


def _refuse_too_many(link: str) -> None:
    here: Throttle = current_app.extensions.setdefault(EXTENSION, Throttle(limit=MOST_AT_ONCE))
    through: Throttle = current_app.extensions.setdefault(LINK_EXTENSION, Throttle(limit=MOST_THROUGH_ONE_LINK, window=AN_HOUR))
    if not here.allows(request.remote_addr or "", now()) or not through.allows(link, now()):
        abort(429)


@portal.get("/f/<token>/on-its-way")
def on_its_way(token: str) -> Any:
    """Say that a mail is on its way, in the same words whoever asked."""
    return render_template("portal/forward_sent.html", questionnaire=_behind(token).questionnaire)


def _behind(token: str) -> PassedOn:
    passed_on = find_forward_link(token)
    g.consultation = passed_on.consultation
    return passed_on


@portal.route("/p/<token>", methods=["GET", "POST"])
def partner_page(token: str) -> Any:
    """Show a partner the text to pass on, and let them say to how many they did."""
    standing = open_partner_page(token)
    g.consultation = db.session.get_one(Consultation, standing.partner.consultation_id)
    form = PassedOnForm()
    if form.validate_on_submit():
        try:
            actor = Actor(ActorKind.LINK, standing.partner.id)
            report_passed_on(partner_id=standing.partner.id, passed_on=form.passed_on.data, as_of=form.as_of.data, actor=actor)
            flash(gettext("Thank you. Your count was noted."))
            return redirect(url_for(".partner_page", token=token))
        except DomainError as error:
            form.refuse(error)
    return _show_partner(standing, form)


def _show_partner(standing: PartnerStanding, form: PassedOnForm) -> Any:
    questionnaire = db.session.get_one(Questionnaire, standing.partner.questionnaire_id)
    address = _forward_address(standing.link)
    text = forwardable(questionnaire, g.consultation, address)
    return render_template("portal/partner.html", standing=standing, questionnaire=questionnaire, text=text, address=address, form=form)
